"""The most memory that one call takes beyond what it was given.

Two witnesses, because each is blind to something: tracemalloc sees every array of NumPy, touched or not, but not what
libraries with allocators of their own (torch, jax) take; the resident set sees whatever was touched, in whole pages.
The larger one is told, with its name.
"""

from __future__ import annotations

import multiprocessing
import re
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from actcli.implementations.timed import Ready

STATUS = Path("/proc/self/status")
CLEAR = Path("/proc/self/clear_refs")

_RESET_PEAK = "5"  # proc(5): resets the "high water mark" of the resident set


class Peak(NamedTuple):
    """Bytes, and which witness told: `tracemalloc` or `resident set`."""

    bytes: int
    way: str


def peak(ready: Ready) -> Peak:
    """Return the peak memory of one call beyond what there was before it, after a call that does what is done once."""
    with ready.active():
        _call(ready)
        witnesses = [Peak(_traced(ready), "tracemalloc")]
        if _can_reset():
            witnesses.append(Peak(_resident(ready), "resident set"))
    # Where they differ by a page or a small object only, tracemalloc is the exact one.
    return max(witnesses, key=lambda witness: (witness.bytes > 1.01 * witnesses[0].bytes, witness.bytes))


def peak_in_child(build: Callable[..., Ready], *arguments: Any) -> Peak:
    """Return the peak memory of one call of `build(*arguments)`, a function of a module, in a fresh process.

    Memory that an earlier call left with an allocator can't hide there what this one takes.
    """
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_build_and_measure, (build, arguments))


def _build_and_measure(build: Callable[..., Ready], arguments: tuple[Any, ...]) -> Peak:
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
