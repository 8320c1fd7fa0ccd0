"""What range a value may have, by interval arithmetic: which of Python's functions might raise.

Ends are those of the real numbers with both infinities. NaN isn't tracked: no function of `math` raises for it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import product
from typing import NamedTuple

from actcli.tracing.graph import Value, reachable


class Interval(NamedTuple):
    """All numbers from low to high."""

    low: float
    high: float

    def excludes_zero(self) -> bool:
        """Tell whether a quotient by such a number is defined."""
        return self.low > 0.0 or self.high < 0.0

    def is_finite(self) -> bool:
        """Tell whether it has two ends."""
        return -math.inf < self.low and self.high < math.inf

    def lies_in(self, other: Interval) -> bool:
        """Tell whether it is part of another."""
        return other.low <= self.low and self.high <= other.high


EVERYTHING = Interval(-math.inf, math.inf)
LARGEST_EXPONENT = 709.0
"""exp of no more than this is finite, rounded up or not."""


class Ranges:
    """The intervals of the values of a graph, for any x in an interval: every number, infinities included."""

    def __init__(self, x: Interval = EVERYTHING) -> None:
        self.x = x
        self._known: dict[int, Interval] = {}

    def of(self, value: Value) -> Interval:
        """Return an interval that holds the value, whatever x is there."""
        if id(value) not in self._known:
            for each in reachable([value]):
                self._known[id(each)] = self._of(each)
        return self._known[id(value)]

    def _of(self, value: Value) -> Interval:
        if value.operation == "x":
            return self.x
        if value.is_constant:
            return EVERYTHING if math.isnan(value.number) else Interval(float(value.number), float(value.number))
        if value.is_boolean:
            return Interval(0.0, 1.0)
        if value.operation == "polynomial":
            return self._polynomial(value)
        terms = lost(value)
        if terms is not None:
            size = 2.0**-52 * sum(max(map(abs, self.of(each))) for each in terms)
            return Interval(-size, size)
        factor = _common_factor(value)
        if factor is not None:
            u, t = factor
            return _multiply(self.of(u), _add(Interval(1.0, 1.0), self.of(t)))
        if value.operation == "multiply" and value.operands[0] is value.operands[1]:
            return _multiply(*[_absolute(self.of(value.operands[0]))] * 2)
        rule = _RULES.get(value.operation)
        return rule(*(self.of(operand) for operand in value.operands)) if rule else EVERYTHING

    def _polynomial(self, value: Value) -> Interval:
        t = self.of(value.operands[0])
        total = Interval(0.0, 0.0)
        for c in value.number:
            total = _add(_multiply(total, t), Interval(c, c))
        return total


def lost(value: Value) -> tuple[Value, Value] | None:
    """Return a + b and b of b - ((a + b) - a), which is nothing but rounding errors of those two."""
    if value.operation != "subtract" or value.operands[1].operation != "subtract":
        return None
    b, (total, a) = value.operands[0], value.operands[1].operands
    terms = [id(term) for term in total.operands]
    return (total, b) if total.operation == "add" and sorted(terms) == sorted((id(a), id(b))) else None


def _common_factor(value: Value) -> tuple[Value, Value] | None:
    """Take u + u·t apart, which is u · (1 + t)."""
    if value.operation == "add" and value.operands[1].operation == "multiply":
        u, (first, t) = value.operands[0], value.operands[1].operands
        return (u, t) if first is u else None
    return None


def _span(*numbers: float) -> Interval:
    known = [number for number in numbers if not math.isnan(number)]
    return Interval(min(known), max(known)) if len(known) == len(numbers) else EVERYTHING


def _add(a: Interval, b: Interval) -> Interval:
    low, high = a.low + b.low, a.high + b.high
    return Interval(-math.inf if math.isnan(low) else low, math.inf if math.isnan(high) else high)


def _negative(a: Interval) -> Interval:
    return Interval(-a.high, -a.low)


def _multiply(a: Interval, b: Interval) -> Interval:
    return _span(*(0.0 if 0.0 in (p, q) else p * q for p, q in product(a, b)))


def _divide(a: Interval, b: Interval) -> Interval:
    return _multiply(a, Interval(1.0 / b.high, 1.0 / b.low)) if b.excludes_zero() else EVERYTHING


def _absolute(a: Interval) -> Interval:
    return Interval(max(0.0, a.low, -a.high), max(a.high, -a.low))


def _rising(function: Callable[[float], float], low: float = -math.inf) -> Callable[[Interval], Interval]:
    """Return the rule of an increasing function that is real above `low`."""

    def rule(a: Interval) -> Interval:
        return Interval(function(a.low), function(a.high)) if a.low > low else EVERYTHING

    return rule


def _exp(u: float) -> float:
    return math.exp(u) if u <= LARGEST_EXPONENT else math.inf


def _expm1(u: float) -> float:
    return math.expm1(u) if u <= LARGEST_EXPONENT else math.inf


def _size_of_first(a: Interval, b: Interval) -> Interval:
    size = max(map(abs, a))
    return Interval(-size, size)


_RULES: dict[str, Callable[..., Interval]] = {
    "negative": _negative,
    "add": _add,
    "subtract": lambda a, b: _add(a, _negative(b)),
    "multiply": _multiply,
    "divide": _divide,
    "abs": _absolute,
    "exp": lambda a: Interval(_exp(a.low), _exp(a.high)),
    "expm1": lambda a: Interval(_expm1(a.low), _expm1(a.high)),
    "log": _rising(math.log, 0.0),
    "log1p": _rising(math.log1p, -1.0),
    "tanh": lambda a: Interval(math.tanh(a.low), math.tanh(a.high)),
    "sin": lambda a: Interval(-1.0, 1.0),
    "cos": lambda a: Interval(-1.0, 1.0),
    "erf": lambda a: Interval(-1.0, 1.0),
    "erfc": lambda a: Interval(0.0, 2.0),
    "sqrt": _rising(math.sqrt, -math.ulp(0.0)),
    "copysign": _size_of_first,
    "minimum": lambda a, b: Interval(min(a.low, b.low), min(a.high, b.high)),
    "maximum": lambda a, b: Interval(max(a.low, b.low), max(a.high, b.high)),
    "where": lambda c, a, b: Interval(min(a.low, b.low), max(a.high, b.high)),
}
