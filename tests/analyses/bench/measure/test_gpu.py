"""A GPU's own time, on a stand-in whose queue moves a clock; and on a real GPU where there is one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from actcli.analyses.bench.measure import Job, Plan, measure
from actcli.analyses.bench.measure.copying import copy_job
from actcli.analyses.bench.measure.gpu import FLUSH, MOST_FILLS, EventSampler
from actcli.core.device import Device, get_device
from actcli.implementations.timed import Ready
from tests.analyses.bench.measure.fakes import FakeClock

CACHE = 50 << 20
RATED = 1.98e9
LAUNCH, FILL = 4e-6, 4e-5
"""Seconds that Python takes to queue anything, and the device to write through the flush array."""


class Queue:
    """A device that works off what was queued, while the host's clock goes on."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.free = self.cycles = 0.0
        self.frequency = RATED
        self.log: list[str] = []

    def put(self, what: str, seconds: float) -> None:
        self.log.append(what)
        self.clock.spend(LAUNCH)
        free = max(self.free, self.clock.time) + seconds
        self.cycles += (free - self.free) * self.frequency
        self.free = free

    def wait(self) -> None:
        self.clock.time = max(self.clock.time, self.free)


class Event:
    def __init__(self, queue: Queue) -> None:
        self.queue = queue

    def record(self) -> None:
        self.queue.put("event", 0.0)
        self.time = self.queue.free

    @property
    def done(self) -> bool:
        return self.queue.clock.time >= self.time


class Array(np.ndarray):  # type: ignore[type-arg]
    """An array that remembers its device."""

    queue: Queue

    def __array_finalize__(self, source: Any) -> None:
        self.queue = getattr(source, "queue", None)  # type: ignore[assignment]

    def fill(self, value: Any) -> None:
        self.queue.put("flush", FILL)


class FakeDevice(Device):
    """The parts of CuPy that are used for timing, on a stand-in for a GPU."""

    def active(self) -> AbstractContextManager[Any]:
        return nullcontext()

    def to_numpy(self, array: Any) -> Any:
        return np.asarray(array)


def fake_device(queue: Queue) -> Device:
    def zeros(shape: Any, dtype: str) -> Array:
        made = np.zeros(shape, dtype).view(Array)
        made.queue = queue
        return made

    def stamp_kernel(source: str, name: str) -> Callable[..., None]:
        assert f"void {name}(" in source

        def stamp(grid: tuple[int], block: tuple[int], arguments: tuple[Any]) -> None:
            assert grid == (132,), "a block for each processor, so that one of them runs on the first"
            queue.put("stamp", 0.0)
            arguments[0][:] = int(queue.free * 1e9), int(queue.cycles)

        return stamp

    runtime = SimpleNamespace(
        getDeviceProperties=lambda number: {"multiProcessorCount": 132, "l2CacheSize": CACHE},
        deviceGetAttribute=lambda attribute, number: int(RATED / 1e3) if attribute == 13 else 0,
        memGetInfo=lambda: (1 << 34, 1 << 36),
    )
    cuda = SimpleNamespace(
        Event=lambda: Event(queue),
        get_elapsed_time=lambda start, end: (end.time - start.time) * 1e3,
        Device=lambda number: SimpleNamespace(synchronize=queue.wait),
        runtime=runtime,
    )
    return FakeDevice("cuda", "cuda:0 (stand-in)", SimpleNamespace(cuda=cuda, zeros=zeros, RawKernel=stamp_kernel))


def kernel(queue: Queue, seconds: float, first: float = 0.0) -> Job:
    """A kernel that takes the device some time, and the host some more at the first call."""
    compiling = [first]

    def run() -> None:
        if compiling:
            queue.clock.spend(compiling.pop())
        queue.put("kernel", seconds)

    return Job("kernel", lambda k: Ready(run, lambda: (np.empty(0),), queue.wait), 1 << 26, 1 << 26)


def sampler(queue: Queue) -> EventSampler:
    return EventSampler(fake_device(queue), queue.clock)


@pytest.mark.parametrize("seconds", [1.5e-6, 1e-5, 1e-3])
def test_the_device_never_waits_for_python(seconds: float) -> None:
    queue = Queue()
    [samples] = measure([kernel(queue, seconds)], Plan(5.0), sampler=sampler(queue))
    np.testing.assert_allclose(samples.seconds, seconds, rtol=1e-6)
    np.testing.assert_allclose(samples.wall, seconds + LAUNCH, rtol=1e-6)
    assert samples.stopped_by == "interval"


def test_the_flush_stays_outside_the_window_and_before_it() -> None:
    queue = Queue()
    found = sampler(queue)
    queue.log.clear()
    ready = kernel(queue, 1e-5).prepare(0)
    found.sample([ready] * 3, before=ready)
    assert queue.log[:8] == ["flush", "kernel", "stamp", "event", "kernel", "kernel", "kernel", "event"]
    assert queue.log[8:] == ["stamp", "flush", "kernel", "kernel"], "then one by the clock on the wall"


def test_more_is_queued_before_a_longer_batch() -> None:
    queue = Queue()
    found = sampler(queue)
    ready = kernel(queue, 1e-6).prepare(0)
    taken = found.sample([ready] * 100)
    assert taken.seconds == pytest.approx(1e-4)
    first = queue.log.count("flush")
    queue.log.clear()
    assert found.sample([ready] * 100).seconds == pytest.approx(1e-4)
    assert 100 * LAUNCH / FILL < queue.log.count("flush") < first, "what was learnt is kept"


def test_what_waits_for_the_device_by_itself_is_timed_as_it_is() -> None:
    queue = Queue()

    def run() -> None:
        queue.put("kernel", 1e-5)
        queue.wait()

    ready = Ready(run, lambda: (np.empty(0),), queue.wait)
    taken = sampler(queue).sample([ready] * 4)
    assert taken.seconds > 4e-5
    assert queue.log.count("flush") <= 2 * MOST_FILLS


def waiting(queue: Queue, seconds: float) -> Ready:
    def run() -> None:
        queue.put("kernel", seconds)
        queue.wait()

    return Ready(run, lambda: (np.empty(0),), queue.wait)


def test_what_waits_by_itself_is_said_and_costs_no_more_after_the_first_time() -> None:
    queue = Queue()
    found = sampler(queue)
    assert found.sample([waiting(queue, 1e-5)] * 4, key="waiting").ran_dry
    queue.log.clear()
    assert found.sample([waiting(queue, 1e-5)] * 4, key="waiting").ran_dry
    assert queue.log.count("flush") == 2, "one before the events, one before the call by the wall's clock"
    queue.log.clear()
    assert not found.sample([kernel(queue, 1e-5).prepare(0)] * 4, key="another").ran_dry
    assert queue.log.count("flush") == 2, "others don't pay for it"
    [samples] = measure(
        [Job("waiting", lambda k: waiting(queue, 1e-3), 1 << 26, 1 << 26)], Plan(1.0), sampler=sampler(queue)
    )
    assert samples.ran_dry == samples.count


def test_calls_are_made_in_their_context() -> None:
    queue, inside = Queue(), list[bool]()

    @contextmanager
    def active() -> Iterator[None]:
        inside.append(True)
        yield
        inside.pop()

    def run() -> None:
        assert inside
        queue.put("kernel", 1e-5)

    ready = Ready(run, lambda: (np.empty(0),), queue.wait, active=active)
    found = sampler(queue)
    found.once(ready)
    found.sample([ready] * 3, before=ready)


def test_the_first_call_stands_apart() -> None:
    queue = Queue()
    [samples] = measure([kernel(queue, 1e-3, first=2.5)], Plan(5.0), sampler=sampler(queue))
    assert samples.first_call == pytest.approx(2.5 + LAUNCH + 1e-3)
    np.testing.assert_allclose(samples.seconds, 1e-3)


def test_throttled_samples_are_dropped_and_said() -> None:
    queue = Queue()
    rounds: list[float] = []

    def told(what: str, gone: float, total: float) -> None:
        if what.startswith("round"):
            rounds.append(gone)
            queue.frequency = RATED / 2 if len(rounds) in (3, 4) else RATED

    [samples] = measure([kernel(queue, 1e-3)], Plan(5.0), sampler=sampler(queue), progress=told)
    assert samples.dropped == ["throttled: the clock ran at 990 of 1980 MHz"] * 2
    assert np.isnan(samples.seconds[2:4]).all()
    assert np.isfinite(samples.wall).all()
    assert samples.count == Plan(0).minimum


def test_a_clock_a_little_below_its_rate_is_fine() -> None:
    queue = Queue()
    queue.frequency = 0.8 * RATED
    [samples] = measure([kernel(queue, 1e-3)], Plan(5.0), sampler=sampler(queue))
    assert not samples.dropped


def test_stamps_that_show_no_time_prove_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    queue = Queue()
    found = sampler(queue)
    monkeypatch.setattr(found, "_read_stamps", lambda: [[5, 5], [5, 5]])
    assert found.sample([kernel(queue, 1e-3).prepare(0)]).dropped == ""


def test_memory_and_cache_are_the_device_s() -> None:
    found = sampler(Queue())
    assert found.available == 1 << 34
    assert found.last_level == CACHE
    assert found._flush.nbytes == FLUSH * CACHE


@pytest.mark.gpu
def test_on_a_gpu_a_copy_takes_a_plausible_time() -> None:
    device = get_device("gpu")
    source = device.array(np.ones(1 << 26, np.float32))
    found = EventSampler(device)
    [samples] = measure([copy_job("copy", lambda k: source.copy(), device)], Plan(2.0), sampler=found)
    assert samples.count >= Plan(0).minimum
    rate = 2 * source.nbytes / float(np.nanmedian(samples.seconds))
    assert 1e10 < rate < 2e13
    assert float(np.nanmedian(samples.wall)) >= float(np.nanmedian(samples.seconds))
