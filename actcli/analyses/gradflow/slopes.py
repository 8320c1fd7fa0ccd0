"""Slopes of an activation that its definition tells, or a search where nobody knows: the largest, and those of 0."""

from __future__ import annotations

import math

import numpy as np

from actcli.activations.function import Function
from actcli.implementations.user import UserFunction

_SEARCHED, _POINTS = 64, 1 << 14 | 1


def largest_slope(function: Function) -> float:
    """Return the largest |φ′|; the largest on [−64, 64] where nobody knows it, as of a user's own code."""
    known = function.largest_slope
    if not math.isnan(known):
        return known
    with np.errstate(invalid="ignore"):
        slopes = np.abs(function.derivatives(np.linspace(-_SEARCHED, _SEARCHED, _POINTS))[1])
    return float(np.nanmax(slopes, initial=0.0))


def is_flat_at(function: Function, x: float) -> bool:
    """Tell whether φ′ is exactly 0 around x; of a user's own code every 0 counts, even one that has underflowed."""
    if isinstance(function, UserFunction):
        return bool(function.derivatives(np.array([x]))[1][0] == 0)
    return function.is_flat_at(x)
