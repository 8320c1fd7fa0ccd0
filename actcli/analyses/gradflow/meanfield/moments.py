"""Gaussian moments of an activation and its derivative, x ~ N(0, q)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from actcli.activations.function import Function
from actcli.analyses.gradflow.places import (
    coarser_slope,
    edges,
    is_differenced,
    slope_noise,
    value_and_slope,
)
from actcli.core.gaussian import EPSILON, Estimate, expectations
from actcli.errors import UsageError

Array = np.ndarray[Any, Any]

SMALLEST = 1e-30
"""The variance that stands for 0: moments are those of the slopes on either side of 0, to the last bit."""


@dataclass(frozen=True, slots=True)
class Moments:
    """E f, E f², E f′, E f′², E f′⁴ at variance q, and `growth`, the derivative of E f² by q.

    `growth` is E[f′² + f·f″] where f has two derivatives. `jumps` tells that f itself jumps; its derivative is then
    that of backpropagation, which doesn't see jumps. `reason` says what is infinite or undefined, if anything.
    """

    q: float
    mean: Estimate
    second_moment: Estimate
    derivative_mean: Estimate
    derivative_second_moment: Estimate
    derivative_fourth_moment: Estimate
    growth: Estimate
    jumps: bool
    reason: str


@lru_cache(maxsize=16384)
def moments(function: Function, q: float) -> Moments:
    """Return the moments at variance q ≥ 0.

    Raises UsageError where f isn't a function of one number, and where q isn't a finite one.
    """
    if not isinstance(function, Function):
        raise UsageError(f"{function.name} is no function of one number; Gaussian moments are those of one unit")
    if not 0 <= q < math.inf:
        raise UsageError(f"the variance of a pre-activation is a finite number from 0 on, not {q:g}")
    variance = max(q, SMALLEST)
    scale = math.sqrt(variance)

    differenced = is_differenced(function)

    def integrands(z: Array) -> Array:
        x = scale * z
        value, slope = value_and_slope(function, x)
        by_slope = value * (slope * z / scale)
        # Integrated by parts: E f′ = E[z·f]/√q, and the same for f².
        by_parts = value * (value * ((z * z - 1) / (2 * variance)))
        leaning = value * (z / scale)
        coarser = [*_powers(coarser_slope(function, x))] if differenced else []
        return np.stack([value, value * value, *_powers(slope), leaning, by_slope, by_parts, *coarser])

    noise = slope_noise(function)
    slopes = [noise, 2 * noise, 4 * noise]
    own = [EPSILON, EPSILON]
    every = expectations(
        integrands,
        breaks=edges(function, scale),
        noise=[*own, *slopes, EPSILON, noise, EPSILON, *(slopes if differenced else ())],
    )
    moment, (leaning, by_slope, by_parts), coarser = every[:5], every[5:8], every[8:]
    if differenced:
        # Quotients see jumps, as peaks.
        moment[2:] = _trusted(moment[2:], coarser)
        jumps = math.isnan(moment[3].value)
    else:
        # Integrals with the slope leave jumps of f out; those by parts don't.
        jumps = _differ(leaning, moment[2]) or _differ(by_parts, by_slope)
    growth = by_parts if differenced or jumps or by_parts.error < by_slope.error else by_slope
    mean, second, slope, slope2, slope4 = moment
    return Moments(q, mean, second, slope, slope2, slope4, growth, jumps, _reason(function, q, moment))


def _powers(slope: Array) -> tuple[Array, Array, Array]:
    square = slope * slope
    return slope, square, square * square


def _trusted(fine: list[Estimate], coarse: list[Estimate]) -> list[Estimate]:
    """Return moments of difference quotients with what the step has to do with them: at a jump, that is all."""
    off = [2 * abs(a.value - b.value) for a, b in zip(fine, coarse, strict=True)]
    if off[1] > fine[1].value / 4:
        return [Estimate(math.nan, math.inf)] * 3
    return [Estimate(each.value, each.error + more) for each, more in zip(fine, off, strict=True)]


def _differ(a: Estimate, b: Estimate) -> bool:
    return abs(a.value - b.value) > 4 * (a.error + b.error)


_NAMES = ("E f", "E f²", "E f′", "E f′²", "E f′⁴")


def _reason(function: Function, q: float, moment: list[Estimate]) -> str:
    if moment[1].is_known and math.isnan(moment[3].value) and is_differenced(function):
        return (
            f"{function.name} jumps, and its slope is known from difference quotients only, which make peaks of jumps"
        )
    for name, each in zip(_NAMES, moment, strict=True):
        if math.isnan(each.value):
            return f"{function.name} has no value for some x, so {name} does not exist at variance {q:.6g}"
    infinite = [name for name, each in zip(_NAMES, moment, strict=True) if math.isinf(each.value)]
    if infinite:
        verb = "are" if len(infinite) > 1 else "is"
        names = ", ".join(infinite)
        return f"{names} of {function.name} {verb} infinite at variance {q:.6g}, as far as float64 can tell"
    return ""
