"""What limits a row, the copy it is held against, the clock, and the memory a call takes."""

from __future__ import annotations

import math
import signal
from typing import Any

import numpy as np
import pytest

from actcli.analyses.bench.measure import Plan, measure, peak
from actcli.analyses.bench.measure.bound import bound_by
from actcli.analyses.bench.measure.clock import WallClock
from actcli.analyses.bench.measure.copying import copy_job
from actcli.analyses.bench.measure.machine import Cache
from actcli.analyses.bench.measure.peak import peak_in_child
from actcli.implementations.timed import Ready, answering

CACHES = [Cache("L1d", 1 << 15), Cache("L2", 1 << 20), Cache("L3", 1 << 25)]
NAN = math.nan


@pytest.mark.parametrize(
    ("percent", "footprint", "launch", "word", "reason"),
    [
        (90.0, 1 << 28, 1e-6, "memory", "90 % of a copy from memory"),
        (70.0, 1 << 28, 1e-6, "memory", "70 %"),
        (69.0, 1 << 28, 1e-6, "compute", "69 %"),
        (90.0, 1 << 19, 1e-6, "cache", "within L2"),
        (90.0, 1 << 24, 1e-6, "cache", "within L3"),
        (130.0, 1 << 28, 1e-6, "memory", "130 %"),
        (131.0, 1 << 28, 1e-6, "cache", "131 % of a copy from memory: part of the data stays in a cache"),
        (20.0, 1 << 19, 1e-6, "compute", "20 %"),
        (20.0, 1 << 10, 6e-4, "launch", "60%"),
        (90.0, 1 << 10, 5e-4, "launch", "50%"),
        (90.0, 1 << 10, 2e-3, "launch", "100%"),
        (20.0, 1 << 10, NAN, "compute", "20 %"),
        (NAN, 1 << 10, NAN, "", ""),
    ],
)
def test_bounds(percent: float, footprint: int, launch: float, word: str, reason: str) -> None:
    found, why = bound_by(percent, footprint, CACHES, seconds=1e-3, launch=launch)
    assert found == word
    assert reason.replace(" ", "") in why.replace(" ", "")


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_the_copy_copies(dtype: str, threads: int) -> None:
    source = np.arange(1000).astype(dtype)
    job = copy_job("copy", lambda k: source + np.asarray(k, dtype), threads=threads)
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
    assert found == pytest.approx(arrays * BYTES, rel=0.05)


def test_a_call_in_place_takes_next_to_nothing() -> None:
    found = peak.peak(in_place(np.ones(SIZE)))
    assert found < BYTES / 4


def test_a_fresh_process_finds_the_same() -> None:
    found = peak_in_child(allocating, 2)
    assert found == pytest.approx(2 * BYTES, rel=0.05)


def deaf() -> Ready:
    """What only a process that Ctrl-C doesn't reach can compute."""
    if signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, []):
        raise AssertionError("a child would print a traceback of its own")
    return allocating(1)


def test_an_interrupt_reaches_this_process_and_not_the_fresh_one() -> None:
    assert peak_in_child(deaf) >= BYTES / 2
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])


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
    assert found == pytest.approx(8 * BYTES, rel=0.1)


def test_where_the_peak_cannot_be_reset_tracemalloc_tells(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setattr(peak, "CLEAR", tmp_path / "none")
    assert peak.peak(untraced()) < BYTES
