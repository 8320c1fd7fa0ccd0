"""A proof that two formulas are equal, or none: sound, not complete, and refused before it gets long."""

from __future__ import annotations

from typing import Any

from actcli.analyses.derive.identities.branches import Piece, TooHardError, pieces
from actcli.analyses.derive.identities.polynomials import Fractions, UndefinedError
from actcli.expressions.nodes import Constant, Node, Number, Operation, operands, rational_value

MAX_DEGREE = 600
"""The degree beyond which polynomials take too long, whatever their terms."""


def proved(left: Node, right: Node, *, at_breakpoints: bool = True) -> bool:
    """Tell whether left = right is proved wherever both sides are defined; False means only that no proof was found.

    Cases are proved branch by branch, and at the points between them unless `at_breakpoints` is False.
    """
    from sympy import PolynomialError

    try:
        parts = pieces(Operation("subtract", (left, right)))
        return all(_vanishes(part) for part in parts if at_breakpoints or not part.fixed)
    except (TooHardError, PolynomialError, RecursionError):
        return False


def signs(node: Node) -> set[int]:
    """Return the signs that an expression without cases can have, as far as algebra tells."""
    from sympy import PolynomialError

    try:
        if _degree(node, {}) > MAX_DEGREE:
            return {-1, 0, 1}
        return Fractions({}).signs(node)
    except (TooHardError, PolynomialError, RecursionError):
        return {-1, 0, 1}
    except UndefinedError:
        return set()


def _vanishes(piece: Piece) -> bool:
    """Tell whether the expression is 0 wherever it is defined."""
    if _degree(piece.tree, {}) > MAX_DEGREE:
        raise TooHardError
    units: dict[Any, Any] = {}
    for _ in range(5):
        fractions = Fractions(units)
        try:
            difference = fractions.read(piece.tree)
        except UndefinedError:
            return True
        if not fractions.stale:
            return fractions.is_zero(difference)
    return False


def _degree(node: Node, seen: dict[int, int]) -> int:
    """Return a bound of the degree of the polynomials, functions counted as variables."""
    if id(node) not in seen:
        inner = [_degree(child, seen) for child in operands(node)]
        match node:
            case Operation("multiply" | "divide"):
                seen[id(node)] = sum(inner)
            case Operation("power", (_, exponent)) if (value := rational_value(exponent)) is not None:
                seen[id(node)] = inner[0] * max(1, abs(value.numerator))
            case Operation("add" | "subtract" | "negative"):
                seen[id(node)] = max(inner)
            case Number() | Constant():
                seen[id(node)] = 0
            case _:
                seen[id(node)] = max([1, *inner])
    return seen[id(node)]
