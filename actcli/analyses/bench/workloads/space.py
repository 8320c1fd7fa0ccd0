"""Where a workload's code computes: array functions of the device, memory for large results, cache-sized blocks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from actcli.core.apply import THREADED_FROM, usable_cores
from actcli.core.device import Device

BLOCK = 1 << 15
"""Elements of one matrix in a block of rows: a handful of such blocks stays in a second-level cache."""


class Space:
    """A device, and memory that is new in each run, or, when `keeps`, the same and touched before."""

    def __init__(self, device: Device, dtype: Any, *, keeps: bool = False, threads: int | None = None) -> None:
        self.xp, self.dtype = device.xp, dtype
        self._device, self._threads = device, threads
        self._kept: dict[str, Any] | None = {} if keeps else None

    def array(self, name: str, shape: tuple[int, ...]) -> Any:
        """Return memory for the array of a name; what it holds is undefined."""
        if self._kept is None:
            return self.xp.empty(shape, self.dtype)
        if name not in self._kept:
            self._kept[name] = self.xp.zeros(shape, self.dtype)
            self._kept[name][...] = 0  # zeros alone are pages that nobody has touched
        return self._kept[name]

    def by_rows(self, compute: Callable[[slice], None], rows: int, width: int) -> None:
        """Call `compute` for blocks of rows that have `width` elements each, in threads where there are many."""
        if self._device.kind != "cpu":
            compute(slice(0, rows))
            return
        step = max(1, BLOCK // width)
        starts = range(0, rows, step)

        def run(first: int, last: int) -> None:
            # errstate belongs to a thread, so every worker sets its own.
            with np.errstate(all="ignore"):
                for start in starts[first:last]:
                    compute(slice(start, min(start + step, rows)))

        workers = min(own_threads(self._threads, rows * width), len(starts))
        if workers == 1:
            run(0, len(starts))
            return
        from concurrent.futures import ThreadPoolExecutor

        share = -(-len(starts) // workers)
        with ThreadPoolExecutor(workers) as pool:
            for done in [pool.submit(run, first, first + share) for first in range(0, len(starts), share)]:
                done.result()


def own_threads(threads: int | None, elements: int) -> int:
    """Return how many threads the project's own code uses for so many elements, if asked for `threads`."""
    return threads or (usable_cores() if elements >= THREADED_FROM else 1)
