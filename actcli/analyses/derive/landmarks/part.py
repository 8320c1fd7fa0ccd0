"""A smooth part of a function: the zeros of f, f′ and f″ in it, their signs, and what they tend to at its ends."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import Any

from flint import arb

from actcli.core.exact import Reference
from actcli.core.intervals import Interval
from actcli.core.limits import limits_beside
from actcli.core.pieces import Piece
from actcli.core.roots import Root, Roots, roots
from actcli.core.signs import derivatives, exact_ball, sign_at
from actcli.expressions.evaluate import flatten
from actcli.expressions.nodes import Node

_TINY = Fraction(1, 1 << 100)
"""An undecided interval at the end of a part that is narrower than this is the end of the part itself."""
_ROOM = Fraction(1, 1 << 11)
"""The width that a part needs for its limits to be read off."""


@dataclass(frozen=True)
class Part:
    """A smooth piece with the zeros of f, f′ and f″ in it, found with no more than a number of operations.

    `careful` are f, f′, f″ in forms that keep their digits, as far as they are known.
    """

    piece: Piece
    budget: int
    careful: Sequence[Node | None] = ()

    @cached_property
    def zeros(self) -> list[Roots]:
        """The zeros of f, f′, f″ on the piece, ends included."""
        piece, found = self.piece, list[Roots]()
        for order in (2, 1, 0):
            zeros = roots(piece.program, order, piece.low, piece.high, self.budget)
            found.insert(0, self._closed(order, zeros, found[0] if found else None))
        return found

    def _closed(self, order: int, zeros: Roots, slope: Roots | None) -> Roots:
        """Take the search for complete if there is no zero where it didn't come; `slope` is that of the next order."""
        reach = zeros.reach
        if not reach or any(max(-root.low, root.high) > reach for root in zeros.roots):
            return zeros
        low, high = self.piece.low, self.piece.high
        tails = [(low, min(high, -reach)), (max(low, reach), high)]
        if all(self._free(order, start, stop, slope) for start, stop in tails if start < stop):
            return replace(zeros, reach=None)
        return zeros

    def _free(self, order: int, low: Fraction, high: Fraction, slope: Roots | None) -> bool:
        """Tell whether a derivative has no zero on an interval, as it only rises or falls or by its careful form."""
        if slope is not None and slope.free(low, high):
            sign = sign_at(self.piece.program, order, low)
            return bool(sign) and sign == sign_at(self.piece.program, order, high)
        form = self.careful[order] if order < len(self.careful) else None
        return form is not None and roots(flatten(form), 0, low, high, self.budget).free(low, high)

    @cached_property
    def exists(self) -> bool:
        """Whether the formula may have a value somewhere on the piece."""
        low, width = self.piece.low, self.piece.high - self.piece.low
        samples = (low + width * Fraction(k, 257) for k in (128, 129, 1, 256, 64, 192))
        return any(derivatives(self.piece.program, exact_ball(x), 0) != [] for x in samples)

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
        zeros = self.zeros[order]
        low, high, reach = self.piece.low, self.piece.high, zeros.reach
        end = high if right else low
        if zeros.identically_zero:
            return 0
        if reach is not None and abs(end) >= reach:
            return None
        stops = [low, high] if reach is None else [low, high, reach, -reach]
        for start, stop in [*self.undecided(order), *((root.low, root.high) for root in self.inside(order))]:
            stops.append(stop if right else start)
        nearest = max(x for x in stops if x < end) if right else min(x for x in stops if x > end)
        return sign_at(self.piece.program, order, (end + nearest) / 2)

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
