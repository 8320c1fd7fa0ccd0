"""Recurrent cells with any activation φ, one step forward and its exact gradient backward.

`rnn` is Elman's (1990), `lstm` that of Hochreiter & Schmidhuber (1997) with the forget gate of Gers et al. (2000),
`gru` that of Cho et al. (2014) as PyTorch and cuDNN compute it: the reset gate acts on U h, the update gate keeps the
old state. Gates are sigmoids; φ takes the place of tanh.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, reduce
from operator import add
from typing import Any, ClassVar

import numpy as np

from actcli.activations.function import Function
from actcli.activations.registry import DEFAULT
from actcli.analyses.gradflow.network.inits import Init
from actcli.core.device import Device

Array = np.ndarray[Any, Any]
State = tuple[Array, ...]
"""(h,), and with a cell (h, c): arrays (batch, units)."""


@dataclass(frozen=True, slots=True)
class Block:
    """W (units, features), U (units, units) and b (units,) of one gate or of the candidate."""

    w: Array
    u: Array
    b: Array

    def z(self, x: Array, h: Array) -> Array:
        """Return the pre-activations W x + U h + b."""
        found: Array = x @ self.w.T + h @ self.u.T + self.b
        return found


Blocks = Mapping[str, Block]


@dataclass(frozen=True, slots=True)
class Gate:
    """What a gate lets through, and the slope of its sigmoid there."""

    value: Array
    slope: Array


@dataclass(frozen=True, slots=True)
class Gradients:
    """Of a step: by W x + b and by U h of each block (batch, units), and by the state before."""

    by_input: Mapping[str, Array]
    by_recurrent: Mapping[str, Array]
    state: State


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell with its activation and weights.

    `names` are those of its blocks, gates first; `keeper` is the gate that keeps the old state, `states` the number of
    arrays of a state.
    """

    names: ClassVar[tuple[str, ...]]
    keeper: ClassVar[str] = ""
    states: ClassVar[int] = 1

    function: Function
    blocks: Blocks
    device: Device

    def step(self, x: Array, state: State) -> Step:
        """Take one step from inputs (batch, features) and the state before."""
        raise NotImplementedError

    def activated(self, z: Array) -> tuple[Array, Array]:
        """Return φ and φ′."""
        value, slope = self.function.derivatives_of(z, 1, self.device)
        return value, slope

    def gates(self, x: Array, h: Array) -> dict[str, Gate]:
        """Return the gates by name."""
        sigmoid = _sigmoid()
        return {
            name: Gate(*sigmoid.derivatives_of(self.blocks[name].z(x, h), 1, self.device)) for name in self.names[:-1]
        }


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a cell: the state it leads to, its gates by name, φ′ where the candidate is computed."""

    blocks: Blocks
    before: State
    state: State
    gates: Mapping[str, Gate]
    slope: Array

    def backward(self, cotangent: State) -> Gradients:
        """Return the gradients of Σ cotangent · state."""
        raise NotImplementedError

    def by_cell(self, cotangent: State) -> Array:
        """Return the gradient by what carries the state: c, which h follows, or h where there is no cell."""
        return cotangent[0]


@dataclass(frozen=True, slots=True)
class RnnStep(Step):
    """h′ = φ(z)."""

    def backward(self, cotangent: State) -> Gradients:
        """Return the gradients of Σ cotangent · state."""
        by_z = {"hidden": cotangent[0] * self.slope}
        return Gradients(by_z, by_z, (_by_h(by_z, self.blocks),))


class Rnn(Cell):
    """h′ = φ(W x + U h + b)."""

    names = ("hidden",)

    def step(self, x: Array, state: State) -> RnnStep:
        """Take one step from inputs (batch, features) and the state before."""
        value, slope = self.activated(self.blocks["hidden"].z(x, state[0]))
        return RnnStep(self.blocks, state, (value,), {}, slope)


@dataclass(frozen=True, slots=True)
class LstmStep(Step):
    """c′ = f c + i g, h′ = o φ(c′)."""

    candidate: Array
    output: Gate
    """φ(c′) and φ′(c′)."""

    def by_cell(self, cotangent: State) -> Array:
        """Return the gradient by c, which h follows."""
        by_h, by_c = cotangent
        found: Array = by_c + by_h * self.gates["output"].value * self.output.slope
        return found

    def backward(self, cotangent: State) -> Gradients:
        """Return the gradients of Σ cotangent · state."""
        gates = self.gates
        by_h, by_c = cotangent[0], self.by_cell(cotangent)
        by_z = {
            "forget": by_c * self.before[1] * gates["forget"].slope,
            "input": by_c * self.candidate * gates["input"].slope,
            "output": by_h * self.output.value * gates["output"].slope,
            "candidate": by_c * gates["input"].value * self.slope,
        }
        return Gradients(by_z, by_z, (_by_h(by_z, self.blocks), by_c * gates["forget"].value))


class Lstm(Cell):
    """f, i, o = σ(…), g = φ(…), each of W x + U h + b; c′ = f c + i g, h′ = o φ(c′)."""

    names = ("forget", "input", "output", "candidate")
    keeper = "forget"
    states = 2

    def step(self, x: Array, state: State) -> LstmStep:
        """Take one step from inputs (batch, features) and the state before."""
        h, c = state
        gates = self.gates(x, h)
        candidate, slope = self.activated(self.blocks["candidate"].z(x, h))
        c = gates["forget"].value * c + gates["input"].value * candidate
        output = Gate(*self.activated(c))
        h = gates["output"].value * output.value
        return LstmStep(self.blocks, state, (h, c), gates, slope, candidate, output)


@dataclass(frozen=True, slots=True)
class GruStep(Step):
    """h′ = (1 − u) n + u h."""

    candidate: Array
    recurrent: Array
    """The candidate's U h, which the reset gate multiplies."""

    def backward(self, cotangent: State) -> Gradients:
        """Return the gradients of Σ cotangent · state."""
        reset, update = self.gates["reset"], self.gates["update"]
        (by_h,) = cotangent
        by_candidate = by_h * (1 - update.value) * self.slope
        by_gates = {
            "reset": by_candidate * self.recurrent * reset.slope,
            "update": by_h * (self.before[0] - self.candidate) * update.slope,
        }
        by_recurrent = {**by_gates, "candidate": by_candidate * reset.value}
        state = _by_h(by_recurrent, self.blocks) + by_h * update.value
        return Gradients({**by_gates, "candidate": by_candidate}, by_recurrent, (state,))


class Gru(Cell):
    """r, u = σ(W x + U h + b), n = φ(W x + b + r U h); h′ = (1 − u) n + u h."""

    names = ("reset", "update", "candidate")
    keeper = "update"

    def step(self, x: Array, state: State) -> GruStep:
        """Take one step from inputs (batch, features) and the state before."""
        (h,) = state
        gates = self.gates(x, h)
        reset, update = gates["reset"].value, gates["update"].value
        block = self.blocks["candidate"]
        recurrent = h @ block.u.T
        candidate, slope = self.activated(x @ block.w.T + block.b + reset * recurrent)
        after = (1 - update) * candidate + update * h
        return GruStep(self.blocks, state, (after,), gates, slope, candidate, recurrent)


CELLS: dict[str, type[Cell]] = {"rnn": Rnn, "lstm": Lstm, "gru": Gru}
"""By the words after `--arch`."""


def draw_cell(
    kind: type[Cell],
    function: Function,
    init: Init,
    rng: np.random.Generator,
    width: int,
    forget_bias: float | None,
    device: Device,
) -> Cell:
    """Draw W, U and b of each block by an initialisation; the gate that keeps gets the bias `forget_bias`, if any."""

    def block(name: str) -> Block:
        w, b = init.draw(rng, width, width)
        u, _ = init.draw(rng, width, width)
        if name == kind.keeper and forget_bias is not None:
            b = np.full(width, forget_bias)
        return Block(device.array(w), device.array(u), device.array(b))

    return kind(function, {name: block(name) for name in kind.names}, device)


def _by_h(by_recurrent: Mapping[str, Array], blocks: Blocks) -> Array:
    """Return the gradient by h from those by U h."""
    return reduce(add, (by_z @ blocks[name].u for name, by_z in by_recurrent.items()))


@cache
def _sigmoid() -> Function:
    found = DEFAULT.get("sigmoid")
    assert isinstance(found, Function)
    return found
