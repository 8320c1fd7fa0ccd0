"""A function cut where it isn't smooth, with the zeros of f, f′ and f″ on each smooth part."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

from flint import arb

from actcli.activations.function import Function
from actcli.analyses.derive.landmarks.landmark import number
from actcli.analyses.derive.landmarks.window import window
from actcli.core.exact import Reference
from actcli.core.limits import limits_beside
from actcli.core.pieces import Piece, pieces
from actcli.core.roots import BUDGET, Interval, Root, Roots, roots
from actcli.core.signs import derivatives, exact_ball, sign_at

_BEYOND = Fraction(1, 999_983)
"""How much farther the search goes than is said, so that no landmark lies on its very end."""
_TINY = Fraction(1, 1 << 100)
"""An undecided interval at the end of a part that is narrower than this is the end of the part itself."""
_ROOM = Fraction(1, 1 << 11)
"""The width that a part needs for its limits to be read off."""


@dataclass(frozen=True)
class Part:
    """A smooth piece with the zeros of f, f′ and f″ in it, found with no more than a number of operations."""

    piece: Piece
    budget: int

    @cached_property
    def zeros(self) -> list[Roots]:
        """The zeros of f, f′, f″ on the piece, ends included."""
        piece = self.piece
        return [roots(piece.program, order, piece.low, piece.high, self.budget) for order in range(3)]

    @cached_property
    def exists(self) -> bool:
        """Whether the formula has a value anywhere on the piece."""
        low, width = self.piece.low, self.piece.high - self.piece.low
        samples = (low + width * Fraction(k, 257) for k in (128, 129, 1, 256, 64, 192))
        return any(derivatives(self.piece.program, exact_ball(x), 0) for x in samples)

    @cached_property
    def straight(self) -> bool:
        """Whether f″ is 0 everywhere on it."""
        return self.zeros[2].identically_zero

    def inside(self, order: int) -> list[Root]:
        """Return the zeros of a derivative that don't lie on an end of the piece."""
        found = self.zeros[order]
        return [root for root in found.roots if self.piece.low < root.low and root.high < self.piece.high]

    def undecided(self, order: int) -> list[Interval]:
        """Return the intervals where zeros of a derivative may be missing."""
        low, high = self.piece.low, self.piece.high
        found = self.zeros[order].undecided
        return [each for each in found if each[1] - each[0] > _TINY or (low < each[0] and each[1] < high)]

    def sign(self, order: int, *, right: bool) -> int | None:
        """Return the sign of a derivative next to the right or left end, None where it isn't known."""
        zeros, inside = self.zeros[order], self.inside(order)
        end = self.piece.high if right else self.piece.low
        if zeros.identically_zero:
            return 0
        if zeros.reach is not None or self.undecided(order):
            return None if not inside or zeros.reach is not None else self._beside(order, inside, end, right=right)
        if inside:
            return inside[-1].after if right else inside[0].before
        return sign_at(self.piece.program, order, (self.piece.low + self.piece.high) / 2)

    def at(self, x: Any, order: int) -> Any:
        """Return a derivative at a ball, None where there is none."""
        found = derivatives(self.piece.program, x, order)
        return found[order] if found else None

    def towards(self, place: Root, *, right: bool) -> list[Any]:
        """Return what f, f′, f″ tend to at the right or left end: a ball, ±∞ included, or None where nobody knows."""
        found = [self.at(place.ball, order) for order in range(3)]
        if None not in found or self.piece.high - self.piece.low < _ROOM:
            return found
        end = self.piece.high if right else self.piece.low
        read_off = limits_beside(Reference(self.piece.tree), end, -1 if right else 1)
        return [_ball(limit) if each is None else each for each, limit in zip(found, read_off, strict=True)]


def _ball(limit: float) -> Any:
    if math.isnan(limit):
        return None
    return arb(limit) if math.isinf(limit) else arb(limit, abs(limit) * 2**-40)


class SmoothParts:
    """The smooth parts of a function from left to right, and the places where one takes over from another.

    They lie on [-high, high]; `all_known` tells whether the outer ones go on for ever. No place is missing for |x| up
    to `reach`, None for all of the range, outside the `undecided` intervals.
    """

    def __init__(self, function: Function) -> None:
        self.function = function
        self.high, self.all_known = window(function.tree)
        cut = pieces(function.tree, -self.high - _BEYOND, self.high + _BEYOND)
        self.parts = [Part(piece, max(BUDGET // len(cut.pieces), BUDGET // 32)) for piece in cut.pieces]
        self.places, self.reach, self.undecided = cut.places, cut.reach, cut.undecided

    def span(self, piece: Piece) -> tuple[str, Any]:
        """Return a piece in words, `0 < x < 6`, and its end nearest to 0."""
        places = {end: place.ball for place in self.places for end in (place.low, place.high)}
        first, last = abs(piece.low) > self.high, abs(piece.high) > self.high
        low, high = (number(places[end], short=True) if end in places else "" for end in (piece.low, piece.high))
        if first and last and self.all_known:
            return "all x", arb(0)
        left = f"{low} < " if not first else "" if self.all_known else f"-{self.high} ≤ "
        right = f" < {high}" if not last else "" if self.all_known else f" ≤ {self.high}"
        ends = [places[end] for end in (piece.low, piece.high) if end in places]
        nearest = min(ends, key=lambda end: abs(float(end)), default=arb(0))
        return (f"x > {low}" if left and not right else f"{left}x{right}"), nearest
