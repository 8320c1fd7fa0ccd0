"""How a language writes an operation. Arithmetic is the same everywhere; each language adds what is its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple

from actcli.tracing.graph import COMPARISONS, Value

CONDITIONAL, OR, AND, NOT, COMPARISON, SUM, PRODUCT, UNARY, ATOM = range(9)
"""How tightly a piece of text holds together, loosest first."""

SIGNS = dict(zip(COMPARISONS, ("<", "<=", ">", ">=", "==", "!="), strict=True))


class Text(NamedTuple):
    """An expression as a language writes it, and how tightly it holds together."""

    text: str
    strength: int = ATOM

    def within(self, strength: int) -> str:
        """Return the text, in parentheses if it holds together less tightly than its place asks for."""
        return self.text if self.strength >= strength else f"({self.text})"


class Spelling:
    """Writes operations given their operands. `NAMES` are the language's functions, under NumPy's names."""

    INFINITY: ClassVar[str]
    NAN: ClassVar[str]
    NAMES: ClassVar[dict[str, str]] = {}
    REPEATED: ClassVar[frozenset[str]] = frozenset()
    """Operations written with an operand twice, which therefore has to be a name."""
    RESERVED: ClassVar[frozenset[str]] = frozenset()
    """Names that mean something in the language already."""

    def number(self, value: Any) -> Text:
        """Write a literal: the shortest decimal that reads back."""
        if isinstance(value, bool):
            return self.truth(value)
        if value != value:
            return Text(self.NAN)
        text = self.INFINITY if abs(value) == float("inf") else repr(abs(value))
        return Text(f"-{text}", UNARY) if str(value).startswith("-") else Text(text)

    def truth(self, value: bool) -> Text:
        """Write true or false."""
        return Text(str(value))

    def operation(self, value: Value, operands: list[Text]) -> Text:
        """Write a value that is neither x nor a literal."""
        method = getattr(self, f"spell_{value.operation}", None)
        if method is not None:
            written: Text = method(value, *operands)
            return written
        match value.operation, operands:
            case "add" | "subtract" as name, [a, b]:
                sign = "+" if name == "add" else "-"
                return Text(f"{a.within(SUM)} {sign} {b.within(PRODUCT)}", SUM)
            case "multiply" | "divide" as name, [a, b]:
                sign = "*" if name == "multiply" else "/"
                return Text(f"{a.within(PRODUCT)} {sign} {b.within(UNARY)}", PRODUCT)
            case "negative", [a]:
                return Text(f"-{a.within(PRODUCT)}", min(UNARY, a.strength))
            case name, [a, b] if name in SIGNS:
                return Text(f"{a.within(SUM)} {SIGNS[name]} {b.within(SUM)}", COMPARISON)
            case name, _:
                return self.call(self.NAMES[name], operands)

    def call(self, function: str, operands: list[Text]) -> Text:
        """Write a call."""
        return Text(f"{function}({', '.join(each.text for each in operands)})")

    def spell_polynomial(self, value: Value, t: Text) -> Text:
        """Write the call of a polynomial's own function."""
        return self.call(value.hint, [t])


def indented(lines: Sequence[str]) -> list[str]:
    """Return lines a level further in."""
    return [f"    {line}" for line in lines]
