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
from actcli.analyses.gradflow.network.weights import Weights
from actcli.core.device import CPU, Device
from actcli.errors import UsageError
from actcli.implementations.user import UserFunction

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
    keep = _keeps_weights(widths, batch, norm, device)
    slopes, scaling = slopes_of(function), norm == "none" and scales(function)
    rows = []
    with device.active(), np.errstate(all="ignore"):
        for trial, seeds in enumerate(np.random.SeedSequence(seed).spawn(trials)):
            progress(function.name, trial, trials)
            drawn, ends = seeds.spawn(2)
            layers = Weights(init, widths, drawn, device, keep=keep)
            net = Net(function, layers, arch, norm, scaling, device)
            rows.append(_trial(net, slopes, np.random.default_rng(ends), (batch, widths[0]), data))
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
    if isinstance(function, UserFunction) and device.kind != "cpu":
        raise UsageError(f"{function.name} is code of your own, which runs on --device cpu only")
    if norm == "batch" and batch < 2:
        raise UsageError("--norm batch needs at least 2 examples in a batch")
    if arch == "residual" and widths[0] != widths[1]:
        raise UsageError(
            f"--arch residual adds a layer's input to its output: {widths[0]} features need --width {widths[0]}"
        )


def _keeps_weights(widths: Sequence[int], batch: int, norm: str, device: Device) -> bool:
    """Tell whether there is memory to keep the weights, or each layer must be drawn twice.

    Raises UsageError when not even the activations and slopes of all layers fit.
    """
    depth, width = len(widths) - 1, widths[1]
    largest = max(widths) * width
    arrays = 2 if norm == "none" else 3
    passing = DOUBLE * (depth * batch * width * arrays + batch * widths[0] + 3 * largest + 6 * batch * width)
    left = must_fit(passing, device, f"a net of {depth:,} layers, {width:,} units and {batch:,} examples")
    return DOUBLE * depth * largest < left
