"""Several nets with the same layers and different weights, forward and backward, summed up layer by layer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from actcli.activations.function import Function
from actcli.analyses.gradflow.measured import Measured
from actcli.analyses.gradflow.network.inits import Init
from actcli.analyses.gradflow.network.linearity import scales
from actcli.analyses.gradflow.network.memory import DOUBLE, must_fit
from actcli.analyses.gradflow.network.net import Net, forward
from actcli.analyses.gradflow.network.statistics import Slopes, slopes_of, statistics
from actcli.analyses.gradflow.network.trials import must_run_on, run_trials, workers
from actcli.analyses.gradflow.network.weights import Weights
from actcli.core.apply import usable_cores
from actcli.core.device import CPU, Device
from actcli.errors import UsageError

Array = np.ndarray[Any, Any]


def run(
    function: Function,
    init: Init,
    *,
    depth: int,
    width: int,
    batch: int,
    trials: int,
    seed: int,
    arch: str = "mlp",
    norm: str = "none",
    device: Device = CPU,
    data: Array | None = None,
    progress: Callable[[str, int, int], None] = lambda what, done, total: None,
) -> Measured:
    """Measure `trials` nets of `depth` layers with `width` units on `batch` inputs ~ N(0, 1) of dimension `width`.

    `data` (examples, features) stands in for these inputs. Every trial has a seed of its own, and every device computes
    the same nets. `arch` is mlp or residual, `norm` none, batch, layer or rms. Raises UsageError for what can't be put
    together, and when memory won't do, with the figures.
    """
    if data is not None:
        batch = len(data)
    widths = [width if data is None else data.shape[1], *[width] * depth]
    _check(function, widths, batch, arch, norm, device)
    keep, at_a_time = _fitted(widths, batch, norm, device, workers(function, device, trials))
    threads = usable_cores() if at_a_time == 1 else 1
    slopes, scaling = slopes_of(function), norm == "none" and scales(function)

    def trial(seeds: np.random.SeedSequence) -> dict[str, Array]:
        drawn, ends = seeds.spawn(2)
        layers = Weights(init, widths, drawn, device, keep=keep, threads=threads)
        net = Net(function, layers, arch, norm, scaling, device)
        return _trial(net, slopes, np.random.default_rng(ends), (batch, widths[0]), data)

    rows = run_trials(
        trial,
        seed=seed,
        trials=trials,
        at_a_time=at_a_time,
        device=device,
        progress=lambda done: progress(function.name, done, trials),
    )
    return Measured(**{name: np.stack([row[name] for row in rows]) for name in rows[0]})


def _trial(
    net: Net, slopes: Slopes, rng: np.random.Generator, shape: tuple[int, int], data: Array | None
) -> dict[str, Array]:
    """Return the statistics of one net, arrays (layers,)."""
    x = rng.standard_normal(shape) if data is None else np.asarray(data, dtype=np.float64)
    passed = forward(net, net.device.array(x))
    cotangent = rng.standard_normal(passed.x[-1].shape)
    cotangent /= np.linalg.norm(cotangent, axis=1, keepdims=True)
    return statistics(net, slopes, passed, net.device.array(cotangent))


def _check(function: Function, widths: Sequence[int], batch: int, arch: str, norm: str, device: Device) -> None:
    must_run_on(device, function)
    if norm == "batch" and batch < 2:
        raise UsageError("--norm batch needs at least 2 examples in a batch")
    if arch == "residual" and widths[0] != widths[1]:
        raise UsageError(
            f"--arch residual adds a layer's input to its output: {widths[0]} features need --width {widths[0]}"
        )


def _fitted(widths: Sequence[int], batch: int, norm: str, device: Device, most: int) -> tuple[bool, int]:
    """Tell whether there is memory to keep the weights, or each layer must be drawn twice, and for how many nets.

    Raises UsageError when not even the activations and slopes of all layers fit.
    """
    depth, width = len(widths) - 1, widths[1]
    largest = max(widths) * width
    arrays = 2 if norm == "none" else 3
    passing = DOUBLE * (depth * batch * width * arrays + batch * widths[0] + 3 * largest + 6 * batch * width)
    free = must_fit(passing, device, f"a net of {depth:,} layers, {width:,} units and {batch:,} examples")
    whole = passing + DOUBLE * depth * largest
    keep = whole < free
    return keep, max(1, min(most, free // (whole if keep else passing)))
