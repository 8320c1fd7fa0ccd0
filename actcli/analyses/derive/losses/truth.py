"""The exact values of a derivative over the whole line of a format, its zeros, and edges found to the last bit."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from copy import copy
from itertools import pairwise
from typing import Any

import numpy as np

from actcli.activations.function import Function
from actcli.core.formats import Format

Array = np.ndarray[Any, Any]

NEIGHBOURHOOD = 1 / 8
"""Numbers nearer to a zero than this, relative to it, are next to it."""


class Truth:
    """A derivative, correctly rounded, and what rounding left out, at points from one end of the line to the other."""

    def __init__(self, function: Function, order: int, format: Format) -> None:
        self.function, self.order, self.format = function, order, format
        x = _line(format)
        numbers, rests = self.at(x)
        smallest = np.ldexp(1.0, format.lowest + format.precision - 1)
        normal = np.isfinite(numbers) & (np.abs(numbers) >= smallest)
        keep = normal if normal.any() else np.isfinite(numbers)
        self.x, self.numbers, self.rests = x[keep], numbers[keep], rests[keep]

    def at(self, x: Array) -> tuple[Array, Array]:
        """Return the rounded numbers and the rests in units of their spacing."""
        return self.function.reference.values(x, self.order, self.format)[self.order]

    def number(self, x: float) -> float:
        """Return the rounded number at one point."""
        return float(self.at(np.array([x]))[0][0])

    def with_points(self, x: Array) -> Truth:
        """Return the same with more points."""
        more = copy(self)
        numbers, rests = self.at(x)
        together = np.concatenate([self.x, x])
        order = np.argsort(together)
        more.x, more.numbers = together[order], np.concatenate([self.numbers, numbers])[order]
        more.rests = np.concatenate([self.rests, rests])[order]
        return more


def zeros_of(truth: Truth) -> Iterator[float]:
    """Yield where the truth changes sign, found by bisection."""
    signs = np.sign(truth.numbers)
    for (a, before), (b, after) in pairwise(zip(truth.x, signs, strict=True)):
        if before * after < 0:

            def holds(at: float, sign: float = after) -> bool:
                return truth.number(at) * sign > 0

            zero = edge(a, b, holds, truth.format)
            if abs(zero) > 1e-30:
                yield zero


def around(zero: float, format: Format) -> Array:
    """Return numbers of the format that come closer and closer to a zero."""
    steps = abs(zero) * NEIGHBOURHOOD * np.exp2(-np.arange(0, format.precision // 2, 2))
    near = np.concatenate([zero - steps, zero + steps]).astype(format.dtype).astype(np.float64)
    return np.unique(near[near != zero])


def edge(outside: float, inside: float, holds: Callable[[float], bool], format: Format) -> float:
    """Return the last number of the format, coming from inside, at which a condition holds."""
    no, yes = _ordinal(outside, format), _ordinal(inside, format)
    while abs(yes - no) > 1:
        middle = (yes + no) // 2
        yes, no = (middle, no) if holds(_number(middle, format)) else (yes, middle)
    return _number(yes, format)


def _ordinal(value: float, format: Format) -> int:
    """Return the place of a number among all of its format, 0 at zero."""
    pattern = int(format.to_bits(np.array([abs(value)], dtype=format.dtype))[0])
    return pattern if value >= 0 else -pattern


def _number(ordinal: int, format: Format) -> float:
    return math.copysign(float(format.from_bits(np.array([abs(ordinal)]))[0]), ordinal)


def _line(format: Format) -> Array:
    """Return numbers of the format from one end of the line to the other, densest where functions bend."""
    top = format.highest - 24
    binades = [*range(-30, 12), *(e for k in (14, 18, 25, 40, 60, 90, 150, 300, 500, 700, 900) for e in (k, -k - 30))]
    mantissas = (1.09, 1.31, 1.57, 1.83)
    sizes = [math.ldexp(m, e) for e in binades if abs(e) < top for m in mantissas]
    sizes += [math.ldexp(1.57, e) for e in (top, -top)]
    even = np.linspace(0.013, 41.987, 240)
    together = np.concatenate([sizes, even]).astype(format.dtype).astype(np.float64)
    return np.unique(np.concatenate([together, -together]))
