"""How a loop writes operations: on float64 numbers, and without a branch."""

from __future__ import annotations

from typing import ClassVar

from actcli.tracing.graph import Value
from actcli.tracing.nans import first_operand
from actcli.tracing.ranges import Interval, Ranges
from actcli.tracing.spelling import ATOM, COMPARISON, NOT, SUM, Spelling, Text

FUNCTIONS = tuple(
    "abs where exp expm1 log log1p sqrt sin cos sinh cosh tanh erf erfc power copysign isnan isinf isfinite".split()
)

WITHIN = {
    "exp": Interval(-708.0, 709.0),
    "expm1": Interval(-708.0, 709.0),
    "log1p": Interval(0.0, 1.0),
    "tanh": Interval(-350.0, 350.0),
}
"""Arguments for which shorter functions do: `exp_within` and so on."""

_COUNTED = {"add": (0, 1), "subtract": (0, 1), "multiply": (0, 1), "divide": (0, 1), "where": (1, 2)}
"""Operands where a truth value counts as 0 or 1."""


class LoopSpelling(Spelling):
    """Operations on numbers whose ranges are known. `where` is a function: numba makes a branch of a conditional."""

    INFINITY, NAN = "inf", "nan"
    NAMES: ClassVar[dict[str, str]] = {name: name for name in FUNCTIONS}
    RESERVED = frozenset((*FUNCTIONS, *"inf nan float64 given i not for in range".split()))

    def __init__(self, ranges: Ranges) -> None:
        self.ranges = ranges

    def operation(self, value: Value, operands: list[Text]) -> Text:
        for place in _COUNTED.get(value.operation, ()):
            if value.operands[place].is_boolean:
                operands[place] = self.call("float64", [operands[place]])
        if value.operation in WITHIN and self.ranges.of(value.operands[0]).lies_in(WITHIN[value.operation]):
            return self.call(f"{value.operation}_within", operands)
        return super().operation(value, operands)

    def spell_minimum(self, value: Value, a: Text, b: Text) -> Text:
        return self._extreme(">", value, a, b)

    def spell_maximum(self, value: Value, a: Text, b: Text) -> Text:
        return self._extreme("<", value, a, b)

    def _extreme(self, beyond: str, value: Value, a: Text, b: Text) -> Text:
        first = first_operand(value)
        if first == 1:
            a, b = b, a
        test = f"{a.within(SUM)} {beyond} {b.within(SUM)}"
        return self.call("where", [Text(test if first is not None else f"({test}) | isnan({b.text})"), b, a])

    def spell_logical_and(self, value: Value, a: Text, b: Text) -> Text:
        return Text(f"{a.within(ATOM)} & {b.within(ATOM)}", COMPARISON)

    def spell_logical_or(self, value: Value, a: Text, b: Text) -> Text:
        return Text(f"{a.within(ATOM)} | {b.within(ATOM)}", COMPARISON)

    def spell_logical_not(self, value: Value, a: Text) -> Text:
        return Text(f"not {a.within(ATOM)}", NOT)
