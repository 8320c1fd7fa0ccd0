"""What limits a row, the copy it is held against, the clock, and the memory a call takes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from actcli.analyses.bench.measure import Plan, measure, peak
from actcli.analyses.bench.measure.bound import bound_by
from actcli.analyses.bench.measure.clock import WallClock
from actcli.analyses.bench.measure.copying import copy_job, percent_of_copy
from actcli.analyses.bench.measure.machine import Cache
from actcli.analyses.bench.measure.peak import Peak, peak_in_child
from actcli.implementations.timed import Ready, answering

CACHES = [Cache("L1d", 1 << 15), Cache("L2", 1 << 20), Cache("L3", 1 << 25)]
NAN = math.nan


@pytest.mark.parametrize(
    ("percent", "working_set", "launch", "cold", "word", "reason"),
    [
        (90.0, 1 << 28, 1e-6, True, "memory", "90 % of a copy from memory"),
        (70.0, 1 << 28, 1e-6, True, "memory", "70 %"),
        (69.0, 1 << 28, 1e-6, True, "compute", "69 %"),
        (90.0, 1 << 19, 1e-6, False, "cache", "within L2"),
        (90.0, 1 << 19, 1e-6, True, "memory", "from memory"),
        (90.0, 1 << 28, 1e-6, False, "memory", "from memory"),
        (20.0, 1 << 19, 1e-6, False, "compute", "20 %"),
        (20.0, 1 << 10, 6e-4, True, "launch", "60%"),
        (90.0, 1 << 10, 5e-4, False, "launch", "50%"),
        (90.0, 1 << 10, 2e-3, False, "launch", "100%"),
        (20.0, 1 << 10, NAN, True, "compute", "20 %"),
        (NAN, 1 << 10, NAN, True, "", ""),
    ],
)
def test_bounds(percent: float, working_set: int, launch: float, cold: bool, word: str, reason: str) -> None:
    found, why = bound_by(percent, working_set, CACHES, seconds=1e-3, launch=launch, cold=cold)
    assert found == word
    assert reason.replace(" ", "") in why.replace(" ", "")


def test_a_share_of_the_copy_counts_bytes() -> None:
    assert percent_of_copy(2.0, 300, 1.0, 200) == pytest.approx(75)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_the_copy_copies(dtype: str) -> None:
    source = np.arange(1000).astype(dtype)
    job = copy_job("copy", lambda k: source + np.asarray(k, dtype))
    assert job.bytes_moved == job.working_set == 2 * source.nbytes
    ready = job.prepare(2)
    ready.run()
    np.testing.assert_array_equal(ready.answer()[0], source + 2)
    assert not ready.allocates
    [samples] = measure([job], Plan(0.01))
    assert samples.count >= 3


def test_the_clock_shows_the_step_it_has() -> None:
    clock = WallClock()
    assert 0 < clock.resolution < 1e-3
    assert clock.now() <= clock.now()


SIZE = 500_000
BYTES = 8 * SIZE


def allocating(arrays: int) -> Ready:
    x = np.ones(SIZE)
    return answering(lambda: sum([x + k for k in range(arrays)][:0], x[:1]), np.asarray)


def in_place(x: Any) -> Ready:
    return answering(lambda: np.tanh(x, out=x), np.asarray, allocates=False)


@pytest.mark.parametrize("arrays", [1, 3])
def test_peaks_count_what_lives_at_the_same_time(arrays: int) -> None:
    found = peak.peak(allocating(arrays))
    assert found.bytes == pytest.approx(arrays * BYTES, rel=0.05)


def test_a_call_in_place_takes_next_to_nothing() -> None:
    found = peak.peak(in_place(np.ones(SIZE)))
    assert found.way == "tracemalloc" or found.bytes < BYTES / 4


def test_a_fresh_process_finds_the_same() -> None:
    found = peak_in_child(allocating, 2)
    assert isinstance(found, Peak)
    assert found.bytes == pytest.approx(2 * BYTES, rel=0.05)


def untraced() -> Ready:
    """Memory that no Python allocator knows of: a library of its own maps it."""
    import mmap

    def run() -> object:
        with mmap.mmap(-1, 8 * BYTES) as area:
            for page in range(0, 8 * BYTES, mmap.PAGESIZE):
                area[page] = 1
        return np.empty(0)

    return answering(run, np.asarray)


@pytest.mark.skipif(not peak.CLEAR.exists(), reason="the peak of the resident set can be reset on Linux only")
def test_memory_of_other_allocators_shows_in_the_resident_set() -> None:
    found = peak.peak(untraced())
    assert found.way == "resident set"
    assert found.bytes == pytest.approx(8 * BYTES, rel=0.1)


def test_where_the_peak_cannot_be_reset_tracemalloc_tells(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setattr(peak, "CLEAR", tmp_path / "none")
    assert peak.peak(allocating(1)).way == "tracemalloc"
