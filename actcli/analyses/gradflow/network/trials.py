"""Independent nets, as many at a time as there are cores and memory for."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np

from actcli.activations.function import Function
from actcli.core.apply import usable_cores
from actcli.core.blas import limited
from actcli.core.device import Device
from actcli.errors import UsageError
from actcli.implementations.user import UserFunction

Found = TypeVar("Found")


def must_run_on(device: Device, function: Function) -> None:
    """Raise UsageError where a function can't be computed on a device."""
    if isinstance(function, UserFunction) and device.kind != "cpu":
        raise UsageError(f"{function.name} is code of your own, which runs on --device cpu only")


def workers(function: Function, device: Device, trials: int) -> int:
    """Return how many nets may run at a time: one on a GPU, and one of code that nobody has said is safe in threads."""
    alone = device.kind != "cpu" or isinstance(function, UserFunction)
    return 1 if alone else min(trials, usable_cores())


def run_trials(
    trial: Callable[[np.random.SeedSequence], Found],
    *,
    seed: int,
    trials: int,
    at_a_time: int,
    device: Device,
    progress: Callable[[int], None] = lambda done: None,
) -> list[Found]:
    """Return what each trial finds with a seed of its own; `progress` is told how many are done.

    Nets that run side by side get one thread for their matrix products each, and a single one those of the machine.
    """

    def run(seeds: np.random.SeedSequence) -> Found:
        with device.active(), np.errstate(all="ignore"):
            return trial(seeds)

    seeds = np.random.SeedSequence(seed).spawn(trials)
    found: list[Found] = []
    if at_a_time == 1:
        for each in seeds:
            progress(len(found))
            found.append(run(each))
        return found
    with limited(1), ThreadPoolExecutor(at_a_time) as pool:
        waiting = [pool.submit(run, each) for each in seeds]
        try:
            for future in waiting:
                progress(len(found))
                found.append(future.result())
        finally:
            pool.shutdown(cancel_futures=True)
    return found
