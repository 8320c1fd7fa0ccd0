"""A kernel to audit: GELU for float16 and float32, computed in float64 and rounded once."""

import numpy as np
from scipy.special import erfc


def gelu(x):
    """Return x·Φ(x); erfc keeps the digits of the left tail, which 1 + erf would lose."""
    wide = np.maximum(x.astype(np.float64), -1000)  # -inf · 0 would be NaN
    return (wide / 2 * erfc(-wide / np.sqrt(2))).astype(x.dtype)
