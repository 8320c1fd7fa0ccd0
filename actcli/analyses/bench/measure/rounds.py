"""The measurement: rounds in which every job has one sample, in an order that is shuffled anew each time.

Whatever disturbs the machine for longer than a round then touches all jobs alike, and no job always follows the same
other one. A job is done when the interval of its median is narrow enough; all are when the budget is spent.
"""

from __future__ import annotations

import gc
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import numpy as np

from actcli.analyses.bench.measure import statistics
from actcli.analyses.bench.measure.allocator import settle
from actcli.analyses.bench.measure.buffers import PLACEMENTS, power_within, sets
from actcli.analyses.bench.measure.clock import WALL, Clock
from actcli.analyses.bench.measure.job import Job, Plan, Samples
from actcli.analyses.bench.measure.sampling import Kept, Sample, Sampler, WallSampler
from actcli.analyses.bench.request import Progress
from actcli.errors import UsageError
from actcli.implementations.timed import Ready

FEWEST = 3
"""Samples that every job gets, however small the budget."""

OVERTIME = 2.0
"""Times the budget that may be spent on samples enough for an interval."""

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
    that cold buffers exceed, by default the device's. `progress` is called between samples; threads that it starts
    would run during them. A job whose code raises is given up, and its `failure` says why. An interrupt (Ctrl-C) ends
    the measurement early: jobs that were not done say `interrupted`.
    """
    sampler = sampler or WallSampler(clock)
    count = sets(jobs, plan.cold, last_level or sampler.last_level, sampler.available)
    settle()
    rotation = _Rotation()
    runs = [_Run(job, plan, sampler, rotation) for job in jobs]
    start = sampler.clock.now()

    def gone() -> float:
        return sampler.clock.now() - start

    with _undisturbed():
        try:
            _prepare(runs, count, plan, gone, progress)
            _go_round([run for run in runs if not run.samples.failure], plan, gone, progress)
        except KeyboardInterrupt:
            for run in runs:
                run.interrupt()
    return [run.samples for run in runs]


def _prepare(runs: Sequence[_Run], count: int, plan: Plan, gone: Callable[[], float], progress: Progress) -> None:
    """Make the buffers: all inputs, then what goes with each of them for all jobs before the next.

    Made job by job, those of the first job would lie nearest to the inputs, and it would be the faster for it. All jobs
    have the same number of sets, as many as there is time for.
    """
    inputs = 0
    while inputs < count and (inputs < PLACEMENTS or gone() < PREPARING / 2 * plan.budget):
        for run in runs:
            run.attempt(partial(run.job.inputs, inputs))
        inputs += 1
    for number, run in enumerate(runs):
        progress(f"preparing {number + 1} of {len(runs)}", gone(), plan.budget)
        run.attempt(run.begin)
    until = gone() + PREPARING / 2 * plan.budget
    generator = np.random.default_rng(plan.seed)
    made = 1
    while made < power_within(inputs) and (made < PLACEMENTS or gone() < until):
        for at in generator.permutation(len(runs)):
            runs[at].attempt(partial(runs[at].extend, made))
        made += 1
    for run in runs:
        run.attempt(partial(run.complete, power_within(made), lambda: gone() < until))


def _go_round(runs: Sequence[_Run], plan: Plan, gone: Callable[[], float], progress: Progress) -> None:
    generator = np.random.default_rng(plan.seed)
    number = 0
    while running := _needed(runs):
        progress(f"round {number + 1}, {len(running)} of {len(runs)} rows", gone(), plan.budget)
        for run in runs:
            run.open_round()
        for at in generator.permutation(len(running)):
            if gone() >= (plan.budget if number >= statistics.ENOUGH else OVERTIME * plan.budget) and number >= FEWEST:
                return
            running[at].attempt(running[at].take)
        number += 1


def _needed(runs: Sequence[_Run]) -> list[_Run]:
    """Return the runs that are not done, and those that their ratios are taken against."""
    undone = [run for run in runs if not run.is_done()]
    beside = {key for run in undone for key in run.job.beside}
    return [run for run in runs if not run.samples.failure and (run in undone or run.job.key in beside)]


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

    def __init__(self, job: Job, plan: Plan, sampler: Sampler, rotation: _Rotation) -> None:
        self.job, self.plan, self.sampler, self.rotation = job, plan, sampler, rotation
        self.samples = Samples(job.key)
        self.kept: Kept | None = None
        self.ready: list[Ready] = []
        self.next_look = plan.minimum
        self.begun = 0.0

    def attempt(self, step: Callable[[], object]) -> None:
        """Take a step that calls somebody else's code; where that raises, the job is given up."""
        if self.samples.failure:
            return
        try:
            step()
        except (Exception, SystemExit) as error:
            self.samples.failure = str(error) if isinstance(error, UsageError) else f"{type(error).__name__}: {error}"
            self.samples.stopped_by = "failed"
            self.samples.seconds = self.samples.wall = np.empty(0)

    def begin(self) -> None:
        """Make the first set of buffers, and call once for what only a first call does."""
        self.ready = [self.job.prepare(0)]
        if self.ready[0].own_stream:
            self.sampler = WallSampler(self.sampler.clock)
        self.samples.first_call = self.sampler.once(self.ready[0])

    def extend(self, k: int) -> None:
        """Make the k-th set."""
        self.ready.append(self.job.prepare(k))

    def complete(self, buffers: int, is_time: Callable[[], bool]) -> None:
        """Keep so many sets, and find how many calls a sample needs.

        In a cold run as many results are kept alive: where a call makes its own, it would always get the same memory.
        """
        del self.ready[buffers:]
        self.samples.buffers = buffers
        if self.plan.cold and self.ready[0].allocates:
            self.kept = Kept(maxlen=buffers)
            for ready in self.ready:
                if is_time():
                    self.sampler.sample([ready], kept=self.kept)
        self.samples.batch = self._calibrated()
        self.begun = self.sampler.clock.now()

    def open_round(self) -> None:
        """Add a round, without a sample as yet."""
        self.samples.seconds = np.append(self.samples.seconds, np.nan)
        self.samples.wall = np.append(self.samples.wall, np.nan)

    def take(self) -> None:
        """Take this round's sample."""
        batch = self.samples.batch
        taken = self._sample(batch, warm=batch > 1 or not self.plan.cold)
        self.samples.wall[-1] = taken.wall
        self.samples.ran_dry += taken.ran_dry
        if taken.dropped:
            self.samples.dropped.append(taken.dropped)
        else:
            self.samples.seconds[-1] = taken.seconds / batch

    def is_done(self) -> bool:
        """Tell whether the job needs no more samples, and note why."""
        count = self.samples.count
        if self.samples.stopped_by == "budget":
            if count >= self.next_look and self.sampler.clock.now() - self.begun >= self.plan.lasting:
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
        lap = [self._set(at) for at in taken]
        return self.sampler.sample(lap, before, kept=self.kept, key=self.job.key)

    def _set(self, at: int) -> Ready:
        return self.ready[at % len(self.ready)]


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
