"""Limits of a formula: at ±∞ read off exact values far out, beside a point off values closer and closer to it.

A record states its limits; a formula that somebody typed can't. Its values at points that grow without bound either
settle, shrink, or grow. Where they do neither (sin x) there is no limit, and the answer is NaN.
"""

from __future__ import annotations

import math
from fractions import Fraction

from actcli.core.exact import Reference
from actcli.core.formats import FLOAT64

# The first few for functions that Arb can't follow far out, such as exp(exp(x)); the last ones beyond every constant.
_FAR = [Fraction(2) ** k for k in (12, 48, 200, 1100, 2200, 4400, 8800)]

_NEAR = [Fraction(2) ** k for k in (12, 48, 200, 600)]


def limits(reference: Reference, direction: int, order: int = 2) -> list[float]:
    """Return the limits of f, f′, … at +∞ (direction 1) or −∞ (−1), NaN where there is none."""
    rows = [[r.number for r in reference.at(direction * x, order, FLOAT64)] for x in _FAR]
    return [_trend([row[k] for row in rows]) for k in range(order + 1)]


def limits_beside(reference: Reference, x: Fraction, direction: int, order: int = 2) -> list[float]:
    """Return the limits of f, f′, … at x from the right (direction 1) or the left (−1), NaN where there is none."""
    rows = [[r.number for r in reference.at(x + direction / far, order, FLOAT64)] for far in _NEAR]
    return [_trend([row[k] for row in rows]) for k in range(order + 1)]


def _trend(values: list[float]) -> float:
    known = [value for value in values if not math.isnan(value)]
    if known and known[0] == known[-1] and math.isinf(known[0]):
        return known[0]  # beyond float64 from the first point on
    if len(known) < 3:
        return math.nan
    first, second, last = known[-3:]
    if math.isinf(last):
        return last if first * second > 0 and second * last > 0 else math.nan
    if last in (second, 0.0):
        return last
    if abs(last - second) <= 2**-40 * abs(last):
        return last
    if abs(last) <= abs(second) / 1.5 <= abs(first) / 1.5**2:
        return 0.0
    if last * second > 0 and abs(last) >= abs(second) * 1.5 >= abs(first) * 1.5**2:
        return math.copysign(math.inf, last)
    return math.nan
