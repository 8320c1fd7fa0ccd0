"""The audit of one implementation at some points: asked, compared with the truth, summarised. Audits merge."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import reduce
from typing import Any

import numpy as np

from actcli.analyses.stability import regions
from actcli.analyses.stability.calls import TIMEOUT, Answers, BrokenError, ask, warned
from actcli.analyses.stability.rules import Rules
from actcli.core.formats import FORMATS, Format
from actcli.core.summary import Summary, summarise
from actcli.core.ulp import Errors, errors, errors_near
from actcli.implementations.provider import Implementation

Array = np.ndarray[Any, Any]

EVERYWHERE = 0
"""The key of an audit that isn't split by binade."""


@dataclass(frozen=True, slots=True)
class Found:
    """What came out at some points: a summary, where things go wrong, and how many points warn."""

    summary: Summary
    regions: regions.Regions = field(default_factory=dict)
    warned: int = 0

    def merge(self, other: Found) -> Found:
        """Return what came out at the points of both."""
        return Found(
            self.summary.merge(other.summary),
            regions.merge(self.regions, other.regions),
            self.warned + other.warned,
        )

    def to_json(self) -> Any:
        """Return plain data for a checkpoint."""
        return [self.summary.to_json(), regions.to_json(self.regions), self.warned]

    @classmethod
    def from_json(cls, data: Any) -> Found:
        """Return what plain data describe."""
        summary, places, warned = data
        return cls(Summary(FORMATS[summary["format"]]).from_json(summary), regions.from_json(places), warned)


@dataclass(frozen=True, slots=True)
class Audit:
    """What came out, by binade of x or `EVERYWHERE`; or how the implementation failed, and then nothing else.

    `printed` is the first line of what it printed.
    """

    parts: Mapping[int, Found]
    failure: str = ""
    printed: str = ""

    def merge(self, other: Audit) -> Audit:
        """Return the audit of the points of both."""
        parts = {**self.parts, **other.parts}
        for key in self.parts.keys() & other.parts.keys():
            parts[key] = self.parts[key].merge(other.parts[key])
        failure = min(filter(None, (self.failure, other.failure)), default="")
        printed = min(filter(None, (self.printed, other.printed)), default="")
        return Audit({} if failure else dict(sorted(parts.items())), failure, printed)

    def whole(self, format: Format, keep: int) -> Found:
        """Return what came out at all points."""
        return reduce(Found.merge, self.parts.values(), Found(Summary(format, keep=keep)))

    def to_json(self) -> Any:
        """Return plain data for a checkpoint."""
        return [[[key, found.to_json()] for key, found in self.parts.items()], self.failure, self.printed]

    @classmethod
    def from_json(cls, data: Any) -> Audit:
        """Return the audit that plain data describe."""
        parts, failure, printed = data
        return cls({key: Found.from_json(found) for key, found in parts}, failure, printed)


@dataclass(frozen=True, slots=True)
class Truth:
    """The right answers at inputs of a format, in order: correctly rounded, and the exact ones.

    `exact` is in float64, within 2^-50 of itself; or, for float64 and wherever `rest` is given, it is the rounded
    answer and `rest` says what it lacks in units of its spacing. `decided` answers took arbitrary precision, and
    `undecided` inputs, for which that failed too, are left out.
    """

    x: Array
    rounded: Array
    exact: Array
    rest: Array | None = None
    decided: int = 0
    undecided: int = 0

    def compare(self, got: Array, format: Format) -> Errors:
        """Return the errors of answers."""
        with np.errstate(all="ignore"):  # ml_dtypes' casts of NaN raise the flag
            if self.rest is None:
                return errors_near(got, self.exact, self.rounded, format)
            return errors(got, self.rounded, self.rest, format)


@dataclass(frozen=True, slots=True)
class How:
    """How to audit: what must hold, worst cases to keep, whether by binade, and seconds that a call may take."""

    rules: Rules
    keep: int = 10
    by_binade: bool = False
    timeout: float = TIMEOUT


def audit(implementation: Implementation, truth: Truth, how: How, lead: int = 0) -> Audit:
    """Return the audit of one implementation; the first `lead` points only say where the next step begins."""
    try:
        answers = ask(implementation, truth.x, how.timeout)
        mirrored = ask(implementation, -truth.x, how.timeout).values if how.rules.parity else None
        texts, warns = _warnings(implementation, answers, truth.x, how.timeout)
    except BrokenError as error:
        return Audit({}, failure=str(error))
    return replace(compare(answers.values, truth, how, mirrored, texts, warns, lead), printed=answers.printed)


def _warnings(
    implementation: Implementation, answers: Answers, x: Array, timeout: float
) -> tuple[frozenset[str], Array | None]:
    """Return the warnings and which points raise them. Signalling NaNs, which raise a flag by nature, don't count."""
    with np.errstate(invalid="ignore"):
        numbers = ~np.isnan(x)
    if not answers.warnings or not numbers.any():
        return frozenset(), None
    texts = ask(implementation, x[numbers], timeout).warnings
    if not texts:
        return texts, None
    warns = np.zeros(len(x), dtype=bool)
    warns[numbers] = warned(implementation, x[numbers], timeout)
    return texts, warns


def compare(
    got: Array,
    truth: Truth,
    how: How,
    mirrored: Array | None = None,
    warnings: frozenset[str] = frozenset(),
    warns: Array | None = None,
    lead: int = 0,
) -> Audit:
    """Return the audit of answers that are there; `mirrored` are those at −x, `warns` marks the points that warn."""
    format, rules = how.rules.format, how.rules
    with np.errstate(all="ignore"):  # ml_dtypes' casts of NaN raise the flag
        if rules.flush:
            normal = math.ldexp(1.0, format.lowest + format.precision - 1)
            got = np.where((got == 0) & (np.abs(truth.rounded.astype(np.float64)) < normal), truth.rounded, got)
        errors = truth.compare(got, format)
        masks = rules.broken_by(got, truth.rounded, mirrored)
    found: dict[int, Found] = {}
    for key, part in _parts(truth.x, how, lead):
        x, answers, rounded = truth.x[part], got[part], truth.rounded[part]
        own = Errors(*(getattr(errors, each.name)[part] for each in fields(Errors)))
        summary = summarise(
            x,
            answers,
            rounded,
            own,
            format,
            keep=how.keep,
            masks={name: mask[part] for name, mask in masks.items()},
            warnings=warnings,
            decided=0 if found else truth.decided,
            undecided=0 if found else truth.undecided,
        )
        count = 0 if warns is None else int(np.count_nonzero(warns[part]))
        found[key] = Found(summary, regions.regions(x, answers, rounded, own, format), count)
    return Audit(found)


def _parts(x: Array, how: How, lead: int) -> list[tuple[int, slice]]:
    """Return stretches of the inputs, which are in order, that lie in one binade."""
    if not how.by_binade:
        return [(EVERYWHERE, slice(lead, None))]
    keys, starts = np.unique(binades(x[lead:], how.rules.format), return_index=True)
    order = np.argsort(starts)
    stops = [*starts[order][1:], len(x) - lead]
    return [
        (int(keys[at]), slice(lead + int(starts[at]), lead + int(stop))) for at, stop in zip(order, stops, strict=True)
    ]


def binades(x: Array, format: Format) -> Array:
    """Return a number for the binade of each x, rising with x.

    0 holds both zeros, ±1 the subnormal numbers, ±2 … the normal ones, then come ±∞, then all NaN as one.
    """
    patterns = format.to_bits(x).astype(np.int64) & ((1 << (format.bits - 1)) - 1)
    size = (patterns >> (format.precision - 1)) + (patterns != 0)
    last = infinite_binade(format)
    return np.where(np.isnan(x), last + 1, np.where(np.signbit(x), -size, size))


def infinite_binade(format: Format) -> int:
    """Return the number of the binade of +∞."""
    return 1 << (format.bits - format.precision)


def binade_ends(key: int, format: Format) -> tuple[float, float]:
    """Return the least and the largest |x| of a binade, with the sign of x."""
    last = infinite_binade(format)
    if key in (0, last, -last, last + 1):
        value = {0: 0.0, last: math.inf, -last: -math.inf, last + 1: math.nan}[key]
        return value, value
    first = max((abs(key) - 1) << (format.precision - 1), 1)
    ends = format.from_bits([first, (abs(key) << (format.precision - 1)) - 1]).astype(np.float64)
    low, high = (float(each) for each in ends)
    return (low, high) if key > 0 else (-high, -low)
