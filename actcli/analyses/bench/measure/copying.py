"""The line that memory sets: a plain copy of the same bytes, measured in the same rounds."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from actcli.analyses.bench.measure.job import Job
from actcli.core.device import CPU, Device
from actcli.implementations.timed import Ready, ready, touched


def copy_job(key: Hashable, source: Callable[[int], Any], device: Device = CPU, threads: int = 1) -> Job:
    """Return the job of copying `source(k)`, the k-th of arrays of one size and dtype on a device.

    It copies into an array whose memory the system has handed out already. On the CPU each of several threads, which
    are there before, copies an equal share.
    """
    size = source(0).nbytes
    pool = ThreadPoolExecutor(threads)

    def prepare(k: int) -> Ready:
        values = source(k)
        target = touched(values, device)
        share = max(1, -(-values.size // threads))
        parts = [slice(start, start + share) for start in range(0, values.size, share)]

        def copy() -> Any:
            device.xp.copyto(target, values)
            return target

        def copy_shares() -> Any:
            for done in [pool.submit(device.xp.copyto, target[part], values[part]) for part in parts]:
                done.result()
            return target

        return ready(copy if threads == 1 else copy_shares, device, allocates=False)

    return Job(key, prepare, bytes_moved=2 * size, working_set=2 * size)
