"""Error in units in the last place, measured against the exact value.

`|got − t| / spacing(t)` is fractional: t is the real number, not its neighbour in the format, so 0.51 and 1.49 are told
apart. The spacing is that of the binade that holds t, the smallest subnormal below it (Muller et al., Handbook of
Floating-Point Arithmetic, 2018, §2.3.2). Answers that no distance describes (NaN, a wrong infinity, a wrong sign) are
counted on their own, never dropped.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from actcli.core.formats import Format

Array = np.ndarray[Any, Any]


def spacing(values: Array, format: Format) -> Array:
    """Return the distance between neighbours of the format around float64 values, as float64."""
    fraction, exponent = np.frexp(values)  # |value| in [2^(e-1), 2^e)
    exponent = np.where(fraction == 0, format.lowest, exponent)
    distance: Array = np.ldexp(1.0, np.maximum(exponent - format.precision, format.lowest))
    return distance


@dataclass(frozen=True, slots=True)
class Errors:
    """What became of every point: `ulp` is NaN where a distance says nothing, and one of the masks says why."""

    ulp: Array
    wrong_nan: Array
    wrong_infinity: Array
    wrong_sign: Array
    flushed: Array


def errors(got: Array, rounded: Array, remainder: Array, format: Format) -> Errors:
    """Compare computed values with exact ones.

    The exact value is the correctly rounded number `rounded` and what it leaves out, `remainder`, in units of
    `spacing(rounded)`. An exact overflow answered by the same infinity counts 0, and so does NaN where NaN is due.
    """
    answer, truth = got.astype(np.float64), rounded.astype(np.float64)
    nan_expected = np.isnan(truth)
    same = (answer == truth) | (nan_expected & np.isnan(answer))
    wrong_nan = np.isnan(answer) ^ nan_expected
    wrong_infinity = ~wrong_nan & ~nan_expected & (np.isinf(answer) != np.isinf(truth))
    wrong_infinity |= np.isinf(answer) & np.isinf(truth) & (answer != truth)
    with np.errstate(invalid="ignore", over="ignore"):
        # Halves keep the difference of two numbers near the largest from overflowing.
        unit = spacing(truth, format)
        distance = 2 * np.abs((answer / 2 - truth / 2) / unit - remainder / 2)
        # A truth just below a power of two was rounded up to it, and lies in the binade of half the spacing.
        below = (np.frexp(np.abs(truth))[0] == 0.5) & (remainder * truth < 0) & (unit > np.ldexp(1.0, format.lowest))
        distance = np.where(below, 2 * distance, distance)
    distance = np.where(same & ~np.isfinite(truth), 0.0, distance)
    distance = np.where(wrong_nan | wrong_infinity, np.nan, distance)
    normal = np.ldexp(1.0, format.lowest + format.precision - 1)
    flushed = (answer == 0) & (np.abs(truth) >= normal) & ~nan_expected
    wrong_sign = (answer * np.sign(truth) < 0) & ~nan_expected
    return Errors(distance, wrong_nan, wrong_infinity, wrong_sign, flushed)
