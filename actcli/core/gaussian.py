"""E[g(z)], z ~ N(0, 1), with an error that holds.

Gauss–Legendre rules of two orders on panels between the breaks; panels on which they disagree by more than rounding
are halved. A kink that nobody named is found that way, a jump too. What stays is the sum of the disagreements, which
is far more than the error of the better rule, plus a bound on rounding.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

EPSILON = 2.0**-52
_FINE, _COARSE = 20, 15
"""Points of the two rules."""
(_FINE_NODES, _FINE_WEIGHTS), (_COARSE_NODES, _COARSE_WEIGHTS) = map(np.polynomial.legendre.leggauss, (_FINE, _COARSE))
_NODES = np.concatenate([_FINE_NODES, _COARSE_NODES])
_EDGES = np.array((0, 1, 2, 3.5, 5, 7, 9, 12, 16, 21, 28, 38))
"""Where panels start to the right of 0; beyond the last one the density is less than any number of float64."""
_MOST_PANELS = 2500
_MOST_ROUNDS = 160
_POLE_WIDTH, _POLE_SHARE = 2.0**-30, 1e-4
"""A panel so narrow that holds such a share of an integral sits on a pole."""
_NOTHING = 1e-100
"""What an integral over the outermost panels comes to where nothing diverges, even if a function begins there."""
_FALLING = 0.7
"""An integrand times the density that falls no further over the last two panels has an integral without end."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number known to lie within `error` of `value`.

    An integral that diverges, or is too large for float64, is inf; one over a range where the integrand has no value
    is nan; their error is inf.
    """

    value: float
    error: float

    @property
    def is_known(self) -> bool:
        """Tell whether there is a number at all."""
        return math.isfinite(self.value) and math.isfinite(self.error)


def expectation(
    integrand: Callable[[Array], Array], *, breaks: Sequence[float] = (), noise: float = EPSILON
) -> Estimate:
    """Return E[integrand(z)] of a vectorised integrand; see `expectations`."""
    return expectations(lambda z: integrand(z)[None], breaks=breaks, noise=noise)[0]


def expectations(
    integrand: Callable[[Array], Array], *, breaks: Sequence[float] = (), noise: float | Sequence[float] = EPSILON
) -> list[Estimate]:
    """Return the expectations of several integrands that share their work.

    `integrand` takes a flat array of n points and returns an array (k, n). `breaks` are the z where one of them isn't
    smooth, and edges of whatever is narrower than the normal density. `noise` is the relative error of the values of
    the integrand, for each of them where they differ.
    """
    panels, floor = _resolved(integrand, breaks, noise)
    return [panels.estimate(k, float(floor[k])) for k in range(len(floor))]


def resolving_edges(integrand: Callable[[Array], Array], *, breaks: Sequence[float] = ()) -> Array:
    """Return the edges between panels fine enough for the integrand, in increasing order; see `expectations`."""
    panels, _ = _resolved(integrand, breaks, EPSILON)
    return np.sort(np.append(panels.low, panels.high.max()))


def _resolved(
    integrand: Callable[[Array], Array], breaks: Sequence[float], noise: float | Sequence[float]
) -> tuple[_Panels, Array]:
    inside = [each for each in breaks if abs(each) < _EDGES[-1]]
    edges = np.unique(np.concatenate([-_EDGES, _EDGES, inside]))
    panels = _Panels.of(integrand, edges[:-1], edges[1:])
    floor = np.maximum(np.broadcast_to(np.asarray(noise, dtype=float), panels.figures.shape[1:2]), EPSILON)
    for _ in range(_MOST_ROUNDS):
        rough = panels.rough(floor)
        if not rough.any() or panels.low.size + rough.sum() > _MOST_PANELS:
            break
        panels = panels.refined(integrand, rough)
    return panels, floor


@dataclass(frozen=True, slots=True)
class _Panels:
    """n panels in z, and for each of k integrands on each panel four figures, arrays (k, n).

    `value` is the integral by the finer rule, `gap` its distance from the coarser one, `size` that of |integrand|,
    `weight` what a relative error of 1 in every factor of every term comes to.
    """

    low: Array
    high: Array
    figures: Array

    @classmethod
    def of(cls, integrand: Callable[[Array], Array], low: Array, high: Array) -> _Panels:
        """Apply both rules, in one call of the integrand."""
        half = (high - low)[:, None] / 2
        z: Array = (low + high)[:, None] / 2 + half * _NODES
        with np.errstate(all="ignore"):
            values = np.asarray(integrand(z.ravel()), dtype=float).reshape(-1, *z.shape)
            # The density in two factors: where it is subnormal, a large integrand would lose digits.
            root = np.exp(-z * z / 4)
            terms = (values * root) * (root / math.sqrt(2 * math.pi)) * half
            fine, coarse = terms[..., :_FINE], terms[..., _FINE:]
            value, sizes = fine @ _FINE_WEIGHTS, np.abs(fine)
            gap = np.abs(value - coarse @ _COARSE_WEIGHTS)
            # Rounding z² alone changes the density by up to z²/2 units.
            factor = 4 + z[:, :_FINE] ** 2 / 2
            weight = (sizes * factor) @ _FINE_WEIGHTS
            return cls(low, high, np.stack([value, gap, sizes @ _FINE_WEIGHTS, weight]))

    def rough(self, noise: Array) -> Array:
        """Tell which panels are worth halving: the rules differ there by more than noise, and by enough to matter."""
        value, gap, size, weight = self.figures
        known = np.isfinite(value)
        with np.errstate(all="ignore"):
            total = np.where(known, size, 0).sum(axis=1, keepdims=True)
            gaps = gap > np.maximum(noise[:, None] * (8 * size + weight), EPSILON / 64 * total)
        middle = (self.low + self.high) / 2
        divisible = (self.low < middle) & (middle < self.high)
        return np.asarray((gaps & known).any(axis=0) & divisible)

    def refined(self, integrand: Callable[[Array], Array], rough: Array) -> _Panels:
        """Return the panels with the rough ones halved."""
        low, high = self.low[rough], self.high[rough]
        middle = (low + high) / 2
        new = _Panels.of(integrand, np.concatenate([low, middle]), np.concatenate([middle, high]))
        return _Panels(
            np.concatenate([self.low[~rough], new.low]),
            np.concatenate([self.high[~rough], new.high]),
            np.concatenate([self.figures[..., ~rough], new.figures], axis=-1),
        )

    def estimate(self, k: int, noise: float) -> Estimate:
        """Return the expectation of one integrand."""
        value, gap, size, weight = self.figures[:, k]
        if np.isnan(value).any() and not np.isinf(size).any():
            return Estimate(math.nan, math.inf)
        total = float(size.sum())
        narrow = self.high - self.low < _POLE_WIDTH
        if not math.isfinite(total) or (size[narrow] > _POLE_SHARE * total).any():
            return Estimate(math.inf, math.inf)
        beyond = self._beyond(size)
        if math.isinf(beyond):
            return Estimate(math.inf, math.inf)
        return Estimate(math.fsum(value), float(gap.sum() + noise * weight.sum()) + beyond)

    def _beyond(self, size: Array) -> float:
        """Return a bound on what lies beyond the outermost panels, judging by how they fall off; ∞ if they don't."""
        outwards = np.maximum(np.abs(self.low), np.abs(self.high))
        last = float(size[outwards > _EDGES[-2]].sum())
        before = float(size[(outwards > _EDGES[-3]) & (outwards <= _EDGES[-2])].sum())
        if last <= max(EPSILON**2 * float(size.sum()), _NOTHING):
            return last
        falling = (last / (_EDGES[-1] - _EDGES[-2])) / (before / (_EDGES[-2] - _EDGES[-3]))
        return float(5 * last / (1 - falling)) if falling < _FALLING else math.inf
