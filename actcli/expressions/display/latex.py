r"""A tree as LaTeX for math mode: `\frac{e^{-x}}{\left(1 + e^{-x}\right)^{2}}`; cases need amsmath."""

from __future__ import annotations

import re
from collections.abc import Sequence

from actcli.expressions.display.names import GREEK, LETTERS, PRIMES, with_index
from actcli.expressions.display.notation import Level, Notation, Written
from actcli.expressions.nodes import Node

_OPERATORS = frozenset("exp log sin cos sinh cosh tanh max min".split())
_SIGNS = {"≤": r"\leq", "≥": r"\geq", "≠": r"\neq"}
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_VARIANTS = {"φ": r"\varphi", "ε": r"\varepsilon"}


def latex(node: Node) -> str:
    """Return a tree as LaTeX, without dollar signs."""
    return _Latex.of(node, stacked=True).write(node).form


class _Latex(Notation[str]):
    def number(self, digits: str) -> str:
        return digits

    def symbol(self, name: str) -> str:
        base, index = with_index(name)
        if not index:
            return _letter(GREEK.get(base, base))
        return f"{_letter(base)}_{{{_letter(GREEK.get(index, index))}}}"

    def head(self, symbol: str) -> str:
        name = symbol.rstrip("".join(PRIMES))
        primes = PRIMES.index(symbol[len(name) :])
        return "".join(_word(word) for word in name.split()) + ("'" * primes if primes < 4 else f"^{{({primes})}}")

    def call(self, head: str, arguments: Sequence[str], settings: Sequence[str]) -> str:
        inner = r";\ ".join(filter(None, (", ".join(arguments), ", ".join(settings))))
        return head + (self.parentheses(inner) if re.search(r"\\(frac|sqrt|left|begin)\b", inner) else f"({inner})")

    def sum(self, terms: Sequence[tuple[bool, str]]) -> str:
        first, *rest = [("-" if negative else "+", term) for negative, term in terms]
        return "".join([first[0].strip("+"), first[1], *(f" {sign} {term}" for sign, term in rest)])

    def times(self, left: str, right: str, *, tight: bool) -> str:
        if left == "1" or right[0].isdigit():
            return rf"{left} \cdot {right}"
        if right.startswith("\\left("):
            return left + right
        # A name of several letters would run into what stands beside it.
        words = right.startswith(r"\mathit") or re.search(r"\\mathit\{[\w\\]*\}$", left)
        return rf"{left} \, {right}" if words else f"{left} {right}"

    def fraction(self, above: str, below: str) -> str:
        return rf"\frac{{{above}}}{{{below}}}" if self.stacked else f"{above}/{below}"

    def power(self, base: str, exponent: Written[str]) -> str:
        return f"{base}^{{{exponent.form}}}"

    def exponential(self, exponent: Written[str]) -> Written[str]:
        return Written(f"e^{{{exponent.form}}}", Level.POWER)

    def root(self, radicand: Written[str]) -> str:
        return rf"\sqrt{{{radicand.form}}}"

    def absolute(self, inner: str) -> str:
        # \vert, since | would end a cell of a Markdown table.
        return rf"\left\vert {inner} \right\vert"

    def parentheses(self, inner: str) -> str:
        return rf"\left({inner}\right)"

    def comparison(self, left: str, sign: str, right: str) -> str:
        return f"{left} {_SIGNS.get(sign, sign)} {right}"

    def cases(self, rows: Sequence[tuple[str, str]], otherwise: str) -> Written[str]:
        lines = [*(f"{value} & {condition}" for value, condition in rows), rf"{otherwise} & \text{{otherwise}}"]
        return Written(r"\begin{cases} " + r" \\ ".join(lines) + r" \end{cases}", Level.CASES)

    def derivative(self, d: str, variable: str, inner: str) -> str:
        d = r"\partial " if d == "∂" else d
        return rf"\frac{{{d.strip()}}}{{{d}{variable}}}\left[{inner}\right]"


def _letter(name: str) -> str:
    """Write a variable: a letter, or a word as one name."""
    if name in LETTERS:
        return _VARIANTS.get(name, f"\\{LETTERS[name]}")
    return name if len(name) == 1 or name[0].isdigit() else rf"\mathit{{{_escaped(name)}}}"


def _escaped(name: str) -> str:
    return name.replace("_", r"\_")


def _word(word: str) -> str:
    """Write one word of a function's name: `GELU_tanh` has a subscript, `ReLU²` an exponent."""
    if word in LETTERS or len(word) == 1:
        return _letter(word)
    match = re.fullmatch(r"([^_⁰¹²³⁴⁵⁶⁷⁸⁹]*)(?:_(.+?))?([⁰¹²³⁴⁵⁶⁷⁸⁹]*)", word)
    assert match, word
    base = f"\\{match[1]}" if match[1] in _OPERATORS else rf"\operatorname{{{match[1]}}}"
    below = rf"_{{\mathrm{{{_escaped(match[2])}}}}}" if match[2] else ""
    return base + below + (f"^{{{match[3].translate(_RAISED)}}}" if match[3] else "")
