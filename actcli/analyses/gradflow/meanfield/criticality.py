"""Initialisations at the edge of chaos, χ₁ = 1 (Roberts, Yaida & Hanin 2022, chapter 5; Schoenholz et al. 2017).

All come from one curve: q = q* and χ₁ = 1 at σw² = 1/E[f′²] and σb² = q − E[f²]/E[f′²], for whatever q.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from actcli.activations.function import Function
from actcli.analyses.gradflow.meanfield.moments import Moments, moments
from actcli.analyses.gradflow.meanfield.root import root
from actcli.analyses.gradflow.places import is_differenced, value_and_slope
from actcli.core.gaussian import EPSILON, Estimate


@dataclass(frozen=True, slots=True)
class Critical:
    """A critical initialisation, or, with kind none, the reason why there isn't one.

    `kind` is the class: scale-invariant, K*=0 (q falls to 0 slowly), half-stable (χ∥ = 1 too, at q* > 0), none; or
    critical for a point at a given σb. `stable` is False where q drifts away from q*, None for a half-stable point,
    which is reached from one side. `gain` is that of PyTorch: the standard deviation of weights is gain/√fan_in.
    `errors` bounds each figure's error, by its name. Where every q is a fixed point, `q_star` is for inputs N(0, 1).
    """

    kind: str
    sigma_w: float = math.nan
    sigma_b: float = math.nan
    q_star: float = math.nan
    chi_parallel: float = math.nan
    stable: bool | None = None
    gain: float = math.nan
    reason: str = ""
    errors: Mapping[str, float] = field(default_factory=dict)


_GRID = np.geomspace(1e-8, 1e6, 85)
"""Variances between which the curve is searched for sign changes."""
_ASIDE = 1e-4
"""The relative step in q that tells how figures vary with it."""
_SMALL = 1e-4
"""A variance near 0 that tells whether q is drawn to 0 at χ₁ = 1."""


def critical(function: Function, sigma_b: float | None = None) -> list[Critical]:
    """Return the critical points, the best one first: those of the function's class, or those at one σb.

    Where there is none, the list holds one of kind none with the reason. Raises UsageError where f isn't a function of
    one number.
    """
    one = moments(function, 1.0)
    if one.reason and not (one.second_moment.is_known and one.derivative_second_moment.is_known):
        return [Critical("none", reason=one.reason)]
    if one.derivative_second_moment.value == 0:
        return [Critical("none", reason="the slope is 0 almost everywhere, so no gradient passes whatever the weights")]
    if (slopes := homogeneous(function)) is not None:
        return [_scale_invariant(slopes, sigma_b)]
    found = [*_at_zero(function)] if not sigma_b else []
    found += _half_stable(function) if sigma_b is None else _given(function, sigma_b)
    found.sort(key=lambda each: each.stable is False)
    return found or [Critical("none", reason=_why_none(function, sigma_b))]


def homogeneous(function: Function) -> tuple[float, float] | None:
    """Return the slopes left and right of 0 of a function that is linear on either side, None for others."""
    sizes = 2.0 ** np.arange(-10, 21, 2) * 1.25
    x = np.concatenate([-sizes, sizes])
    value, slope = value_and_slope(function, x)
    left, right = slope[: sizes.size], slope[sizes.size :]
    tolerance = 1e-6 if is_differenced(function) else 4 * EPSILON
    size = float(np.abs(slope).max())
    straight = max(np.ptp(left), np.ptp(right)) <= tolerance * size
    straight = straight and np.allclose(value, slope * x, rtol=tolerance, atol=0)
    return (float(left[0]), float(right[0])) if straight else None


def _scale_invariant(slopes: tuple[float, float], sigma_b: float | None) -> Critical:
    if sigma_b:
        reason = "scale-invariant: at χ₁ = 1 a bias variance adds to q in every layer, and q grows without bound"
        return Critical("none", reason=reason)
    sigma_w = math.sqrt(2 / (slopes[0] ** 2 + slopes[1] ** 2))
    reason = "scale-invariant: every q is a fixed point, so q stays what it is"
    q, off = sigma_w * sigma_w, 4 * EPSILON * sigma_w
    errors = {"sigma_w": off, "sigma_b": 0.0, "q_star": 2 * off * sigma_w, "chi_parallel": 0.0, "gain": off}
    return Critical("scale-invariant", sigma_w, 0.0, q, 1.0, True, sigma_w, reason, errors)


def _at_zero(function: Function) -> list[Critical]:
    """Return the point with q* = 0 of a function with f(0) = 0 and a slope there."""
    at, near = moments(function, 0.0), moments(function, _SMALL)
    slope2 = at.derivative_second_moment
    if at.jumps or value_and_slope(function, np.zeros(1))[0][0] != 0 or slope2.value <= 1e-20:
        return []
    sigma_w = 1 / math.sqrt(slope2.value)
    stable = near.second_moment.value < _SMALL * slope2.value
    reason = "q falls to 0, ever more slowly" if stable else "q = 0 is a fixed point from which q drifts away"
    error = sigma_w * (slope2.error / slope2.value + EPSILON)
    errors = {"sigma_w": error, "sigma_b": 0.0, "q_star": 0.0, "chi_parallel": 0.0, "gain": error}
    return [Critical("K*=0", sigma_w, 0.0, 0.0, 1.0, stable, sigma_w, reason, errors)]


def _half_stable(function: Function) -> list[Critical]:
    """Return the points with χ∥ = χ₁ = 1, where E[f·f″] = 0, that need no negative variance of the biases."""
    found = []
    for q in _zeros(function, _curvature):
        point = _point(function, q, "half-stable")
        if point is not None:
            found.append(point)
    return found


def _given(function: Function, sigma_b: float) -> list[Critical]:
    target = sigma_b * sigma_b
    found = [_point(function, q, "critical", sigma_b) for q in _zeros(function, lambda at: _bias(at, target))]
    return [each for each in found if each is not None]


def _bias(at: Moments, target: float = 0.0) -> Estimate:
    """Return σb² of the critical curve at a variance, less a target."""
    second, slope2 = at.second_moment, at.derivative_second_moment
    product = second.value / slope2.value
    error = product * (second.error / abs(second.value) + slope2.error / slope2.value) + 4 * EPSILON * (at.q + target)
    return Estimate(at.q - product - target, error)


def _curvature(at: Moments) -> Estimate:
    """Return E[f·f″]."""
    growth, slope2 = at.growth, at.derivative_second_moment
    return Estimate(growth.value - slope2.value, growth.error + slope2.error)


def _point(function: Function, q: float, kind: str, sigma_b: float | None = None) -> Critical | None:
    at = moments(function, q)
    bias = _bias(at)
    if sigma_b is None and bias.value < -bias.error:
        return None
    sigma_w = _sigma_w(at).value
    parallel = _parallel(at).value
    stable: bool | None
    if kind == "half-stable":
        parallel, stable, reason = 1.0, None, _sides(function, q)
    elif parallel <= 1:
        stable, reason = True, "q is drawn to q*"
    else:
        stable, reason = False, f"χ∥ = {parallel:.4g} > 1: q drifts away from q*, and χ₁ with it from 1"
    errors = _errors(function, q, kind, sigma_b)
    sigma_b = math.sqrt(max(bias.value, 0.0)) if sigma_b is None else sigma_b
    return Critical(kind, sigma_w, sigma_b, q, parallel, stable, sigma_w, reason, errors)


def _sides(function: Function, q: float) -> str:
    at, words = moments(function, q), []
    for name, side in (("below", 1 / 1.001), ("above", 1.001)):
        there = moments(function, side * q)
        change = (there.second_moment.value - at.second_moment.value) / at.derivative_second_moment.value
        drawn = abs(change) < abs(there.q - q)
        words.append(f"from {name} it is drawn to it" if drawn else f"from {name} it drifts away from it")
    return f"χ∥ = χ₁ = 1: q lingers at q*; {' and '.join(words)}"


def _errors(function: Function, q: float, kind: str, sigma_b: float | None) -> dict[str, float]:
    """Return the errors of a point's figures: those of moments, and what the error of q adds."""
    at, beside = moments(function, q), moments(function, q * (1 + _ASIDE))
    target = (sigma_b or 0.0) ** 2
    residual = _curvature if kind == "half-stable" else lambda each: _bias(each, target)
    here, there = residual(at), residual(beside)
    steepness = abs(there.value - here.value) / _ASIDE
    off = (abs(here.value) + here.error) / steepness + EPSILON if steepness else 0.0

    def error(of: Callable[[Moments], Estimate]) -> float:
        here, there = of(at), of(beside)
        return here.error + abs(there.value - here.value) / _ASIDE * off + 2 * EPSILON * abs(here.value)

    weights, variance = error(_sigma_w), error(_bias)
    biases = variance / max(math.sqrt(max(_bias(at).value, 0.0)), math.sqrt(variance))
    parallel = 0.0 if kind == "half-stable" else error(_parallel)
    given = {"sigma_b": biases if sigma_b is None else 0.0}
    return {"sigma_w": weights, **given, "q_star": off * q, "chi_parallel": parallel, "gain": weights}


def _sigma_w(at: Moments) -> Estimate:
    """Return σw of the critical curve at a variance."""
    slope2 = at.derivative_second_moment
    sigma_w = 1 / math.sqrt(slope2.value)
    return Estimate(sigma_w, sigma_w * slope2.error / slope2.value / 2)


def _parallel(at: Moments) -> Estimate:
    """Return χ∥ of the critical curve at a variance."""
    growth, slope2 = at.growth, at.derivative_second_moment
    parallel = growth.value / slope2.value
    return Estimate(parallel, (growth.error + abs(parallel) * slope2.error) / slope2.value)


def _zeros(function: Function, of: Callable[[Moments], Estimate]) -> list[float]:
    """Return the variances at which a figure changes its sign."""

    def value(q: float) -> float:
        at = moments(function, q)
        if at.derivative_second_moment.value <= 0 or not at.derivative_second_moment.is_known:
            return math.nan
        found = of(at)
        return 0.0 if abs(found.value) <= found.error else found.value

    # What can't be told from 0 has no sign: a zero may lie on the grid itself.
    signed = [(math.log(q), at) for q in _GRID.tolist() if (at := value(q)) != 0]
    return [
        math.exp(root(lambda t: value(math.exp(t)), low, high)) for (low, a), (high, b) in pairwise(signed) if a * b < 0
    ]


def _why_none(function: Function, sigma_b: float | None) -> str:
    zeros = _zeros(function, _curvature)
    if sigma_b is not None:
        return f"no σw gives χ₁ = 1 at a fixed point with σb = {sigma_b:.6g}"
    if zeros:
        bias = _bias(moments(function, zeros[0])).value
        return f"criticality would need a bias variance below 0: σb² = {bias:.4g}"
    if _curvature(moments(function, 1.0)).value > 0:
        return "E[f·f″] > 0 at every variance: wherever χ₁ = 1, χ∥ is above 1 and q drifts away"
    value, slope = (float(each[0]) for each in value_and_slope(function, np.zeros(1)))
    need = f", which would need a bias variance of {-((value / slope) ** 2):.4g}" if slope else ""
    return f"χ∥ = χ₁ = 1 only where q is 0{need}; with biases that are given, χ₁ = 1 is possible"
