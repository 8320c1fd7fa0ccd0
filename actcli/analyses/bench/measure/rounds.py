"""The measurement: rounds in which every job has one sample, in an order that is shuffled anew each time.

Whatever disturbs the machine for longer than a round then touches all jobs alike, and no job always follows the same
other one. A job is done when the interval of its median is narrow enough; all are when the budget is spent.
"""

from __future__ import annotations

import gc
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np

from actcli.analyses.bench.measure import statistics
from actcli.analyses.bench.measure.buffers import PLACEMENTS, power_within, sets
from actcli.analyses.bench.measure.clock import WALL, Clock
from actcli.analyses.bench.measure.job import Job, Plan, Samples
from actcli.analyses.bench.measure.sampling import Sample, Sampler, WallSampler
from actcli.errors import UsageError
from actcli.implementations.timed import Ready

FEWEST = 3
"""Samples that every job gets, however small the budget."""

STEPS = 1_000
"""Steps of the clock that a sample lasts at the least: reading the clock then adds a thousandth."""

MOST_CALLS = 1 << 20
"""Calls in one sample at the most."""

MARGIN = 1.2
"""Calls taken beyond those that the last trial of a calibration asks for, since times vary."""

NEXT_LOOK = 1.1
"""Growth in samples between two looks at an interval: who looks all the time stops at a chance."""

PREPARING = 0.25
"""Part of the budget that making buffers may take: memory that the system hands out for the first time is slow."""

Progress = Callable[[str, float, float], None]
"""`(what, seconds gone, seconds in all)`. Called between samples; what it starts (threads) would run during them."""


def measure(
    jobs: Sequence[Job],
    plan: Plan,
    *,
    clock: Clock = WALL,
    sampler: Sampler | None = None,
    progress: Progress = lambda what, gone, total: None,
    last_level: int | None = None,
) -> list[Samples]:
    """Return the samples of each job, in the order of the jobs.

    `sampler` times one sample; by default with `clock`, on the CPU. `last_level` is the size in bytes of the cache
    that cold buffers exceed, by default the device's. A job whose code raises is given up, and its `failure` says
    why. An interrupt (Ctrl-C) ends the measurement early: jobs that were not done say `interrupted`.
    """
    sampler = sampler or WallSampler(clock)
    counts = sets(jobs, plan.cold, last_level or sampler.last_level, sampler.available)
    rotation = _Rotation()
    runs = [_Run(job, plan, sampler, count, rotation) for job, count in zip(jobs, counts, strict=True)]
    start = sampler.clock.now()

    def gone() -> float:
        return sampler.clock.now() - start

    with _undisturbed():
        try:
            for number, run in enumerate(runs):
                progress(f"preparing {number + 1} of {len(runs)}", gone(), plan.budget)
                run.prepare(until=start + PREPARING * plan.budget * (number + 1) / len(runs))
            _go_round([run for run in runs if not run.samples.failure], plan, gone, progress)
        except KeyboardInterrupt:
            for run in runs:
                run.interrupt()
    return [run.samples for run in runs]


def _go_round(runs: Sequence[_Run], plan: Plan, gone: Callable[[], float], progress: Progress) -> None:
    generator = np.random.default_rng(plan.seed)
    number = 0
    while running := _needed(runs):
        progress(f"round {number + 1}, {len(running)} of {len(runs)} rows", gone(), plan.budget)
        for run in runs:
            run.open_round()
        for at in generator.permutation(len(running)):
            if number >= FEWEST and gone() >= plan.budget:
                return
            running[at].take()
        number += 1


def _needed(runs: Sequence[_Run]) -> list[_Run]:
    """Return the runs that are not done, and those that their ratios are taken against."""
    undone = [run for run in runs if not run.is_done()]
    beside = {key for run in undone for key in run.job.beside}
    return [run for run in runs if run in undone or run.job.key in beside]


class _Rotation:
    """Where all jobs together are in going through the sets of buffers, since they may share inputs."""

    def __init__(self) -> None:
        self.at = 0

    def take(self, sets: int) -> range:
        """Return the next sets, counted on and on."""
        self.at += sets
        return range(self.at - sets, self.at)


class _Run:
    """A job under way."""

    def __init__(self, job: Job, plan: Plan, sampler: Sampler, buffers: int, rotation: _Rotation) -> None:
        self.job, self.plan, self.sampler = job, plan, job.sampler or sampler
        self.buffers, self.rotation = buffers, rotation
        self.samples = Samples(job.key)
        self.ready: list[Ready] = []
        self.next_look = plan.minimum

    def prepare(self, until: float) -> None:
        """Make the buffers, call once for what only a first call does, and find how many calls a sample needs.

        After `until` no more than the fewest buffers are made.
        """
        try:
            self.ready = [self.job.prepare(0)]
            self.samples.first_call = self.sampler.once(self.ready[0])
            self._prepare_others(until)
            self.samples.batch = self._calibrated()
        except Exception as error:
            self.samples.failure = str(error) if isinstance(error, UsageError) else f"{type(error).__name__}: {error}"
            self.samples.stopped_by = "failed"

    def open_round(self) -> None:
        """Add a round, without a sample as yet."""
        self.samples.seconds = np.append(self.samples.seconds, np.nan)
        self.samples.wall = np.append(self.samples.wall, np.nan)

    def take(self) -> None:
        """Take this round's sample."""
        batch = self.samples.batch
        taken = self._sample(batch, warm=batch > 1 or not self.plan.cold)
        self.samples.wall[-1] = taken.wall
        if taken.dropped:
            self.samples.dropped.append(taken.dropped)
        else:
            self.samples.seconds[-1] = taken.seconds / batch

    def is_done(self) -> bool:
        """Tell whether the job needs no more samples, and note why."""
        count = self.samples.count
        if self.samples.stopped_by == "budget":
            if count >= self.next_look:
                self.next_look = math.ceil(count * NEXT_LOOK)
                if statistics.half_width(self.samples.seconds) <= self.plan.interval:
                    self.samples.stopped_by = "interval"
            if len(self.samples.seconds) >= self.plan.maximum:
                self.samples.stopped_by = "samples"
        return self.samples.stopped_by != "budget"

    def interrupt(self) -> None:
        """Note that the user had enough, unless the job was done."""
        if not self.is_done():
            self.samples.stopped_by = "interrupted"

    def _calibrated(self) -> int:
        target, batch = STEPS * self.sampler.resolution, 1
        while (taken := self._sample(batch).seconds) < target and batch < MOST_CALLS:
            batch = min(MOST_CALLS, 10 * batch, max(2 * batch, math.ceil(MARGIN * batch * target / max(taken, 1e-12))))
        return batch

    def _sample(self, calls: int, *, warm: bool = False) -> Sample:
        """Time calls on the next sets of buffers, or (hot) all on the next set.

        A call to warm up brings back the code that other jobs pushed out of the caches. In a cold run it takes the data
        of the set before.
        """
        taken = self.rotation.take(calls) if self.plan.cold else [*self.rotation.take(1)] * calls
        before = self._set(taken[0] - self.plan.cold) if warm else None
        return self.sampler.sample([self._set(at) for at in taken], before)

    def _set(self, at: int) -> Ready:
        return self.ready[at % len(self.ready)]

    def _prepare_others(self, until: float) -> None:
        for k in range(1, self.buffers):
            if k >= PLACEMENTS and self.sampler.clock.now() > until:
                break
            self.ready.append(self.job.prepare(k))
        del self.ready[power_within(len(self.ready)) :]
        self.samples.buffers = len(self.ready)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Keep the garbage collector out of the samples."""
    collecting = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()
