"""Which activations are straight lines, or bent at 0 alone: their nets are linear, or scale with their input."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from actcli.activations.function import Function
from actcli.expressions.nodes import Node, Number, Operation, Symbol, rational_value, substitute, symbols
from actcli.expressions.tidy import tidy
from actcli.implementations.user import UserFunction

Line = tuple[Node, Node]
"""The values of a straight line at 0 and at 1."""


def collapses(function: Function) -> bool:
    """Tell whether φ is certainly a straight line, ax + b: a net of it is one linear map, however deep.

    False for a user's own code, whose formula nobody knows.
    """
    lines, _ = _lines(function)
    return len(set(lines)) == 1


def scales(function: Function) -> bool:
    """Tell whether certainly φ(cx) = cφ(x) for every c > 0: a line through 0 on either side of 0, as ReLU is."""
    lines, only_at_zero = _lines(function)
    return bool(lines) and only_at_zero and all(rational_value(offset) == 0 for offset, _ in lines)


def _lines(function: Function) -> tuple[list[Line], bool]:
    """Return the lines that make up φ, none if anything else does, and whether it is bent nowhere but at 0."""
    if isinstance(function, UserFunction):
        return [], False
    values, _, curvatures = function.derivatives(_SOMEWHERE, 2)
    # A curvature is cheap to see and excludes nearly everything.
    if curvatures.any() or not np.isfinite(values).all():
        return [], False
    from actcli.core.pieces import pieces

    cut = pieces(function.tree, -_FAR, _FAR)
    trees = [tidy(piece.tree) for piece in cut.pieces]
    if cut.undecided or cut.reach is not None or not all(map(_is_line, trees)):
        return [], False
    lines = [(_at(tree, 0), _at(tree, 1)) for tree in trees]
    return lines, all(place.low == place.high == 0 for place in cut.places)


_SOMEWHERE = np.array([-7.3, -0.4, 0.3, 2.1, 9.2])
_FAR = Fraction(2) ** 1024


def _is_line(tree: Node) -> bool:
    """Tell whether a formula without choices is ax + b, as it is written or after algebra."""
    return _is_written_as_line(tree) or _is_proved_line(tree)


def _is_written_as_line(tree: Node) -> bool:
    if not symbols(tree):
        return True
    match tree:
        case Operation("add" | "subtract", (a, b)):
            return _is_written_as_line(a) and _is_written_as_line(b)
        case Operation("multiply", (a, b)):
            return (_is_written_as_line(a) and not symbols(b)) or (_is_written_as_line(b) and not symbols(a))
        case Operation("divide", (a, b)):
            return _is_written_as_line(a) and not symbols(b)
        case Operation("negative", (a,)):
            return _is_written_as_line(a)
        case _:
            return isinstance(tree, Symbol)


def _is_proved_line(tree: Node) -> bool:
    from actcli.analyses.derive.identities.proof import proved

    start, end = _at(tree, 0), _at(tree, 1)
    rise = Operation("multiply", (Operation("subtract", (end, start)), Symbol("x")))
    return proved(tree, Operation("add", (start, rise)))


def _at(tree: Node, x: int) -> Node:
    return tidy(substitute(tree, {"x": Number(Fraction(x))}))
