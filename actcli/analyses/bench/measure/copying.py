"""The line that memory sets: a plain copy of the same bytes, measured in the same rounds."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

from actcli.analyses.bench.measure.job import Job
from actcli.core.device import CPU, Device
from actcli.implementations.timed import Ready, ready, touched


def copy_job(key: Hashable, source: Callable[[int], Any], device: Device = CPU) -> Job:
    """Return the job of copying `source(k)`, the k-th of arrays of one size and dtype on a device.

    One thread copies into an array whose memory the system has handed out already.
    """
    size = source(0).nbytes

    def prepare(k: int) -> Ready:
        values = source(k)
        target = touched(values, device)

        def copy() -> Any:
            device.xp.copyto(target, values)
            return target

        return ready(copy, device, allocates=False)

    return Job(key, prepare, bytes_moved=2 * size, working_set=2 * size)


def percent_of_copy(seconds: float, bytes_moved: int, copy_seconds: float, copy_bytes: int) -> float:
    """Return the bytes a second of a row as a percentage of a copy's; the bytes are explicit ones, as STREAM counts."""
    return 100 * (bytes_moved / seconds) / (copy_bytes / copy_seconds)
