"""A formula as the smooth formulas it consists of, and the places where one takes over from another.

These places are the zeros of what stands inside abs and sign and between the sides of max, min and comparisons, and of
what must not be 0 for a formula to be smooth: denominators, what stands inside log and √, bases of powers.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from actcli.core.exact import arb_context
from actcli.core.intervals import Interval
from actcli.core.roots import BUDGET, Root, roots
from actcli.core.seams import delicate, opened, switches
from actcli.core.signs import sign_at, simplest
from actcli.expressions.evaluate import Program, flatten
from actcli.expressions.nodes import HOLDS, Node, Number, Operation, with_operands


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

    `reach` is the |x| up to which no place is missing outside the `undecided` intervals, None for all of the range.
    """

    pieces: tuple[Piece, ...]
    places: tuple[Root, ...]
    reach: Fraction | None = None
    undecided: tuple[Interval, ...] = ()


def pieces(tree: Node, low: Fraction, high: Fraction) -> Pieces:
    """Cut a formula in x into smooth pieces on [low, high]."""
    with arb_context():
        return _Cutting(low, high).cut(opened(tree))


class _Cutting:
    """The places found so far."""

    def __init__(self, low: Fraction, high: Fraction) -> None:
        self.low, self.high = low, high
        self.places: list[Root] = []
        self.reach: Fraction | None = None
        self.undecided: list[Interval] = []

    def cut(self, tree: Node) -> Pieces:
        for difference in dict.fromkeys(switches(tree)):
            for left, right in self.gaps():
                chosen = branch(difference, _sample(left, right))
                self.smooth(chosen, left, right)
                self.look(chosen, left, right)
        for left, right in self.gaps():
            self.smooth(branch(tree, _sample(left, right)), left, right)
        parts = (Piece(left, right, branch(tree, _sample(left, right))) for left, right in self.gaps())
        return Pieces(tuple(parts), tuple(self.places), self.reach, tuple(self.undecided))

    def gaps(self) -> list[Interval]:
        starts = [self.low, *(place.high for place in self.places)]
        stops = [*(place.low for place in self.places), self.high]
        return list(zip(starts, stops, strict=True))

    def smooth(self, tree: Node, low: Fraction, high: Fraction) -> None:
        """Find the places where a formula without choices may still not be smooth."""
        for each in dict.fromkeys(delicate(tree)):
            self.look(each, low, high)

    def look(self, tree: Node, low: Fraction, high: Fraction) -> None:
        """Make the zeros of a formula on an interval places."""
        program = flatten(tree)
        for start, stop in [each for each in self.gaps() if low <= each[0] and each[1] <= high]:
            found = roots(program, 0, start, stop, BUDGET // 4)
            inside = [root for root in found.roots if start < root.low and root.high < stop]
            self.places = _merged([*self.places, *inside])
            self.undecided += [each for each in found.undecided if start < each[0] and each[1] < stop]
            if found.reach is not None:
                self.reach = found.reach if self.reach is None else min(self.reach, found.reach)


def branch(tree: Node, at: Fraction) -> Node:
    """Return the formula that holds around a point which is no kink: every choice made as it is there."""

    def sign(u: Node) -> int:
        return sign_at(flatten(u), 0, at) or 0

    def chosen(node: Node) -> Node:
        match node:
            case Operation("where", (Operation(comparison, (u, v)), a, b)):
                holds = sign(Operation("subtract", (chosen(u), chosen(v)))) in HOLDS[comparison]
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
            case _:
                return with_operands(node, chosen)

    return chosen(tree)


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
