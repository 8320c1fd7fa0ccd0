"""Where functions are hard and code changes branch: roots, kinks, switch-overs, and the edges of saturation.

Everything is found from the exact reference and the format, nothing from any implementation.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np

from actcli.activations.function import Function
from actcli.analyses.stability.points import Span, infinity_of, ordinals
from actcli.core.formats import FLOAT16, FLOAT32, FLOAT64, Format

Array = np.ndarray[Any, Any]

EVEN = 2_000
"""Points spread evenly over the stretch between the edges of saturation, where most of the function happens."""

NEIGHBOURS = 4
"""Numbers of the format on either side of a hard place."""

NEAR, FAR = 12.0, 1000.0
"""That stretch reaches at least, and at most, to ±these."""

ROOT_GRID = 97
"""Points between which a change of sign is looked for."""

_BRANCHES = (0.0, 0.25, 0.5, 0.625, 1.0, 2.0, 3.0, 5.0, 6.0, 10.0, 15.0, 20.0, 30.0, 50.0, 100.0, 250.0, 500.0)
"""Thresholds found in code: of tanh, the hard family, softplus, clipped exponentials."""


def directed(function: Function, order: int, span: Span) -> Array:
    """Return the ordinals of places to look at: hard ones with their neighbours, and an even grid over the middle."""
    format = span.format
    value = _Exact(function, order, format)
    edges = _saturation_edges(value, format)
    middle = np.linspace(max(-FAR, min([-NEAR, *edges])), min(FAR, max([NEAR, *edges])), EVEN)
    ends = [end for end in function.edges if math.isfinite(end)]
    hard = [*function.kink_points, *ends, *_switches(), *edges, *_roots(value, middle)]
    with np.errstate(over="ignore", under="ignore"):
        places, even = (ordinals(np.array(each).astype(format.dtype), format) for each in (hard, middle))
    return np.concatenate([(places[:, None] + np.arange(-NEIGHBOURS, NEIGHBOURS + 1)).ravel(), even])


class _Exact:
    """The correctly rounded derivative of one order, each value computed once."""

    def __init__(self, function: Function, order: int, format: Format) -> None:
        self.function, self.order, self.format = function, order, format
        self.known: dict[float, float] = {}

    def __call__(self, x: float) -> float:
        if x not in self.known:
            self.known[x] = self.function.reference.at(x, self.order, self.format)[self.order].number
        return self.known[x]


def _switches() -> list[float]:
    """Return where exponentials overflow, underflow and vanish beside 1, in any format, and known thresholds."""
    found = list(_BRANCHES)
    for format in (FLOAT16, FLOAT32, FLOAT64):
        powers = (format.highest + 1, format.lowest + format.precision - 1, format.lowest, 1 - format.precision)
        logarithms = [abs(power) * math.log(2) for power in powers]
        # exp(x) switches there, tanh and exp(2x) at half of it, Gaussians at the square root of its double.
        found += [each for y in logarithms for each in (y, y / 2, math.sqrt(2 * y), math.sqrt(y))]
    return [*found, *(-each for each in found)]


def _saturation_edges(value: _Exact, format: Format) -> list[float]:
    """Return the x, on either side, from which on the rounded value is its limit, or x itself, or no longer normal."""
    largest = infinity_of(format) - 1
    return [*_edges_towards(largest, value, format), *_edges_towards(-1 - largest, value, format)]


def _edges_towards(last: int, value: _Exact, format: Format) -> Iterator[float]:
    numbers = Span.whole(format)
    limit, normal = value(numbers[last]), 2.0 ** (format.lowest + format.precision - 1)
    tests: tuple[Callable[[float], bool], ...] = (
        lambda x: value(x) == limit,
        lambda x: value(x) == x,
        lambda x: abs(value(x)) < normal,
    )
    for saturated in tests:
        inside = next((x for x in (1.0, 2.0, 0.5, 4.0, 0.25) if not saturated(math.copysign(x, last))), None)
        if inside is None or not saturated(numbers[last]):
            continue
        start = np.array([math.copysign(inside, last)]).astype(format.dtype)
        before, after = int(ordinals(start, format)[0]), last
        while abs(after - before) > 1:
            middle = (before + after) // 2
            before, after = (before, middle) if saturated(numbers[middle]) else (middle, after)
        yield numbers[after]


def _roots(value: _Exact, grid: Array) -> list[float]:
    """Return where the value changes sign between points of a grid, by bisection in float64."""
    found = []
    coarse = [float(x) for x in grid[:: max(1, len(grid) // ROOT_GRID)]]
    for low, high in pairwise(coarse):
        sign = value(low)
        if not sign * value(high) < 0:
            continue
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if value(middle) * sign > 0 else (low, middle)
        found.append(high)
    return found
