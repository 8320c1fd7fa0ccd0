"""NumPy's `where` for float64, without a branch on every element.

Activations choose by the sign of their input, which no processor can predict: its wrong guesses cost several times as
much as choosing by bits does.
"""

from __future__ import annotations

from typing import Any

import numpy as np

_WORTH_IT = 256
"""Elements from which several passes are cheaper than one with branches."""


def where(condition: Any, a: Any, b: Any) -> Any:
    """Return a where the condition holds and b elsewhere, as `numpy.where` does, to the bit."""
    if not (isinstance(condition, np.ndarray) and condition.dtype == np.bool_ and condition.size >= _WORTH_IT):
        return np.where(condition, a, b)
    shape = condition.shape
    if not (
        _fits(a, shape) and _fits(b, shape) and (isinstance(a, float | np.ndarray) or isinstance(b, float | np.ndarray))
    ):
        return np.where(condition, a, b)
    # True becomes −1, which is all ones.
    chosen = np.negative(condition.view(np.int8)).astype(np.int64)
    base = _bits(b)
    chosen &= _bits(a) ^ base
    chosen ^= base
    return chosen.view(np.float64)


def _fits(value: Any, shape: tuple[int, ...]) -> bool:
    if isinstance(value, np.ndarray):
        return bool(value.dtype == np.float64) and value.shape == shape
    return isinstance(value, float | int) and not isinstance(value, bool)


def _bits(value: Any) -> Any:
    return (value if isinstance(value, np.ndarray) else np.float64(value)).view(np.int64)
