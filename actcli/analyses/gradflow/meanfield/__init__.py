"""Infinite width: Gaussian moments, fixed points, the edge of chaos, and signal and gradient layer by layer."""
