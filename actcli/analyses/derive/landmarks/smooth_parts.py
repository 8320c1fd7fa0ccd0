"""A function cut where it isn't smooth."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from flint import arb

from actcli.activations.function import Function
from actcli.analyses.derive.landmarks.landmark import MINUS, number
from actcli.analyses.derive.landmarks.part import Part
from actcli.analyses.derive.landmarks.window import window
from actcli.core.pieces import Piece, pieces
from actcli.core.roots import BUDGET

_BEYOND = Fraction(1, 999_983)
"""How much farther the search goes than is said, so that no landmark lies on its very end."""


class SmoothParts:
    """The smooth parts of a function from left to right, and the places where one takes over from another.

    They lie on [-high, high]; `all_known` tells whether the outer ones go on for ever, `stated` whether the function is
    a record of the catalogue as it stands, whose landmarks are known to lie there. No place is missing for |x| up to
    `reach`, None for all of the range, outside the `undecided` intervals.
    """

    def __init__(self, function: Function) -> None:
        self.function = function
        self.high, all_known = window(function.tree)
        self.stated = function.record.kernel is not None and not function.spelling.settings
        self.all_known = all_known or self.stated
        cut = pieces(function.tree, -self.high - _BEYOND, self.high + _BEYOND)
        careful = function.careful_forms if len(cut.pieces) == 1 and not function.parameters else ()
        budget = max(BUDGET // len(cut.pieces), BUDGET // 32)
        self.parts = [Part(piece, budget, careful) for piece in cut.pieces]
        self.places, self.reach, self.undecided = cut.places, cut.reach, cut.undecided

    def span(self, piece: Piece) -> tuple[str, Any]:
        """Return a piece in words, `0 < x < 6`, and its end nearest to 0."""
        places = {end: place.ball for place in self.places for end in (place.low, place.high)}
        first, last = abs(piece.low) > self.high, abs(piece.high) > self.high
        low, high = (number(places[end], short=True) if end in places else "" for end in (piece.low, piece.high))
        if first and last and self.all_known:
            return "all x", arb(0)
        left = f"{low} < " if not first else "" if self.all_known else f"{MINUS}{self.high} ≤ "
        right = f" < {high}" if not last else "" if self.all_known else f" ≤ {self.high}"
        ends = [places[end] for end in (piece.low, piece.high) if end in places]
        nearest = min(ends, key=lambda end: abs(float(end)), default=arb(0))
        return (f"x > {low}" if left and not right else f"{left}x{right}"), nearest
