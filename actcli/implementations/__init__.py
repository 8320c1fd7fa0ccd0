"""Other people's ways to compute activations."""
