"""Samples by a GPU's own events.

The queue is filled before the first event, so that no kernel waits for Python; what fills it writes through an array
larger than the second-level cache, outside the window, so that data come from memory. The clock frequency is read on
the device around the window. The method is that of nvbench (NVIDIA), whose threshold for throttling this is too.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

from actcli.analyses.bench.measure.clock import WALL, Clock
from actcli.analyses.bench.measure.sampling import Kept, Sample
from actcli.core.device import Device
from actcli.implementations.timed import Ready

EVENT_RESOLUTION = 0.5e-6
"""Seconds: what CUDA documents for cudaEventElapsedTime."""

FLUSH = 2
"""Times that the array written through exceeds the second-level cache."""

MOST_FILLS = 256
"""Times that the array is written at the most while Python queues what is timed."""

THROTTLED = 0.75
"""Share of the rated clock frequency below which a sample is dropped."""

_CLOCK_RATE = 13  # cudaDevAttrClockRate, in kHz: the properties of a device have lost it in CUDA 13

_STAMP = r"""
extern "C" __global__ void stamp(unsigned long long* out) {
    unsigned int processor;
    asm volatile("mov.u32 %0, %%smid;" : "=r"(processor));
    if (processor == 0) {
        unsigned long long nanoseconds;
        asm volatile("mov.u64 %0, %%globaltimer;" : "=l"(nanoseconds));
        out[0] = nanoseconds;
        out[1] = clock64();
    }
}
"""
"""Cycles are counted by each processor on its own: only the first one's are written, by whichever block runs there."""


class EventSampler:
    """Times the kernels on the current stream of a CUDA device. Work on other streams needs a WallSampler."""

    resolution = EVENT_RESOLUTION

    def __init__(self, device: Device, clock: Clock = WALL) -> None:
        self.device, self.clock = device, clock
        self._cuda = device.xp.cuda
        with device.active():
            properties = self._cuda.runtime.getDeviceProperties(device.number)
            self._processors = properties["multiProcessorCount"]
            self.last_level = int(properties["l2CacheSize"])
            self.rated = 1e3 * self._cuda.runtime.deviceGetAttribute(_CLOCK_RATE, device.number)
            self._flush = device.xp.zeros(FLUSH * self.last_level, dtype="uint8")
            self._stamps = device.xp.zeros((2, 2), dtype="uint64")
            self._stamp = device.xp.RawKernel(_STAMP, "stamp")
            self._mark(0)  # compiles the kernel
        self._fills: dict[tuple[Hashable, int], int] = {}
        self._dry: set[tuple[Hashable, int]] = set()

    @property
    def available(self) -> int:
        """Return the free memory of the device, in bytes."""
        with self.device.active():
            return int(self._cuda.runtime.memGetInfo()[0])

    def once(self, ready: Ready) -> float:
        """Return the seconds on the wall of one call on an idle device until it is done."""
        with self.device.active(), ready.active():
            self._cuda.Device(self.device.number).synchronize()
            start = self.clock.now()
            ready.run()
            ready.finish()
            self._cuda.Device(self.device.number).synchronize()
            return self.clock.now() - start

    def sample(
        self, lap: Sequence[Ready], before: Ready | None = None, *, kept: Kept | None = None, key: Hashable = None
    ) -> Sample:
        """Time calls that follow each other in a queue that doesn't run dry, and one by the clock on the wall.

        How much has to be queued before them is learnt once a job and number of calls. Where nothing is enough, since
        the job itself waits for the device, no more is tried, and its samples say that the queue ran dry.
        """
        kept = Kept(maxlen=0) if kept is None else kept
        case = (key, len(lap))
        with self.device.active(), lap[0].active():
            fills = self._fills.get(case, 1)
            seconds, ran_dry = self._timed(lap, before, fills, kept)
            while ran_dry and fills < MOST_FILLS and case not in self._dry:
                fills *= 2
                seconds, ran_dry = self._timed(lap, before, fills, kept)
            if ran_dry:
                self._dry.add(case)
            self._fills[case] = 1 if case in self._dry else fills
            throttled = self._throttled()
            self._flush.fill(0)
            if before is not None:
                kept.append(before.run())
            return Sample(seconds, self.once(lap[0]), throttled, ran_dry)

    def _timed(self, lap: Sequence[Ready], before: Ready | None, fills: int, kept: Kept) -> tuple[float, bool]:
        """Return the seconds between the events, and whether the device overtook Python."""
        start, end = self._cuda.Event(), self._cuda.Event()
        for _ in range(fills):
            self._flush.fill(0)
        if before is not None:
            kept.append(before.run())
        self._mark(0)
        start.record()
        for ready in lap:
            kept.append(ready.run())
        end.record()
        ran_dry = bool(start.done)
        self._mark(1)
        self._cuda.Device(self.device.number).synchronize()
        return self._cuda.get_elapsed_time(start, end) * 1e-3, ran_dry

    def _mark(self, row: int) -> None:
        """Have the device note its time in nanoseconds and its cycles."""
        self._stamp((self._processors,), (1,), (self._stamps[row],))

    def _throttled(self) -> str:
        (began, cycles_before), (ended, cycles_after) = self._read_stamps()
        if ended <= began:
            return ""
        frequency = (cycles_after - cycles_before) / (ended - began) * 1e9
        if frequency >= THROTTLED * self.rated:
            return ""
        return f"throttled: the clock ran at {frequency / 1e6:.0f} of {self.rated / 1e6:.0f} MHz"

    def _read_stamps(self) -> list[list[int]]:
        stamps: Any = self.device.to_numpy(self._stamps)
        return [[int(each) for each in row] for row in stamps]
