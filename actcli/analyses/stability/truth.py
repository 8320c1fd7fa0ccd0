"""The right answers at points: each by itself in arbitrary precision, or many at once with proven bounds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from actcli.analyses.stability.audit import Truth
from actcli.core.formats import Format, round_to

if TYPE_CHECKING:
    from actcli.activations.function import Function
    from actcli.core.certified import Certified

Array = np.ndarray[Any, Any]


def exact(function: Function, order: int, format: Format, x: Array) -> Truth:
    """Return the right answers at numbers of a format, all of them decided in arbitrary precision."""
    with np.errstate(all="ignore"):  # ml_dtypes' casts of NaN raise the flag
        points = x.astype(np.float64)
        rounded, rest = function.reference.values(points, order, format)[order]
        known = ~np.isnan(rest)
        decided = int(np.count_nonzero(np.isfinite(points)))
        truths = round_to(rounded[known], format)
    return Truth(x[known], truths, rounded[known], rest[known], decided, int(np.count_nonzero(~known)))


def certified(reference: Certified, x: Array) -> Truth:
    """Return the right answers at numbers of a format narrower than float64: a thousand times as fast."""
    found = reference.at(reference.format.to_bits(x))
    if not found.undecided:
        return Truth(x, found.rounded, found.value, None, found.decided)
    with np.errstate(all="ignore"):
        points = x.astype(np.float64)
        # NaN for a number is either a place where the function has no value, or one that nothing could decide.
        doubtful = np.isnan(found.value) & np.isfinite(points)
        rests = [
            reference.reference.at(float(each), reference.order, reference.format)[-1].rest for each in points[doubtful]
        ]
        known = np.ones(len(x), dtype=bool)
        known[doubtful] = ~np.isnan(rests)
    return Truth(x[known], found.rounded[known], found.value[known], None, found.decided, found.undecided)
