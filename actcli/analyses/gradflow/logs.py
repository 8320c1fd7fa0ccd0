"""Statistics of numbers too small or too large for float64, kept as signs and natural logarithms of their sizes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class Signed:
    """A number: the natural logarithm of its size (−∞ for 0, NaN where there is none), and whether it is negative."""

    log: float
    negative: bool = False


def power(base: float, exponent: int) -> Signed:
    """Return base^exponent for an exponent of at least 1."""
    return Signed(exponent * log(base), base < 0 and exponent % 2 == 1)


def log(number: float) -> float:
    """Return ln |number|, −∞ for 0."""
    return math.log(abs(number)) if number else -math.inf


def mean(logs: Array, negative: Array) -> Signed:
    """Return the mean of a sample."""
    top, numbers = _scaled(logs, negative)
    found = float(numbers.mean())
    return Signed(top + log(found), found < 0)


def standard_error(logs: Array, negative: Array) -> float:
    """Return the natural logarithm of the standard error of a sample's mean, NaN for a sample of one."""
    if logs.size < 2:
        return math.nan
    top, numbers = _scaled(logs, negative)
    return top + log(float(numbers.std(ddof=1)) / math.sqrt(logs.size))


def median(logs: Array, negative: Array) -> Signed:
    """Return the median of a sample, the mean of the middle two where their number is even."""
    order = np.lexsort((np.where(negative, -logs, logs), ~negative))
    middle = order[(logs.size - 1) // 2 : logs.size // 2 + 1]
    return mean(logs[middle], negative[middle])


def effective_size(logs: Array) -> float:
    """Return the number of draws that a mean rests on, (Σw)²/Σw² for their sizes w (Kish 1965); 0 when all are 0."""
    _, sizes = _scaled(logs, np.zeros(logs.shape, dtype=bool))
    squares = float(np.square(sizes).sum())
    return float(sizes.sum()) ** 2 / squares if squares else 0.0


def log_mean_square(logs: Array, xp: Any = np) -> Any:
    """Return ln of the mean square of numbers given by their natural logarithms."""
    top = logs.max()
    top = xp.where(xp.isfinite(top), top, 0.0)
    with np.errstate(divide="ignore"):
        return 2 * top + xp.log(xp.exp(2 * (logs - top)).mean())


def _scaled(logs: Array, negative: Array) -> tuple[float, Array]:
    """Return a logarithm, and the numbers divided by what it is of: none is larger than 1."""
    top = float(logs.max())
    if not math.isfinite(top):
        # All are 0, or one of them is infinite or has no value.
        top = 0.0
    return top, np.where(negative, -1.0, 1.0) * np.exp(logs - top)
