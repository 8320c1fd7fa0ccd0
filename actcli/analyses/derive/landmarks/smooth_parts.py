"""A function cut at its kinks, with the zeros of f, f′ and f″ on each smooth part."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

from flint import arb

from actcli.activations.function import Function
from actcli.analyses.derive.landmarks.landmark import number
from actcli.core.pieces import Piece, pieces
from actcli.core.roots import Root, Roots, roots
from actcli.core.signs import derivatives, exact_ball, sign_at
from actcli.expressions.evaluate import flatten
from actcli.expressions.nodes import Operation, walk

RANGE = Fraction(64)
"""Zeros and kinks are looked for on [-64, 64], or as far out as twice the farthest kink of the record."""


@dataclass(frozen=True)
class Part:
    """A smooth piece with the zeros of f, f′ and f″ in it."""

    piece: Piece

    @cached_property
    def zeros(self) -> list[Roots]:
        """The zeros of f, f′, f″ on the piece, ends included."""
        return [roots(self.piece.program, order, self.piece.low, self.piece.high) for order in range(3)]

    @cached_property
    def exists(self) -> bool:
        """Whether the formula has a value anywhere on the piece."""
        low, width = self.piece.low, self.piece.high - self.piece.low
        samples = (low + width * Fraction(k, 257) for k in (128, 129, 1, 256, 64, 192))
        return any(derivatives(self.piece.program, exact_ball(x), 0) for x in samples)

    def inside(self, order: int) -> list[Root]:
        """Return the zeros of a derivative that don't lie on an end of the piece."""
        found = self.zeros[order]
        return [root for root in found.roots if self.piece.low < root.low and root.high < self.piece.high]

    def sign(self, order: int, *, right: bool) -> int:
        """Return the sign of a derivative next to the right or left end."""
        inside = self.inside(order)
        if self.zeros[order].identically_zero:
            return 0
        if inside:
            return inside[-1].after if right else inside[0].before
        return sign_at(self.piece.program, order, (self.piece.low + self.piece.high) / 2) or 0

    def at(self, x: Any, order: int) -> Any:
        """Return a derivative at a ball, None where there is none."""
        found = derivatives(self.piece.program, x, order)
        return found[order] if found else None


class SmoothParts:
    """The smooth parts of a function from left to right, and the places where one takes over from another.

    They lie on [-high, high]; `reach` is the |x| up to which no place is missing, None for all of it.
    """

    def __init__(self, function: Function) -> None:
        self.function = function
        farthest = max((abs(Fraction(at)) for at, _ in function.kinks() if math.isfinite(at)), default=Fraction(0))
        self.high = max(RANGE, 2 * farthest)
        cut = pieces(function.tree, -self.high, self.high)
        self.parts = [Part(piece) for piece in cut.pieces]
        self.places, self.reach = cut.places, cut.reach

    def span(self, piece: Piece) -> tuple[str, Any]:
        """Return a piece in words, `0 < x < 6`, and its end nearest to 0."""
        places = {end: place.ball for place in self.places for end in (place.low, place.high)}
        ends = [places.get(end, exact_ball(end)) for end in (piece.low, piece.high)]
        low, high = (number(end, short=True) for end in ends)
        match piece.low == -self.high, piece.high == self.high:
            case True, True:
                return "all x", arb(0)
            case True, False:
                return f"x < {high}", ends[1]
            case False, True:
                return f"x > {low}", ends[0]
            case _:
                return f"{low} < x < {high}", min(ends, key=lambda end: abs(float(end)))


def poles(part: Part, low: Fraction, high: Fraction) -> Iterator[Any]:
    """Yield the zeros of denominators in an interval: 1/(x² − 2) has no rational one."""
    for node in walk(part.piece.tree):
        match node:
            case Operation("divide", (top, bottom)):
                for root in roots(flatten(bottom), 0, low, high).roots:
                    over = derivatives(flatten(top), root.ball, 0)
                    if over and 0 not in over[0]:
                        yield root.ball
