"""Correlation of two inputs through depth, by Mehler's expansion: E[f(u₁)f(u₂)] = Σ aₙ²·cⁿ.

u₁, u₂ are normal with variance q and correlation c; aₙ = E[f(√q z)·hₙ(z)] with the orthonormal Hermite polynomials hₙ.
Σ aₙ² = E f² and Σ n·aₙ² = q·E f′² are known, so what a truncated series leaves out is too.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from actcli.activations.function import Function
from actcli.analyses.gradflow.meanfield.moments import SMALLEST, moments
from actcli.analyses.gradflow.meanfield.pairs import drift, rough_drift
from actcli.analyses.gradflow.places import breaks, edges, kinks, value_and_slope
from actcli.core.gaussian import EPSILON, Estimate, resolving_edges

Array = np.ndarray[Any, Any]

_ORDERS, _LONG_ORDERS = (128, 512), (128, 512, 2048, 8192)
"""Lengths of the expansion that are tried; beyond the first two a continuous function is integrated directly."""
_WANTED = 1e-12
"""The error of c* that will do."""
_SMALLEST = 1e-9
"""The smallest 1 − c that is looked at."""
_ASIDE = 1e-4
"""The relative step in q that tells how c* varies with it."""
_REACH = 14.0
_POINTS = 20, 15


@dataclass(frozen=True, slots=True)
class Expansion:
    """aₙ² for n = 0 … N−1 with their errors, and what is left: Σ aₙ² and Σ n·aₙ² over n ≥ N at most."""

    squares: Array
    errors: Array
    rest: float
    slope_rest: float

    def product(self, c: float) -> Estimate:
        """Return E[f(u₁)f(u₂)] at correlation 0 ≤ c ≤ 1."""
        powers = c ** np.arange(self.squares.size)
        left = self.rest * c**self.squares.size
        return Estimate(float(self.squares @ powers) + left / 2, float(self.errors @ powers) + left / 2)

    def slope(self, c: float) -> Estimate:
        """Return its derivative by c, which is q·E[f′(u₁)f′(u₂)] for a continuous f."""
        size = self.squares.size
        n = np.arange(1, size)
        powers = n * c ** (n - 1)
        # n·cⁿ⁻¹ is largest at n = −1/ln c, or at the first term left out.
        peak = max(float(size), -1 / math.log(c)) if 0 < c < 1 else float(size)
        left = self.rest * peak * c ** (peak - 1) if c < 1 else math.inf
        if math.isfinite(self.slope_rest):
            left = min(left, self.slope_rest * c ** (size - 1))
        return Estimate(float(self.squares[1:] @ powers) + left / 2, float(self.errors[1:] @ powers) + left / 2)


@lru_cache(maxsize=512)
def expansion(function: Function, q: float, order: int) -> Expansion:
    """Return the first `order` coefficients at variance q."""
    variance = max(q, SMALLEST)
    scale, at = math.sqrt(variance), moments(function, q)
    found = resolving_edges(lambda z: value_and_slope(function, scale * z)[0][None], breaks=edges(function, scale))
    # hₙ oscillates with a wave number of √n: a panel holds a few waves.
    panels = math.ceil(_REACH * math.sqrt(order) / 8)
    cuts = np.unique(np.concatenate([found[abs(found) < _REACH], np.linspace(-_REACH, _REACH, 2 * panels + 1)]))
    fine, coarse = (_coefficients(function, scale, cuts, points, order) for points in _POINTS)
    rounding = 8 * EPSILON * math.sqrt(at.second_moment.value)
    errors = np.abs(fine - coarse) + rounding
    squares, errors = fine * fine, errors * (2 * np.abs(fine) + errors)
    rest = max(at.second_moment.value - math.fsum(squares), 0.0) + at.second_moment.error + float(errors.sum())
    slope = variance * at.derivative_second_moment.value
    n = np.arange(order)
    slope_rest = max(slope - math.fsum(n * squares), 0.0) + float(n @ errors)
    slope_rest += variance * at.derivative_second_moment.error
    return Expansion(squares, errors, rest, math.inf if at.jumps or not math.isfinite(slope) else slope_rest)


def _coefficients(function: Function, scale: float, cuts: Array, points: int, order: int) -> Array:
    nodes, weights = np.polynomial.legendre.leggauss(points)
    half = np.diff(cuts)[:, None] / 2
    z = ((cuts[:-1] + cuts[1:])[:, None] / 2 + half * nodes).ravel()
    root = np.exp(-z * z / 4) / (2 * math.pi) ** 0.25
    values = value_and_slope(function, scale * z)[0] * root * (half * weights).ravel()
    before, here = np.zeros_like(z), root
    found = np.empty(order)
    for n in range(order):
        found[n] = here @ values
        before, here = here, (z * here - math.sqrt(n) * before) / math.sqrt(n + 1)
    return found


def correlation(function: Function, sigma_w2: float, sigma_b2: float, q: Estimate) -> tuple[Estimate, Estimate]:
    """Return the fixed point c* in [0, 1) of the correlations at variance q* and the slope of their map there.

    It exists when c = 1 is unstable: the map is convex on [0, 1], so there is no other one.
    """
    found = _at(function, sigma_w2, sigma_b2, q.value)
    if q.error <= EPSILON * q.value:
        return found
    # What the error of q* adds.
    near, off = (
        _by_expansion(expansion(function, each, _ORDERS[0]), sigma_w2, sigma_b2, each)
        for each in (q.value, q.value * (1 + _ASIDE))
    )
    far = 2 * q.error / (_ASIDE * q.value)
    c, slope = (
        Estimate(each.value, each.error + far * abs(a.value - b.value))
        for each, a, b in zip(found, near, off, strict=True)
    )
    return c, slope


def _at(function: Function, sigma_w2: float, sigma_b2: float, q: float) -> tuple[Estimate, Estimate]:
    """Return the same for a variance that is known."""
    # A double integral over fine detail would take minutes.
    long = moments(function, q).jumps or len(breaks(function)) > len(kinks(function))
    for order in _LONG_ORDERS if long else _ORDERS:
        c, slope = _by_expansion(expansion(function, q, order), sigma_w2, sigma_b2, q)
        if c.error <= _WANTED:
            return c, slope
    return (c, slope) if long else min((c, slope), _by_pairs(function, sigma_w2, q, 1 - c.value), key=_slope_error)


def _slope_error(found: tuple[Estimate, Estimate]) -> float:
    return found[1].error


def _by_expansion(terms: Expansion, sigma_w2: float, sigma_b2: float, q: float) -> tuple[Estimate, Estimate]:
    """Newton's method from c = 0, which approaches the fixed point from below."""
    c = 0.0
    for _ in range(100):
        excess = (sigma_w2 * terms.product(c).value + sigma_b2) / q - c
        steepness = 1 - sigma_w2 * terms.slope(c).value / q
        if excess <= 0 or steepness <= 0 or c + excess / steepness in (c, 1.0):
            break
        c = min(c + excess / steepness, 1.0)
    product, slope = terms.product(c), terms.slope(c)
    steepness = max(1 - sigma_w2 * slope.value / q, EPSILON)
    place = (sigma_w2 * product.error / q + 2 * EPSILON) / steepness
    if c <= place:
        c = 0.0
    beside = min(1.0, c + 1e-3 * (1 - c))
    bend = abs(terms.slope(beside).value - slope.value) / (beside - c) if beside > c else 0.0
    return Estimate(c, place), Estimate(sigma_w2 * slope.value / q, sigma_w2 / q * (slope.error + bend * place))


def _by_pairs(function: Function, sigma_w2: float, q: float, d: float) -> tuple[Estimate, Estimate]:
    """Newton's method for d = 1 − c, from near the fixed point: d ← σw²·E[(f(u₁) − f(u₂))²]/2q."""
    d = min(max(d, _SMALLEST), 1.0)
    for _ in range(8):
        apart, slope = rough_drift(function, q, d)
        step = (sigma_w2 * apart.value - d) / (1 - sigma_w2 * slope.value)
        d = min(max(d + step, d / 2), 2 * d, 1.0)
        if abs(step) <= 1e-7 * d:
            break
    apart, slope = drift(function, q, d)
    beside = rough_drift(function, q, d * (1 - 1e-3))[1]
    bend = abs(beside.value - slope.value) / (1e-3 * d)
    place = (sigma_w2 * apart.error + abs(sigma_w2 * apart.value - d)) / abs(1 - sigma_w2 * slope.value)
    return Estimate(1 - d, place + EPSILON), Estimate(sigma_w2 * slope.value, sigma_w2 * (slope.error + bend * place))
