"""A kernel's arithmetic, less what can't matter where it is used: on a range of x, or rounded to float32."""

from __future__ import annotations

from collections.abc import Sequence

from actcli.tracing.graph import Value, reachable
from actcli.tracing.ranges import Ranges, lost

_GRID = 2.0**20
"""No kernel has constants as large but to round to a grid."""


def specialised(outputs: Sequence[Value], ranges: Ranges, *, is_narrow: bool) -> list[Value]:
    """Return values that are equal to the last bit for every x that is meant, NaN aside.

    Comparisons that the ranges decide are decided, and with them the choices that depend on them. Narrow ones leave out
    what sums lost by rounding, 2⁻⁵³ of them, which no float32 can show.
    """
    rebuilt: dict[int, Value] = {}
    for value in reachable(outputs):
        operands = [rebuilt[id(operand)] for operand in value.operands]
        new = _rebuilt(value, operands, ranges, is_narrow) if operands else value
        new.hint = new.hint or value.hint
        rebuilt[id(value)] = new
    return [rebuilt[id(output)] for output in outputs]


def _rebuilt(value: Value, operands: Sequence[Value], ranges: Ranges, is_narrow: bool) -> Value:
    if is_narrow and _is_lost(value):
        return value.tape.constant(0.0)
    simple = _without_zero(value.operation, operands) if is_narrow else None
    if simple is None and len(operands) == 2:
        simple = _decided(value.operation, operands[0], operands[1], ranges)
    return value.tape.apply(value.operation, *operands) if simple is None else simple


def _decided(operation: str, a: Value, b: Value, ranges: Ranges) -> Value | None:
    is_less = ranges.of(a).high < ranges.of(b).low
    is_greater = ranges.of(a).low > ranges.of(b).high
    match operation:
        case "less" | "less_equal" if is_less or is_greater:
            return a.tape.constant(is_less)
        case "greater" | "greater_equal" if is_less or is_greater:
            return a.tape.constant(is_greater)
        case "minimum" if is_less or is_greater:
            return a if is_less else b
        case "maximum" if is_less or is_greater:
            return b if is_less else a
        case "subtract" if a is b and ranges.of(a).is_finite():
            return a.tape.constant(0.0)
        case _:
            return None


def _is_lost(value: Value) -> bool:
    """Tell whether it is what rounding a + b lost. The rest of `on_grid` is of the same form, with a huge constant."""
    if lost(value) is None:
        return False
    _, a = value.operands[1].operands
    return not (a.is_constant and a.number > _GRID)


def _without_zero(operation: str, operands: Sequence[Value]) -> Value | None:
    """Return the result of an operation with 0, be the other operand infinite or NaN: that is for the edges."""
    zeros = [operand.is_constant and operand.number == 0.0 for operand in operands]
    match operation, zeros:
        case ("multiply", [True, _] | [_, True]) | ("divide", [True, False]):
            return operands[0].tape.constant(0.0)
        case "add" | "subtract", [False, True]:
            return operands[0]
        case "add", [True, False]:
            return operands[1]
        case _:
            return None
