"""What is worth knowing about measurements, in words: for each row, and once for all that share it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from actcli.analyses.bench import words
from actcli.analyses.bench.measure.buffers import exceeds
from actcli.analyses.bench.measure.job import Plan
from actcli.analyses.bench.measure.statistics import REMEDY, SPREAD, median_interval
from actcli.analyses.bench.request import Request
from actcli.analyses.bench.row import Row
from actcli.core.device import Device

SLOW_FIRST_CALL = 10.0
"""Times the median from which a first call is worth a word, if it is `NOTICEABLE` at all."""
NOTICEABLE = 0.02
"""Seconds."""

_SHORT = "the budget ended before the interval was within"

_MOST_NAMED = 3
"""Rows that a remark names; of more it tells their number."""


def add(rows: Sequence[Row], request: Request, last_level: int) -> None:
    """Add to the rows' notes what their samples tell."""
    for row in rows:
        row.notes += _about(row, request, last_level)


def _about(row: Row, request: Request, last_level: int) -> Iterator[str]:
    samples = row.samples
    if samples.failure:
        yield f"failed: {samples.failure}"
        return
    if row.asked is not None and row.asked != row.key.threads:
        yield f"uses {row.key.threads} of {row.asked} threads"
    if samples.dropped:
        yield f"{len(samples.dropped)} samples dropped: {samples.dropped[-1]}"
    if not row.is_measured:
        return
    if samples.ran_dry:
        yield "the device waited for Python: the time holds more than its own"
    if samples.spread > SPREAD:
        yield f"noisy, spread {samples.spread:.0%}: {REMEDY}"
    if samples.stopped_by == "budget":
        yield f"{_SHORT} ± {Plan(0).interval * 100:g} %"
    if (first := row.slowest_first_call) >= max(NOTICEABLE, SLOW_FIRST_CALL * row.median[0]):
        yield f"first call {words.seconds_text(first, 2).rstrip()} (compiling, loading)"
    if request.cold and not exceeds(row.bytes_moved, samples.buffers, last_level):
        yield "not quite cold: all its buffers together fit into the last cache"


def summarised(rows: Sequence[Row]) -> list[str]:
    """Return the rows' notes, each once, with the rows that share it."""
    sharing: dict[str, list[Row]] = {}
    for row in rows:
        for note in row.notes:
            if note.startswith(_SHORT):  # said once, with the budget
                continue
            # The spread differs from row to row; what to do about it doesn't.
            sharing.setdefault(re.sub("^noisy, spread .*?: ", "noisy: ", note), []).append(row)
    return [f"{_named(sharers, rows)}: {note}" for note, sharers in sharing.items()]


def _named(sharers: Sequence[Row], rows: Sequence[Row]) -> str:
    """Return who shares something: implementations where all of theirs do, else rows."""
    names = dict.fromkeys(row.timed.name for row in sharers)
    if len(sharers) == len(rows) > 1:
        return "all rows"
    if all(row in sharers for row in rows if row.timed.name in names):
        return ", ".join(names)
    labels = dict.fromkeys(row.label for row in sharers)
    return ", ".join(labels) if len(labels) <= _MOST_NAMED else f"{len(sharers)} of {len(rows)} rows"


def about_copies(rows: Sequence[Row], device: Device) -> list[str]:
    """Return the times of the copies on a device, one a size, format and number of threads."""
    found = {(row.key.size, row.key.dtype, row.copy_threads): row for row in rows if row.copy.count}
    if not found:
        return []
    cache = rows[0].key.cache
    how = f"{cache}, with at most the row's threads" if device.kind == "cpu" else f"{cache}, on {device.name}"
    copies = "; ".join(map(_about_copy, found.values()))
    return [f"“of copy” is against a plain copy ({how}), and exceeds 100 % where data stay in a cache: {copies}"]


def _about_copy(row: Row) -> str:
    median = median_interval(row.copy.seconds, row.seed)
    speed = words.rounded(row.copy_bytes / median[0] / 1e9, 3)
    threads = f" on {row.copy_threads} threads" * (row.copy_threads > 1)
    return f"{words.size_text(row.key.size)} {row.key.dtype}{threads} in {words.time_text(median)}, {speed} GB/s"


def about_budget(rows: Sequence[Row], request: Request, spent: float, interrupted: bool) -> list[str]:
    """Say how the measuring ended, and what it could not do."""
    measured = sum(row.is_measured for row in rows)
    if interrupted:
        return [f"interrupted after {spent:.1f} s: {measured} of {len(rows)} rows have samples"]
    short = sum(row.samples.stopped_by == "budget" and row.is_measured for row in rows)
    if not short:
        return []
    figures = [f"{short} of {len(rows)} rows aren't known to ± {Plan(0).interval * 100:g} %"]
    if spent > 1.5 * request.budget:
        figures.append(f"the least number of rounds took {spent:.1f} s")
    return [f"--budget {request.budget:g} was too small: {'; '.join(figures)}"]


def about_hot(request: Request) -> list[str]:
    """Warn where data in the cache flatter."""
    if request.cold:
        return []
    return ["hot: every call meets the same data, in the cache where they fit; in a program they come from elsewhere"]
