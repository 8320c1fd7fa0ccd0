"""What f and f′ tend to at ±∞, as far as it is known."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

from flint import arb

from actcli.activations.function import Function
from actcli.core.signs import derivatives, exact_ball
from actcli.expressions.algebras.scalars import Scalar
from actcli.expressions.nodes import Application, Node, Operation, walk

_FAR_OUT = arb(2) ** 1100
_SMALL = arb(2) ** -40


def tails(function: Function, side: int) -> Sequence[Scalar]:
    """Return the limits of f and f′ at +∞ (side 1) or −∞ (−1), NaN where there is none or none is known.

    Limits of a typed formula are read off at single points, which a formula that oscillates can deceive: there they
    have to hold on a whole binade.
    """
    end = side * math.inf
    if end not in function.edges:
        return math.nan, math.nan
    found = function.edges[end][:2]
    if function.record.kernel is not None or not _oscillates(function.tree):
        return found
    binade = side * _FAR_OUT.union(2 * _FAR_OUT)
    around = derivatives(function.program, binade, 1) or [None, None]
    return [limit if _agrees(ball, limit) else math.nan for ball, limit in zip(around, found, strict=True)]


def _oscillates(tree: Node) -> bool:
    for node in walk(tree):
        match node:
            case Operation("sin" | "cos", _):
                return True
            case Application(function, _) if _oscillates(function.tree):
                return True
    return False


def _agrees(ball: object, limit: Scalar) -> bool:
    """Tell whether every value in a ball is near a limit."""
    if not isinstance(ball, arb) or math.isnan(limit):
        return False
    if isinstance(limit, float) and math.isinf(limit):
        return bool(ball * int(math.copysign(1, limit)) > 1 / _SMALL)
    return bool(abs(ball - exact_ball(Fraction(limit))) < _SMALL * (1 + abs(ball)))
