"""Where an activation is flat: the stretches on which φ′ is exactly 0, so that no gradient passes."""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np

from actcli.activations.function import Function
from actcli.analyses.gradflow.places import kinks
from actcli.analyses.gradflow.slopes import is_flat_at

Array = np.ndarray[Any, Any]

POINTS = 4097
"""Points at which a slope of 0 is looked for, beside the middles between kinks."""
FAR = 40.0
"""No Gaussian pre-activation of unit variance lies further out: the tail holds less than float64's smallest number."""
_HALVINGS = 64


@lru_cache(maxsize=256)
def flat_stretches(function: Function, low: float, high: float) -> tuple[tuple[float, float], ...]:
    """Return the intervals inside [low, high] on which φ′ is exactly 0, from left to right.

    A slope that has only underflowed doesn't count; nobody can tell with a user's own code, whose zeros all count.
    """
    x = _grid(function, low, high)
    zero = _slope(function, x) == 0
    edges = np.flatnonzero(np.diff(zero))
    before, after = x[edges], x[edges + 1]
    ends = _last_zero(function, np.where(zero[edges], before, after), np.where(zero[edges], after, before))
    ends = np.concatenate((x[:1][zero[:1]], ends, x[-1:][zero[-1:]]))
    return tuple(
        (float(start), float(stop))
        for start, stop in ends.reshape(-1, 2)
        if start < stop and is_flat_at(function, start + (stop - start) / 2)
    )


def flat_probability(function: Function, q: float = 1.0) -> float:
    """Return P(φ′(z) = 0) for a Gaussian pre-activation z of mean 0 and variance q."""
    sigma = math.sqrt(q)
    if not sigma:
        return float(_slope(function, np.zeros(1))[0] == 0)
    far = FAR * sigma
    return math.fsum(_probability(a / sigma, b / sigma) for a, b in flat_stretches(function, -far, far))


def _probability(low: float, high: float) -> float:
    """Return P(low < z < high), z ~ N(0, 1), without cancellation in the tails."""
    if low > 0:
        low, high = -high, -low
    return (math.erfc(-high / math.sqrt(2)) - math.erfc(-low / math.sqrt(2))) / 2


def _grid(function: Function, low: float, high: float) -> Array:
    ends = [low, *sorted(kink for kink in kinks(function) if low < kink < high), high]
    middles = [(a + b) / 2 for a, b in pairwise(ends)]
    return np.unique(np.concatenate((np.linspace(low, high, POINTS), middles)))


def _last_zero(function: Function, zero: Array, other: Array) -> Array:
    """Return, between points with a slope of 0 and points without, the last ones that have it."""
    for _ in range(_HALVINGS):
        middle = zero + (other - zero) / 2
        here = _slope(function, middle) == 0
        zero, other = np.where(here, middle, zero), np.where(here, other, middle)
    return zero


def _slope(function: Function, x: Array) -> Array:
    return np.asarray(function.derivatives(x)[1])
