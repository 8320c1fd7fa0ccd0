"""The largest |f′| of a function and where it is."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

from flint import arb

from actcli.activations.function import Function
from actcli.analyses.derive.landmarks.landmark import Landmark, mark
from actcli.analyses.derive.landmarks.smooth_parts import Part, SmoothParts, poles
from actcli.core.signs import derivatives, exact_ball, simplest
from actcli.expressions.display.text import text
from actcli.expressions.evaluate import flatten
from actcli.expressions.parse import parse

UNATTAINED = "the supremum, not attained"


def largest_slope(cut: SmoothParts) -> Iterator[Landmark]:
    """Yield the largest |f′|, or its supremum where it isn't attained."""
    existing = [part for part in cut.parts if part.exists]
    if all(part.zeros[2].identically_zero for part in existing) and len(existing) == 1:
        return  # a straight line has the same slope everywhere
    found: list[tuple[Any, Any, str]] = []
    for part in existing:
        found += [(root.ball, part.at(root.ball, 1), "") for root in part.inside(2)]
        if part.zeros[2].identically_zero:
            span, end = cut.span(part.piece)
            found.append((end, part.at(end, 1), f"for {span}"))
        else:
            inner = [end for end in (part.piece.low, part.piece.high) if abs(end) < cut.high]
            found += [(exact_ball(end), part.at(exact_ball(end), 1), "") for end in inner]
        for low, high in part.zeros[0].singular:
            x = simplest(low, high)
            places = [exact_ball(x)] if _grows_without_bound(part, x) else []
            places += poles(part, low, high)
            found += [(place, arb("inf"), UNATTAINED) for place in places]
    for side in (-1, 1):
        slope = cut.function.edges[side * math.inf][1] if side * math.inf in cut.function.edges else math.nan
        if not math.isnan(slope):
            ball = arb("inf") if math.isinf(slope) else exact_ball(Fraction(slope))
            found.append((arb("inf") * side, ball, UNATTAINED))
    best: tuple[Any, Any, str] | None = None
    for each in found:
        if each[1] is None:
            continue
        size = abs(each[1])
        if best is None or size > abs(best[1]) or (size.overlaps(abs(best[1])) and _nearer(each, best)):
            best = each
    if best is not None and abs(best[1]) != 0:
        yield _with_stated_form(cut.function, mark("largest slope", best[0], abs(best[1]), note=best[2]), abs(best[1]))


def _grows_without_bound(part: Part, x: Fraction) -> bool:
    """Tell whether |f′| keeps growing towards a point, from either side."""
    for side in (-1, 1):
        slopes = [part.at(exact_ball(x + side * Fraction(1, 1 << k)), 1) for k in (48, 200, 1100)]
        sizes = [abs(slope) for slope in slopes if slope is not None]
        if len(sizes) == 3 and sizes[2] > 1.5 * sizes[1] > 2.25 * sizes[0]:
            return True
    return False


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
