"""A row of a benchmark: who computes what, where, on what; and what came out of it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from actcli.analyses.bench import words
from actcli.analyses.bench.measure import Samples
from actcli.analyses.bench.measure.statistics import median_interval, ratio_interval
from actcli.analyses.bench.words import Interval
from actcli.core.formats import get_format
from actcli.report import Column

if TYPE_CHECKING:
    from actcli.implementations.timed import Timed

Array = np.ndarray[Any, Any]


ACCURATE = 4.0
"""ULP from which on an error is marked, unless sums of many numbers have it."""

UNKNOWN: Interval = (math.nan, math.nan, math.nan)


@dataclass(frozen=True, slots=True)
class Key:
    """What a row is about. Two runs are compared row by row where these agree."""

    activation: str
    order: str
    implementation: str
    device: str
    threads: int
    dtype: str
    size: int
    cache: str
    allocation: str
    distribution: str


_MEANINGS = {
    "activation": "the activation, or the workload",
    "order": "0 for f, 1 for f′, 0+1 for both in one pass",
    "implementation": "who computes it",
    "device": "where",
    "threads": "threads it uses at the most: libraries take fewer for small arrays",
    "dtype": "the format of inputs and answers",
    "size": "elements of the input",
    "cache": "cold: every call meets data that is in no cache; hot: always the same data",
    "allocation": "prealloc: into an array that is there; alloc: the call makes its own",
    "distribution": "of the inputs",
}

_HEADINGS = {"implementation": "computed by", "threads": "threads, up to"}


def key_columns(rows: Sequence[Row]) -> tuple[Column, ...]:
    """Return the columns that every table begins with; people see those that tell rows apart."""
    several = {each.name for each in fields(Key) if len({getattr(row.key, each.name) for row in rows}) > 1}
    several -= {"threads", "allocation"}  # which come from who computes, unless they were asked for
    if len({row.asked for row in rows}) > 1:
        several.add("threads")
    columns = []
    for name, meaning in _MEANINGS.items():
        shown = name in several or name == "implementation"
        spelt = name == "size"  # people read 1e6
        columns.append(
            Column(
                name, meaning, heading=_HEADINGS.get(name, ""), audience="all" if shown and not spelt else "machines"
            )
        )
        if shown and spelt:
            columns.append(Column("elements", meaning, audience="people", right=True))
    return tuple(columns)


def key_cells(keys: Sequence[Key]) -> dict[str, list[Any]]:
    """Return the cells of those columns."""
    cells = {each.name: [getattr(key, each.name) for key in keys] for each in fields(Key)}
    return cells | {"elements": [words.size_text(key.size) for key in keys]}


@dataclass(eq=False)
class Row:
    """One implementation at one size and so on, and what is found out about it.

    `asked` are the threads asked for, `first_call` the seconds of the implementation's very first call. `copy` are the
    samples of a plain copy of `copy_bytes` (read and written) in the same rounds, `baseline` is the textbook's row.
    Errors of more than `tolerance` ULP are marked.
    """

    key: Key
    timed: Timed
    asked: int | None
    bytes_moved: int
    operations: Mapping[str, int]
    notes: list[str]
    seed: int = 0
    samples: Samples = field(default_factory=lambda: Samples(None))
    copy: Samples = field(default_factory=lambda: Samples(None))
    copy_bytes: float = math.nan
    copy_threads: int = 1
    baseline: Row | None = None
    launch: float = math.nan
    first_call: float = math.nan
    max_ulp: float = math.nan
    tolerance: float = ACCURATE
    peak_bytes: int | None = None
    bound_by: str = ""
    why: str = ""

    @cached_property
    def median(self) -> Interval:
        """Seconds a call, with the interval of the median."""
        return median_interval(self.seconds, self.seed)

    @cached_property
    def speedup(self) -> Interval:
        """How many times as fast as the textbook formula, pair by pair."""
        return UNKNOWN if self.baseline is None else self.speed_against(self.baseline)

    def speed_against(self, other: Row) -> Interval:
        """Return how many times as fast as another row of the same rounds this one is."""
        if other is self:
            return (1.0, 1.0, 1.0)
        return ratio_interval(other.seconds, self.seconds, self.seed)

    @cached_property
    def over_textbook(self) -> Array:
        """Times over those of the textbook in the same rounds; none for the textbook itself."""
        if self.baseline is None or self.baseline is self:
            return np.empty(0)
        shared = min(self.seconds.size, self.baseline.seconds.size)
        ratios = self.seconds[:shared] / self.baseline.seconds[:shared]
        return np.asarray(ratios[np.isfinite(ratios)])

    @property
    def seconds(self) -> Array:
        """Seconds a call, one a round; NaN where a round missed it."""
        return self.samples.seconds

    @property
    def is_measured(self) -> bool:
        """Whether there is a sample at all."""
        return self.samples.count > 0

    @property
    def slowest_first_call(self) -> float:
        """Seconds of the very first call, or of the first at this size where that is slower: some compile for each."""
        return float(np.fmax(self.first_call, self.samples.first_call))

    @property
    def is_wrong(self) -> bool:
        """Whether it computes something else: somewhere no digit is right, or even the dtype or the sign isn't."""
        return self.max_ulp >= 2.0 ** (get_format(self.key.dtype).precision - 1)

    @property
    def copy_seconds(self) -> float:
        """How long copying the same bytes takes."""
        return nanmedian(self.copy.seconds) * self.bytes_moved / self.copy_bytes

    @property
    def percent_of_copy(self) -> float:
        """Its speed as a percentage of that of the copy."""
        return self.copy_seconds / self.median[0] * 100

    @property
    def wall_seconds(self) -> float:
        """The median of the time that a call takes by the clock on the wall."""
        return nanmedian(self.samples.wall)

    @property
    def label(self) -> str:
        """What people call it: the function, its derivative, and who computes it."""
        return f"{self.timed.name} {function_text(self.key.activation, self.key.order)}"


def nanmedian(seconds: Array) -> float:
    """Return the median of the numbers there are; NaN where there is none."""
    return float(np.nanmedian(seconds)) if np.isfinite(seconds).any() else math.nan


def function_text(activation: str, order: str) -> str:
    """Return a function and its derivative as people write them."""
    return {"1": f"{activation}′", "0+1": f"{activation} with {activation}′"}.get(order, activation)
