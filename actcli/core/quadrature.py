"""Integrals with an error that holds, singularities included.

Gauss–Legendre rules of two orders on panels between the breaks; panels on which they disagree by more than rounding
are halved. A kink that nobody named is found that way, a jump too. What stays is the sum of the disagreements, which
is far more than the error of the better rule, plus a bound on rounding.

All that is known of an integrand is its values at nodes: what it does between all of those of a panel, 35 of them,
nobody sees. Whoever integrates something with finer detail has to name its place as a break.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

EPSILON = 2.0**-52
_FINE, _COARSE = 20, 15
"""Points of the two rules."""
(_FINE_NODES, _FINE_WEIGHTS), (_COARSE_NODES, _COARSE_WEIGHTS) = map(np.polynomial.legendre.leggauss, (_FINE, _COARSE))
_NODES = np.concatenate([_FINE_NODES, _COARSE_NODES])
_MOST_PANELS = 2500
_MOST_ROUNDS = 160
_DEEP = 24
"""Halvings after which a panel whose rules still differ sits on a jump or a pole."""
_UNSETTLED = 1e-4
"""The share of a panel's integral by which its rules differ there."""
_STEEPEST = 0.98
"""|x|^−a with a larger a has no integral, as far as its values at panels around a pole can tell."""
_FITTED, _FEWEST = 16, 4
"""Octaves around a pole that tell its power, and panels in them without which they don't."""
_SHIFT = 4 * EPSILON
"""The relative error of the place at which an integrand has been evaluated, and of constants inside it."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number known to lie within `error` of `value`, if the integrand has no detail finer than its panels' nodes.

    An integral that diverges, or is too large for float64, is inf; one over a range where the integrand has no value
    is nan; their error is inf.
    """

    value: float
    error: float

    @property
    def is_known(self) -> bool:
        """Tell whether there is a number at all."""
        return math.isfinite(self.value) and math.isfinite(self.error)


@dataclass(frozen=True, slots=True)
class Measure:
    """What integrals are over: `weigh(values, x)` are the values times a density at x, off by `units(x)` roundings."""

    weigh: Callable[[Array, Array], Array]
    units: Callable[[Array], Array]


LENGTH = Measure(lambda values, x: values, lambda x: np.full_like(x, 4.0))
"""Integrals over x itself."""


def resolved(
    integrand: Callable[[Array], Array],
    edges: Array,
    *,
    noise: float | Sequence[float] = EPSILON,
    measure: Measure = LENGTH,
) -> Panels:
    """Return panels fine enough for several integrands, which share their work.

    `integrand` takes a flat array of n points and returns an array (k, n). `edges` are those of the first panels, in
    increasing order: the x where an integrand isn't smooth have to be among them, and edges of whatever is fine.
    `noise` is the relative error of the values of the integrand, for each of them where they differ.
    """
    low, high = edges[:-1], edges[1:]
    figures = _applied(integrand, measure, low, high)
    floor = np.maximum(np.broadcast_to(np.asarray(noise, dtype=float), figures.shape[1:2]), EPSILON)
    panels = Panels(integrand, measure, floor, low, high, np.zeros(low.size, dtype=int), figures)
    for _ in range(_MOST_ROUNDS):
        rough = panels.rough()
        if not rough.any() or panels.low.size + rough.sum() > _MOST_PANELS:
            break
        panels = panels.refined(rough)
    return panels


@dataclass(frozen=True, slots=True)
class Panels:
    """n panels, how often each has been halved, and for each of k integrands five figures, arrays (k, n).

    `value` is the integral by the finer rule, `gap` its distance from the coarser one, `size` that of |integrand|,
    `weight` what a relative error of 1 in every factor of every term comes to, `shift` one in every x.
    """

    integrand: Callable[[Array], Array]
    measure: Measure
    noise: Array
    low: Array
    high: Array
    level: Array
    figures: Array

    def rough(self) -> Array:
        """Tell which panels are worth halving: the rules differ there by more than noise, and by enough to matter."""
        value, gap, size, weight, _ = self.figures
        known = np.isfinite(value)
        with np.errstate(all="ignore"):
            total = np.where(known, size, 0).sum(axis=1, keepdims=True)
            gaps = gap > np.maximum(self.noise[:, None] * (8 * size + weight), EPSILON / 64 * total)
        middle = (self.low + self.high) / 2
        divisible = (self.low < middle) & (middle < self.high)
        return np.asarray((gaps & known).any(axis=0) & divisible)

    def refined(self, rough: Array) -> Panels:
        """Return the panels with the rough ones halved."""
        middle = (self.low[rough] + self.high[rough]) / 2
        low, high = np.concatenate([self.low[rough], middle]), np.concatenate([middle, self.high[rough]])
        figures = _applied(self.integrand, self.measure, low, high)
        return replace(
            self,
            low=np.concatenate([self.low[~rough], low]),
            high=np.concatenate([self.high[~rough], high]),
            level=np.concatenate([self.level[~rough], np.tile(self.level[rough] + 1, 2)]),
            figures=np.concatenate([self.figures[..., ~rough], figures], axis=-1),
        )

    def estimate(self, k: int) -> Estimate:
        """Return the integral of one integrand."""
        # A node that falls on a pole says no more than that it is there.
        struck = np.isinf(self.figures[2, k]) & (self.level >= _DEEP)
        value, gap, size, weight, shift = np.where(struck, 0, self.figures[:, k])
        if np.isnan(value).any() and not np.isinf(size).any():
            return Estimate(math.nan, math.inf)
        if not math.isfinite(size.sum()):
            return Estimate(math.inf, math.inf)
        missed = self._at_poles(struck | (self.level >= _DEEP) & (gap > _UNSETTLED * size), size)
        if math.isinf(missed):
            return Estimate(math.inf, math.inf)
        rounding = self.noise[k] * weight.sum() + _SHIFT * shift.sum()
        return Estimate(math.fsum(value), float(gap.sum() + rounding) + missed)

    def _at_poles(self, on: Array, size: Array) -> float:
        """Return a bound on what the rules miss in the panels on poles and jumps; ∞ where there is no integral."""
        unsettled, missed = np.flatnonzero(on), 0.0
        while unsettled.size and math.isfinite(missed):
            at = unsettled[np.argmin(self.high[unsettled] - self.low[unsettled])]
            width = float(self.high[at] - self.low[at])
            near = abs(self.low[unsettled] - self.low[at]) < 4 * width
            low, high = self.low[unsettled[near]].min(), self.high[unsettled[near]].max()
            missed += self._at_pole(size, float(low + high) / 2, float(high - low))
            unsettled = unsettled[~near]
        return missed

    def _at_pole(self, size: Array, place: float, width: float) -> float:
        """Return the integral of c·|x − place|^−a up to `width` away, with c and a from the panels farther out."""
        middle = abs((self.low + self.high) / 2 - place)
        around = (middle > 8 * width) & (middle < 2.0**_FITTED * width) & (size > 0) & (self.level > 0)
        if np.unique(middle[around]).size < _FEWEST:
            return float(size[middle < 2 * width].sum())
        logs = np.log(middle[around])
        slope, level = np.polyfit(logs, np.log(size[around] / (self.high - self.low)[around]), 1)
        if slope < -_STEEPEST:
            return math.inf
        return float(2 * math.exp(level) * width ** (1 + slope) / (1 + slope))


def _applied(integrand: Callable[[Array], Array], measure: Measure, low: Array, high: Array) -> Array:
    """Return the figures of both rules, in one call of the integrand."""
    half = (high - low)[:, None] / 2
    x: Array = (low + high)[:, None] / 2 + half * _NODES
    with np.errstate(all="ignore"):
        values = np.asarray(integrand(x.ravel()), dtype=float).reshape(-1, *x.shape)
        heights = measure.weigh(values, x)
        terms = heights * half
        fine, coarse = terms[..., :_FINE], terms[..., _FINE:]
        value, sizes = fine @ _FINE_WEIGHTS, np.abs(fine)
        gap = np.abs(value - coarse @ _COARSE_WEIGHTS)
        weight = (sizes * measure.units(x[:, :_FINE])) @ _FINE_WEIGHTS
        shift = np.abs(np.diff(heights[..., :_FINE])).sum(axis=-1) * np.maximum(np.abs(low), np.abs(high))
        return np.stack([value, gap, sizes @ _FINE_WEIGHTS, weight, shift])
