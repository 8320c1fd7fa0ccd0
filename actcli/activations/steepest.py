"""The largest slope of a typed formula, which a record states and a formula doesn't: looked for, not proved."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from actcli.activations.function import Function

Array = np.ndarray[Any, Any]

FAR = 64.0
"""The search ends at −64 and 64; beyond, only the limits at ±∞ are looked at."""

_CELLS = 4096
_WITHIN, _ZOOMS = 66, 8
"""Cells that a peak, three cells wide, is divided into, and how often: each time a 22nd of the width is left."""

_EXACT_ZOOMS = 40, 80
"""Times that a peak is halved with exact slopes, before its height is taken, and until it is taken again."""

_GROWN = 1.001
"""How much more than before makes a slope one that grows without bound: 1/x^0.001 is 1.009 of it after 13 halvings."""


def search_largest_slope(function: Function) -> float:
    """Look for the largest |f′| of a typed formula on [−64, 64], closer and closer around every peak of a grid.

    A peak that grows for as long as float64 can tell its points apart is followed with exact slopes: ∞ where it grows
    on. Where the slope is still rising at ±64, its limit is the supremum. NaN where there is no slope.
    """
    grid = np.linspace(-FAR, FAR, _CELLS + 1)[None]
    slopes, steepness = _look(function, grid)
    if not np.isfinite(slopes).any():
        return math.nan
    ends = [abs(float(function.edges[side][1])) for side in (-math.inf, math.inf)]
    found = [float(np.nanmax(slopes)), *(end for end in ends if not math.isnan(end))]
    padded = np.pad(steepness[0], 1, constant_values=-1.0)
    cells = np.flatnonzero((padded[1:-1] > padded[:-2]) & (padded[1:-1] >= padded[2:]))
    if math.isinf(max(found)) or not cells.size:
        return max(found)
    low, high = grid[0, np.maximum(cells - 1, 0)], grid[0, np.minimum(cells + 2, _CELLS)]
    flanks, row = [], np.arange(cells.size)
    for _ in range(_ZOOMS):
        x = low[:, None] + (high - low)[:, None] * np.linspace(0, 1, _WITHIN + 1)
        slopes, steepness = _look(function, x)
        best = steepness.argmax(axis=1)
        first, last = np.maximum(best - 1, 0), np.minimum(best + 2, _WITHIN)
        low, high = x[row, first], x[row, last]
        # The top of a peak may be a pole that rounding has missed by a chance distance.
        flanks.append(np.fmax(slopes[row, first], slopes[row, last]))
        found.append(float(np.fmax.reduce(slopes, axis=None, initial=0.0)))
    for peak in np.flatnonzero((flanks[-1] > _GROWN * flanks[_ZOOMS // 2]) | np.isinf(steepness).any(axis=1)):
        if math.isinf(max(found)):
            break
        found.append(_followed(function, Fraction(low[peak]), Fraction(high[peak])))
    return max(found)


def _look(function: Function, x: Array) -> tuple[Array, Array]:
    """Return |f′| at points (peaks, points), NaN where it isn't finite, and how steep f is in the cells between.

    A cell is as steep as its ends, or as its chord: somewhere inside a slope is at least that, unless f jumps. An end
    may be infinitely steep, at a pole or where float64 overflows on the way to an ordinary number.
    """
    from actcli.core.device import CPU
    from actcli.expressions.algebras.jets import jets

    with np.errstate(all="ignore"):
        value, slope = jets(function.program, x, 1, CPU)[0]
        sizes, chords = np.abs(slope), np.abs(np.diff(value)) / np.diff(x)
        hidden = np.where(np.isfinite(chords), 0.99 * chords, -1.0)  # less, as slopes have more digits than differences
        steepness = np.fmax(np.fmax(sizes[:, :-1], sizes[:, 1:]), hidden)
    return np.where(np.isfinite(value) & np.isfinite(sizes), sizes, np.nan), steepness


def _followed(function: Function, low: Fraction, high: Fraction) -> float:
    """Return the height of a peak too narrow for float64, from exact slopes; ∞ where it grows on."""
    from flint import ctx

    from actcli.core.exact import arb_context
    from actcli.core.signs import derivatives, exact_ball

    def slope(x: Fraction) -> float:
        found = derivatives(function.program, exact_ball(x), 1)
        return abs(float(found[1])) if found else 0.0

    heights = [0.0]
    with arb_context():
        ctx.prec = 512
        for _ in range(_EXACT_ZOOMS[1]):
            points = [low + (high - low) * Fraction(k, 4) for k in range(5)]
            slopes = [slope(x) for x in points]
            best = slopes.index(max(slopes))
            low, high = points[max(best - 1, 0)], points[min(best + 1, 4)]
            heights.append(max(*slopes, heights[-1]))
    return math.inf if heights[-1] > _GROWN * heights[_EXACT_ZOOMS[0]] else heights[-1]
