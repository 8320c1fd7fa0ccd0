"""Other work that the machine does meanwhile: load that lasts for a whole run shows nowhere in its times."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path

STATISTICS = Path("/proc/stat")

OTHER_LOAD = "other_load"
"""The name, in an environment, of the cores that other processes kept busy while it was measured."""

CONSIDERABLE = 0.1
"""Part of the cores from which on times aren't compared with those of another run."""


def is_loaded(environment: Mapping[str, str]) -> bool:
    """Tell whether other processes did much while something was measured; no, where nobody knows."""
    try:
        return float(environment[OTHER_LOAD]) > CONSIDERABLE * int(environment["cores"])
    except (KeyError, ValueError):
        return False


class Others:
    """What other processes take of the machine, from now on."""

    def __init__(self, statistics: Path = STATISTICS) -> None:
        self.statistics = statistics
        self.before = self._read()

    def cores(self) -> float | None:
        """Return how many cores they have kept busy on average; None where the system doesn't tell."""
        now = self._read()
        if now is None or self.before is None or now[0] <= self.before[0]:
            return None
        elapsed, everybody, own = (after - before for after, before in zip(now, self.before, strict=True))
        return max(0.0, (everybody - own) / elapsed)

    def _read(self) -> tuple[float, float, float] | None:
        """Return seconds: the time, what all processes have computed, and what this one and its children have."""
        try:
            fields = self.statistics.read_text().split("\n", 1)[0].split()[1:]
        except OSError:
            return None
        user, nice, system, _, _, interrupts, soft_interrupts, stolen = map(int, fields[:8])
        ticks = user + nice + system + interrupts + soft_interrupts + stolen
        times = os.times()
        return time.monotonic(), ticks / os.sysconf("SC_CLK_TCK"), sum(times[:4])
