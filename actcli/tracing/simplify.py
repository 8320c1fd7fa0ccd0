"""Rewritings that never change a value, not even its last bit.

Only the sign of a zero that is compared or added may differ: negation commutes with every rounding, adding a negated
number is subtracting it, and factors of one do nothing. Nothing is reordered and nothing is distributed.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from actcli.tracing.graph import Tape, Value

_SWAPPED = {
    "less": "greater", "less_equal": "greater_equal", "greater": "less", "greater_equal": "less_equal",
    "equal": "equal", "not_equal": "not_equal",
}  # fmt: skip
_OR_EQUAL = {"less": "less_equal", "greater": "greater_equal"}
_COUNTED = ("add", "subtract", "multiply")


def simplified(tape: Tape, operation: str, operands: tuple[Value, ...]) -> Value | None:
    """Return a simpler value that is equal, or None."""
    match operation:
        case "where":
            return _where(tape, *operands)
        case "logical_and" | "logical_or":
            return _logical(tape, operation, *operands)
        case "negative" | "abs":
            return _signless(tape, operation, operands[0])
        case "sign":  # no two libraries agree on its value for NaN
            (u,) = operands
            return tape.apply("where", u > 0.0, 1.0, tape.apply("where", u < 0.0, -1.0, u))
        case name if name in _SWAPPED:
            left, right = operands
            if left.is_constant:
                return tape.apply(_SWAPPED[name], right, left)
            if left.operation == "negative" and right.is_constant:
                return tape.apply(_SWAPPED[name], left.operands[0], 0.0 - right.number)
            return _beyond(tape, name, left, right)
        case "power" if _is(operands[1], 0.5):
            return tape.apply("sqrt", operands[0])
        case "power" if _is(operands[1], 1.0):
            return operands[0]
        case "maximum" | "minimum" if operands[0].is_constant:
            return tape.apply(operation, operands[1], operands[0])
        case "add" | "subtract" | "multiply" | "divide":
            return _arithmetic(tape, operation, *operands)
        case _:
            return None


def _beyond(tape: Tape, operation: str, cut: Value, bound: Value) -> Value | None:
    """A number cut off at one bound equals another just where it does so before it is cut."""
    if operation != "equal" or cut.operation not in ("maximum", "minimum") or not bound.is_constant:
        return None
    u, end = cut.operands
    if end.is_constant and (bound.number > end.number if cut.operation == "maximum" else bound.number < end.number):
        return tape.apply("equal", u, bound)
    return None


def _where(tape: Tape, condition: Value, a: Value, b: Value) -> Value | None:
    if condition.is_constant:
        return a if condition.number else b
    if a is b:
        return a
    if condition.operation == "logical_not":
        return tape.apply("where", condition.operands[0], b, a)
    return None


def _logical(tape: Tape, operation: str, a: Value, b: Value) -> Value | None:
    for one, other in ((a, b), (b, a)):
        if one.is_constant:
            decisive = operation == "logical_or"
            return one if one.number is decisive else other
    if a is b:
        return a
    for one, other in ((a, b), (b, a)):
        same = other.operation == "equal" and all(p is q for p, q in zip(one.operands, other.operands, strict=False))
        if operation == "logical_or" and one.operation in _OR_EQUAL and same:
            return tape.apply(_OR_EQUAL[one.operation], *one.operands)
    return None


def _signless(tape: Tape, operation: str, u: Value) -> Value | None:
    if u.operation == "negative":
        return u.operands[0] if operation == "negative" else tape.apply("abs", u.operands[0])
    return None


def _arithmetic(tape: Tape, operation: str, a: Value, b: Value) -> Value | None:
    if operation in _COUNTED and (a.is_constant, b.is_boolean) == (True, True):
        return tape.apply("where", b, tape.apply(operation, a, 1.0), tape.apply(operation, a, 0.0))
    if operation in _COUNTED and (a.is_boolean, b.is_constant) == (True, True):
        return tape.apply("where", a, tape.apply(operation, 1.0, b), tape.apply(operation, 0.0, b))
    if operation in ("multiply", "divide"):
        return _product(tape, operation, a, b)
    return _sum(tape, operation, a, b)


def _product(tape: Tape, operation: str, a: Value, b: Value) -> Value | None:
    if _is(b, 1.0):
        return a
    if operation == "multiply" and _is(a, 1.0):
        return b
    if _is(b, -1.0):
        return tape.apply("negative", a)
    if operation == "multiply" and _is(a, -1.0):
        return tape.apply("negative", b)
    if operation == "multiply" and a.is_constant and not a.is_boolean and a.number < 0.0:
        return tape.apply("negative", tape.apply("multiply", -a.number, b))
    if a.operation == "negative" and not b.is_boolean:
        return tape.apply("negative", tape.apply(operation, a.operands[0], b))
    if b.operation == "negative" and not a.is_boolean:
        return tape.apply("negative", tape.apply(operation, a, b.operands[0]))
    return None


def _sum(tape: Tape, operation: str, a: Value, b: Value) -> Value | None:
    other = {"add": "subtract", "subtract": "add"}[operation]
    if operation == "subtract" and _is(b, 0.0):
        return a
    if b.operation == "negative":
        return tape.apply(other, a, b.operands[0])
    if b.is_constant and not b.is_boolean and b.number < 0.0:
        return tape.apply(other, a, -b.number)
    if operation == "add" and a.operation == "negative":
        return tape.apply("subtract", b, a.operands[0])
    if operation == "add" and a.is_constant and not a.is_boolean and a.number < 0.0:
        return tape.apply("subtract", b, -a.number)
    return None


def _is(value: Value, number: float) -> bool:
    same = value.is_constant and not value.is_boolean and value.number == number
    return same and math.copysign(1.0, value.number) == math.copysign(1.0, number)
