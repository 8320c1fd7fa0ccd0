"""Signal and gradient through time: recurrent cells, forward and backward through their steps."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import starmap
from typing import Any

import numpy as np

from actcli.activations.function import Function
from actcli.analyses.gradflow.logs import log_mean_square
from actcli.analyses.gradflow.measured import Measured
from actcli.analyses.gradflow.network.inits import Init
from actcli.analyses.gradflow.network.net import LN2, log_norm
from actcli.analyses.gradflow.network.statistics import FIELDS, SATURATED_BELOW, Slopes, slopes_of
from actcli.analyses.gradflow.recurrent.cells import CELLS
from actcli.analyses.gradflow.recurrent.net import Plan, Unrolled
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

    `measured.log_gradient` is ln of the norm of ∂h_T/∂h_t for a random unit cotangent, where c_t is held if there is a
    cell; `cell_gradient` is that of ∂h_T/∂c_t, which h_t follows. `cell_path` is ln of the root mean square, over units
    and examples, of what the gate that keeps leaves on the direct way from step t to T: the product of its values. Both
    are arrays (trials, steps), None without a cell or such a gate. `gates` has a row for each gate; `keeper` names that
    which keeps.
    """

    measured: Measured
    gates: tuple[GateUse, ...] = ()
    keeper: str = ""
    cell_path: Array | None = None
    cell_gradient: Array | None = None


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
    plan = Plan(function, init, arch, steps, width, batch, forget_bias, device)
    slopes, kind, found = slopes_of(function), CELLS[arch], []
    with device.active(), np.errstate(all="ignore"):
        for done, net in enumerate(plan.nets(seed, trials)):
            progress(f"{function.name} {arch}", done, trials)
            found.append(_trial(net, slopes))
    rows = {name: np.stack([row[name] for row in found]) for name in found[0]}
    uses = [(name, *(float(rows[name][:, k].mean()) for k in (0, 1))) for name in kind.names[:-1]]
    return Through(
        Measured(**{name: rows[name] for name in FIELDS}),
        tuple(starmap(GateUse, uses)),
        kind.keeper,
        rows["cell_path"] if kind.keeper else None,
        rows["cell_gradient"] if kind.states > 1 else None,
    )


def _trial(net: Unrolled, slopes: Slopes) -> dict[str, Array]:
    """Return what Through holds of one net, arrays (steps,) on the host, and by gate (2, steps): mean, saturated."""
    xp, keeper, steps = net.device.xp, net.cell.keeper, len(net.inputs)
    found = {name: xp.empty(steps) for name in (*FIELDS, "cell_path", "cell_gradient")}
    gates = {name: xp.empty((2, steps)) for name in net.cell.names[:-1]}
    states = [net.start()]
    for time, (x, step) in enumerate(net.forward()):
        h = step.state[0]
        states.append(step.state)
        found["mean"][time], found["std"][time] = h.mean(), h.std()
        found["dead"][time], found["saturated"][time] = _flat_units(step.slope, slopes, xp)
        found["one_sign"][time] = _one_sign((x, step.before[0]), xp)
        for name, gate in step.gates.items():
            gates[name][0, time] = gate.value.mean()
            gates[name][1, time] = (gate.slope < SATURATED_BELOW * LARGEST_GATE_SLOPE).mean()
    kept = xp.zeros(net.shape)
    for time, x, step, by_state, gradients, exponent in net.backward(states[:-1]):
        found["log_gradient"][time] = _log_rms(by_state[0], xp) + exponent * LN2
        found["cell_gradient"][time] = _log_rms(step.by_cell(by_state), xp) + exponent * LN2
        by_weights = [
            *(log_norm(by_z.T @ x, xp) for by_z in gradients.by_input.values()),
            *(log_norm(by_z.T @ step.before[0], xp) for by_z in gradients.by_recurrent.values()),
        ]
        # The norm of all blocks together.
        found["log_weight_gradient"][time] = (
            reduce(xp.logaddexp, [2 * each for each in by_weights]) / 2 + exponent * LN2
        )
        found["cell_path"][time] = log_mean_square(kept, xp) / 2
        if keeper:
            kept = kept + xp.log(step.gates[keeper].value)
    return {name: net.device.to_numpy(values) for name, values in (found | gates).items()}


def _log_rms(gradient: Array, xp: Any) -> Any:
    """Return ln of the root mean square over the batch of the norms of an array (batch, units)."""
    return log_norm(gradient, xp) - math.log(len(gradient)) / 2


def _flat_units(slope: Array, slopes: Slopes, xp: Any) -> tuple[Any, Any]:
    """Return the shares of dead units and of saturated ones."""
    size = xp.abs(slope)
    zero = size == 0
    small = size < slopes.small
    dead = zero.all(axis=0).mean() if slopes.dies else xp.zeros(())
    return dead, (small & ~zero if slopes.off else small).mean()


def _one_sign(inputs: Sequence[Array], xp: Any) -> Any:
    """Return the share of a unit's weight gradients that have the commoner sign, averaged over the batch.

    The gradient of a weight is δ times its input: whatever δ is, the signs divide as those of the inputs do.
    """
    positive = sum((each > 0).sum(axis=1) for each in inputs)
    negative = sum((each < 0).sum(axis=1) for each in inputs)
    return (xp.maximum(positive, negative) / (positive + negative)).mean()
