"""Error in units in the last place, measured against the exact value.

`|got − t| / spacing(t)` is fractional: t is the real number, not its neighbour in the format, so 0.51 and 1.49 are told
apart. The spacing is that of the binade that holds t, the smallest subnormal below it (Muller et al., Handbook of
Floating-Point Arithmetic, 2018, §2.3.2). Answers that no distance describes (NaN, a wrong infinity, a wrong sign) are
counted on their own, never dropped.

An error is no better known than the exact value, and one that can't be told from 0 is 0: absolute errors too, which a
large spacing would otherwise blow up.

Relative errors are |got − t| / max(|t|, smallest normal): the coarse grid of subnormal numbers doesn't count as a loss
of digits, while garbage where a subnormal number or 0 is due does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from actcli.core.exact import REST_BITS
from actcli.core.formats import Format

Array = np.ndarray[Any, Any]


VALUE_BITS = 50
"""Bits to which exact values are known that come as float64."""


def resolution(format: Format) -> float:
    """Return the ULP to which errors are known: 2^-30, or 2^-26 where exact values of float32 come as float64."""
    return float(2.0 ** max(-REST_BITS, format.precision - VALUE_BITS))


def spacing(values: Array, format: Format) -> Array:
    """Return the distance between neighbours of the format around float64 values, as float64."""
    fraction, exponent = np.frexp(values)  # |value| in [2^(e-1), 2^e)
    exponent = np.where(fraction == 0, format.lowest, exponent)
    distance: Array = np.ldexp(1.0, np.maximum(exponent - format.precision, format.lowest))
    return distance


@dataclass(frozen=True, slots=True)
class Errors:
    """What became of every point: distances are NaN where none says anything, and one of the masks says why.

    `absolute` is |got − t|, `relative` |got − t| / max(|t|, smallest normal).
    """

    ulp: Array
    absolute: Array
    relative: Array
    incorrect: Array
    wrong_nan: Array
    wrong_infinity: Array
    wrong_sign: Array
    flushed: Array


def errors(got: Array, rounded: Array, remainder: Array, format: Format) -> Errors:
    """Compare computed values with exact ones.

    The exact value is the correctly rounded number `rounded` and what it leaves out, `remainder`, in units of
    `spacing(rounded)`, known to 2^-30. An exact overflow answered by the same infinity counts 0, and so does NaN where
    NaN is due.
    """
    answer, truth = got.astype(np.float64), rounded.astype(np.float64)
    remainder = np.where(np.abs(remainder) <= 2.0**-REST_BITS, 0.0, remainder)
    nan_expected = np.isnan(truth)
    same = (answer == truth) | (nan_expected & np.isnan(answer))
    wrong_nan = np.isnan(answer) ^ nan_expected
    wrong_infinity = ~wrong_nan & ~nan_expected & (np.isinf(answer) != np.isinf(truth))
    wrong_infinity |= np.isinf(answer) & np.isinf(truth) & (answer != truth)
    smallest = _smallest_normal(format)
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        unit = spacing(truth, format)
        # Halves keep the difference of two numbers near the largest from overflowing; a subnormal has none.
        half = np.where(np.abs(truth) > 1, 0.5, 1.0)
        distance = np.abs((answer * half - truth * half) / unit - remainder * half) / half
        absolute = distance * unit
        relative = absolute / np.maximum(np.abs(truth + remainder * unit), smallest)
        # A truth just below a power of two was rounded up to it, and lies in the binade of half the spacing.
        below = (np.frexp(np.abs(truth))[0] == 0.5) & (remainder * truth < 0) & (unit > np.ldexp(1.0, format.lowest))
        distance = np.where(below, 2 * distance, distance)
    for each in (distance, absolute, relative):
        each[same & ~np.isfinite(truth)] = 0.0
        each[wrong_nan | wrong_infinity] = np.nan
    flushed = (answer == 0) & (np.abs(truth) >= smallest)
    wrong_sign = ((answer < 0) & (truth > 0)) | ((answer > 0) & (truth < 0))
    return Errors(distance, absolute, relative, ~same, wrong_nan, wrong_infinity, wrong_sign, flushed)


def _smallest_normal(format: Format) -> float:
    return float(np.ldexp(1.0, format.lowest + format.precision - 1))


_EXPONENT = 0x7FF0_0000_0000_0000
"""The exponent bits of a float64; alone they are the power of two at or below the number."""


def errors_near(got: Array, value: Array, rounded: Array, format: Format) -> Errors:
    """Compare computed values with exact ones, `value`, in formats narrower than float64.

    Each value is known to 2^-50 of itself. Takes a tenth of the time of `errors` where nothing unusual happens, and
    the same is found. Hand it arrays that fit into the second-level cache.
    """
    with np.errstate(all="ignore"):
        absolute = np.subtract(got, value, dtype=np.float64)
        np.abs(absolute, out=absolute)
        unit = (value.view(np.int64) & _EXPONENT).view(np.float64)
        smallest, largest = float(unit.min(initial=1.0)), float(unit.max(initial=1.0))
        if not (np.isfinite(absolute.max(initial=0.0)) and largest < np.ldexp(1.0, format.highest)):
            truth = rounded.astype(np.float64)
            remainder = np.where(np.isfinite(truth), (value - truth) / spacing(truth, format), 0)
            return errors(got, rounded, np.where(np.abs(remainder) <= resolution(format), 0, remainder), format)
        normal = _smallest_normal(format)
        relative = np.abs(value)
        if smallest < normal:
            np.maximum(relative, normal, out=relative)
            np.maximum(unit, normal, out=unit)
        np.divide(absolute, relative, out=relative)
        unit *= 2.0 ** (1 - format.precision)
        ulp = np.divide(absolute, unit, out=unit)
        noise = ulp <= resolution(format)
        if noise.any():
            absolute[noise] = relative[noise] = ulp[noise] = 0.0
    incorrect = got != rounded
    none = np.broadcast_to(np.False_, ulp.shape)
    if float(ulp.max(initial=0.0)) < 1:  # an answer of the wrong sign, or 0 for a normal, is further off
        return Errors(ulp, absolute, relative, incorrect, none, none, none, none)
    flushed = (got == 0) & (np.abs(rounded) >= normal)
    wrong_sign = ((got < 0) & (rounded > 0)) | ((got > 0) & (rounded < 0))
    return Errors(ulp, absolute, relative, incorrect, none, none, wrong_sign, flushed)
