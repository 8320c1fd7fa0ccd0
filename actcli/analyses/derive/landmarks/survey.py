"""The landmarks of a function: zeros, extrema, inflections, kinks, flat parts, limits, asymptotes, the largest slope.

Places are certified: zeros of f, f′ and f″ come from `core.roots` with 100 digits and proven signs on either side.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from typing import Any

from flint import arb, ctx

from actcli.activations.function import Function
from actcli.analyses.derive.landmarks.landmark import KINDS, Landmark, limit, mark, number, straight
from actcli.analyses.derive.landmarks.largest_slope import largest_slope
from actcli.analyses.derive.landmarks.smooth_parts import Part, SmoothParts, poles
from actcli.core.exact import Reference, arb_context
from actcli.core.limits import limits
from actcli.core.roots import Root
from actcli.core.signs import derivatives, exact_ball, rational_at, simplest
from actcli.expressions.nodes import Node, Number, Operation, Symbol, substitute

_PRECISION = 512


@dataclass(frozen=True, slots=True)
class Survey:
    """The landmarks on [low, high]; `reach` is the |x| up to which none is missing, None for all of it."""

    landmarks: tuple[Landmark, ...]
    low: Fraction
    high: Fraction
    reach: Fraction | None


def landmarks(function: Function) -> list[Landmark]:
    """Return the landmarks of a function, by kind and from left to right."""
    return list(survey(function).landmarks)


def survey(function: Function) -> Survey:
    """Return the landmarks of a function, and where they were looked for."""
    with arb_context():
        ctx.prec, ctx.cap = _PRECISION, 8
        return _Surveyor(function).survey()


class _Surveyor:
    def __init__(self, function: Function) -> None:
        self.function = function
        self.cut = SmoothParts(function)
        self.parts, self.places = self.cut.parts, self.cut.places

    def survey(self) -> Survey:
        found = [
            *self.within_pieces(),
            *self.at_places(),
            *self.singular(),
            *self.flat(),
            *self.far_out(),
            *largest_slope(self.cut),
        ]
        searches = [zeros.reach for part in self.parts if part.exists for zeros in part.zeros]
        reach = min((each for each in (self.cut.reach, *searches) if each is not None), default=None)
        found.sort(key=lambda each: (KINDS.index(each.kind), each.x))
        return Survey(tuple(found), -self.cut.high, self.cut.high, reach)

    # zeros, extrema, inflections

    def within_pieces(self) -> Iterator[Landmark]:
        for part in self.parts:
            if not part.exists:
                continue
            for root in part.inside(0):
                yield mark("zero", root.ball, arb(0))
            for root in part.inside(1):
                value = part.at(root.ball, 0)
                if root.before * root.after < 0:
                    yield mark("minimum" if root.after > 0 else "maximum", root.ball, value)
                    if 0 in value and not value.is_zero():
                        yield mark("zero", root.ball, arb(0), note="f is 0 to 100 digits")
            for root in part.inside(2):
                if root.before * root.after < 0:
                    yield mark("inflection", root.ball, part.at(root.ball, 0))

    def at_places(self) -> Iterator[Landmark]:
        """Yield what happens where one piece takes over from another."""
        for place, (left, right) in zip(self.places, pairwise(self.parts), strict=True):
            x, here = place.ball, self.value(place)
            before = [left.at(x, order) for order in range(3)]
            after = [right.at(x, order) for order in range(3)]
            if before[0] is None or after[0] is None:
                yield mark("undefined" if here is None else "jump", x, here, note="f has no limit from one side")
                continue
            if not before[0].overlaps(after[0]):
                note = f"f jumps from {number(before[0])} to {number(after[0])}"
                yield mark("jump", x, here, note=note)
                continue
            if 0 in after[0] and not (left.zeros[0].identically_zero or right.zeros[0].identically_zero):
                yield mark("zero", x, arb(0))
            rising = left.sign(1, right=True), right.sign(1, right=False)
            if rising[0] * rising[1] < 0:
                yield mark("minimum" if rising[1] > 0 else "maximum", x, here)
            for order, name in ((1, "f′"), (2, "f″")):
                a, b = before[order], after[order]
                if a is None or b is None or not a.overlaps(b):
                    yield mark("kink", x, here, note=f"{name} jumps from {number(a)} to {number(b)}")
                    break
            else:
                order = 3
            if order >= 2 and left.sign(2, right=True) * right.sign(2, right=False) < 0:
                yield mark("inflection", x, here)

    def value(self, place: Root) -> Any:
        """Return f at a place where pieces meet: what the formula itself says there."""
        program = self.function.program
        if place.low == place.high:
            exact = rational_at(program, 0, place.low)
            if exact is not None:
                return exact_ball(exact)
            found = derivatives(program, exact_ball(place.low), 0)
            if found is not None:
                return found[0] if found else None
        return self.parts[self.places.index(place) + 1].at(place.ball, 0)

    # flat parts

    def flat(self) -> Iterator[Landmark]:
        for part in self.parts:
            if part.exists and part.zeros[1].identically_zero:
                span, end = self.cut.span(part.piece)
                level = part.at(exact_ball((part.piece.low + part.piece.high) / 2), 0)
                flat = mark("flat", end, level)
                yield replace(flat, x_form=span, note=f"f = {flat.value_form or flat.value_text} for {span}")

    # where there is no value

    def singular(self) -> Iterator[Landmark]:
        for part in self.parts:
            if not part.exists:
                continue
            for low, high in part.zeros[0].singular:
                x = simplest(low, high)
                at_x = part.at(exact_ball(x), 0)
                if at_x is not None:
                    if at_x == 0:
                        yield mark("zero", exact_ball(x), at_x)  # an end of the domain, as of √x
                    for pole in poles(part, low, high):
                        there = mark("asymptote", pole, None, note="vertical")
                        yield replace(there, x_form=f"x = {there.x_form or there.x_text}")
                    continue
                sides = [self.one_sided(part.piece.tree, x, side) for side in (-1, 1)]
                for side, value in zip((-1, 1), sides, strict=True):
                    if not math.isnan(value):
                        yield limit(x, value, f"x → {x} from {'above' if side > 0 else 'below'}")
                if any(math.isinf(value) for value in sides):
                    yield Landmark("asymptote", float(x), math.nan, str(x), "", f"x = {x}", "", "vertical")
                elif all(math.isnan(value) for value in sides):
                    yield mark("undefined", exact_ball(x), None)

    def one_sided(self, tree: Node, x: Fraction, side: int) -> float:
        """Return the limit of f where x is approached from one side, NaN where there is none."""
        step = Operation("divide", (Number(Fraction(side)), Symbol("x")))
        near = substitute(tree, {"x": Operation("add", (Number(x), step))})
        return limits(Reference(near), +1, 0)[0]

    # limits and asymptotes

    def far_out(self) -> Iterator[Landmark]:
        for side, part in ((-1, self.parts[0]), (1, self.parts[-1])):
            end = side * math.inf
            if not part.exists or end not in self.function.edges:
                continue
            edges = self.function.edges[end]
            value, slope = edges[0], edges[1]
            if not math.isnan(value):
                yield limit(
                    end, value, f"x → {'' if side > 0 else '-'}∞", stated=self.function.record.kernel is not None
                )
            if not part.zeros[2].identically_zero:
                yield from self.asymptote(part, end, value, slope)

    def asymptote(self, part: Part, end: float, value: Fraction | float, slope: Fraction | float) -> Iterator[Landmark]:
        if math.isfinite(value):
            level, rate = value, Fraction(0)
        elif math.isfinite(slope) and slope != 0 and float(slope) == slope:
            rate = Fraction(slope)
            line = Operation("multiply", (Number(rate), Symbol("x")))
            rest = Reference(Operation("subtract", (part.piece.tree, line)))
            level = limits(rest, 1 if end > 0 else -1, 0)[0]
        else:
            return
        if math.isnan(level) or math.isinf(level):
            return
        yield Landmark(
            "asymptote",
            end,
            float(level) if rate == 0 else math.nan,
            "∞" if end > 0 else "-∞",
            "",
            f"y = {straight(rate, level)}",
        )
