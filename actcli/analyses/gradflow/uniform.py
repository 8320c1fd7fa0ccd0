"""Averages over a pre-activation that is uniform on an interval: of φ′, and of ln |φ′|."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from actcli.activations.function import Function
from actcli.analyses.gradflow.flat import flat_stretches
from actcli.core.device import CPU

Array = np.ndarray[Any, Any]

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(16)
"""An even number, so that no node falls on the middle of an interval, where slopes like to be 0."""
_ROUNDS = 200
_MOST = 2000
"""Intervals after which halving stops: a slope from differences is rough however closely it is looked at."""
_NARROW = 1e-12
"""Of the whole; a slope of 0 in a narrower interval is an isolated zero, or near enough to one."""
_CONVERGED = 1e-6
"""A relative error above this says that there may be no average at all."""


@dataclass(frozen=True, slots=True)
class Averages:
    """E φ′ and E ln |φ′|, which is −∞ where φ′ is 0 on a stretch.

    NaN stands for an average that does not exist or can't be had, and `reason` says why.
    """

    slope: float
    log_slope: float
    reason: str = ""


@lru_cache(maxsize=256)
def averages(function: Function, low: float, high: float) -> Averages:
    """Return the averages over [low, high], by adaptive Gauss–Legendre quadrature that starts from the kinks.

    Halving goes on around jumps and logarithmic singularities until what they add is below rounding.
    """

    def slope(x: Array) -> Array:
        return np.asarray(function.derivatives_of(x, 1, CPU)[1])

    def log_slope(x: Array) -> Array:
        with np.errstate(divide="ignore"):
            logs = np.log(np.abs(slope(x)))
        # Near enough to a zero the slope rounds to it, where its logarithm adds nothing.
        narrow = np.ptp(x, axis=1, keepdims=True) < _NARROW * width
        return np.where((logs == -math.inf) & narrow, 0.0, logs)

    width = high - low
    edges = np.unique([*np.linspace(low, high, 9), *(kink for kink in function.kink_points if low < kink < high)])
    mean, size = _integral(slope, edges) / width
    rise = float(np.diff(function(np.array([low, high])))[0]) / width
    if abs(mean - rise) <= _CONVERGED * size:
        mean = rise  # to the last digit, where φ doesn't jump
    log_mean = -math.inf if flat_stretches(function, low, high) else _integral(log_slope, edges)[0] / width
    lost = [name for name, value in (("E φ′", mean), ("E ln |φ′|", log_mean)) if math.isnan(value)]
    where = f"on [{low:g}, {high:g}]: φ′ has no value there, grows without bound or underflows"
    return Averages(float(mean), float(log_mean), f"no {' or '.join(lost)} {where}" if lost else "")


def _integral(integrand: Callable[[Array], Array], edges: Array) -> Array:
    """Return the integral from the first edge to the last, and that of the integrand's size.

    Both are NaN where they aren't finite, or halving doesn't settle them.
    """
    left, right = edges[:-1], edges[1:]
    whole = _panels(integrand, left, right)
    # Around a singularity an interval looks the same at every scale: it is done when it adds nothing to the whole.
    negligible = 1e-17 * whole[1].sum()
    total, error, spent = np.zeros(2), 0.0, 0
    for _ in range(_ROUNDS):
        middle = left + (right - left) / 2
        first, second = _panels(integrand, left, middle), _panels(integrand, middle, right)
        halves = first + second
        if not np.isfinite(halves).all():
            break
        change = np.abs(halves[0] - whole[0])
        spent += left.size
        open = (change > np.maximum(4e-16 * halves[1], negligible)) & (left < middle) & (spent < _MOST)
        total += halves[:, ~open].sum(axis=1)
        error += float(change[~open].sum())
        left, right = np.concatenate((left[open], middle[open])), np.concatenate((middle[open], right[open]))
        whole = np.concatenate((first[:, open], second[:, open]), axis=1)
        if not left.size:
            return total if error <= _CONVERGED * total[1] else np.full(2, math.nan)
    return np.full(2, math.nan)


def _panels(integrand: Callable[[Array], Array], left: Array, right: Array) -> Array:
    """Return the integral over each interval, and that of the integrand's size."""
    half = (right - left) / 2
    values = integrand((left + half)[:, None] + half[:, None] * _NODES)
    return np.array((values @ _WEIGHTS, np.abs(values) @ _WEIGHTS)) * half
