"""The landmarks of a function: zeros, extrema, inflections, kinks, flat parts, limits, asymptotes, the largest slope.

Places are certified: zeros of f, f′ and f″ come from `core.roots` with 100 digits and proven signs on either side. What
isn't certain is said in landmarks of the kind `uncertain`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise

from flint import arb, ctx

from actcli.activations.function import Function
from actcli.analyses.derive.landmarks.certainty import Certainty
from actcli.analyses.derive.landmarks.landmark import KINDS, MINUS, Landmark, limit, mark, straight
from actcli.analyses.derive.landmarks.largest_slope import largest_slope
from actcli.analyses.derive.landmarks.places import Meeting
from actcli.analyses.derive.landmarks.smooth_parts import SmoothParts
from actcli.analyses.derive.landmarks.tails import tails
from actcli.core.exact import Reference, arb_context
from actcli.core.limits import limits
from actcli.core.roots import Root
from actcli.core.signs import exact_ball
from actcli.expressions.nodes import Application, Number, Operation, Symbol

_PRECISION = 512


@dataclass(frozen=True, slots=True)
class Survey:
    """The landmarks on [low, high], and what isn't certain about them.

    `reach` is the |x| up to which the search came, None for all of it; `places` are where one smooth part takes over
    from another.
    """

    landmarks: tuple[Landmark, ...]
    places: tuple[Root, ...]
    low: Fraction
    high: Fraction
    reach: Fraction | None
    uncertain: tuple[Landmark, ...]


def landmarks(function: Function) -> list[Landmark]:
    """Return the landmarks of a function, by kind and from left to right."""
    return list(survey(function).landmarks)


def survey(function: Function) -> Survey:
    """Return the landmarks of a function, and where they were looked for."""
    match function.tree:
        case Application(Function() as known, Symbol("x")):
            function = known  # `gelu(x)` is gelu, of which the record knows more
    with arb_context():
        ctx.prec, ctx.cap = _PRECISION, 8
        return _Surveyor(function).survey()


class _Surveyor:
    def __init__(self, function: Function) -> None:
        self.function = function
        self.cut = SmoothParts(function)
        self.parts = self.cut.parts
        ends = zip(self.cut.places, pairwise(self.parts), strict=True)
        self.meetings = [Meeting.of(place, left, right, function) for place, (left, right) in ends]

    def survey(self) -> Survey:
        certainty = Certainty(self.cut)
        marks = [
            *(each for each in self.within_parts() if certainty.covers(each.x)),
            *(each for meeting in self.meetings for each in meeting.landmarks()),
            *self.flat(),
            *self.far_out(),
            *largest_slope(self.cut, self.meetings, complete=certainty.complete),
        ]
        found = [each for each in marks if each.kind != "uncertain"]
        found.sort(key=lambda each: (KINDS.index(each.kind), each.x))
        doubts = (*certainty.doubts(), *(each for each in marks if each.kind == "uncertain"))
        return Survey(tuple(found), tuple(self.cut.places), -self.cut.high, self.cut.high, certainty.reach, doubts)

    # zeros, extrema, inflections

    def within_parts(self) -> Iterator[Landmark]:
        for part in self.parts:
            if not part.exists:
                continue
            for root in part.inside(0):
                yield mark("zero", root.ball, arb(0))
            zeros = [(root.low, root.high) for root in part.inside(0)]
            for root in part.inside(1):
                value = part.at(root.ball, 0)
                if root.before * root.after < 0:
                    yield mark("minimum" if root.after > 0 else "maximum", root.ball, value)
                    known = any(low <= root.high and root.low <= high for low, high in zeros)
                    if value is not None and 0 in value and not known:
                        yield mark("zero", root.ball, arb(0), note="f is 0 to 100 digits")
            for root in part.inside(2):
                if root.before * root.after < 0:
                    yield mark("inflection", root.ball, part.at(root.ball, 0))

    # flat parts

    def flat(self) -> Iterator[Landmark]:
        for part in self.parts:
            if part.exists and part.zeros[1].identically_zero:
                span, end = self.cut.span(part.piece)
                level = part.at(exact_ball((part.piece.low + part.piece.high) / 2), 0)
                flat = mark("flat", end, level)
                note = f"f = {flat.value_form.replace('-', MINUS) or flat.value_text} for {span}"
                yield replace(flat, x_form=span.replace(MINUS, "-"), note=note)

    # limits and asymptotes

    def far_out(self) -> Iterator[Landmark]:
        for side, part in ((-1, self.parts[0]), (1, self.parts[-1])):
            end = side * math.inf
            value, slope = tails(self.function, side)
            if not part.exists:
                continue
            if not math.isnan(value):
                yield limit(end, value, stated=self.function.record.kernel is not None)
            if not (part.straight and self.cut.all_known):
                yield from self.asymptote(end, value, slope)

    def asymptote(self, end: float, value: Fraction | float, slope: Fraction | float) -> Iterator[Landmark]:
        if math.isfinite(value):
            level, rate = value, Fraction(0)
        elif math.isfinite(slope) and slope != 0 and float(slope) == slope:
            rate = Fraction(slope)
            line = Operation("multiply", (Number(rate), Symbol("x")))
            rest = Reference(Operation("subtract", (self.function.tree, line)))
            level = limits(rest, 1 if end > 0 else -1, 0)[0]
        else:
            return
        if not math.isfinite(level):
            return
        height = float(level) if rate == 0 else math.nan
        yield Landmark("asymptote", end, height, "∞" if end > 0 else f"{MINUS}∞", "", f"y = {straight(rate, level)}")
