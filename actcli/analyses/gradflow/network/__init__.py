"""Real nets, forward and backward, in float64: what they measure stands beside what theory predicts."""
