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
_FIRST, _MOST, _COARSE = 40, 400, 48
"""Variances looked at first and at most, and those on contours in chaos."""
_FINE = 1 / 40
"""The share of the rectangle's sides that a curve crosses between two points."""
_ROUNDS = 8
_ORDER = 128


@dataclass(frozen=True, slots=True)
class Phase:
    """`line` is (σw², σb²) of the edge of chaos, χ₁ = 1; `contours` are (ξ_c, σw², σb²), two for each ξ_c.

    `unstable` is where χ₁ = 1 too, but at a fixed point at which q doesn't arrive from its value in the first layer,
    σw² + σb²: it drifts away, or settles before. A curve has nan where it is outside the rectangle asked for.
    """

    line: tuple[Array, Array]
    unstable: tuple[Array, Array]
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
        return Phase((np.full(2, at), heights), (np.empty(0), np.empty(0)), lines)
    trace = _Trace(function, sigma_w2, sigma_b2)
    contours = []
    for xi in DEPTH_SCALES:
        contours += [(xi, *part) for part in (trace.ordered(math.exp(-1 / xi))[0], trace.chaotic(math.exp(-1 / xi)))]
    line, unstable = trace.ordered(1.0)
    return Phase(line, unstable, contours)


class _Trace:
    """Variances at which curves are traced, with E f² and E f′² there."""

    def __init__(self, function: Function, sigma_w2: tuple[float, float], sigma_b2: tuple[float, float]) -> None:
        self.function, self.sigma_w2, self.sigma_b2 = function, sigma_w2, sigma_b2
        self.variances = _largest(function, sigma_w2[1], sigma_b2[1]) * np.linspace(0, 1, _FIRST + 1)[1:] ** 4
        for _ in range(_ROUNDS):
            self._look()
            between = np.zeros(self.variances.size - 1, dtype=bool)
            for chi in (1.0, *(math.exp(-1 / xi) for xi in DEPTH_SCALES)):
                between |= self._rough(*self._ordered(chi))
            if not between.any() or self.variances.size + between.sum() > _MOST:
                break
            middles = np.sqrt(self.variances[:-1] * self.variances[1:])[between]
            self.variances = np.sort(np.concatenate([self.variances, middles]))
        self._look()

    def ordered(self, chi: float) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
        """Return where χ₁ = chi at the fixed point that is reached, and where it is at another one."""
        weights, biases = self._ordered(chi)
        reached = self._reached(self.variances, weights, biases)
        return self._clipped(weights, biases, reached), self._clipped(weights, biases, ~reached)

    def chaotic(self, chi: float) -> tuple[Array, Array]:
        """Return where the slope is chi at c* < 1: with P(c) = E[f(u₁)f(u₂)], σw² = q·(1 − c*)/(E f² − P(c*))."""
        chosen = np.unique(np.linspace(0, self.variances.size - 1, _COARSE).round().astype(int))
        variances = self.variances[chosen]
        weights = np.array([_weight(self.function, float(q), chi) for q in variances])
        biases = variances - weights * self.second[chosen]
        return self._clipped(weights, biases, self._reached(variances, weights, biases))

    def _look(self) -> None:
        every = [moments(self.function, float(q)) for q in self.variances]
        self.second = np.array([each.second_moment.value for each in every])
        self.slope2 = np.array([each.derivative_second_moment.value for each in every])

    def _ordered(self, chi: float) -> tuple[Array, Array]:
        """Return σw² = chi/E f′² and σb² = q − σw²·E f²."""
        with np.errstate(all="ignore"):
            weights = chi / self.slope2
            return weights, self.variances - weights * self.second

    def _rough(self, weights: Array, biases: Array) -> Array:
        """Tell between which points a curve crosses too much of the rectangle."""
        step = np.zeros(weights.size - 1)
        near = np.ones(weights.size - 1, dtype=bool)
        for cells, (low, high) in ((weights, self.sigma_w2), (biases, self.sigma_b2)):
            with np.errstate(invalid="ignore"):
                step = np.maximum(step, abs(np.diff(cells)) / (high - low))
                near &= (np.maximum(cells[:-1], cells[1:]) >= low) & (np.minimum(cells[:-1], cells[1:]) <= high)
        return near & (step > _FINE)

    def _reached(self, variances: Array, weights: Array, biases: Array) -> Array:
        """Tell where q arrives at a variance from σw² + σb²: it moves that way from all variances in between."""
        with np.errstate(invalid="ignore"):
            start, rises = weights + biases, weights[:, None] * self.second + biases[:, None] - self.variances
            below = (start[:, None] <= self.variances) & (self.variances < variances[:, None])
            above = (variances[:, None] < self.variances) & (self.variances <= start[:, None])
            turns_back = ((below & (rises < 0)) | (above & (rises > 0))).any(axis=1)
            return np.asarray(~turns_back & self._draws(variances, rises))

    def _draws(self, variances: Array, rises: Array) -> Array:
        """Tell which of the fixed points draw q, judging by the variances next to them."""
        at = np.searchsorted(self.variances, variances)
        rows = np.arange(variances.size)
        below, above = np.maximum(at - 1, 0), np.minimum(at + 1, self.variances.size - 1)
        return np.asarray((rises[rows, below] >= 0) & (rises[rows, above] <= 0))

    def _clipped(self, weights: Array, biases: Array, keep: Array) -> tuple[Array, Array]:
        (left, right), (bottom, top) = self.sigma_w2, self.sigma_b2
        with np.errstate(invalid="ignore"):
            inside = keep & (left <= weights) & (weights <= right) & (bottom <= biases) & (biases <= top)
        return np.where(inside, weights, math.nan), np.where(inside, biases, math.nan)


def _largest(function: Function, sigma_w2: float, sigma_b2: float) -> float:
    """Return a variance above all fixed points in the rectangle, within reason."""
    q = 1.0
    while q < 1e6 and q < sigma_w2 * moments(function, q).second_moment.value + sigma_b2:
        q *= 2
    return q


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
