"""Signal and gradient through time: recurrent cells, forward and backward through their steps."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import starmap
from typing import Any

import numpy as np

from actcli.activations.function import Function
from actcli.analyses.gradflow.measured import Measured
from actcli.analyses.gradflow.network.inits import Init
from actcli.analyses.gradflow.network.net import LN2, log_norms, scaled, together
from actcli.analyses.gradflow.network.statistics import (
    FIELDS,
    SATURATED_BELOW,
    Slopes,
    flat_units,
    log_gradient,
    one_sign,
    slopes_of,
)
from actcli.analyses.gradflow.network.trials import run_trials
from actcli.analyses.gradflow.recurrent.cell import Gradients
from actcli.analyses.gradflow.recurrent.cells import CELLS
from actcli.analyses.gradflow.recurrent.net import Plan, Unrolled, log_kept
from actcli.analyses.gradflow.request import Progress
from actcli.core.device import CPU, Device

Array = np.ndarray[Any, Any]
LARGEST_GATE_SLOPE = 0.25


@dataclass(frozen=True, slots=True)
class GateUse:
    """A gate over steps, units, examples and trials: its mean, and the share where its slope is below 1 % of ¼."""

    gate: str
    mean: float
    saturated: float


@dataclass(frozen=True, slots=True)
class Through:
    """What happens through time. The layers of `measured` are the time steps, its activations the states h.

    `measured.log_gradient` is ln of the norm of ∂h_T/∂h_t for a random unit cotangent; with a cell, the larger of that
    and ∂h_T/∂c_t, which h_t follows: a gradient that one of the two ways brings along has not vanished. `gates` has a
    row for each gate; `keeper` names that which keeps, if one does. `kept` holds for each trial ln of what it leaves on
    the direct way through all steps: the product of its values, the geometric mean over units and examples.
    """

    measured: Measured
    gates: tuple[GateUse, ...] = ()
    keeper: str = ""
    kept: Array | None = None


def run(
    function: Function,
    init: Init,
    *,
    arch: str,
    steps: int,
    width: int,
    batch: int,
    trials: int,
    seed: int,
    forget_bias: float | None = None,
    device: Device = CPU,
    progress: Progress = lambda what, done, total: None,
) -> Through:
    """Measure `trials` nets (`arch` is rnn, lstm or gru) on inputs x_t ~ N(0, 1) of dimension `width`.

    W and U of every block are drawn by `init`, separately. `forget_bias` is the bias of LSTM's forget gate, or GRU's
    update gate, None as drawn. Raises UsageError when memory won't do, with the figures.
    """
    plan, kind, slopes = (
        Plan(function, init, arch, steps, width, batch, forget_bias, device),
        CELLS[arch],
        slopes_of(function),
    )
    found = run_trials(
        lambda seeds: _trial(plan.net(seeds), slopes),
        seed=seed,
        trials=trials,
        at_a_time=plan.at_a_time(trials),
        device=device,
        progress=lambda done: progress(f"{function.name} {arch}", done, trials),
    )
    rows = {name: np.stack([row[name] for row in found]) for name in found[0]}
    uses = [(name, *(float(rows[name][:, k].mean()) for k in (0, 1))) for name in kind.names[:-1]]
    return Through(
        Measured(**{name: rows[name] for name in FIELDS}),
        tuple(starmap(GateUse, uses)),
        kind.keeper,
        rows["kept"] if kind.keeper else None,
    )


def _trial(net: Unrolled, slopes: Slopes) -> dict[str, Array]:
    """Return what Through holds of one net, arrays (steps,) on the host, and by gate (2, steps): mean, saturated."""
    xp, steps = net.device.xp, len(net.inputs)
    found = {name: xp.empty(steps) for name in FIELDS}
    gates = {name: xp.empty((2, steps)) for name in net.cell.names[:-1]}
    states, kept = [net.start()], xp.zeros(net.shape)
    for time, (x, step) in enumerate(net.forward()):
        h = step.state[0]
        states.append(step.state)
        found["mean"][time], found["std"][time] = h.mean(), h.std()
        found["dead"][time], found["saturated"][time] = flat_units(step.slope, slopes, xp)
        found["one_sign"][time] = one_sign((x, step.before[0]), xp)
        for name, gate in step.gates.items():
            gates[name][0, time] = gate.value.mean()
            gates[name][1, time] = (gate.slope < SATURATED_BELOW * LARGEST_GATE_SLOPE).mean()
        kept += log_kept(net, step)
    by_h, by_cell = xp.empty((steps, net.shape[0])), xp.empty((steps, net.shape[0]))
    for time, x, step, by_state, gradients, exponent in net.backward(states[:-1]):
        by_h[time] = log_norms(by_state[0], exponent, xp)
        by_cell[time] = log_norms(step.by_cell(by_state), exponent, xp)
        found["log_weight_gradient"][time] = log_weight_gradient(x, step.before[0], gradients, exponent, xp)
    found["log_gradient"] = xp.maximum(log_gradient(by_h, xp), log_gradient(by_cell, xp))
    found["kept"] = kept.mean()
    return {name: net.device.to_numpy(values) for name, values in (found | gates).items()}


def log_weight_gradient(x: Array, h: Array, gradients: Gradients, exponent: Array, xp: Any) -> Any:
    """Return ln of the norm of the gradients of all W and U together.

    |Σ δ xᵀ|² = Σ (δ·δ′)(x·x′) over pairs of examples, of which there are usually fewer than weights.
    """
    logs = []
    for inputs, by_z in ((x, gradients.by_input), (h, gradients.by_recurrent)):
        reduced, shift = together(by_z.transpose(1, 0, 2).reshape(len(inputs), -1), exponent, xp)
        scaled_inputs, more = scaled(inputs, xp)
        square = ((reduced @ reduced.T) * (scaled_inputs @ scaled_inputs.T)).sum()
        logs.append(xp.log(square) + 2 * (shift + more) * LN2)
    return xp.logaddexp(*logs) / 2
