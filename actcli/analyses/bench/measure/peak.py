"""The most memory that one call takes beyond what it was given.

Two witnesses, because each is blind to something: tracemalloc sees every array of NumPy, touched or not, but not what
libraries with allocators of their own (torch, jax) take; the resident set sees whatever was touched, in whole pages.
The larger one is told.
"""

from __future__ import annotations

import multiprocessing
import re
import signal
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from multiprocessing import resource_tracker
from pathlib import Path
from typing import Any

from actcli.implementations.timed import Ready

STATUS = Path("/proc/self/status")
CLEAR = Path("/proc/self/clear_refs")

_RESET_PEAK = "5"  # proc(5): resets the "high water mark" of the resident set


def peak(ready: Ready) -> int:
    """Return the peak memory of one call in bytes, beyond what there was before it.

    A call before that does what is done once.
    """
    with ready.active():
        _call(ready)
        traced = _traced(ready)
        resident = _resident(ready) if _can_reset() else 0
    # Where they differ by a page or a small object only, tracemalloc is the exact one.
    return resident if resident > 1.01 * traced else traced


def peak_in_child(build: Callable[..., Ready], *arguments: Any) -> int:
    """Return the peak memory of one call of `build(*arguments)`, a function of a module, in a fresh process.

    Memory that an earlier call left with an allocator can't hide there what this one takes.
    """
    with _held_interrupts() as let_through, multiprocessing.get_context("spawn").Pool(1) as pool:
        let_through()
        return pool.apply(_build_and_measure, (build, arguments))


@contextmanager
def _held_interrupts() -> Iterator[Callable[[], object]]:
    """Hold Ctrl-C back from this thread until what is yielded is called, and for good from processes started before.

    A terminal sends it to every process. A child has nothing to say of it: its parent ends it.
    """
    resource_tracker.ensure_running()  # when the first child starts it, it lets interrupts through
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    let_through = partial(signal.pthread_sigmask, signal.SIG_SETMASK, before)
    try:
        yield let_through
    finally:
        let_through()


def _build_and_measure(build: Callable[..., Ready], arguments: tuple[Any, ...]) -> int:
    return peak(build(*arguments))


def _call(ready: Ready) -> None:
    ready.run()
    ready.finish()


def _traced(ready: Ready) -> int:
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        _call(ready)
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


def _can_reset() -> bool:
    return STATUS.exists() and CLEAR.exists()


def _resident(ready: Ready) -> int:
    CLEAR.write_text(_RESET_PEAK)
    before = _status("VmRSS")
    _call(ready)
    return max(0, _status("VmHWM") - before)


def _status(field: str) -> int:
    match = re.search(rf"^{field}:\s+(\d+) kB", STATUS.read_text(), re.MULTILINE)
    return int(match[1]) << 10 if match else 0
