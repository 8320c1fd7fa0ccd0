"""Where a formula may not be smooth: where what these functions yield is 0."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from actcli.expressions.nodes import (
    COMPARISONS,
    Application,
    Constant,
    Node,
    Number,
    Operation,
    operands,
    rational_value,
    substitute,
)

_SWITCHES = {"maximum", "minimum", *COMPARISONS.values()}


def opened(tree: Node) -> Node:
    """Replace known functions that aren't smooth everywhere by their definitions, and √(u²) by |u|."""
    match tree:
        case Operation("sqrt", (square,)) if (root := _root_of_square(square)) is not None:
            return Operation("abs", (opened(root),))
        case Operation("power", (square, half)) if rational_value(half) == Fraction(1, 2) and (
            (root := _root_of_square(square)) is not None
        ):
            return Operation("abs", (opened(root),))
        case Operation(name, children):
            return Operation(name, tuple(opened(child) for child in children))
        case Application(function, child):
            inner, definition = opened(child), opened(function.tree)
            if any(True for found in (switches, delicate) for _ in found(definition)):
                return substitute(definition, {"x": inner})
            return Application(function, inner)
        case _:
            return tree


def _root_of_square(tree: Node) -> Node | None:
    match tree:
        case Operation("power", (u, exponent)) if rational_value(exponent) == 2:
            return u
        case Operation("multiply", (u, v)) if u == v:
            return u
        case _:
            return None


def switches(tree: Node) -> Iterator[Node]:
    """Yield what changes sign where a choice changes, the innermost choices first."""
    for child in operands(tree):
        yield from switches(child)
    match tree:
        case Operation("abs" | "sign", (a,)):
            yield a
        case Operation(name, (a, b)) if name in _SWITCHES:
            yield Operation("subtract", (a, b))


def delicate(tree: Node) -> Iterator[Node]:
    """Yield what makes a formula end, grow without bound or have a kink where it is 0, the innermost first."""
    for child in operands(tree):
        yield from delicate(child)
    match tree:
        case Operation("divide", (_, u)) | Operation("log" | "sqrt", (u,)):
            pass
        case Operation("log1p", (u,)):
            u = Operation("add", (Number(Fraction(1)), u))
        case Operation("power", (u, exponent)):
            power = rational_value(exponent)
            if power is not None and power.denominator == 1 and power >= 0:
                return
        case _:
            return
    if not _positive(u):
        yield u


def _positive(tree: Node) -> bool:
    """Tell whether a formula is positive wherever it has a value, by its form alone."""
    value = rational_value(tree)
    if value is not None:
        return value > 0
    match tree:
        case Constant() | Operation("exp" | "cosh" | "phi" | "Phi" | "erfc", _):
            return True
        case Operation("add", (u, v)):
            return (_positive(u) and _not_negative(v)) or (_not_negative(u) and _positive(v))
        case Operation("multiply" | "divide" | "power", (u, v)):
            return _positive(u) and (tree.name == "power" or _positive(v))
        case Operation("sqrt", (u,)):
            return _positive(u)
        case _:
            return False


def _not_negative(tree: Node) -> bool:
    match tree:
        case Operation("power", (_, exponent)) if (power := rational_value(exponent)) is not None:
            return power % 2 == 0 or _positive(tree)
        case Operation("sqrt" | "abs", _):
            return True
        case Operation("add", (u, v)):
            return _not_negative(u) and _not_negative(v)
        case Operation("multiply" | "divide", (u, v)):
            return u == v or (_not_negative(u) and _not_negative(v))
        case _:
            return _positive(tree) or rational_value(tree) == 0
