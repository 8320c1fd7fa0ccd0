"""The plane of (σw², σb²): the edge of chaos, and how deep signals reach on either side.

Every curve is traced by its variance q = q*, for which the point on it is explicit: no fixed point is searched for.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from actcli.activations.function import Function
from actcli.analyses.gradflow.meanfield.correlation import expansion
from actcli.analyses.gradflow.meanfield.criticality import homogeneous
from actcli.analyses.gradflow.meanfield.moments import moments
from actcli.analyses.gradflow.meanfield.root import root

Array = np.ndarray[Any, Any]

DEPTH_SCALES = (3.0, 10.0, 30.0, 100.0)
_TRACED, _COARSE = 160, 48
"""Variances on the critical line and in the ordered phase, and on contours in chaos."""
_ORDER = 128


@dataclass(frozen=True, slots=True)
class Phase:
    """`line` is (σw², σb²) of the edge of chaos, χ₁ = 1; `contours` are (ξ_c, σw², σb²), two for each ξ_c.

    A curve that leaves the rectangle asked for has nan where it is outside.
    """

    line: tuple[Array, Array]
    contours: list[tuple[float, Array, Array]]


def phase(function: Function, sigma_w2: tuple[float, float], sigma_b2: tuple[float, float]) -> Phase:
    """Trace the curves within a rectangle. Raises UsageError where f isn't a function of one number."""
    moments(function, 1.0)
    slopes = homogeneous(function)
    if slopes is not None:
        # χ₁ doesn't depend on q.
        at = 2 / (slopes[0] ** 2 + slopes[1] ** 2) if any(slopes) else math.nan
        heights = np.linspace(*sigma_b2, 2)
        lines = [(xi, np.full(2, at * math.exp(-1 / xi)), heights) for xi in DEPTH_SCALES]
        return Phase((np.full(2, at), heights), lines)
    highest = _largest(function, sigma_w2[1], sigma_b2[1])
    fine, coarse = (highest * np.linspace(0.01, 1, n) ** 3 for n in (_TRACED, _COARSE))
    within = (sigma_w2, sigma_b2)
    contours = []
    for xi in DEPTH_SCALES:
        contours.append((xi, *_ordered(function, fine, math.exp(-1 / xi), *within)))
        contours.append((xi, *_chaotic(function, coarse, math.exp(-1 / xi), *within)))
    return Phase(_ordered(function, fine, 1.0, *within), contours)


def _largest(function: Function, sigma_w2: float, sigma_b2: float) -> float:
    """Return a variance above all fixed points in the rectangle, within reason."""
    q = 1.0
    while q < 1e6 and q < sigma_w2 * moments(function, q).second_moment.value + sigma_b2:
        q *= 2
    return q


def _ordered(
    function: Function, variances: Array, chi: float, sigma_w2: tuple[float, float], sigma_b2: tuple[float, float]
) -> tuple[Array, Array]:
    """Trace χ₁ = chi: σw² = chi/E f′², σb² = q − σw²·E f²."""
    every = [moments(function, float(q)) for q in variances]
    slope2 = np.array([each.derivative_second_moment.value for each in every])
    second = np.array([each.second_moment.value for each in every])
    with np.errstate(all="ignore"):
        weights = chi / slope2
    return _clipped(weights, variances - weights * second, sigma_w2, sigma_b2)


def _chaotic(
    function: Function, variances: Array, chi: float, sigma_w2: tuple[float, float], sigma_b2: tuple[float, float]
) -> tuple[Array, Array]:
    """Trace the slope chi at c* < 1: with P(c) = E[f(u₁)f(u₂)], σw² = q·(1 − c*)/(E f² − P(c*))."""
    found = [_weight(function, float(q), chi) for q in variances]
    weights = np.array(found)
    second = np.array([moments(function, float(q)).second_moment.value for q in variances])
    return _clipped(weights, variances - weights * second, sigma_w2, sigma_b2)


def _weight(function: Function, q: float, chi: float) -> float:
    """Return σw² such that the slope at c* is chi: (1 − c)·P′(c)/(P(1) − P(c)) = chi rises with c towards 1."""
    terms = expansion(function, q, _ORDER)
    second = moments(function, q).second_moment.value

    def excess(c: float) -> float:
        gap = second - terms.product(c).value
        return (1 - c) * terms.slope(c).value / gap - chi if gap > 0 else math.nan

    low, high = excess(0.0), excess(0.999)
    if not low < 0 < high:
        return math.nan
    c = root(excess, 0.0, 0.999)
    return q * (1 - c) / (second - terms.product(c).value)


def _clipped(
    weights: Array, biases: Array, sigma_w2: tuple[float, float], sigma_b2: tuple[float, float]
) -> tuple[Array, Array]:
    with np.errstate(invalid="ignore"):
        inside = (sigma_w2[0] <= weights) & (weights <= sigma_w2[1]) & (sigma_b2[0] <= biases) & (biases <= sigma_b2[1])
    return np.where(inside, weights, math.nan), np.where(inside, biases, math.nan)
