"""Averages over a pre-activation that is uniform on an interval: of φ′, and of ln |φ′|."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from actcli.activations.function import Function
from actcli.analyses.gradflow.flat import flat_stretches
from actcli.analyses.gradflow.places import breaks
from actcli.core.device import CPU
from actcli.core.quadrature import Estimate, resolved

Array = np.ndarray[Any, Any]

_NARROW = 1e-12
"""Of the whole; a slope of 0 on less are isolated zeros, or near enough to them."""
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

    def integrands(x: Array) -> Array:
        slope = np.asarray(function.derivatives_of(x, 1, CPU)[1])
        zero = slope == 0
        # Near enough to a zero the slope rounds to it, where its logarithm adds nothing.
        return np.stack([slope, np.abs(slope), np.log(np.abs(np.where(zero, 1.0, slope))), zero])

    width = high - low
    edges = np.unique([*np.linspace(low, high, 9), *(kink for kink in breaks(function) if low < kink < high)])
    panels = resolved(integrands, edges)
    slope, size, log_slope, zero = (panels.estimate(k) for k in range(4))
    mean = _settled(slope, size.value) / width
    rise = float(np.diff(function(np.array([low, high])))[0]) / width
    if abs(mean - rise) <= _CONVERGED * size.value / width:
        mean = rise  # to the last digit, where φ doesn't jump
    if flat_stretches(function, low, high):
        log_mean = -math.inf
    elif zero.value > _NARROW * width:
        log_mean = math.nan
    else:
        log_mean = _settled(log_slope, width) / width
    lost = [name for name, value in (("E φ′", mean), ("E ln |φ′|", log_mean)) if math.isnan(value)]
    where = f"on [{low:g}, {high:g}]: φ′ has no value there, grows without bound or underflows"
    return Averages(float(mean), float(log_mean), f"no {' or '.join(lost)} {where}" if lost else "")


def _settled(found: Estimate, size: float) -> float:
    """Return an integral whose error is small beside its size, else nan."""
    return found.value if found.is_known and found.error <= _CONVERGED * max(size, abs(found.value)) else math.nan
