"""A clock that only computations move, and jobs that take a stated time."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

import numpy as np

from actcli.analyses.bench.measure import Job
from actcli.implementations.timed import Ready


@dataclass
class FakeClock:
    """Time stands still unless somebody spends it."""

    resolution: float = 1e-6
    time: float = 0.0

    def now(self) -> float:
        return self.time

    def spend(self, seconds: float) -> None:
        self.time += seconds


@dataclass
class Machine:
    """Jobs on one clock, and the order in which they ran: (key, set of buffers)."""

    clock: FakeClock = field(default_factory=FakeClock)
    ran: list[tuple[Hashable, int]] = field(default_factory=list)

    def job(
        self,
        key: Hashable,
        seconds: float | Callable[[], float],
        *,
        beside: tuple[Hashable, ...] = (),
        working_set: int = 1 << 20,
    ) -> Job:
        def prepare(k: int) -> Ready:
            def run() -> None:
                self.ran.append((key, k))
                self.clock.spend(seconds() if callable(seconds) else seconds)

            return Ready(run, lambda: (np.empty(0),))

        return Job(key, prepare, bytes_moved=working_set, working_set=working_set, beside=beside)
