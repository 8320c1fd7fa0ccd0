"""How many sets of buffers to rotate, so that a call finds its data in memory and not in the cache."""

from __future__ import annotations

from collections.abc import Sequence

from actcli.analyses.bench.measure.job import Job

EXCEED = 2
"""Times, at the least, that all sets together exceed the last-level cache: caches don't forget strictly in order."""

PLACEMENTS = 2
"""Sets at the least, hot or cold: where in memory an array lies changes its time, and one place would hide that."""

MOST = 2_048
"""Sets at the most: binding a computation to buffers takes time of its own."""

SHARE = 0.5
"""Part of the free memory that buffers may take."""


def sets(jobs: Sequence[Job], cold: bool, last_level: int, available: int | None) -> int:
    """Return the number of sets, at least one whatever the memory.

    It is one for all jobs, as many as the smallest needs: they share inputs, and who had fewer would meet them warmer.
    """
    smallest = min((max(1, job.working_set) for job in jobs), default=1)
    wanted = max(PLACEMENTS, -(-EXCEED * last_level // smallest)) if cold else PLACEMENTS
    count = min(MOST, 1 << (wanted - 1).bit_length())
    if available is not None:
        count = min(count, int(SHARE * available / max(1, sum(job.working_set for job in jobs))))
    return power_within(count)


def power_within(number: int) -> int:
    """Return the largest power of two that isn't above a number, and at least 1: so that two runs agree on it."""
    return 1 << max(1, number).bit_length() - 1


def exceeds(working_set: int, count: int, last_level: int) -> bool:
    """Tell whether so many sets of buffers are more than the last-level cache holds."""
    return working_set * count > last_level
