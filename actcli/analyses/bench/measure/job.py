"""What is measured, for how long, and what comes out."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from actcli.analyses.bench.measure import statistics
from actcli.implementations.timed import Ready

Array = np.ndarray[Any, Any]

StoppedBy = Literal["interval", "samples", "budget", "interrupted", "failed"]


@dataclass(frozen=True, slots=True)
class Job:
    """One row of a benchmark.

    `prepare(k)` binds the computation to the k-th set of buffers; jobs of one size and dtype may share inputs, which
    `inputs(k)` makes. `bytes_moved` counts what one call reads and writes by its definition, `working_set` what one set
    of buffers takes. `beside` names the jobs that ratios are taken against: they go on for as long as this one does.
    """

    key: Hashable
    prepare: Callable[[int], Ready]
    bytes_moved: int
    working_set: int
    beside: tuple[Hashable, ...] = ()
    inputs: Callable[[int], object] = lambda k: None


@dataclass(frozen=True, slots=True)
class Plan:
    """How long to measure.

    `budget`: seconds in all. `interval`: relative half-width of the 95 % interval of a median at which a job is done.
    `minimum`, `maximum`: samples of a job before its interval is looked at, and at most. `lasting`: seconds over which
    they spread at the least, since what disturbs a machine comes in stretches. `cold`: whether the buffers
    rotate, so that data come from memory; otherwise they are in the cache as far as they fit.
    """

    budget: float
    interval: float = 0.02
    cold: bool = True
    minimum: int = statistics.DECISIVE
    maximum: int = 2_000
    lasting: float = 0.0
    seed: int = 0


@dataclass(slots=True)
class Samples:
    """What was measured of one job.

    `seconds` are per call, one a round, NaN where a round went without this job or its sample was dropped; `wall`
    likewise by the clock on the wall, which differs from `seconds` for a GPU only. `batch`: calls in one sample;
    `buffers`: sets of buffers that were rotated; `dropped`: why samples were thrown away, one text a sample.
    `failure` says what went wrong where the job could not be run, or not to the end. In `ran_dry` samples a device
    waited for Python, so that they hold more than its own time.
    """

    key: Hashable
    seconds: Array = field(default_factory=lambda: np.empty(0))
    wall: Array = field(default_factory=lambda: np.empty(0))
    first_call: float = np.nan
    batch: int = 0
    buffers: int = 0
    stopped_by: StoppedBy = "budget"
    dropped: list[str] = field(default_factory=list)
    failure: str = ""
    ran_dry: int = 0

    @property
    def count(self) -> int:
        """Number of samples."""
        return int(np.isfinite(self.seconds).sum())

    @property
    def spread(self) -> float:
        """Interquartile range over median."""
        return statistics.spread(self.seconds)
