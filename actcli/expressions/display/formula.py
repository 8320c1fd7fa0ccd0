"""A tree as formula text that `parse` reads back to an equal tree: `where(x > 0, x, 0.01*x)`."""

from __future__ import annotations

from fractions import Fraction

from actcli.expressions.display.names import exact_decimal, scientific
from actcli.expressions.display.notation import Level
from actcli.expressions.nodes import COMPARISONS, Application, Constant, Node, Number, Operation, Symbol

_SIGNS = {name: sign for sign, name in COMPARISONS.items()}
_INFIX = {
    "add": (" + ", Level.SUM, Level.SUM, Level.PRODUCT),
    "subtract": (" - ", Level.SUM, Level.SUM, Level.PRODUCT),
    "multiply": ("*", Level.PRODUCT, Level.PRODUCT, Level.POWER),
    "divide": ("/", Level.PRODUCT, Level.PRODUCT, Level.POWER),
    "power": ("**", Level.POWER, Level.ATOM, Level.POWER),
}
"""The sign of an operation, how tightly it binds, and what its left and right operands need."""


def ascii(node: Node) -> str:
    """Return a tree as formula text in ASCII.

    A pending derivative, which no formula can hold, is written as `derivative(u, x)`.
    """
    return _written(node)[0]


def _written(node: Node) -> tuple[str, Level]:
    match node:
        case Number(value):
            return _number(value)
        case Constant(name) | Symbol(name):
            return name, Level.ATOM
        case Application(function, operand):
            settings = [f"{name}={ascii(Number(value))}" for name, value in function.spelling.settings.items()]
            primes = "'" * (len(function.name) - len(function.name.rstrip("'")))
            return f"{function.spelling.name}{primes}({', '.join([ascii(operand), *settings])})", Level.ATOM
        case Operation("negative", (operand,)):
            return f"-{_at_least(operand, Level.POWER)}", Level.PRODUCT
        case Operation(name, (left, right)) if name in _INFIX:
            sign, level, before, after = _INFIX[name]
            return f"{_at_least(left, before)}{sign}{_at_least(right, after)}", level
        case Operation(name, (left, right)) if name in _SIGNS:
            return f"{_at_least(left, Level.SUM)} {_SIGNS[name]} {_at_least(right, Level.SUM)}", Level.CASES
        case Operation(name, parts):
            return f"{name}({', '.join(map(ascii, parts))})", Level.ATOM


def _at_least(node: Node, level: Level) -> str:
    text, found = _written(node)
    return text if found >= level else f"({text})"


def _number(value: Fraction) -> tuple[str, Level]:
    if value < 0:
        return f"-{_number(-value)[0]}", Level.PRODUCT
    if found := scientific(value):
        return f"{found[0]}e{found[1]}", Level.ATOM
    digits = exact_decimal(value)
    if digits is not None:
        return digits, Level.ATOM
    return f"{value.numerator}/{value.denominator}", Level.PRODUCT
