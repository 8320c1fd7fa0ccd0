"""What limits a row: memory, computing, or the cost of calling at all."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from actcli.analyses.bench.measure.machine import Cache

Bound = Literal["memory", "compute", "cache", "launch", ""]

NEAR_COPY = 70.0
"""Percent of a copy's speed from which memory is the limit: the rest is what computing hides behind the traffic."""

BEYOND_COPY = 130.0
"""Percent of a copy's speed above which memory can't be the limit: part of the data was in a cache after all."""

NEAR_LAUNCH = 0.5
"""Share of a call's time that calling takes, from which calling is the limit."""


def bound_by(
    percent_of_copy: float,
    footprint: int,
    caches: Sequence[Cache],
    *,
    seconds: float,
    launch: float,
) -> tuple[Bound, str]:
    """Return what limits a row, and a clause that says why; two empty texts where no copy stands beside it.

    `footprint` are the bytes that a row comes back to: all sets of its buffers in a cold run, one in a hot one.
    `launch` is the time of the same implementation for one element (NaN where unknown), in seconds as `seconds` is;
    `percent_of_copy` compares with a copy of the same bytes in the same state of the cache (NaN where unknown).
    """
    if launch >= NEAR_LAUNCH * seconds:
        return "launch", f"{min(1.0, launch / seconds):.0%} of a call is spent before and after the elements"
    if math.isnan(percent_of_copy):
        return "", ""
    if percent_of_copy >= NEAR_COPY:
        level = next((cache for cache in caches if footprint <= cache.bytes), None)
        if level is not None:
            return "cache", f"{percent_of_copy:.0f} % of a copy within {level.name}"
        if percent_of_copy > BEYOND_COPY:
            return "cache", f"{percent_of_copy:.0f} % of a copy from memory: part of the data stays in a cache"
        return "memory", f"{percent_of_copy:.0f} % of a copy from memory"
    return "compute", f"{percent_of_copy:.0f} % of a copy: arithmetic takes the rest"
