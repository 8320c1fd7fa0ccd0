"""A tree as one line of textbook mathematics: `σ(x)·(1 − σ(x))`, `{x if x > 0; 0 otherwise}`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from actcli.expressions.display.names import GREEK, subscript, superscript, with_index
from actcli.expressions.display.notation import Level, Notation, Written
from actcli.expressions.nodes import Node


def text(node: Node) -> str:
    """Return a tree as one line of Unicode mathematics, in the order that it has."""
    return _Line.of(node, stacked=False).write(node).form


_OPENING = re.compile(r".+?(?:(?<=[(\[])|$)")


def broken(line: str, width: int) -> str:
    """Break a line of mathematics before operators and after commas, further lines indented.

    No line is longer than `width` unless a single name or number is.
    """
    pieces = re.findall(r".+?(?:(?= [+−<>≤≥=≠-] | if | otherwise)|(?=[·*]|/(?![d∂]\w+\[))|(?<=[,;]) ?|$)", line)
    # After a bracket only where nothing else helps.
    fitting = [part for piece in pieces for part in ([piece] if len(piece) < width - 1 else _OPENING.findall(piece))]
    lines = [""]
    for piece in fitting:
        if lines[-1].strip() and len(lines[-1]) + len(piece.rstrip()) > width:
            lines.append("  ")
            piece = piece.lstrip()
        lines[-1] += piece
    return "\n".join(each.rstrip() for each in lines)


def letters(name: str) -> str:
    """Return a name with Greek letters and subscripts."""
    base, index = with_index(name)
    if not index:
        return GREEK.get(base, base)
    return base + (subscript(index) or f"_{GREEK.get(index, index)}")


class _Line(Notation[str]):
    """One line of Unicode."""

    def number(self, digits: str) -> str:
        """Write the digits."""
        return digits

    def symbol(self, name: str) -> str:
        """Write Greek letters and subscripts."""
        return letters(name)

    def head(self, symbol: str) -> str:
        """Write the name as it is."""
        return symbol

    def call(self, head: str, arguments: Sequence[str], settings: Sequence[str]) -> str:
        """Write `max(a, b)`, `Swish(x; β = 2)`."""
        return f"{head}({'; '.join(filter(None, (', '.join(arguments), ', '.join(settings))))})"

    def sum(self, terms: Sequence[tuple[bool, str]]) -> str:
        """Write `a − b + c`."""
        first, *rest = [("−" if negative else "+", term) for negative, term in terms]
        return "".join([first[0].strip("+"), first[1], *(f" {sign} {term}" for sign, term in rest)])

    def times(self, left: str, right: str, *, tight: bool) -> str:
        """Write `a·b` or `2x`."""
        return left + right if tight else f"{left}·{right}"

    def fraction(self, above: str, below: str) -> str:
        """Write `a/b`."""
        return f"{above}/{below}"

    def power(self, base: str, exponent: Written[str]) -> str:
        """Write `x²`, or `x^(1/2)` where no raised characters exist."""
        if raised := superscript(exponent.form):
            return base + raised
        return f"{base}^{exponent.form if exponent.level == Level.ATOM else self.parentheses(exponent.form)}"

    def exponential(self, exponent: Written[str]) -> Written[str]:
        """Write `e⁻ˣ`, or `exp(−x²/2)` where no raised characters exist."""
        if raised := superscript(exponent.form):
            return Written(f"e{raised}", Level.POWER)
        return Written(f"exp({exponent.form})")

    def root(self, radicand: Written[str]) -> str:
        """Write `√2`, `√(2/π)`."""
        return f"√{radicand.form if radicand.level == Level.ATOM else self.parentheses(radicand.form)}"

    def absolute(self, inner: str) -> str:
        """Write `|x|`."""
        return f"|{inner}|"

    def parentheses(self, inner: str) -> str:
        """Write `(a)`."""
        return f"({inner})"

    def comparison(self, left: str, sign: str, right: str) -> str:
        """Write `a < b`."""
        return f"{left} {sign} {right}"

    def cases(self, rows: Sequence[tuple[str, str]], otherwise: str) -> Written[str]:
        """Write `{x if x > 0; 0 otherwise}`."""
        values = [*(f"{value} if {condition}" for value, condition in rows), f"{otherwise} otherwise"]
        return Written("{" + "; ".join(values) + "}")

    def derivative(self, d: str, variable: str, inner: str) -> str:
        """Write `d/dx[u]`."""
        return f"{d}/{d}{variable}[{inner}]"
