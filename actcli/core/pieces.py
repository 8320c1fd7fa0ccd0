"""A formula with kinks and jumps as the smooth formulas it consists of, and the places where one takes over.

These places are the zeros of what stands inside abs and sign and between the sides of max, min and comparisons.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from actcli.core.exact import arb_context
from actcli.core.roots import Root, roots
from actcli.core.signs import sign_at, simplest
from actcli.expressions.evaluate import Program, flatten
from actcli.expressions.nodes import COMPARISONS, Application, Node, Number, Operation, substitute

_COMPARE: dict[str, Callable[[int], bool]] = {
    "less": lambda sign: sign < 0,
    "less_equal": lambda sign: sign <= 0,
    "greater": lambda sign: sign > 0,
    "greater_equal": lambda sign: sign >= 0,
    "equal": lambda sign: sign == 0,
    "not_equal": lambda sign: sign != 0,
}
_SWITCHES = {"abs", "sign", "maximum", "minimum", "where", *COMPARISONS.values()}


@dataclass(frozen=True)
class Piece:
    """The formula in x that holds between two places, without a comparison in it."""

    low: Fraction
    high: Fraction
    tree: Node

    @cached_property
    def program(self) -> Program:
        """The formula, flattened for evaluation."""
        return flatten(self.tree)


@dataclass(frozen=True)
class Pieces:
    """Smooth pieces from left to right and the places between them, one fewer.

    `reach` is the |x| up to which places were looked for, None for all of the range.
    """

    pieces: tuple[Piece, ...]
    places: tuple[Root, ...]
    reach: Fraction | None = None


def pieces(tree: Node, low: Fraction, high: Fraction) -> Pieces:
    """Cut a formula in x into smooth pieces on [low, high]."""
    with arb_context():
        return _cut(_opened(tree), low, high)


def _cut(opened: Node, low: Fraction, high: Fraction) -> Pieces:
    places: list[Root] = []
    reach: Fraction | None = None
    for difference in dict.fromkeys(_differences(opened)):
        found: list[Root] = []
        for left, right in _gaps(places, low, high):
            each = roots(flatten(branch(difference, _sample(left, right))), 0, left, right)
            found += each.roots
            if each.reach is not None:
                reach = each.reach if reach is None else min(reach, each.reach)
        places = _merged([*places, *(root for root in found if low < root.low and root.high < high)])
    parts = (Piece(left, right, branch(opened, _sample(left, right))) for left, right in _gaps(places, low, high))
    return Pieces(tuple(parts), tuple(places), reach)


def branch(tree: Node, at: Fraction) -> Node:
    """Return the formula that holds around a point which is no kink: every choice made as it is there."""

    def sign(u: Node) -> int:
        return sign_at(flatten(u), 0, at) or 0

    def chosen(node: Node) -> Node:
        match node:
            case Operation("where", (Operation(comparison, (u, v)), a, b)):
                holds = _COMPARE[comparison](sign(Operation("subtract", (chosen(u), chosen(v)))))
                return chosen(a if holds else b)
            case Operation("maximum" | "minimum" as name, (a, b)):
                left, right = chosen(a), chosen(b)
                larger = sign(Operation("subtract", (left, right))) >= 0
                return left if larger == (name == "maximum") else right
            case Operation("abs", (a,)):
                inner = chosen(a)
                return inner if sign(inner) >= 0 else Operation("negative", (inner,))
            case Operation("sign", (a,)):
                return Number(Fraction(sign(chosen(a))))
            case Operation(name, children):
                return Operation(name, tuple(chosen(child) for child in children))
            case Application(function, child):
                return Application(function, chosen(child))
            case _:
                return node

    return chosen(tree)


def _opened(tree: Node) -> Node:
    """Replace known functions that have kinks by their definitions."""
    match tree:
        case Operation(name, children):
            return Operation(name, tuple(_opened(child) for child in children))
        case Application(function, child):
            inner, definition = _opened(child), _opened(function.tree)
            if any(True for _ in _differences(definition)):
                return substitute(definition, {"x": inner})
            return Application(function, inner)
        case _:
            return tree


def _differences(tree: Node) -> Iterator[Node]:
    """Yield what changes sign where a choice changes, the innermost choices first."""
    if isinstance(tree, Application):
        yield from _differences(tree.operand)
    if not isinstance(tree, Operation):
        return
    for child in tree.operands:
        yield from _differences(child)
    if tree.name in ("abs", "sign"):
        yield tree.operands[0]
    elif tree.name in _SWITCHES and tree.name != "where":
        yield Operation("subtract", (tree.operands[0], tree.operands[1]))


def _gaps(places: list[Root], low: Fraction, high: Fraction) -> Iterator[tuple[Fraction, Fraction]]:
    starts = [low, *(place.high for place in places)]
    stops = [*(place.low for place in places), high]
    yield from zip(starts, stops, strict=True)


def _sample(low: Fraction, high: Fraction) -> Fraction:
    """Return a rational inside an interval that no one would choose for a kink."""
    width = high - low
    return simplest(low + width * Fraction(37, 97), low + width * Fraction(38, 97))


def _merged(places: list[Root]) -> list[Root]:
    """Sort, with places that two choices share once."""
    result: list[Root] = []
    for place in sorted(places, key=lambda root: (root.low, root.high)):
        if not result or place.low > result[-1].high:
            result.append(place)
        elif place.low == place.high:
            result[-1] = place
    return result
