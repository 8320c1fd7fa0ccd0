"""How many sets of buffers to rotate, so that a call finds its data in memory and not in the cache."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from actcli.analyses.bench.measure.job import Job

EXCEED = 2
"""Times, at the least, that all sets together exceed the last-level cache: caches don't forget strictly in order."""

PLACEMENTS = 2
"""Sets at the least, hot or cold: where in memory an array lies changes its time, and one place would hide that."""

MOST = 2_048
"""Sets at the most: binding a computation to buffers takes time of its own."""

SHARE = 0.5
"""Part of the free memory that buffers may take."""


def sets(jobs: Sequence[Job], cold: bool, last_level: int, available: int | None) -> list[int]:
    """Return the number of sets for each job: at least one, whatever the memory.

    Jobs that share inputs go through them together, each as far as its own sets reach. Powers of two divide each other,
    so that none comes upon an input which another has just used.
    """
    wanted = [-(-EXCEED * last_level // max(1, job.working_set)) if cold else PLACEMENTS for job in jobs]
    counts = [min(MOST, _power_from(max(PLACEMENTS, each))) for each in wanted]
    total = sum(count * job.working_set for count, job in zip(counts, jobs, strict=True))
    fits = 1.0 if available is None else min(1.0, SHARE * available / max(1, total))
    return [power_within(int(count * fits)) for count in counts]


def power_within(number: int) -> int:
    """Return the largest power of two that isn't above a number, and at least 1."""
    return 1 << max(1, number).bit_length() - 1


def _power_from(number: int) -> int:
    return 1 << (number - 1).bit_length()


def exceeds(working_set: int, count: int, last_level: int) -> bool:
    """Tell whether so many sets of buffers are more than the last-level cache holds."""
    return working_set * count > last_level


def copies(values: Any) -> Callable[[int], Any]:
    """Return the function k → the k-th copy of an array, made when first asked for: inputs that jobs share."""
    return functools.cache(lambda k: values.copy() if k else values)
