"""Throughput against size: one line an implementation, the copy as the limit, the caches as marks."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import groupby

import numpy as np

from actcli.analyses.bench.measure.machine import Cache
from actcli.analyses.bench.measure.statistics import median_interval
from actcli.analyses.bench.row import Array, Row, function_text, nanmedian
from actcli.report import Mark, Plot, Series


def plots(rows: Sequence[Row], caches: Sequence[Cache]) -> tuple[Plot, ...]:
    """Return one plot a function, order and format, of what was measured at several sizes."""
    measured = [row for row in rows if row.is_measured]
    grouped: dict[tuple[str, str, str], list[Row]] = {}
    for row in measured:
        grouped.setdefault((row.key.activation, row.key.order, row.key.dtype), []).append(row)
    return tuple(_plot(each, caches) for each in grouped.values())


def _plot(rows: Sequence[Row], caches: Sequence[Cache]) -> Plot:
    key = rows[0].key
    name = function_text(key.activation, key.order)
    label = partial(_label, several=len({row.key.distribution for row in rows}) > 1)
    curves = [
        _series(each, list(line))
        for each, line in groupby(sorted(rows, key=lambda row: (label(row), row.key.size)), label)
    ]
    copied: dict[int, Row] = {}
    for row in sorted(rows, key=lambda row: nanmedian(row.copy.seconds), reverse=True):
        copied[row.key.size] = row  # the last is the one whose copy is the quickest
    sizes = sorted(copied)
    copies = [median_interval(copied[size].copy.seconds) for size in sizes]
    moved = np.array([copied[size].copy_bytes for size in sizes])
    median, low, high = (moved / column / 1e9 for column in np.array(copies).T)
    copy = Series("copy", sizes, median, "dashed", low=high, high=low)
    # The size at which what one call reads and writes fills the cache.
    bytes_an_element = rows[0].bytes_moved / rows[0].key.size
    marks = tuple(Mark(cache.bytes / bytes_an_element, f"{cache.name} full") for cache in caches)
    title = f"{name} in {key.dtype}, {key.cache}: throughput against size"
    return Plot(f"{name} {key.dtype}", title, "elements", "GB/s", (*curves, copy), x_log=True, y_log=True, marks=marks)


def _series(label: str, rows: Sequence[Row]) -> Series:
    ends: Array = np.array([row.median for row in rows])
    speed, high, low = (np.array([row.bytes_moved for row in rows]) / column / 1e9 for column in ends.T)
    return Series(label, [row.key.size for row in rows], speed, low=low, high=high)


def _label(row: Row, *, several: bool) -> str:
    """Return what tells the lines of one plot apart; `several` distributions are named."""
    threads = "" if row.asked is None else f", {row.key.threads} thread{'s' * (row.key.threads != 1)}"
    return row.key.implementation + threads + (f", {row.key.distribution}" if several else "")
