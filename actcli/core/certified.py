"""The fast exact reference for sweeps: polynomials with proven bounds, and Arb where a bound can't tell.

Built from the definition alone, so a kernel's mistakes can't hide. The encodings of a format are cut into intervals;
`core.taylor` gives each a polynomial with a proven bound. NumPy evaluates it; only values so near to the middle of two
numbers of the format that the bound reaches it (some hundreds of 2^32) are asked of `core.exact`.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from actcli.core.exact import Reference
from actcli.core.formats import FLOAT32, FLOAT64, Format, round_to
from actcli.core.taylor import Piece, piece, settled
from actcli.core.ulp import spacing

Array = np.ndarray[Any, Any]

BLOCK = 1 << 15
"""Elements computed at a time: their float64 temporaries stay in a 1 MiB second-level cache."""

SHORTEST = 16
"""Encodings that are left to Arb rather than divided further."""

GIVE_UP = 64
"""Shortest intervals in one binade after which the rest of it is left to Arb: a sine with many periods in it."""

ARB = Piece(())
"""Stands for an interval whose values are asked of Arb, one by one."""


@dataclass(frozen=True, slots=True)
class Truth:
    """Exact values: `value` in float64, within 2^-50 of itself or of the smallest normal number; `rounded` correctly.

    `decided` values took Arb; `undecided` ones are NaN because no precision told.
    """

    value: Array
    rounded: Array
    decided: int
    undecided: int


@dataclass(frozen=True)
class Certified:
    """The derivative of an order of a definition, at every number of a format narrower than float64.

    Polynomials are found binade by binade, when first asked for. A copy sent to another process starts without them.
    """

    reference: Reference
    order: int = 0
    format: Format = FLOAT32
    _binades: dict[int, tuple[list[int], list[Piece]]] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.format == FLOAT64:
            raise ValueError("float64 has no room for a bound on float64 arithmetic")

    def __reduce__(self) -> tuple[Any, ...]:
        return Certified, (self.reference, self.order, self.format)

    def at(self, bits: Array) -> Truth:
        """Return the exact values at the numbers that bit patterns encode; fastest where those ascend."""
        bits = np.asarray(bits, dtype=self.format.unsigned).ravel()
        if not np.all(bits[1:] >= bits[:-1]):
            order = np.argsort(bits, kind="stable")
            found = self.at(bits[order])
            value, rounded = np.empty_like(found.value), np.empty_like(found.rounded)
            value[order], rounded[order] = found.value, found.rounded
            return Truth(value, rounded, found.decided, found.undecided)
        x = self.format.from_bits(bits)
        value, rounded = np.empty(x.shape), np.empty(x.shape, dtype=self.format.dtype)
        scratch = np.empty(min(BLOCK, x.size))
        decided = undecided = 0
        with np.errstate(all="ignore"):
            for part, each in self._parts(bits):
                if each is ARB:
                    doubtful = np.arange(part.start, part.stop)
                else:
                    _evaluate(each, x[part], value[part], scratch[: part.stop - part.start])
                    near = _round(each, value[part], rounded[part], scratch[: part.stop - part.start], self.format)
                    doubtful = part.start + near
                for k in doubtful:
                    value[k], rounded[k], told = self._exactly(float(x[k]))
                    decided, undecided = decided + 1, undecided + (not told)
        return Truth(value, rounded, decided, undecided)

    def left_to_arb(self, first: int, last: int) -> int:
        """Return how many encodings from `first` to `last` no polynomial was found for: 100,000 a second at best."""
        found = 0
        for binade in range(first >> self._shift, (last >> self._shift) + 1):
            starts, pieces = self._binade(binade)
            ends = [*starts[1:], (binade + 1) << self._shift]
            for start, end, each in zip(starts, ends, pieces, strict=True):
                if each is ARB:
                    found += max(0, min(end, last + 1) - max(start, first))
        return found

    @property
    def _shift(self) -> int:
        return self.format.precision - 1

    def _parts(self, bits: Array) -> Iterator[tuple[slice, Piece]]:
        """Yield slices of ascending bit patterns that have one polynomial."""
        start = 0
        while start < bits.size:
            first = int(bits[start])
            starts, pieces = self._binade(first >> self._shift)
            at = bisect_right(starts, first) - 1
            end = starts[at + 1] if at + 1 < len(starts) else ((first >> self._shift) + 1) << self._shift
            window = bits[start : start + BLOCK]
            stop = start + (window.size if int(window[-1]) < end else int(np.searchsorted(window, end)))
            yield slice(start, stop), pieces[at]
            start = stop

    def _binade(self, number: int) -> tuple[list[int], list[Piece]]:
        if number not in self._binades:
            found = list(self._cut(number << self._shift, ((number + 1) << self._shift) - 1))
            self._binades[number] = [start for start, _ in found], [each for _, each in found]
        return self._binades[number]

    def _cut(self, first: int, last: int) -> Iterator[tuple[int, Piece]]:
        """Yield the pieces of a binade, or of the zero and the subnormals, or of infinity and NaN."""
        if not math.isfinite(self._number(first)):
            yield first, self._point(first)
            yield first + 1, Piece((math.nan,))
            return
        start, hard = first, [0]
        for point in sorted(self._special(first, last)):
            if start < point:
                yield from self._divide(start, point - 1, hard)
            yield point, self._point(point)
            start = point + 1
        if start <= last:
            yield from self._divide(start, last, hard)

    def _divide(self, first: int, last: int, hard: list[int]) -> Iterator[tuple[int, Piece]]:
        if first == last:
            yield first, self._point(first)
            return
        low, high = sorted((self._number(first), self._number(last)))
        found = None if hard[0] >= GIVE_UP else piece(self.reference.program, self.order, low, high, self.format)
        if found is None and last - first >= SHORTEST and hard[0] < GIVE_UP:
            middle = (first + last) // 2
            yield from self._divide(first, middle, hard)
            yield from self._divide(middle + 1, last, hard)
            return
        hard[0] += found is None
        yield first, found or ARB

    def _special(self, first: int, last: int) -> set[int]:
        """Return the encodings of zero and of the points about which mathematics alone doesn't say everything."""
        stated = [*map(float, self.reference.conventions), *self.reference.limits]
        numbers = np.array([0.0, -0.0, *(at for at in stated if math.isfinite(at))])
        encodings = [int(each) for each in self.format.to_bits(round_to(numbers, self.format))]
        return {each for each in encodings if first <= each <= last}

    def _number(self, encoding: int) -> float:
        return float(self.format.from_bits(np.array([encoding]))[0])

    def _point(self, encoding: int) -> Piece:
        value, _, told = self._exactly(self._number(encoding))
        return Piece((value,)) if told else ARB

    def _exactly(self, x: float) -> tuple[float, float, bool]:
        """Return the exact value in float64, correctly rounded, and whether Arb could tell."""
        found = self.reference.at(x, self.order, self.format)[self.order]
        if not math.isfinite(found.number):
            return found.number, found.number, not math.isnan(found.rest)
        unit = float(spacing(np.array(found.number), self.format))
        return settled(found.number + found.rest * unit, found.number, self.format), found.number, True


def _evaluate(each: Piece, x: Array, value: Array, scratch: Array) -> None:
    *lower, leading = each.coefficients
    if not lower:
        value.fill(leading)
        return
    np.subtract(x, each.centre, out=scratch, dtype=np.float64)  # exact, and so is the scaling
    if each.scale != 1:
        np.multiply(scratch, each.scale, out=scratch)
    np.multiply(scratch, leading, out=value)
    for coefficient in lower[:0:-1]:
        value += coefficient
        value *= scratch
    value += lower[0]


def _round(each: Piece, value: Array, rounded: Array, scratch: Array, format: Format) -> Array:
    """Round to the format; return the places where the bound on the error leaves open to which number."""
    if not each.relative and not each.absolute:
        rounded[...] = round_to(value, format)
        return np.empty(0, dtype=np.intp)
    if each.relative:
        np.multiply(value, 1 - each.relative - 2.0**-52, out=scratch)
        other = round_to(scratch, format)
        np.multiply(value, 1 + each.relative + 2.0**-52, out=scratch)
    else:
        np.subtract(value, each.absolute * (1 + 2.0**-50), out=scratch)
        other = round_to(scratch, format)
        np.add(value, each.absolute * (1 + 2.0**-50), out=scratch)
    rounded[...] = round_to(scratch, format)
    return np.flatnonzero(rounded != other)
