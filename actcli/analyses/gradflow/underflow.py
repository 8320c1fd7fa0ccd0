"""The depth at which a gradient that shrinks by the same factor a layer underflows in a floating-point format."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from actcli.activations.function import Function
from actcli.analyses.gradflow.products import TYPICAL
from actcli.core.formats import FORMATS, Format


@dataclass(frozen=True, slots=True)
class Underflow:
    """For a gradient of 1 at the output: the first depths at which factor^depth is subnormal, and rounds to 0.

    Depths are ∞ where that never happens, NaN where the factor is unknown, and `reason` says why.
    """

    format: str
    source: str
    factor: float
    subnormal: float
    zero: float
    reason: str = ""


def underflow(factors: Mapping[str, float], formats: Iterable[Format] = tuple(FORMATS.values())) -> list[Underflow]:
    """Return a row for each format and each named factor a layer, a number of at least 0."""
    return list(_rows(factors, list(formats)))


def slope_factors(function: Function) -> dict[str, float]:
    """Return the factors that the slope alone suggests: its bound, and its size at a typical pre-activation."""
    typical = abs(float(function.derivatives(TYPICAL)[1]))
    return {"bound": function.largest_slope, f"typical (x = {TYPICAL:g})": typical}


def _rows(factors: Mapping[str, float], formats: list[Format]) -> Iterator[Underflow]:
    for format in formats:
        smallest_normal = 1 - format.highest
        for source, factor in factors.items():
            if math.isnan(factor):
                yield Underflow(format.name, source, factor, math.nan, math.nan, "nobody knows the factor")
            elif factor >= 1:
                yield Underflow(format.name, source, factor, math.inf, math.inf, "never: the factor is at least 1")
            else:
                # Half of the smallest subnormal is a tie, which rounds to 0.
                below = _first(factor, smallest_normal, strictly=True)
                yield Underflow(format.name, source, factor, below, _first(factor, format.lowest - 1, strictly=False))


def _first(factor: float, exponent: int, strictly: bool) -> int:
    """Return the least depth at which factor^depth is below 2^exponent, or at it."""
    if factor == 0:
        return 1
    depth = exponent / math.log2(factor)
    return max(1, math.floor(depth) + 1 if strictly else math.ceil(depth))
