"""The largest |f′| of a function and where it is."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from flint import arb

from actcli.activations.function import Function
from actcli.analyses.derive.landmarks.landmark import Landmark, mark
from actcli.analyses.derive.landmarks.places import Meeting
from actcli.analyses.derive.landmarks.smooth_parts import SmoothParts
from actcli.analyses.derive.landmarks.tails import tails
from actcli.core.signs import derivatives, exact_ball
from actcli.expressions.display.text import text
from actcli.expressions.evaluate import flatten
from actcli.expressions.parse import parse

UNATTAINED = "the supremum, not attained"
AT_LEAST = "at least this, the largest that was found"


def largest_slope(cut: SmoothParts, meetings: Sequence[Meeting], *, complete: bool) -> Iterator[Landmark]:
    """Yield the largest |f′|, or its supremum where it isn't attained; the largest found where some may be missing."""
    existing = [part for part in cut.parts if part.exists]
    if all(part.straight for part in existing) and len(existing) == 1:
        return  # a straight line has the same slope everywhere
    found: list[tuple[Any, Any, str]] = []
    for part in existing:
        found += [(root.ball, part.at(root.ball, 1), "") for root in part.inside(2)]
        if part.straight:
            span, end = cut.span(part.piece)
            inside = exact_ball((part.piece.low + part.piece.high) / 2)
            found.append((end, part.at(inside, 1), f"for {span}"))
    for meeting in meetings:
        for part, towards in ((meeting.left, meeting.before), (meeting.right, meeting.after)):
            if part.exists:
                complete = complete and towards[1] is not None
                unbounded = towards[1] is not None and not towards[1].is_finite()
                found.append((meeting.place.ball, towards[1], UNATTAINED if unbounded else ""))
    for side, part in ((-1, cut.parts[0]), (1, cut.parts[-1])):
        slope = tails(cut.function, side)[1]
        if not math.isnan(slope):
            ball = arb("inf") if math.isinf(slope) else exact_ball(Fraction(slope))
            found.append((arb("inf") * side, ball, UNATTAINED))
        elif part.exists:
            complete = False
    best: tuple[Any, Any, str] | None = None
    for each in found:
        if each[1] is None:
            continue
        size = abs(each[1])
        if best is None or size > abs(best[1]) or (size.overlaps(abs(best[1])) and _nearer(each, best)):
            best = each
    if best is None or abs(best[1]) == 0:
        return
    steepest = _with_stated_form(cut.function, mark("largest slope", best[0], abs(best[1]), note=best[2]), abs(best[1]))
    stated = cut.function.largest_slope if cut.function.record.max_derivative else math.nan
    if not complete and math.isfinite(steepest.value) and not math.isclose(stated, steepest.value, rel_tol=1e-15):
        steepest = replace(steepest, note="; ".join(filter(None, (best[2], AT_LEAST))))
    yield steepest


def _with_stated_form(function: Function, steepest: Landmark, ball: Any) -> Landmark:
    """Take the record's formula for the largest slope where it agrees and nothing simpler was found."""
    stated = function.record.max_derivative
    if steepest.value_form or not stated or function.parameters or math.isinf(steepest.value):
        return steepest
    tree = parse(stated)
    found = derivatives(flatten(tree), arb(0), 0)
    if not found or not found[0].overlaps(ball) or ball.rel_accuracy_bits() < 300:
        return steepest
    return replace(steepest, value_form=text(tree))


def _nearer(one: tuple[Any, Any, str], other: tuple[Any, Any, str]) -> bool:
    """Tell whether a place is to be preferred: attained before not attained, then nearer to 0, then positive."""

    def key(each: tuple[Any, Any, str]) -> tuple[bool, float, bool]:
        x = float(each[0])
        return (each[2] == UNATTAINED, abs(x), x < 0)

    return key(one) <= key(other)
