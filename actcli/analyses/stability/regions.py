"""Where answers go wrong: for every kind of trouble, binade by binade, how many points and how far they reach.

Troubles in neighbouring binades are told as one stretch; what lies between two stretches is free of them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from actcli.core.formats import Format
from actcli.core.ulp import Errors

Array = np.ndarray[Any, Any]

FEW = 4.0
"""ULP up to which answers count as accurate."""

KINDS = {
    "nan": "NaN",
    "no_nan": "a number instead of NaN",
    "infinity": "infinite",
    "no_infinity": "finite instead of infinite",
    "wrong_sign": "wrong sign",
    "lost": "loses all digits",
    "underflow": "underflows to 0",
    "half": "loses half of the digits",
    "few": f"more than {FEW:g} ULP",
}
"""Kinds of trouble, the gravest first, in words."""

ALL = "all"
"""The region of every finite point, which says how far the others could reach."""


@dataclass(frozen=True, slots=True)
class Region:
    """Some of the points of one binade, or of several: how many, and the least and the largest |x|."""

    count: int
    near: float
    far: float

    def merge(self, other: Region) -> Region:
        """Return the region of both."""
        return Region(self.count + other.count, min(self.near, other.near), max(self.far, other.far))


_Stretch = tuple[str, float, float]

Regions = Mapping[tuple[str, int, int], Region]
"""By kind (or `ALL`), the sign of x (0 is the side of NaN) and the exponent of its binade."""

_ZERO, _INFINITE = -(1 << 14), 1 << 14
"""The exponents of 0, and of ±inf and NaN."""
_MOST_STRETCHES = 2


def regions(x: Array, got: Array, rounded: Array, errors: Errors, format: Format) -> Regions:
    """Return the regions of inputs, answers and right answers, all in the order of x."""
    if not x.size:
        return {}
    with np.errstate(all="ignore"):  # ml_dtypes' casts of NaN raise the flag
        if np.max(errors.ulp) <= 1 and np.isfinite(x[0]) and np.isfinite(x[-1]) and (x[0] > 0 or x[-1] < 0):
            near, far = sorted((abs(float(x[0])), abs(float(x[-1]))))
            if (exponent := math.frexp(far)[1]) == math.frexp(near)[1]:
                return {(ALL, 1 if x[0] > 0 else -1, exponent): Region(len(x), near, far)}
        numbers, answers, due = (each.astype(np.float64) for each in (x, got, rounded))
        return _regions(numbers, answers, due, errors, format)


def _lost(due: Array, errors: Errors) -> Array:
    """Tell where no digit is right: |got − t| ≥ |t|/2, and more than a few ULP, which the last subnormals are."""
    return (errors.relative >= 0.5) | ((errors.ulp > FEW) & (errors.absolute >= due / 2))


def _regions(x: Array, got: Array, rounded: Array, errors: Errors, format: Format) -> Regions:
    due, normal = np.abs(rounded), math.ldexp(1.0, format.lowest + format.precision - 1)
    underflow = (got == 0) & (due > 0) & (due < normal) & (errors.ulp > 1)
    masks = {
        ALL: np.isfinite(x),
        "nan": errors.wrong_nan & np.isnan(got),
        "no_nan": errors.wrong_nan & np.isnan(rounded),
        "infinity": errors.wrong_infinity & np.isinf(got),
        "no_infinity": errors.wrong_infinity & ~np.isinf(got),
        "wrong_sign": errors.wrong_sign,
        "lost": _lost(due, errors) & ~underflow,
        "underflow": underflow,
        "half": (errors.ulp >= 2.0 ** (format.precision / 2)) & ~underflow,
        "few": (errors.ulp > FEW) & ~underflow,
    }
    sides = np.where(np.isnan(x), 0, np.where(np.signbit(x), -1, 1))
    exponents = np.where(x == 0, _ZERO, np.where(np.isfinite(x), np.frexp(x)[1], _INFINITE))
    found = {}
    for kind, mask in masks.items():
        for side in (-1, 0, 1) if mask.any() else ():
            here = mask & (sides == side)
            for exponent in np.unique(exponents[here]).tolist():
                points = np.abs(x[here & (exponents == exponent)])
                found[kind, side, exponent] = Region(points.size, float(points.min()), float(points.max()))
    return found


def to_json(found: Regions) -> Any:
    """Return plain data for a checkpoint."""
    return [[*key, region.count, region.near, region.far] for key, region in found.items()]


def from_json(data: Any) -> Regions:
    """Return the regions that plain data describe."""
    return {(kind, side, exponent): Region(*region) for kind, side, exponent, *region in data}


def merge(first: Regions, second: Regions) -> Regions:
    """Return the regions of both."""
    merged = {**first, **second}
    for key in first.keys() & second.keys():
        merged[key] = first[key].merge(second[key])
    return dict(sorted(merged.items()))


def has(kind: str, found: Regions) -> bool:
    """Tell whether there is any trouble of a kind."""
    return any(key[0] == kind for key in found)


def where(kind: str, found: Regions) -> str:
    """Say where a kind of trouble is: `for x ≤ -5.5`, `for |x| ≥ 17.33`, `at x = 0`, `at NaN`; empty if nowhere."""
    left, right = _stretches(kind, -1, found), _stretches(kind, 1, found)
    if left and left == right:
        parts = ["at x = 0" if each == ("at", 0.0, 0.0) else _both(each) for each in left]
    else:
        parts = [*map(_left, left), *map(_right, right)]
    return " and ".join([*parts, *(["at NaN"] if any(key[:2] == (kind, 0) for key in found) else [])])


def _stretches(kind: str, side: int, found: Regions) -> list[_Stretch]:
    """Return the stretches with the most points of a kind on one side of 0, from 0 outwards."""
    looked_at = {
        exponent: region.far for (name, sign, exponent), region in found.items() if (name, sign) == (ALL, side)
    }
    groups: list[Region] = []
    joined = False
    for exponent in sorted({*looked_at, *(key[2] for key in found if key[:2] == (kind, side))}):
        region = found.get((kind, side, exponent))
        if region is not None:
            groups.append(groups.pop().merge(region) if joined else region)
        joined = region is not None
    told = sorted(groups, key=lambda region: -region.count)[:_MOST_STRETCHES]
    farthest = max(looked_at.values(), default=0.0)
    return [_stretch(region, farthest) for region in sorted(told, key=lambda region: region.near)]


def _stretch(region: Region, farthest: float) -> _Stretch:
    """Return `at` one |x|, `from` one on, as far as anybody looked, or `between` two."""
    if region.near == region.far:
        return "at", region.near, region.far
    beyond = region.far >= farthest  # at ∞ itself code is often right again
    return "from" if beyond else "between", region.near, math.inf if beyond else region.far


def _both(stretch: _Stretch) -> str:
    how, near, far = stretch
    if how == "at":
        return f"at x = ±{_number(near)}"
    return f"for |x| ≥ {_number(near)}" if how == "from" else _between(_number(near), "|x|", _number(far))


def _left(stretch: _Stretch) -> str:
    how, near, far = stretch
    if how == "at":
        return f"at x = {_number(-near)}"
    return f"for x ≤ {_number(-near)}" if how == "from" else _between(_number(-far), "x", _number(-near))


def _right(stretch: _Stretch) -> str:
    how, near, far = stretch
    if how == "at":
        return f"at x = {_number(near)}"
    return f"for x ≥ {_number(near)}" if how == "from" else _between(_number(near), "x", _number(far))


def _between(low: str, what: str, high: str) -> str:
    return f"near {what} = {low}" if low == high else f"for {low} ≤ {what} ≤ {high}"


def _number(value: float) -> str:
    return f"{value:.4g}".replace("inf", "∞") if value else "0"
