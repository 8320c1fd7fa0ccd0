"""The clock that times are read from, with the smallest step it shows."""

from __future__ import annotations

import functools
import time
from typing import Protocol

READS = 2_000
"""Pairs of readings from which a clock's step is learnt: a fraction of a millisecond."""


class Clock(Protocol):
    """Something that tells the time; tests hand in one that they move themselves."""

    @property
    def resolution(self) -> float:
        """Seconds between two readings that differ, at the least."""

    def now(self) -> float:
        """Return seconds since some fixed moment; never goes backwards."""


class WallClock:
    """The system's monotonic clock. Its step is observed: what the system states leaves out the cost of reading."""

    now = staticmethod(time.perf_counter)

    @functools.cached_property
    def resolution(self) -> float:
        """Return the smallest difference seen between neighbouring readings that differ."""
        stated = time.get_clock_info("perf_counter").resolution
        steps = (-(self.now() - self.now()) for _ in range(READS))
        return max(stated, min((step for step in steps if step > 0), default=stated))


WALL = WallClock()
