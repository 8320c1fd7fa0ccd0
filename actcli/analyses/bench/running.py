"""From planned rows to measured ones: times in shuffled rounds, a copy beside them, and what limits each."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Sequence
from functools import partial

from actcli.analyses.bench.inputs import inputs
from actcli.analyses.bench.measure import Job, Plan, Samples, measure
from actcli.analyses.bench.measure.bound import bound_by
from actcli.analyses.bench.measure.copying import copy_job
from actcli.analyses.bench.measure.gpu import EventSampler
from actcli.analyses.bench.measure.machine import Cache, caches
from actcli.analyses.bench.measure.others import OTHER_LOAD, Others
from actcli.analyses.bench.measure.sampling import Sampler, WallSampler
from actcli.analyses.bench.planning import TEXTBOOK, Group
from actcli.analyses.bench.request import ELEMENTWISE, Progress, Request
from actcli.analyses.bench.row import Array, Row, nanmedian
from actcli.analyses.bench.words import size_text
from actcli.core.device import Device
from actcli.core.formats import get_format
from actcli.implementations.timed import Ready

COPY = "copy"
"""The name of copies among the jobs, beside the number of threads."""

LASTING = 0.25
"""Part of the budget over which samples spread at the least, however well the median seems to be known before."""

LAUNCH_BUDGET = 0.2
"""Seconds for finding out what calling costs, for all implementations together."""


class Bench:
    """Measures rows on one device, and keeps the budget: `spent` are the seconds gone."""

    def __init__(self, device: Device, request: Request, progress: Progress) -> None:
        self.device, self.request, self.progress = device, request, progress
        self.sampler: Sampler = WallSampler() if device.kind == "cpu" else EventSampler(device)
        self.spent = 0.0
        self._measured = self._foreign = 0.0
        self.interrupted = False

    @property
    def caches(self) -> Sequence[Cache]:
        """The caches between the device and its memory, the smallest first."""
        if isinstance(self.sampler, EventSampler):
            return [Cache("L2", self.sampler.last_level)]
        return caches()

    @property
    def others(self) -> dict[str, str]:
        """How many cores other processes kept busy while something was measured, as part of the environment."""
        return {OTHER_LOAD: f"{self._foreign / self._measured:.2f}"} if self._measured else {}

    def launch(self, rows: Sequence[Row]) -> None:
        """Fill in what calling costs, the time for one element. Raises KeyboardInterrupt: nothing is lost yet."""
        if self.request.workload != ELEMENTWISE:
            return
        callers = {(row.timed, row.asked): row for row in rows}
        jobs = [self.job(key, row, partial(_single, row.key.dtype)) for key, row in callers.items()]
        samples = self.measure(jobs, Plan(LAUNCH_BUDGET, cold=False, minimum=3, maximum=5), "what calling costs")
        if self.interrupted:
            raise KeyboardInterrupt
        seconds = {each.key: nanmedian(each.seconds) for each in samples}
        for row in rows:
            row.launch = seconds[row.timed, row.asked]

    def run(self, group: Group, budget: float) -> None:
        """Fill in the samples of a group's rows, those of the quickest copy on at most their threads, and the limit."""
        for row in group.rows:
            row.baseline = next((other for other in group.rows if _is_baseline(other, row)), None)
        counts = sorted({1, *(row.key.threads for row in group.rows)})
        usable = {row: [(COPY, threads) for threads in counts if threads <= row.key.threads] for row in group.rows}
        jobs = [
            self.job(
                row.key,
                row,
                partial(group.inputs, row.key.distribution),
                (*usable[row], *(() if row.baseline is None else (row.baseline.key,))),
            )
            for row in group.rows
        ]
        distribution = group.rows[0].key.distribution
        copies = [
            copy_job((COPY, threads), lambda k: self.device.array(group.inputs(distribution, k)), self.device, threads)
            for threads in counts
        ]
        plan = Plan(budget, cold=self.request.cold, lasting=LASTING * budget, seed=self.request.seed)
        found = self.measure([*jobs, *copies], plan, f"{size_text(group.size)} {group.format.name}")
        group.forget()
        copied = {samples.key: samples for samples in found[len(jobs) :]}
        for row, samples in zip(group.rows, found, strict=False):
            quickest = min(usable[row], key=lambda key: nanmedian(copied[key].seconds))
            row.samples, row.copy, row.copy_threads = samples, copied[quickest], quickest[1]
            row.copy_bytes = copies[0].bytes_moved
            if row.is_measured:
                row.bound_by, row.why = bound_by(
                    row.percent_of_copy,
                    row.bytes_moved * (samples.buffers if self.request.cold else 1),
                    self.caches,
                    seconds=row.median[0],
                    launch=row.launch,
                )

    def job(self, key: Hashable, row: Row, x: Callable[[int], Array], beside: tuple[Hashable, ...] = ()) -> Job:
        """Return the job of a row on the arrays `x(0)`, `x(1)`, …."""

        def prepare(k: int) -> Ready:
            return row.timed.prepare(x(k), self.request.prealloc, row.asked)

        return Job(key, prepare, row.bytes_moved, row.bytes_moved, beside, x)

    def measure(self, jobs: Sequence[Job], plan: Plan, what: str) -> list[Samples]:
        """Return the samples of jobs, and take note of the time."""
        before, started, others = self.spent, time.monotonic(), Others()

        def told(said: str, gone: float, total: float) -> None:
            self.progress(f"{what}: {said}", before + gone, max(self.request.budget, before + total))

        samples = measure(jobs, plan, sampler=self.sampler, progress=told)
        elapsed = time.monotonic() - started
        self.spent = before + elapsed
        if (cores := others.cores()) is not None:
            self._measured += elapsed
            self._foreign += elapsed * cores
        self.interrupted |= any(each.stopped_by == "interrupted" for each in samples)
        return samples


def _is_baseline(other: Row, row: Row) -> bool:
    """Tell whether another row is the textbook's at the same thing."""
    same = ("activation", "order", "dtype", "size", "distribution")
    return other.key.implementation == TEXTBOOK and all(
        getattr(other.key, name) == getattr(row.key, name) for name in same
    )


def _single(dtype: str, k: int) -> Array:
    return inputs("normal", 1, get_format(dtype), 0)
