"""Exact scalars, for the small formulas in parameters that records hold: limits, kinks, ends of intervals.

A value is a Fraction as long as it is rational and finite, and a float where it is neither. The names `inf` and `nan`
are symbols with a value here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from actcli.expressions.evaluate import StepByName, evaluate
from actcli.expressions.nodes import Node

Scalar = Fraction | float

_NAMES: dict[str, Scalar] = {"inf": math.inf, "nan": math.nan}


class ScalarAlgebra(StepByName):
    """Arithmetic on Fractions that falls back to float64 where a result isn't rational."""

    def number(self, value: Fraction) -> Scalar:
        return value

    def constant(self, name: str) -> Scalar:
        return math.pi if name == "pi" else math.e

    def negative(self, a: Scalar) -> Scalar:
        return -a

    def add(self, a: Scalar, b: Scalar) -> Scalar:
        return a + b

    def subtract(self, a: Scalar, b: Scalar) -> Scalar:
        return a - b

    def multiply(self, a: Scalar, b: Scalar) -> Scalar:
        return a * b

    def divide(self, a: Scalar, b: Scalar) -> Scalar:
        if b == 0:
            return math.nan if a == 0 else math.copysign(math.inf, a)
        return a / b

    def integer_power(self, a: Scalar, exponent: int) -> Scalar:
        if a == 0 and exponent < 0:
            return math.nan
        power: Any = a**exponent
        return float(power) if isinstance(a, float) else Fraction(power)

    def less(self, a: Scalar, b: Scalar) -> bool:
        return a < b

    def less_equal(self, a: Scalar, b: Scalar) -> bool:
        return a <= b

    def greater(self, a: Scalar, b: Scalar) -> bool:
        return a > b

    def greater_equal(self, a: Scalar, b: Scalar) -> bool:
        return a >= b

    def equal(self, a: Scalar, b: Scalar) -> bool:
        return a == b

    def not_equal(self, a: Scalar, b: Scalar) -> bool:
        return a != b

    def where(self, condition: bool, a: Scalar, b: Scalar) -> Scalar:
        return a if condition else b

    def maximum(self, a: Scalar, b: Scalar) -> Scalar:
        return a if a >= b else b

    def minimum(self, a: Scalar, b: Scalar) -> Scalar:
        return a if a <= b else b

    def abs(self, a: Scalar) -> Scalar:
        return a if a >= 0 else -a

    def power(self, a: Scalar, b: Scalar) -> Scalar:
        return math.pow(a, b)

    def sign(self, a: Scalar) -> Scalar:
        return Fraction((a > 0) - (a < 0))

    def phi(self, a: Scalar) -> Scalar:
        return math.exp(-(float(a) ** 2) / 2) / math.sqrt(2 * math.pi)

    def Phi(self, a: Scalar) -> Scalar:
        return math.erfc(-float(a) / math.sqrt(2)) / 2

    def __getattr__(self, name: str) -> Any:
        """The other elementary functions are those of the math module, under the same names."""
        return getattr(math, name)


def scalar(tree: Node, symbols: Mapping[str, Any]) -> Scalar:
    """Return the value of a formula in parameters."""
    value: Scalar = evaluate(tree, ScalarAlgebra(), {**_NAMES, **symbols})
    return value
