"""E[g(z)], z ~ N(0, 1), with an error that holds; see `quadrature`."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from actcli.core.quadrature import EPSILON, Estimate, Measure, Panels, resolved

__all__ = ["EPSILON", "Estimate", "expectation", "expectations", "resolving_edges"]

Array = np.ndarray[Any, Any]

_EDGES = np.array((0, 1, 2, 3.5, 5, 7, 9, 12, 16, 21, 28, 38))
"""Where panels start to the right of 0; beyond the last one the density is less than any number of float64."""
_NOTHING = 1e-100
"""What an integral over the outermost panels comes to where nothing diverges, even if a function begins there."""
_FALLING = 0.7
"""An integrand times the density that falls no further over the last two panels has an integral without end."""


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
    smooth, and edges of whatever is finer than a tenth of the normal density's width. `noise` is the relative error of
    the values of the integrand, for each of them where they differ.
    """
    panels = _panels(integrand, breaks, noise)
    return [_with_tails(panels.estimate(k), _beyond(panels, k)) for k in range(panels.noise.size)]


def resolving_edges(integrand: Callable[[Array], Array], *, breaks: Sequence[float] = ()) -> Array:
    """Return the edges between panels fine enough for the integrand, in increasing order; see `expectations`."""
    panels = _panels(integrand, breaks, EPSILON)
    return np.sort(np.append(panels.low, panels.high.max()))


def _panels(integrand: Callable[[Array], Array], breaks: Sequence[float], noise: float | Sequence[float]) -> Panels:
    inside = [each for each in breaks if abs(each) < _EDGES[-1]]
    edges = np.unique(np.concatenate([-_EDGES, _EDGES, inside]))
    return resolved(integrand, edges, noise=noise, measure=_NORMAL)


def _weigh(values: Array, z: Array) -> Array:
    # The density in two factors: where it is subnormal, a large integrand would lose digits.
    root = np.exp(-z * z / 4)
    return np.asarray((values * root) * (root / math.sqrt(2 * math.pi)))


# Rounding z² alone changes the density by up to z²/2 units.
_NORMAL = Measure(_weigh, lambda z: 4 + z**2 / 2)


def _with_tails(inside: Estimate, beyond: float) -> Estimate:
    if not inside.is_known:
        return inside
    return Estimate(math.inf, math.inf) if math.isinf(beyond) else Estimate(inside.value, inside.error + beyond)


def _beyond(panels: Panels, k: int) -> float:
    """Return a bound on what lies beyond the outermost panels, judging by how they fall off; ∞ if they don't."""
    size, outwards = panels.figures[2, k], np.maximum(np.abs(panels.low), np.abs(panels.high))
    last = float(size[outwards > _EDGES[-2]].sum())
    before = float(size[(outwards > _EDGES[-3]) & (outwards <= _EDGES[-2])].sum())
    if last <= max(EPSILON**2 * float(size.sum()), _NOTHING) or not math.isfinite(last + before):
        return last
    falling = (last / (_EDGES[-1] - _EDGES[-2])) / (before / (_EDGES[-2] - _EDGES[-3]))
    return float(5 * last / (1 - falling)) if falling < _FALLING else math.inf
