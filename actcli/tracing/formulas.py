"""The arithmetic of a typed formula: its jets, with the careful kernels of the functions it calls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from actcli.activations.function import Function
from actcli.expressions.algebras.jets import Condition, Jet, JetAlgebra, least
from actcli.expressions.evaluate import run
from actcli.tracing.graph import Tape, Value, compute, reachable
from actcli.tracing.namespace import Namespace
from actcli.tracing.trace import guarded, sample

if TYPE_CHECKING:
    from collections.abc import Sequence

    from actcli.expressions.nodes import Known


@dataclass(frozen=True, slots=True)
class _Recorder:
    """What JetAlgebra asks of a device."""

    xp: Namespace


class _Algebra(JetAlgebra):
    """Jets of values instead of arrays."""

    def __init__(self, tape: Tape, name: str, order: int, direction: int) -> None:
        super().__init__(_Recorder(Namespace(tape, name)), order, direction)
        self.tape = tape

    def known(self, function: Known, u: Jet) -> Jet:
        if not isinstance(function, Function) or function.record.kernel is None:
            result: Jet = run(function.program, self, {"x": u})
            return result
        varies = any(part is not None for part in u[1:])
        argument = self.tape.value(u[0])
        outer = guarded(function, self.order if varies else 0, argument)
        jet = self._chain([*outer], u)
        for kink in function.kink_points if varies else ():
            # The convention for the function alone may be none for the whole.
            sided = run(function.program, self, {"x": u})
            here = argument == kink
            pairs = zip(jet[1:], sided[1:], strict=True)
            jet[1:] = [replaced(here, self._value(b), self._value(a)) for a, b in pairs]
        return jet

    def _value(self, part: Any) -> Value:
        return self.tape.value(0.0 if part is None else part)

    def _compare(self, u: Jet, v: Jet, holds: Sequence[bool]) -> Condition:
        less, tie, greater = (self.tape.apply(name, u[0], v[0]) for name in ("less", "equal", "greater"))
        point = _only_point(tie) if self.order else None
        number = 0.0 if point is None else float(compute([self._value(self.subtract(u, v)[1])], [point])[0][0])
        if not number:
            return super()._compare(u, v, holds)
        # u - v crosses 0 at a known slope: one step away from a tie its sign is plain.
        self.at_kink = self.tape.apply("logical_or", self.at_kink, tie)
        beside = holds[2] if self.direction * number > 0 else holds[0]
        return Condition(
            self._choose(less, tie, greater, holds), self._choose(less, tie, greater, (holds[0], beside, holds[2]))
        )


def formula_outputs(function: Function, order: int, tape: Tape) -> list[Value]:
    """Return f, f′, … of a formula; at a kink the one-sided derivative of least magnitude."""

    def side(direction: int) -> tuple[list[Value], _Algebra]:
        algebra = _Algebra(tape, function.name, order, direction)
        jet = run(function.program, algebra, {"x": [tape.x, 1.0, None][: order + 1]})
        return [algebra._value(part) for part in jet], algebra

    right, algebra = side(+1)
    at_kink = tape.value(algebra.at_kink)
    if not at_kink.is_constant:
        left, _ = side(-1)
        right[1:] = [_settled(at_kink, a, b) for a, b in zip(left[1:], right[1:], strict=True)]
    return [right[0], *(_without_value(right[0], slope) for slope in right[1:])]


def _settled(at_kink: Value, left: Value, right: Value) -> Value:
    """Return the derivative from either side, which differ only at kinks, with the project's value there."""
    chosen = least(left, right, Namespace(at_kink.tape, ""))
    candidates = [_replaced_wherever(at_kink, chosen, side) for side in (right, left)]
    return min(candidates, key=lambda value: sum(1 for _ in reachable([value])))


def _replaced_wherever(condition: Value, new: Value, value: Value) -> Value:
    if condition.operation == "logical_or":
        first, second = condition.operands
        return _replaced_wherever(first, new, _replaced_wherever(second, new, value))
    return replaced(condition, new, value)


def replaced(here: Value, new: Value, value: Value) -> Value:
    """Return `value` with `new` where a condition holds: simply, where that is at a single point or nowhere."""
    tape = here.tape
    point = _only_point(here)
    if point is None:
        return tape.apply("where", here, new, value)
    due, got = (float(each[0]) for each in compute([new, value], [point]))
    if due == got:
        return value
    return tape.apply("where", tape.x == point, due, value)


def _only_point(here: Value) -> float | None:
    """Return the one x at which a condition u = v holds, if u and v are lines and float64 can tell."""
    if here.operation != "equal" or not all(_is_line(operand) for operand in here.operands):
        return None
    difference = here.operands[0] - here.operands[1]
    at_zero, at_one = (float(each) for each in compute([difference], [0.0, 1.0])[0])
    if at_one == at_zero:
        return None
    root = np.float64(0.0 - at_zero / (at_one - at_zero))
    around = [np.nextafter(root, -np.inf), root, np.nextafter(root, np.inf)]
    return float(root) if compute([here], around)[0].tolist() == [False, True, False] else None


def _is_line(value: Value) -> bool:
    match value.operation:
        case "x" | "constant":
            return True
        case "negative" | "add" | "subtract":
            return all(_is_line(operand) for operand in value.operands)
        case "multiply" | "divide":
            a, b = value.operands
            return (_is_line(a) and b.is_constant) or (value.operation == "multiply" and a.is_constant and _is_line(b))
        case _:
            return False


def _without_value(value: Value, slope: Value) -> Value:
    """Where a function has no value it has no slope either."""
    number, derivative = compute([value, slope], sample())
    if not bool((np.isnan(number) & ~np.isnan(derivative)).any()):
        return slope
    return value.tape.apply("where", value.tape.apply("isnan", value), np.nan, slope)
