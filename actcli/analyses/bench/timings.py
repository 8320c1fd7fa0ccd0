"""The table `timings`: one row a measurement, the machine's limit and the accuracy beside it; `raw`: every sample."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from actcli.analyses.bench import words
from actcli.analyses.bench.baseline import ROUNDS, rounds_text
from actcli.analyses.bench.row import Row, key_cells, key_columns
from actcli.analyses.bench.words import Interval
from actcli.report import Batch, Column, Table


def _machine(name: str, meaning: str, unit: str = "") -> Column:
    return Column(name, meaning, unit=unit, audience="machines")


def _people(name: str, meaning: str, heading: str, *, right: bool = True, dispensable: int = 0) -> Column:
    return Column(name, meaning, heading=heading, audience="people", right=right, dispensable=dispensable)


_COLUMNS = (
    _machine("median_s", "the median of the samples, a call", "s"),
    _people("time", "the median, a call, with half of its 95 % interval", "time"),
    _people("wall", "the median by the clock on the wall, launch and wait included", "wall time"),
    _machine("median_low_s", "the lower end of its 95 % bootstrap interval", "s"),
    _machine("median_high_s", "the upper end", "s"),
    _machine("min_s", "the fastest sample, a call", "s"),
    _machine("gelems_per_s", "10⁹ elements a second"),
    _machine("gbytes_per_s", "10⁹ bytes a second: those read and written explicitly"),
    _people("throughput", "10⁹ bytes read and written a second", "GB/s", dispensable=2),
    _machine("percent_of_copy", "speed as a percentage of copying the same bytes", "%"),
    _people("of_copy", "speed as a percentage of copying the same bytes", "of copy", dispensable=3),
    _machine("speedup", "how many times as fast as the textbook formula, pair by pair"),
    _people(
        "times", "how many times as fast as the textbook formula, with its 95 % interval", "× textbook", right=False
    ),
    _machine("speedup_low", "the lower end of its 95 % interval"),
    _machine("speedup_high", "the upper end"),
    _machine("peak_bytes", "memory taken at the peak of one call, beyond its inputs; with --memory", "bytes"),
    _machine("bytes_per_element", "the same, an element", "bytes"),
    _people("peak", "memory taken at the peak of one call, beyond its inputs", "peak", dispensable=4),
    _people("per_element", "the same in bytes, an element", "bytes each"),
    _machine("max_ulp", "largest error at some hundred points, in ULP; inf where values or dtype are wrong"),
    _people("error", "largest error at some hundred points, in ULP", "max ULP"),
    _machine("samples", "how many rounds"),
    _machine(
        "stopped_by",
        "interval: known well enough; samples: as many as there may be; budget: spent before that; interrupted; failed",
    ),
    _machine("bound_by", "what limits it: memory, compute, cache or launch"),
    _people("limit", "what limits it", "bound by", right=False, dispensable=1),
    _machine("notes", "what to know about it"),
    _machine("mean_s", "the mean of the samples, a call", "s"),
    _machine("std_s", "their standard deviation", "s"),
    _machine("spread_percent", "how far the samples are apart, relative to their median", "%"),
    _machine(
        "first_call_s", "the very first call, with whatever is compiled or loaded then, or this size's first", "s"
    ),
    _machine("wall_s", "the median of the wall time a call, where a device's own clock measured", "s"),
    _machine("copy_s", "the median time of copying the same bytes", "s"),
    _machine("calls_per_sample", "calls in one sample"),
    _machine("buffers", "sets of arrays that take turns"),
    _machine("operations", "operations in the definition of what is computed, shared parts once"),
    _machine("how", "how the implementation computes"),
    _machine("reason", "why bound_by says so"),
)


def timings_table(rows: Sequence[Row], *, memory: bool) -> Table:
    """Return the table. Rows that aren't measured yet settle what people see of it."""
    hidden = {"limit"} if memory else {"peak", "per_element"}
    if all(row.key.device == "cpu" for row in rows):
        hidden.add("wall")  # the only clock there is
    columns = (
        *key_columns(rows),
        *(column for column in _COLUMNS if column.name not in hidden),
    )

    def batches(wanted: Sequence[str]) -> Iterator[Batch]:
        measured = [row for row in rows if row.is_measured]
        if measured:
            yield {**key_cells([row.key for row in measured]), **_numbers(measured), **_texts(measured)}

    return Table("timings", columns, batches)


def _numbers(rows: Sequence[Row]) -> Batch:
    def each(value: Callable[[Row], float]) -> Any:
        return np.array([value(row) for row in rows], dtype=np.float64)

    return {
        **_interval("median", "_s", [row.median for row in rows]),
        **_interval("speedup", "", [row.speedup for row in rows]),
        "min_s": each(lambda row: float(np.nanmin(row.seconds))),
        "mean_s": each(lambda row: float(np.nanmean(row.seconds))),
        "std_s": each(lambda row: float(np.nanstd(row.seconds, ddof=int(np.isfinite(row.seconds).sum() > 1)))),
        "gelems_per_s": each(lambda row: row.key.size / row.median[0] / 1e9),
        "gbytes_per_s": each(lambda row: row.bytes_moved / row.median[0] / 1e9),
        "percent_of_copy": each(lambda row: row.percent_of_copy),
        "copy_s": each(lambda row: row.copy_seconds),
        "spread_percent": each(lambda row: row.samples.spread * 100),
        "first_call_s": each(lambda row: row.slowest_first_call),
        "wall_s": each(lambda row: row.wall_seconds),
        "max_ulp": each(lambda row: row.max_ulp),
        "peak_bytes": [row.peak_bytes if row.peak_bytes is None else int(row.peak_bytes) for row in rows],
        "bytes_per_element": [None if row.peak_bytes is None else row.peak_bytes / row.key.size for row in rows],
        "samples": [int(np.isfinite(row.seconds).sum()) for row in rows],
        "calls_per_sample": [row.samples.batch for row in rows],
        "buffers": [row.samples.buffers for row in rows],
        "operations": [sum(row.operations.values()) or None for row in rows],
        "how": [row.timed.note or None for row in rows],
        "stopped_by": [row.samples.stopped_by for row in rows],
        "bound_by": [row.bound_by or None for row in rows],
        "reason": [row.why or None for row in rows],
        "notes": ["; ".join(row.notes) or None for row in rows],
    }


def _interval(name: str, unit: str, intervals: Sequence[Interval]) -> Batch:
    """Return the columns of a value and the ends of its interval."""
    names = (f"{name}{unit}", f"{name}_low{unit}", f"{name}_high{unit}")
    return dict(zip(names, np.array(intervals).T, strict=True))


def _texts(rows: Sequence[Row]) -> Batch:
    """Return what people read: a wrong row is marked where its speed stands, and a difference of nothing is none."""
    peaks = [row.peak_bytes for row in rows]
    return {
        "time": [words.time_text(row.median) for row in rows],
        "wall": [words.seconds_text(row.wall_seconds) for row in rows],
        "throughput": [words.rounded(row.bytes_moved / row.median[0] / 1e9, 3) for row in rows],
        "of_copy": [words.percent_text(row.percent_of_copy) for row in rows],
        "times": [words.ratio_text(row.speedup, "✗ " if row.is_wrong else "") for row in rows],
        "error": [words.ulp_text(row.max_ulp, row.tolerance, row.is_wrong) for row in rows],
        "limit": [row.bound_by for row in rows],
        "peak": ["" if peak is None else words.bytes_text(peak) for peak in peaks],
        "per_element": [
            "" if peak is None else words.rounded(peak / row.key.size, 3) for peak, row in zip(peaks, rows, strict=True)
        ],
    }


def raw_table(rows: Sequence[Row]) -> Table:
    """Return every sample, in the order of the rounds."""
    columns = (
        *key_columns(rows),
        Column("round", "which round; every row takes part in each"),
        Column("seconds", "seconds a call"),
    )

    def batches(wanted: Sequence[str]) -> Iterator[Batch]:
        for row in rows:
            rounds = np.flatnonzero(~np.isnan(row.seconds))
            if rounds.size:
                key = key_cells([row.key] * len(rounds))
                yield {**key, "round": rounds, "seconds": row.seconds[rounds]}

    return Table("raw", columns, batches, title="Every sample")


def rounds_table(rows: Sequence[Row]) -> Table:
    """Return every sample again, a row a measurement: what a later run needs to compare itself with this one."""
    columns = (
        *key_columns(rows),
        Column("seconds", "seconds a call, round by round", audience="machines"),
        Column("over_textbook", "the same, over the textbook's in the same rounds", audience="machines"),
        Column("buffers", "sets of arrays that took turns", audience="machines"),
    )

    def batches(wanted: Sequence[str]) -> Iterator[Batch]:
        measured = [row for row in rows if row.is_measured]
        if measured:
            seconds = [rounds_text(row.seconds) for row in measured]
            ratios = [rounds_text(row.over_textbook) for row in measured]
            buffers = [row.samples.buffers for row in measured]
            keys = key_cells([row.key for row in measured])
            yield {**keys, "seconds": seconds, "over_textbook": ratios, "buffers": buffers}

    return Table(ROUNDS, columns, batches)
