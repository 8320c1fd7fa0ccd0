"""The figure of a derivation: f and its derivatives, with the landmarks marked."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from actcli.activations.function import Function
from actcli.analyses.derive.landmarks.survey import Survey
from actcli.report import Plot, Series

MARKED = ("zero", "minimum", "maximum", "inflection", "kink", "jump")
POINTS = 1001


def curves(function: Function, title: str, survey: Callable[[], Survey]) -> tuple[Plot, ...]:
    """Return one figure with f, f′, f″ around the landmarks, which are marked on f."""
    marks = [mark for mark in survey().landmarks if mark.kind in MARKED and abs(mark.x) < 16]
    low, high = _window(function, [mark.x for mark in marks])
    x = np.linspace(low, high, POINTS)
    symbol = function.record.symbol
    series = []
    for k, y in enumerate(function.derivatives(x, 2)):
        shown = np.where(np.isfinite(y), y, np.nan)
        series.append(Series(f"{symbol}{('', '′', '″')[k]}", x, shown, "line" if k == 0 else "dashed"))
    for kind in dict.fromkeys(mark.kind for mark in marks):
        places = [mark for mark in marks if mark.kind == kind and math.isfinite(mark.value)]
        if places:
            series.append(Series(kind, [mark.x for mark in places], [mark.value for mark in places], "points"))
    return (Plot("derive", title, "x", "", tuple(series)),)


def _window(function: Function, places: list[float]) -> tuple[float, float]:
    """Return a range of x that shows the landmarks, inside the domain."""
    domain = function.record.domain
    ends = [float(function.quantity(end)) for end in (domain.low, domain.high)]
    far = max(4.0, 1.5 * max(map(abs, places), default=0.0))
    low, high = max(-far, ends[0]), min(far, ends[1])
    margin = (high - low) / 200
    return (low + margin if low == ends[0] else low), (high - margin if high == ends[1] else high)
