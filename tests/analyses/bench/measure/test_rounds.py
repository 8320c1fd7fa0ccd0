"""The measurement on a clock that only the jobs move: everything about it is exact."""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import replace
from itertools import count, groupby, pairwise
from typing import Any

import numpy as np
import pytest

from actcli.analyses.bench.measure import Job, Plan, measure
from actcli.analyses.bench.measure.job import Samples
from actcli.analyses.bench.measure.rounds import FEWEST, STEPS
from actcli.analyses.bench.measure.sampling import Sample, WallSampler
from actcli.analyses.bench.measure.statistics import ENOUGH, median_interval, ratio_interval
from actcli.errors import UsageError
from actcli.implementations.timed import Ready
from tests.analyses.bench.measure.fakes import FakeClock, Machine

LONG = 0.01
"""Seconds of a call that is a sample by itself on a clock with steps of a microsecond."""
CACHE = 8 << 20


def measured(machine: Machine, jobs: list[Job], plan: Plan) -> list[Samples]:
    return measure(jobs, plan, clock=machine.clock, last_level=CACHE)


def noisy(median: float, scale: float, seed: int = 0) -> Callable[[], float]:
    generator = np.random.default_rng(seed)
    return lambda: median * float(np.exp(scale * generator.standard_normal()))


@pytest.mark.parametrize("seconds", [1e-8, 3e-7, 2e-5, 4e-4])
def test_short_calls_are_batched_until_the_clock_sees_them_well(seconds: float) -> None:
    machine = Machine()
    [samples] = measured(machine, [machine.job("short", seconds)], Plan(10.0))
    target = STEPS * machine.clock.resolution
    assert target <= samples.batch * seconds < 10 * target
    np.testing.assert_allclose(samples.seconds, seconds, rtol=1e-6)
    assert samples.stopped_by == "interval"
    assert samples.count == Plan(0).minimum


def test_a_long_call_is_a_sample_by_itself() -> None:
    machine = Machine()
    [samples] = measured(machine, [machine.job("long", LONG)], Plan(10.0))
    assert samples.batch == 1


def test_the_first_call_stands_apart() -> None:
    machine = Machine()
    durations = iter([5.0])
    [samples] = measured(machine, [machine.job("compiled", lambda: next(durations, LONG))], Plan(100.0))
    assert samples.first_call == 5.0
    np.testing.assert_allclose(samples.seconds, LONG)


def test_rounds_are_interleaved_and_shuffled() -> None:
    machine = Machine()
    jobs = [machine.job(name, noisy(LONG, 0.5, seed)) for seed, name in enumerate("abcd")]
    found = measured(machine, jobs, Plan(2.0, interval=1e-6))
    rounds = len(found[0].seconds) - 1
    keys = "".join(str(key) for key, _ in machine.ran)
    start = len(keys) - int(sum(samples.count for samples in found))
    orders = [keys[start + 4 * number :][:4] for number in range(rounds)]
    assert {"".join(sorted(order)) for order in orders} == {"abcd"}
    assert len(set(orders)) > 15, "most of the 24 orders come up in some forty rounds"
    again = Machine()
    measured(
        again, [again.job(name, noisy(LONG, 0.5, seed)) for seed, name in enumerate("abcd")], Plan(2.0, interval=1e-6)
    )
    assert again.ran == machine.ran, "the seed decides"


def test_every_job_has_one_sample_a_round() -> None:
    machine = Machine()
    found = measured(
        machine, [machine.job("a", noisy(LONG, 0.1)), machine.job("b", noisy(LONG, 0.1, 1))], Plan(1.0, interval=0)
    )
    for samples in found:
        assert np.isfinite(samples.seconds[:-1]).all()
    assert len(found[0].seconds) == len(found[1].seconds)


def test_a_job_with_a_narrow_interval_drops_out() -> None:
    machine = Machine()
    steady, wild = measured(machine, [machine.job("steady", LONG), machine.job("wild", noisy(LONG, 0.1))], Plan(20.0))
    assert (steady.stopped_by, steady.count) == ("interval", Plan(0).minimum)
    assert wild.stopped_by == "interval"
    assert wild.count > 3 * steady.count
    median, low, high = median_interval(wild.seconds)
    assert (high - low) / 2 / median <= Plan(0).interval * 1.2


def test_what_ratios_are_taken_against_goes_on() -> None:
    machine = Machine()
    jobs = [
        machine.job("textbook", LONG),
        machine.job("wild", noisy(LONG, 0.1), beside=("textbook",)),
        machine.job("other", LONG),
    ]
    textbook, wild, other = measured(machine, jobs, Plan(20.0))
    assert textbook.count == wild.count > other.count
    assert textbook.stopped_by == "interval"


def test_samples_spread_over_some_time_however_steady_they_are() -> None:
    machine = Machine()
    [samples] = measured(machine, [machine.job("steady", LONG)], Plan(20.0, lasting=3.0))
    assert samples.stopped_by == "interval"
    assert 300 <= samples.count < 340


def test_the_budget_ends_it() -> None:
    machine = Machine()
    [samples] = measured(machine, [machine.job("wild", noisy(LONG, 1.0))], Plan(0.5, interval=1e-4))
    assert samples.stopped_by == "budget"
    assert 0.5 <= machine.clock.time < 0.6


def test_too_small_a_budget_still_gives_everybody_a_few_samples() -> None:
    machine = Machine()
    found = measured(machine, [machine.job("slow", 1.0), machine.job("quick", LONG)], Plan(1e-3))
    assert [(samples.count, samples.stopped_by) for samples in found] == [(FEWEST, "budget")] * 2


def test_the_number_of_samples_is_bounded() -> None:
    machine = Machine()
    [samples] = measured(machine, [machine.job("wild", noisy(LONG, 1.0))], Plan(1e9, interval=0, maximum=25))
    assert (samples.count, samples.stopped_by) == (25, "samples")


def test_an_interrupt_keeps_what_was_measured() -> None:
    machine = Machine()
    calls = count()

    def wild() -> float:
        if next(calls) > 200:
            raise KeyboardInterrupt
        return LONG * (1 + next(calls) % 7)

    steady, interrupted = measured(
        machine, [machine.job("steady", LONG), machine.job("wild", wild)], Plan(1e6, interval=1e-9)
    )
    assert interrupted.stopped_by == "interrupted"
    assert interrupted.count > 10
    assert np.isnan(interrupted.seconds[-1])
    assert steady.stopped_by == "interval"


def test_an_interrupt_while_preparing_gives_rows_without_samples() -> None:
    machine = Machine()

    def stop() -> float:
        raise KeyboardInterrupt

    found = measured(machine, [machine.job("first", LONG), machine.job("second", stop)], Plan(1.0))
    assert [(samples.count, samples.stopped_by) for samples in found] == [(0, "interrupted")] * 2
    assert np.isnan(found[0].spread)


@pytest.mark.parametrize(
    ("error", "said"),
    [(UsageError("takes float64 only"), "takes float64 only"), (ZeroDivisionError("oh"), "ZeroDivisionError: oh")],
)
def test_a_job_that_fails_leaves_the_others_alone(error: Exception, said: str) -> None:
    machine = Machine()

    def fail() -> float:
        raise error

    broken, whole = measured(machine, [machine.job("broken", fail), machine.job("whole", LONG)], Plan(1.0))
    assert (broken.stopped_by, broken.failure, broken.count) == ("failed", said, 0)
    assert whole.stopped_by == "interval"


def test_drift_that_both_share_leaves_their_ratio_alone() -> None:
    machine = Machine()

    def drifting(factor: float) -> Callable[[], float]:
        return lambda: factor * LONG * (1 + machine.clock.time)

    jobs = [machine.job("a", drifting(1.0)), machine.job("b", drifting(3.0), beside=("a",))]
    first, second = measured(machine, jobs, Plan(20.0, interval=0))
    assert first.spread > 0.3
    ratio, low, high = ratio_interval(second.seconds, first.seconds)
    assert 2.9 < low <= ratio <= high < 3.1


def test_cold_buffers_rotate_beyond_the_cache() -> None:
    machine = Machine()
    [samples] = measured(machine, [machine.job("a", 1.1e-4)], Plan(1.0))
    assert samples.buffers * (1 << 20) >= 2 * CACHE
    sets = [k for _, k in machine.ran]
    revisits = {k: [at for at, each in enumerate(sets) if each == k] for k in set(sets)}
    assert len(revisits) == samples.buffers
    distances = [later - earlier for ats in revisits.values() for earlier, later in pairwise(ats)]
    # The call before each sample, which isn't timed, takes the set that was used last.
    assert min(each for each in distances if each > samples.batch) >= samples.buffers - samples.batch


def test_jobs_that_share_inputs_find_them_cold_all_the_same() -> None:
    machine = Machine()
    sizes = {"one": 1 << 20, "two": 3 << 20, "three": 1 << 21}
    found = measured(
        machine, [machine.job(key, noisy(LONG, 0.2), working_set=size) for key, size in sizes.items()], Plan(3.0)
    )
    [fewest] = {samples.buffers for samples in found}
    sets = [k for _, k in machine.ran][50:]
    last: dict[int, int] = {}
    for at, k in enumerate(sets):
        assert at - last.get(k, -fewest) >= fewest
        last[k] = at


def test_buffers_leave_most_of_the_budget_for_measuring() -> None:
    machine = Machine()
    job, quick = machine.job("slow to allocate", LONG), machine.job("quick", LONG)

    def prepare(k: int) -> Ready:
        machine.clock.spend(0.1)
        return job.prepare(k)

    found = measured(machine, [replace(job, prepare=prepare), quick], Plan(4.0))
    assert [samples.buffers for samples in found] == [4, 4], "of the 16 that would exceed the cache"
    assert [samples.stopped_by for samples in found] == ["interval"] * 2


def test_buffers_are_made_set_by_set_and_inputs_before() -> None:
    machine, made = Machine(), list[tuple[str, int]]()

    def noted(name: str) -> Job:
        job = machine.job(name, LONG)

        def prepare(k: int) -> Ready:
            made.append((name, k))
            return job.prepare(k)

        return replace(job, prepare=prepare, inputs=lambda k: made.append(("x", k)))

    found = measured(machine, [noted("a"), noted("b"), noted("c")], Plan(4.0))
    count = found[0].buffers
    assert made[: 3 * count] == [("x", k) for k in range(count) for _ in range(3)]
    rounds = [made[start : start + 3] for start in range(3 * count, 6 * count, 3)]
    assert [{k for _, k in each} for each in rounds] == [{k} for k in range(count)]
    assert all(sorted(name for name, _ in each) == ["a", "b", "c"] for each in rounds)
    assert len({tuple(name for name, _ in each) for each in rounds}) > 1, "nobody is always the first"


def results_alive(plan: Plan, *, allocates: bool) -> int:
    """Return the most results of a call that were alive at the same time."""

    class Result:
        alive = most = 0

        def __init__(self) -> None:
            Result.alive += 1
            Result.most = max(Result.most, Result.alive)

        def __del__(self) -> None:
            Result.alive -= 1

    machine = Machine()

    def run() -> Result:
        machine.clock.spend(1e-4)
        return Result()

    job = Job("own", lambda k: Ready(run, lambda: (np.empty(0),), allocates=allocates), 1 << 20, 1 << 20)
    [samples] = measured(machine, [job], plan)
    assert samples.buffers >= 2
    return Result.most - 1


def test_results_stay_alive_in_a_cold_run_so_that_the_next_one_has_other_memory() -> None:
    assert results_alive(Plan(1.0), allocates=True) == 16
    assert results_alive(Plan(1.0), allocates=False) == 0
    assert results_alive(Plan(1.0, cold=False), allocates=True) == 0


def test_a_stream_of_its_own_is_timed_by_the_wall() -> None:
    class Blind(WallSampler):
        def sample(self, *arguments: Any, **options: Any) -> Sample:
            return Sample(0.0, 0.0)

    machine = Machine()

    def run() -> None:
        machine.clock.spend(LONG)

    job = Job("jax", lambda k: Ready(run, lambda: (np.empty(0),), own_stream=True), 1, 1)
    [samples] = measure([job], Plan(1.0), sampler=Blind(machine.clock), last_level=CACHE)
    np.testing.assert_allclose(samples.seconds, LONG)


def test_a_job_that_fails_in_a_later_round_leaves_the_others_alone() -> None:
    machine, calls = Machine(), count()

    def late() -> float:
        if next(calls) > 30:
            raise RuntimeError("late")
        return LONG

    jobs = [machine.job("whole", noisy(LONG, 0.05), beside=("late",)), machine.job("late", late, beside=("whole",))]
    whole, failed = measured(machine, jobs, Plan(20.0, interval=1e-3))
    assert (failed.stopped_by, failed.failure, failed.count) == ("failed", "RuntimeError: late", 0)
    assert whole.count > 100


def test_a_little_more_time_is_taken_for_samples_enough_for_an_interval() -> None:
    machine = Machine()
    [samples] = measured(machine, [machine.job("slow", 0.3)], Plan(1.5))
    assert samples.count == ENOUGH
    assert machine.clock.time > 1.5


def test_hot_samples_stay_on_one_set_that_was_just_used() -> None:
    machine = Machine()
    [samples] = measured(machine, [machine.job("a", 1e-4)], Plan(1.0, cold=False))
    runs = [(k, len(list(group))) for k, group in groupby(k for _, k in machine.ran)]
    assert {length for _, length in runs[-5:]} == {samples.batch + 1}
    assert len({k for k, _ in runs}) == samples.buffers > 1


def test_the_garbage_collector_rests_and_comes_back() -> None:
    machine = Machine()
    states: list[bool] = []

    def look() -> float:
        states.append(gc.isenabled())
        return LONG

    measured(machine, [machine.job("a", look)], Plan(1.0))
    assert set(states) == {False}
    assert gc.isenabled()


def test_calls_run_in_their_context_and_are_awaited() -> None:
    machine, events = Machine(), list[str]()

    class Context:
        def __enter__(self) -> None:
            events.append("enter")

        def __exit__(self, *_: object) -> None:
            events.append("exit")

    def run() -> None:
        events.append("run")
        machine.clock.spend(LONG)

    ready = Ready(run, lambda: (np.empty(0),), lambda: machine.clock.spend(LONG), active=Context)
    [samples] = measured(machine, [Job("later", lambda k: ready, 1, 1)], Plan(1.0))
    assert events[:6] == ["enter", "run", "exit"] * 2
    np.testing.assert_allclose(samples.seconds, 2 * LONG)


def test_progress_tells_time_gone_of_the_budget() -> None:
    machine, said = Machine(), list[tuple[str, float, float]]()
    measure(
        [machine.job("a", LONG)],
        Plan(7.0),
        clock=machine.clock,
        last_level=CACHE,
        progress=lambda *each: said.append(each),
    )
    assert said[0] == ("preparing 1 of 1", 0.0, 7.0)
    assert said[-1][0].endswith("1 of 1 rows")
    assert [gone for _, gone, _ in said] == sorted(gone for _, gone, _ in said)


def test_one_set_of_buffers_is_all_that_little_memory_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("actcli.analyses.bench.measure.sampling.memory_available", lambda: 1 << 20)
    machine = Machine(FakeClock())
    [samples] = measured(machine, [machine.job("a", 1e-4)], Plan(1.0))
    assert samples.buffers == 1
    assert samples.stopped_by == "interval"
