"""What the bias of LSTM's forget gate does to the direct way through the cell: σ(b)^T beside nets.

Jozefowicz, Zaremba & Sutskever 2015: a bias of 1 lets an LSTM remember before it has learned to.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from actcli.activations.function import Function
from actcli.analyses.gradflow.logs import log_mean_square
from actcli.analyses.gradflow.measured import Interval, interval
from actcli.analyses.gradflow.network.inits import Init
from actcli.analyses.gradflow.network.trials import run_trials
from actcli.analyses.gradflow.recurrent.net import Plan, Unrolled, log_kept
from actcli.analyses.gradflow.request import Progress
from actcli.core.device import CPU, Device

BIASES = (0.0, 1.0, 2.0)


@dataclass(frozen=True, slots=True)
class ForgetBias:
    """ln of what the forget gates leave of a gradient over all steps, ∂c_T/∂c_0 along the cell.

    `textbook` is σ(b)^T, which leaves weights out. Over units and examples, `kept` is the geometric mean and `norm`
    the root mean square, each with a t-interval over trials.
    """

    bias: float
    textbook: float
    kept: Interval
    norm: Interval


def forget_biases(
    function: Function,
    init: Init,
    *,
    steps: int,
    width: int,
    batch: int,
    trials: int,
    seed: int,
    biases: Sequence[float] = BIASES,
    device: Device = CPU,
    progress: Progress = lambda what, done, total: None,
) -> list[ForgetBias]:
    """Run the same LSTM nets with each bias and return a row for each. Raises UsageError when memory won't do."""
    plans = [Plan(function, init, "lstm", steps, width, batch, bias, device) for bias in biases]
    return [_row(bias, plan, trials, seed, progress) for bias, plan in zip(biases, plans, strict=True)]


def _row(bias: float, plan: Plan, trials: int, seed: int, progress: Progress) -> ForgetBias:
    found = run_trials(
        lambda seeds: _kept(plan.net(seeds)),
        seed=seed,
        trials=trials,
        at_a_time=plan.at_a_time(trials),
        device=plan.device,
        progress=lambda done: progress(f"forget bias {bias:g}", done, trials),
    )
    kept, norm = np.array(found).T
    return ForgetBias(bias, log_textbook(bias, plan.steps), interval(kept), interval(norm))


def log_textbook(bias: float, steps: int) -> float:
    """Return ln σ(b)^T."""
    return -steps * (math.log1p(math.exp(-abs(bias))) + max(-bias, 0.0))


def _kept(net: Unrolled) -> tuple[float, float]:
    """Return the mean, and half of ln of the mean square, of Σ ln f over units and examples."""
    xp = net.device.xp
    logs = xp.zeros(net.shape)
    for _, step in net.forward():
        logs += log_kept(net, step)
    return float(logs.mean()), float(log_mean_square(logs, xp) / 2)
