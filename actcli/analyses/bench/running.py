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
from actcli.analyses.bench.measure.sampling import Sampler, WallSampler
from actcli.analyses.bench.planning import TEXTBOOK, Group
from actcli.analyses.bench.request import ELEMENTWISE, Progress, Request
from actcli.analyses.bench.row import Array, Row, nanmedian
from actcli.analyses.bench.words import size_text
from actcli.core.device import Device
from actcli.core.formats import get_format
from actcli.implementations.timed import Ready

COPY = "copy"
"""The name of the copy among the jobs."""

LAUNCH_BUDGET = 0.2
"""Seconds for finding out what calling costs, for all implementations together."""

OWN_STREAMS = ("jax", "keras", "onnxruntime")
"""Libraries whose work on a GPU is on streams of their own, which events on ours don't see."""


class Bench:
    """Measures rows on one device, and keeps the budget: `spent` are the seconds gone."""

    def __init__(self, device: Device, request: Request, progress: Progress) -> None:
        self.device, self.request, self.progress = device, request, progress
        self.sampler: Sampler = WallSampler() if device.kind == "cpu" else EventSampler(device)
        self.spent = 0.0
        self.interrupted = False

    @property
    def caches(self) -> Sequence[Cache]:
        """The caches between the device and its memory, the smallest first."""
        if isinstance(self.sampler, EventSampler):
            return [Cache("L2", self.sampler.last_level)]
        return caches()

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
        """Fill in the samples of a group's rows, the copy's, and what limits them."""
        for row in group.rows:
            row.baseline = next((other for other in group.rows if _is_baseline(other, row)), None)
        jobs = [
            self.job(
                row.key,
                row,
                partial(group.inputs, row.key.distribution),
                (COPY, *(() if row.baseline is None else (row.baseline.key,))),
            )
            for row in group.rows
        ]
        distribution = group.rows[0].key.distribution
        copy = copy_job(COPY, lambda k: self.device.array(group.inputs(distribution, k)), self.device)
        plan = Plan(budget, cold=self.request.cold, seed=self.request.seed)
        *found, copied = self.measure([*jobs, copy], plan, f"{size_text(group.size)} {group.format.name}")
        group.forget()
        for row, samples in zip(group.rows, found, strict=True):
            row.samples, row.copy, row.copy_bytes = samples, copied, copy.bytes_moved
            if row.is_measured:
                row.bound_by, row.why = bound_by(
                    row.percent_of_copy,
                    row.bytes_moved,
                    self.caches,
                    seconds=row.median[0],
                    launch=row.launch,
                    cold=self.request.cold,
                )

    def job(self, key: Hashable, row: Row, x: Callable[[int], Array], beside: tuple[Hashable, ...] = ()) -> Job:
        """Return the job of a row on the arrays `x(0)`, `x(1)`, …."""

        def prepare(k: int) -> Ready:
            return row.timed.prepare(x(k), self.request.prealloc, row.asked)

        own_stream = self.device.kind != "cpu" and row.timed.name in OWN_STREAMS
        return Job(key, prepare, row.bytes_moved, row.bytes_moved, beside, WallSampler() if own_stream else None)

    def measure(self, jobs: Sequence[Job], plan: Plan, what: str) -> list[Samples]:
        """Return the samples of jobs, and take note of the time."""
        before, started = self.spent, time.monotonic()

        def told(said: str, gone: float, total: float) -> None:
            self.progress(f"{what}: {said}", before + gone, max(self.request.budget, before + total))

        samples = measure(jobs, plan, sampler=self.sampler, progress=told)
        self.spent = before + time.monotonic() - started
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
