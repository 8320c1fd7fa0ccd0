"""What is kept of an audit: counts, the worst cases, a histogram. Small, and merged in any order to the same result.

Sums are integers, and ties between places go to the smallest |x|, then to the smaller bit pattern, so that neither the
number of workers nor the order in which they finish shows in a result.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from actcli.core.formats import FORMATS, Format
from actcli.core.ulp import Errors

Array = np.ndarray[Any, Any]

COUNTS = (
    "incorrectly_rounded",
    "nan_count",
    "inf_count",
    "flushed",
    "wrong_sign",
    "out_of_range",
    "non_monotone",
    "asymmetric",
)
"""What is counted besides distances: points, each kind with the place of least |x| where it happens."""

FIRST_BIN, LAST_BIN = -10, 64
"""Exponents of the histogram's inner edges: [0, 2^-10), then by powers of two, then all from 2^64."""

BINS = LAST_BIN - FIRST_BIN + 2

ULP_UNIT = 20
"""Sums are in units of 2^-20 ULP."""


@dataclass(frozen=True, slots=True)
class Case:
    """One point: how far off, and the bit patterns of x, the answer and the right answer.

    `size` is 0 where points are only counted, ∞ where no distance describes an answer: NaN, or infinite by mistake.
    """

    size: float
    x: int
    got: int
    expected: int


@dataclass(frozen=True, slots=True)
class Tally:
    """How many points, and the one of least |x|."""

    count: int
    first: Case


@dataclass(frozen=True, slots=True)
class Summary:
    """An audit of some points. `Summary(format)` is the audit of none, the identity of `merge`.

    `worst` holds up to `keep` cases with an error above 0, largest first, and before them those without a distance,
    whose answer is NaN or infinite where it shouldn't be, or the other way round. `measured` points have a distance;
    `ulp_sum` is in units of 2^-20 ULP. `decided` counts the points whose right answer took arbitrary precision,
    `undecided` those for which that failed too.
    """

    format: Format
    keep: int = 10
    points: int = 0
    measured: int = 0
    ulp_sum: int = 0
    worst: tuple[Case, ...] = ()
    worst_ulp: Case | None = None
    worst_relative: Case | None = None
    worst_absolute: Case | None = None
    tallies: Mapping[str, Tally] = field(default_factory=dict)
    histogram: tuple[int, ...] = (0,) * BINS
    warnings: frozenset[str] = frozenset()
    decided: int = 0
    undecided: int = 0

    @property
    def max_ulp(self) -> float:
        """The largest distance, NaN when no point has one."""
        return self._size(self.worst_ulp)

    @property
    def mean_ulp(self) -> float:
        """The mean distance, NaN when no point has one."""
        return self.ulp_sum / (self.measured << ULP_UNIT) if self.measured else math.nan

    @property
    def max_relative(self) -> float:
        """The largest |got − t| / max(|t|, smallest normal), NaN when no point has a distance."""
        return self._size(self.worst_relative)

    @property
    def max_absolute(self) -> float:
        """The largest |got − t|, NaN when no point has a distance."""
        return self._size(self.worst_absolute)

    def _size(self, worst: Case | None) -> float:
        return worst.size if worst else 0.0 if self.measured else math.nan

    def count(self, name: str) -> int:
        """Return one of `COUNTS`."""
        return self.tallies[name].count if name in self.tallies else 0

    def bins(self) -> list[tuple[float, float, int]]:
        """Return the histogram as (from, to, count), `to` excluded, without the empty ends."""
        edges = [0.0, *(math.ldexp(1.0, k) for k in range(FIRST_BIN, LAST_BIN + 1)), math.inf]
        filled = [k for k, count in enumerate(self.histogram) if count]
        inside = range(filled[0], filled[-1] + 1) if filled else ()
        return [(edges[k], edges[k + 1], self.histogram[k]) for k in inside]

    def merge(self, other: Summary) -> Summary:
        """Return the audit of the points of both."""
        if self.format != other.format:
            raise ValueError(f"can't merge an audit in {other.format.name} with one in {self.format.name}")
        keep = max(self.keep, other.keep)
        return Summary(
            self.format,
            keep,
            self.points + other.points,
            self.measured + other.measured,
            self.ulp_sum + other.ulp_sum,
            _largest((*self.worst, *other.worst), self.format)[:keep],
            _either(self.worst_ulp, other.worst_ulp, self.format),
            _either(self.worst_relative, other.worst_relative, self.format),
            _either(self.worst_absolute, other.worst_absolute, self.format),
            _merged(self.tallies, other.tallies, self.format),
            tuple(map(int.__add__, self.histogram, other.histogram)),
            self.warnings | other.warnings,
            self.decided + other.decided,
            self.undecided + other.undecided,
        )

    def to_json(self) -> dict[str, Any]:
        """Return plain lists, dicts and numbers that JSON holds exactly."""
        return {
            "format": self.format.name,
            "keep": self.keep,
            "points": self.points,
            "measured": self.measured,
            "ulp_sum": self.ulp_sum,
            "worst": [_plain(case) for case in self.worst],
            "worst_ulp": self.worst_ulp and _plain(self.worst_ulp),
            "worst_relative": self.worst_relative and _plain(self.worst_relative),
            "worst_absolute": self.worst_absolute and _plain(self.worst_absolute),
            "tallies": {name: [tally.count, _plain(tally.first)] for name, tally in self.tallies.items()},
            "histogram": list(self.histogram),
            "warnings": sorted(self.warnings),
            "decided": self.decided,
            "undecided": self.undecided,
        }

    def from_json(self, data: Mapping[str, Any]) -> Summary:
        """Return the summary that `to_json` wrote down."""
        ulp, relative, absolute = (data[f"worst_{name}"] for name in ("ulp", "relative", "absolute"))
        return Summary(
            FORMATS[data["format"]],
            data["keep"],
            data["points"],
            data["measured"],
            data["ulp_sum"],
            tuple(Case(*each) for each in data["worst"]),
            ulp and Case(*ulp),
            relative and Case(*relative),
            absolute and Case(*absolute),
            {name: Tally(count, Case(*first)) for name, (count, first) in data["tallies"].items()},
            tuple(data["histogram"]),
            frozenset(data["warnings"]),
            data["decided"],
            data["undecided"],
        )


def _plain(case: Case) -> list[float | int]:
    return [case.size, case.x, case.got, case.expected]


def _largest(cases: Iterable[Case], format: Format) -> tuple[Case, ...]:
    magnitude = (1 << (format.bits - 1)) - 1
    return tuple(sorted(cases, key=lambda case: (-case.size, case.x & magnitude, case.x)))


def _either(first: Case | None, second: Case | None, format: Format) -> Case | None:
    cases = [case for case in (first, second) if case is not None]
    return _largest(cases, format)[0] if cases else None


def _merged(first: Mapping[str, Tally], second: Mapping[str, Tally], format: Format) -> dict[str, Tally]:
    merged = {**first, **second}
    for name in first.keys() & second.keys():
        here, there = first[name], second[name]
        merged[name] = Tally(here.count + there.count, _largest((here.first, there.first), format)[0])
    return {name: merged[name] for name in COUNTS if name in merged}


def summarise(
    x: Array,
    got: Array,
    rounded: Array,
    errors: Errors,
    format: Format,
    *,
    keep: int = 10,
    masks: Mapping[str, Array] | None = None,
    warnings: Iterable[str] = (),
    decided: int = 0,
    undecided: int = 0,
) -> Summary:
    """Summarise answers `got` at inputs `x` whose right answers are `rounded`: arrays of the format, each input once.

    `errors` is what `core.ulp` found; `masks` adds points that belong to others of `COUNTS`, such as `out_of_range`.
    """
    bits, answers, truths = format.to_bits(x), format.to_bits(got), format.to_bits(rounded)

    def case(size: float, at: int) -> Case:
        return Case(size, int(bits[at]), int(answers[at]), int(truths[at]))

    def largest(sizes: Array, count: int) -> list[Case]:
        return [case(float(sizes[at]), int(at)) for at in _places(sizes, bits, count, format)]

    tallies = {}
    found = {
        "incorrectly_rounded": errors.incorrect,
        "nan_count": errors.wrong_nan,
        "inf_count": errors.wrong_infinity,
        "flushed": errors.flushed,
        "wrong_sign": errors.wrong_sign,
        **(masks or {}),
    }
    for name in COUNTS:
        if name in found and (count := int(np.count_nonzero(found[name]))):
            tallies[name] = Tally(count, case(0.0, _first(found[name], bits, format)))
    histogram, measured, ulp_sum = _distribution(errors.ulp)
    beyond: list[Case] = []
    if measured < x.size:
        beyond = largest(np.where(errors.wrong_nan | errors.wrong_infinity, np.inf, 0.0), keep)
    worst = largest(errors.ulp, keep)
    relative, absolute = largest(errors.relative, 1), largest(errors.absolute, 1)
    return Summary(
        format,
        keep,
        x.size,
        measured,
        ulp_sum,
        _largest((*beyond, *worst), format)[:keep],
        worst[0] if worst else None,
        relative[0] if relative else None,
        absolute[0] if absolute else None,
        tallies,
        histogram,
        frozenset(warnings),
        decided,
        undecided,
    )


def _magnitudes(bits: Array, format: Format) -> Array:
    magnitudes: Array = bits & bits.dtype.type((1 << (format.bits - 1)) - 1)
    return magnitudes


def _first(mask: Array, bits: Array, format: Format) -> int:
    at = np.flatnonzero(mask)
    return int(at[np.lexsort((bits[at], _magnitudes(bits[at], format)))[0]])


def _places(sizes: Array, bits: Array, count: int, format: Format) -> Sequence[int]:
    """Return the places of the `count` largest sizes above 0, ties by |x| and then by bits; NaN is no size."""
    largest = np.fmax.reduce(sizes, initial=0.0)
    if not largest > 0:
        return []
    for share in (1, 0.999, 0.99, 0.9, 0):  # a full sort would take longer than all the rest of an audit
        at = np.flatnonzero(sizes >= share * largest if share else sizes > 0)
        if at.size >= count:
            break
    order = np.lexsort((bits[at], _magnitudes(bits[at], format), -sizes[at]))
    places: list[int] = at[order[:count]].tolist()
    return places


EXACT_BELOW = 2.0**17
"""Distances below are summed in whole units, exactly for 2^16 of them at a time; larger ones keep 24 bits each."""

LARGEST = 2.0**1000
"""Distances beyond, which only float64 knows, are summed as this."""


def _distribution(ulp: Array) -> tuple[tuple[int, ...], int, int]:
    """Return the histogram, the number of distances, and their sum in units of 2^-20."""
    counts = np.zeros(BINS, dtype=np.int64)
    total = 0
    for start in range(0, ulp.size, 1 << 16):
        block = ulp[start : start + (1 << 16)]
        if not np.max(block) < EXACT_BELOW:
            mantissas, exponents = np.frexp(np.minimum(block[block >= EXACT_BELOW], LARGEST))
            sums = np.bincount(exponents, weights=np.rint(mantissas * 2.0**24))
            total += sum(int(each) << (k - 24 + ULP_UNIT) for k, each in enumerate(sums.tolist()) if each)
            counts += np.bincount(np.minimum(exponents - FIRST_BIN, BINS - 1), minlength=BINS)
            block = block[block < EXACT_BELOW]
        total += int(np.rint(block * 2.0**ULP_UNIT).sum())
        # The exponent bits of a distance are those of its bin's lower edge.
        exponents = (block.view(np.int64) >> 52) - (1023 + FIRST_BIN - 1)
        counts += np.bincount(np.maximum(exponents, 0), minlength=BINS)
    return tuple(counts.tolist()), int(counts.sum()), total
