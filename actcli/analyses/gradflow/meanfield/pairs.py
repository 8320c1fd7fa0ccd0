"""How far two nearly equal inputs drift apart in one layer, by direct integration.

Where correlations approach 1, Mehler's expansion of a function with kinks converges slowly, and E[f(u₁)f(u₂)] says
little of 1 − c. The mean square E[(f(u₁) − f(u₂))²] keeps its digits: u₁ = √q·z₁, u₂ = √q·(c·z₁ + s·z₂), s² = 1 − c².
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from actcli.activations.function import Function
from actcli.analyses.gradflow.places import edges, kinks, value_and_slope
from actcli.core.gaussian import EPSILON, Estimate, expectations

Array = np.ndarray[Any, Any]

_INNER = np.array((-12, -8.5, -6, -4.2, -2.8, -1.4, 0, 1.4, 2.8, 4.2, 6, 8.5, 12))
"""Edges of the panels in z₂."""
_FINE, _COARSE = 20, 15
_SPREAD = np.array((-8, -4, -2, -1, 0, 1, 2, 4, 8))
"""Edges in z₁ around a kink, in units of s: that is where u₂ may lie on the other side."""


def drift(function: Function, q: float, d: float) -> tuple[Estimate, Estimate]:
    """Return E[(f(u₁) − f(u₂))²]/2q and E[f′(u₁)f′(u₂)] at correlation 1 − d, for a continuous f."""
    fine, coarse = rough_drift(function, q, d, _FINE), rough_drift(function, q, d)
    apart, slope = (Estimate(a.value, a.error + abs(a.value - b.value)) for a, b in zip(fine, coarse, strict=True))
    return apart, slope


def rough_drift(function: Function, q: float, d: float, points: int = _COARSE) -> tuple[Estimate, Estimate]:
    """Return the same by one rule in z₂, with the error of the rule in z₁ alone."""
    scale, c, s = math.sqrt(q), 1 - d, math.sqrt(d * (2 - d))
    places = np.array(edges(function, scale))
    nodes, weights = np.polynomial.legendre.leggauss(points)

    def integrands(z: Array) -> Array:
        moved = np.clip((places - c * z[:, None]) / s, _INNER[0], _INNER[-1])
        cuts = np.sort(np.concatenate([np.broadcast_to(_INNER, (z.size, _INNER.size)), moved], axis=1), axis=1)
        half = np.diff(cuts)[..., None] / 2
        inner = (cuts[:, :-1] + cuts[:, 1:])[..., None] / 2 + half * nodes
        density = np.exp(-inner * inner / 2) * (half * weights) / math.sqrt(2 * math.pi)
        here, slope_here = value_and_slope(function, scale * z)
        there, slope_there = value_and_slope(function, (scale * (c * z[:, None, None] + s * inner)).ravel())
        apart = here[:, None, None] - there.reshape(inner.shape)
        slopes = slope_here[:, None, None] * slope_there.reshape(inner.shape)
        return np.stack([(apart * apart * density).sum(axis=(1, 2)), (slopes * density).sum(axis=(1, 2))])

    around = [at / (c * scale) + each * s for at in kinks(function) for each in _SPREAD] if c > 0 else []
    # The difference of two values that agree in all but a share s of their size.
    apart, slope = expectations(integrands, breaks=[*places, *around], noise=(4 * EPSILON / s, EPSILON))
    return Estimate(apart.value / (2 * q), apart.error / (2 * q)), slope
