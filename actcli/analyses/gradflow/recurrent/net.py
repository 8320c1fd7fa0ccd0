"""A recurrent net that is run through its time steps and back; steps are computed again on the way back.

Only the states are kept: what a step leaves for its gradient would take several times as much memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np

from actcli.activations.function import Function
from actcli.analyses.gradflow.network.inits import Init
from actcli.analyses.gradflow.network.memory import DOUBLE, must_fit
from actcli.analyses.gradflow.network.net import scaled
from actcli.analyses.gradflow.network.trials import must_run_on, workers
from actcli.analyses.gradflow.recurrent.cell import Cell, Gradients, State, Step
from actcli.analyses.gradflow.recurrent.cells import CELLS, draw_cell
from actcli.core.device import CPU, Device

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class Plan:
    """Nets to run: `steps` time steps of one cell on inputs x_t ~ N(0, 1) of dimension `width`.

    `forget_bias` of None leaves the bias of the gate that keeps as it was drawn.
    """

    function: Function
    init: Init
    arch: str
    steps: int
    width: int
    batch: int
    forget_bias: float | None = None
    device: Device = CPU

    def __post_init__(self) -> None:
        """Refuse what can't be done. Raises UsageError, for too little memory with the figures."""
        must_run_on(self.device, self.function)
        must_fit(self._needed, self.device, self._what)

    @property
    def _needed(self) -> int:
        kind, units = CELLS[self.arch], self.batch * self.width
        return DOUBLE * (
            (self.steps + 1) * kind.states * units + len(kind.names) * (12 * units + 3 * self.width**2) + self.batch**2
        )

    @property
    def _what(self) -> str:
        return f"{self.arch} of {self.steps:,} steps, {self.width:,} units and {self.batch:,} examples"

    def at_a_time(self, trials: int) -> int:
        """Return how many of the nets there are cores and memory for."""
        free = must_fit(self._needed, self.device, self._what)
        return min(workers(self.function, self.device, trials), free // self._needed)

    def net(self, seeds: np.random.SeedSequence) -> Unrolled:
        """Draw a net; every device computes the same one."""
        drawn, end, inputs = seeds.spawn(3)
        rng = np.random.default_rng(drawn)
        cell = draw_cell(CELLS[self.arch], self.function, self.init, rng, self.width, self.forget_bias, self.device)
        return Unrolled(cell, inputs.spawn(self.steps), (self.batch, self.width), end, self.device)


@dataclass(frozen=True, slots=True)
class Unrolled:
    """One net in time. Steps are counted from 0."""

    cell: Cell
    inputs: Sequence[np.random.SeedSequence]
    shape: tuple[int, int]
    end: np.random.SeedSequence
    device: Device = CPU

    def x(self, time: int) -> Array:
        """Return the inputs at a step, the same whenever it is asked for."""
        return self._normal(self.inputs[time])

    def start(self) -> State:
        """Return the state before the first step."""
        return tuple(self.device.xp.zeros(self.shape) for _ in range(self.cell.states))

    def forward(self) -> Iterator[tuple[Array, Step]]:
        """Yield the inputs and the step at every time, from the first to the last."""
        state = self.start()
        for time in range(len(self.inputs)):
            x = self.x(time)
            step = self.cell.step(x, state)
            state = step.state
            yield x, step

    def backward(self, states: Sequence[State]) -> Iterator[tuple[int, Array, Step, State, Gradients, Any]]:
        """Yield (time, inputs, step, gradient by its state, gradients beyond it, exponent) from the last to the first.

        `states` are those before each step. The output is h at the end, with a random cotangent of norm 1 an example;
        gradients are to be multiplied by 2^exponent (batch, 1).
        """
        xp = self.device.xp
        cotangent = self._normal(self.end)
        cotangent /= xp.sqrt((cotangent * cotangent).sum(axis=1, keepdims=True))
        by_state: State = (cotangent, *(xp.zeros(self.shape) for _ in states[0][1:]))
        exponent = xp.zeros((self.shape[0], 1))
        for time in reversed(range(len(self.inputs))):
            x = self.x(time)
            step = self.cell.step(x, states[time])
            gradients = step.backward(by_state)
            yield time, x, step, by_state, gradients, exponent
            _, more = scaled(reduce(xp.maximum, map(xp.abs, gradients.state)), xp, 1)
            by_state = tuple(each * xp.exp2(-more) for each in gradients.state)
            exponent = exponent + more

    def _normal(self, seed: np.random.SeedSequence) -> Array:
        found: Array = self.device.array(np.random.default_rng(seed).standard_normal(self.shape))
        return found


def log_kept(net: Unrolled, step: Step) -> Any:
    """Return ln of what the gate that keeps leaves at one step (batch, units); 0 where there is none."""
    keeper = net.cell.keeper
    return net.device.xp.log(step.gates[keeper].value) if keeper else 0.0
