"""One sample: a few calls in a row between two readings of a clock."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Sequence
from typing import NamedTuple, Protocol

from actcli.analyses.bench.measure.clock import WALL, Clock
from actcli.analyses.bench.measure.machine import last_level_cache
from actcli.core.memory import memory_available
from actcli.implementations.timed import Ready


class Sample(NamedTuple):
    """Seconds that all calls of a sample took by the device's own clock, and what one takes by the clock on the wall.

    `dropped` says why the sample must not count, where it must not; `ran_dry` whether the device waited for the host.
    """

    seconds: float
    wall: float
    dropped: str = ""
    ran_dry: bool = False


Kept = deque[object]
"""The last results: what is alive isn't where a call puts its own, so that it writes to memory that isn't cached."""


class Sampler(Protocol):
    """A way to take samples on some kind of device."""

    @property
    def clock(self) -> Clock:
        """The clock on the wall, which the budget is kept by."""

    @property
    def resolution(self) -> float:
        """Seconds below which the sampler tells nothing."""

    @property
    def available(self) -> int | None:
        """Bytes of the device's memory that are free; None where nobody tells."""

    @property
    def last_level(self) -> int:
        """Bytes of the cache that cold buffers must exceed."""

    def once(self, ready: Ready) -> float:
        """Return the seconds on the wall of one call until it is done."""

    def sample(
        self, lap: Sequence[Ready], before: Ready | None = None, *, kept: Kept | None = None, key: Hashable = None
    ) -> Sample:
        """Time calls that follow each other, in the context of the first; `before` is called, untimed, before them.

        Results go into `kept`, where given. What is learnt about a job is remembered under its `key`.
        """


class WallSampler:
    """Samples by the clock on the wall, for computations that are done when `finish` returns.

    The loop costs some 40 ns a call, about what `timeit` adds, and nothing is subtracted for it: a caller pays for
    calling too.
    """

    def __init__(self, clock: Clock = WALL) -> None:
        self.clock = clock

    @property
    def resolution(self) -> float:
        """Return the clock's."""
        return self.clock.resolution

    @property
    def available(self) -> int | None:
        """Return the machine's."""
        return memory_available()

    @property
    def last_level(self) -> int:
        """Return the machine's."""
        return last_level_cache().bytes

    def once(self, ready: Ready) -> float:
        """Return the seconds of one call until it is done."""
        return self.sample([ready]).seconds

    def sample(
        self, lap: Sequence[Ready], before: Ready | None = None, *, kept: Kept | None = None, key: Hashable = None
    ) -> Sample:
        """Time calls that follow each other, until the last is done."""
        keep = (Kept(maxlen=0) if kept is None else kept).append
        calls = [ready.run for ready in lap]
        finishes = dict.fromkeys(ready.finish for ready in lap)
        now = self.clock.now
        with lap[0].active():
            if before is not None:
                keep(before.run())
                before.finish()
            start = now()
            for call in calls:
                keep(call())
            for finish in finishes:
                finish()
            seconds = now() - start
        return Sample(seconds, seconds / len(calls))
