"""A tree in two dimensions, for a terminal: fractions with a bar, raised exponents, braces round cases.

The pictures are put together by SymPy, which is slow to import: nothing else here may import it, and this module is
imported where a picture is asked for. SymPy's own printer would put terms in an order of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sympy.printing.pretty.pretty_symbology import pretty_use_unicode
from sympy.printing.pretty.stringpict import stringPict

from actcli.expressions.display.formula import ascii
from actcli.expressions.display.names import LETTERS, superscript
from actcli.expressions.display.notation import Level, Notation, Written
from actcli.expressions.display.text import broken, letters, text
from actcli.expressions.nodes import Node, Operation

_ASCII = str.maketrans(
    {**LETTERS, "−": "-", "·": "*", "≤": "<=", "≥": ">=", "≠": "!=", "′": "'", "″": "''", "‴": "'''", "∂": "d",
     "√": "sqrt", "²": "^2", "⁽": "^(", "⁾": ")", **dict(zip("⁴⁵⁶⁷⁸⁹", "456789", strict=True))}
)  # fmt: skip


def pretty(node: Node, width: int, ascii_only: bool = False) -> str:
    """Return a tree as lines of text, two-dimensional if it fits into `width` columns.

    Else it is one line broken at operators. `ascii_only` is for terminals that can't show more.
    """
    before = pretty_use_unicode(not ascii_only)
    try:
        notation = (_Ascii if ascii_only else _Picture).of(node, stacked=True)
        picture = notation.write(node).form
    finally:
        pretty_use_unicode(before)
    if picture.width() <= width:
        return "\n".join(line.rstrip() for line in picture.picture)
    return broken(_formula(node) if ascii_only else text(node), width)


def _formula(node: Node) -> str:
    match node:
        case Operation("equal", (left, right)):
            return f"{ascii(left)} = {ascii(right)}"
        case _:
            return ascii(node)


class _Picture(Notation[Any]):
    """Pictures of SymPy's, side by side on their baselines."""

    def line(self, text: str) -> Any:
        return stringPict(text)

    def row(self, *parts: Any) -> Any:
        return stringPict(*stringPict.next(*(self.line(part) if isinstance(part, str) else part for part in parts)))

    def number(self, digits: str) -> Any:
        return self.line(digits)

    def symbol(self, name: str) -> Any:
        return self.line(letters(name))

    def head(self, symbol: str) -> Any:
        return self.line(symbol)

    def call(self, head: Any, arguments: Sequence[Any], settings: Sequence[Any]) -> Any:
        inner = [part for group in (arguments, settings) if group for part in (*_separated(group, ", "), "; ")]
        return self.row(head, self.parentheses(self.row(*inner[:-1])))

    def sum(self, terms: Sequence[tuple[bool, Any]]) -> Any:
        first, *rest = terms
        parts = [part for negative, term in rest for part in (" − " if negative else " + ", term)]
        # A minus sign must not join the bar of a fraction.
        joins = first[1].picture[first[1].baseline][0] in "-─"
        return self.row(("− " if joins else "−") if first[0] else "", first[1], *parts)

    def times(self, left: Any, right: Any, *, tight: bool) -> Any:
        return self.row(left, "" if tight else "·", right)

    def fraction(self, above: Any, below: Any) -> Any:
        if not self.stacked:
            return self.row(above, "/", below)
        if max(above.height(), below.height()) > 1:
            # The bar between fractions is the longest.
            above = self.row(" ", above, " ")
            below = self.row(" ", below, " ")
        return stringPict(*stringPict.stack(above, stringPict.LINE, below))

    def power(self, base: Any, exponent: Written[Any]) -> Any:
        raised = self.raised(exponent.form)
        if raised is not None:
            return self.row(base, raised)
        above = stringPict(*exponent.form.left(" " * base.width()))
        return stringPict(*stringPict(*base.right(" " * exponent.form.width())).above(above))

    def raised(self, exponent: Any) -> str | None:
        return superscript(str(exponent))

    def exponential(self, exponent: Written[Any]) -> Written[Any]:
        return Written(self.power(self.line("e"), exponent), Level.POWER)

    def root(self, radicand: Written[Any]) -> Any:
        return self.row("√", radicand.form if radicand.level == Level.ATOM else self.parentheses(radicand.form))

    def absolute(self, inner: Any) -> Any:
        return stringPict(*inner.parens("|", "|"))

    def parentheses(self, inner: Any) -> Any:
        return stringPict(*inner.parens())

    def comparison(self, left: Any, sign: str, right: Any) -> Any:
        return self.row(left, f" {sign} ", right)

    def cases(self, rows: Sequence[tuple[Any, Any]], otherwise: Any) -> Written[Any]:
        pairs = [
            *((value, self.row("if ", condition)) for value, condition in rows),
            (otherwise, self.line("otherwise")),
        ]
        widest = [max(part.width() for part in column) for column in zip(*pairs, strict=True)]
        lines = [
            self.row(value, " " * (widest[0] - value.width() + 2), condition, " " * (widest[1] - condition.width()))
            for value, condition in pairs
        ]
        if len(lines) == 2 or any(line.height() > 1 for line in lines):
            lines = _separated(lines, self.line(" "))
        picture = [each for line in lines for each in line.picture]
        if len(picture) % 2 == 0:  # a brace has a middle
            picture.append(" ")
        return Written(stringPict(*stringPict("\n".join(picture), len(picture) // 2).parens("{", "")), Level.CASES)

    def derivative(self, d: str, variable: Any, inner: Any) -> Any:
        operator = self.fraction(self.line(d), self.row(d, variable))
        return self.row(operator, stringPict(*inner.parens("[", "]")))


class _Ascii(_Picture):
    def line(self, text: str) -> Any:
        return stringPict(text.translate(_ASCII).encode("ascii", "replace").decode())

    def symbol(self, name: str) -> Any:
        return self.line(name)

    def times(self, left: Any, right: Any, *, tight: bool) -> Any:
        return self.row(left, "*", right)

    def root(self, radicand: Written[Any]) -> Any:
        return self.row("√", self.parentheses(radicand.form))

    def raised(self, exponent: Any) -> None:
        return None


def _separated(parts: Sequence[Any], separator: Any) -> list[Any]:
    """Return the parts with a separator between them."""
    return [each for part in parts for each in (part, separator)][:-1]
