"""What must hold of answers besides being near the truth: a range, a direction, a symmetry.

All of it is known from the record or found from the exact reference.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np

from actcli.activations.function import Function
from actcli.analyses.stability.points import at_ordinals, ordinals
from actcli.core.formats import Format

Array = np.ndarray[Any, Any]

_PROBES = (0.046875, 0.4375, 1.375, 2.75, 7.5)
"""Where a symmetry shows; exact in every format."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds of f, or a derivative, in a format.

    Answers lie between `low` and `high`; going up in x they don't step against `direction` (0: may do as they like);
    f(−x) = `parity`·f(x) (0: no symmetry). `flush`: an answer of 0 for a subnormal truth is right.
    """

    format: Format
    low: float = -math.inf
    high: float = math.inf
    direction: int = 0
    parity: int = 0
    flush: bool = False

    def without_symmetry(self) -> Rules:
        """Return the rules for answers of which those at −x aren't known."""
        return replace(self, parity=0)

    def broken_by(self, got: Array, rounded: Array, mirrored: Array | None) -> Mapping[str, Array]:
        """Return masks of the answers that break a rule.

        `got` and `rounded`, the right answers, are numbers of the format in the order of x; `mirrored` are the answers
        at −x. What nothing breaks is left out.
        """
        got, rounded = _comparable(got), _comparable(rounded)
        found = {}
        if got.size and not (np.fmin.reduce(got) >= self.low and np.fmax.reduce(got) <= self.high):
            found["out_of_range"] = (got < self.low) | (got > self.high)
        if self.direction:
            before, after = (got[:-1], got[1:]) if self.direction > 0 else (got[1:], got[:-1])
            back = after < before
            if back.any():
                due = (rounded[1:] >= rounded[:-1]) if self.direction > 0 else (rounded[1:] <= rounded[:-1])
                found["non_monotone"] = np.concatenate([[False], back & due])
        if mirrored is not None:
            expected = got if self.parity > 0 else -got
            other = _comparable(mirrored)
            found["asymmetric"] = (other != expected) & ~(np.isnan(other) & np.isnan(got))
        return found


def _comparable(numbers: Array) -> Array:
    """Return 16-bit numbers as float32, which holds them and is faster."""
    return numbers.astype(np.float32) if numbers.dtype.itemsize == 2 else numbers


def rules_for(function: Function, order: int, format: Format, *, flush: bool = False) -> Rules:
    """Return what the record and the reference say of one derivative in one format."""
    low, high = -math.inf, math.inf
    record = function.record
    if order == 0:
        low = _outward(function.quantity(record.range.low), -1, format)
        high = _outward(function.quantity(record.range.high), 1, format)
    elif order == 1 and record.max_derivative:
        high = _outward(function.quantity(record.max_derivative), 1, format)
        low = -high
    direction = 0
    if order == 0 and record.monotone:
        first, last = (function.reference.at(x, 0, format)[0].number for x in (0.25, 0.75))
        direction = int(np.sign(last - first))
    return Rules(format, low, high, direction, _parity(function, order, format), flush)


def _outward(end: Fraction | float | int, direction: int, format: Format) -> float:
    """Return the number of the format nearest to an end of a range, or just beyond it."""
    if not math.isfinite(end):
        return float(end)
    near = np.array([float(end)]).astype(format.dtype)
    beyond = (Fraction(float(near[0])) - Fraction(end)) * direction >= 0
    return float(near[0] if beyond else at_ordinals(ordinals(near, format) + direction, format)[0])


def _parity(function: Function, order: int, format: Format) -> int:
    pairs = [[function.reference.at(side * x, order, format)[order].number for side in (1, -1)] for x in _PROBES]
    for sign in (1, -1):
        if all(there == sign * here for here, there in pairs) and any(here for here, _ in pairs):
            return sign
    return 0
