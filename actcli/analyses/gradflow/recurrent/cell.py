"""What recurrent cells have in common: the weights of their gates and of the candidate, one step, its gradient."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

import numpy as np

from actcli.activations.function import Function
from actcli.activations.registry import DEFAULT
from actcli.core.device import Device

Array = np.ndarray[Any, Any]
State = tuple[Array, ...]
"""(h,), and with a cell (h, c): arrays (batch, units)."""


@dataclass(frozen=True, slots=True)
class Blocks:
    """W (blocks, units, features), U (blocks, units, units) and b (blocks, units) of all blocks, gates first."""

    w: Array
    u: Array
    b: Array

    def by_input(self, x: Array) -> Array:
        """Return W x + b of inputs (batch, features): an array (blocks, batch, units)."""
        found: Array = x @ self.w.transpose(0, 2, 1)
        found += self.b[:, None]
        return found

    def by_recurrent(self, h: Array) -> Array:
        """Return U h of states (batch, units): an array (blocks, batch, units)."""
        found: Array = h @ self.u.transpose(0, 2, 1)
        return found

    def back(self, gradient: Array) -> Array:
        """Return the gradient by h (batch, units) from that by U h."""
        found: Array = (gradient @ self.u).sum(axis=0)
        return found


@dataclass(frozen=True, slots=True)
class Gate:
    """What a gate lets through, and the slope of its sigmoid there."""

    value: Array
    slope: Array


@dataclass(frozen=True, slots=True)
class Gradients:
    """Of a step: by W x + b and by U h, arrays (blocks, batch, units), and by the state before."""

    by_input: Array
    by_recurrent: Array
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

    def gates(self, z: Array) -> dict[str, Gate]:
        """Return the gates by name from the pre-activations of all blocks."""
        gates = self.names[:-1]
        values, slopes = _sigmoid().derivatives_of(z[: len(gates)], 1, self.device)
        return {name: Gate(values[k], slopes[k]) for k, name in enumerate(gates)}


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a cell: the state it leads to, its gates by name, φ′ where the candidate is computed."""

    blocks: Blocks
    before: State
    state: State
    gates: Mapping[str, Gate]
    slope: Array
    xp: Any

    def backward(self, cotangent: State) -> Gradients:
        """Return the gradients of Σ cotangent · state."""
        raise NotImplementedError

    def stacked(self, *rows: Array) -> Array:
        """Return arrays (batch, units), one for each block, as one."""
        found: Array = self.xp.empty((len(rows), *rows[0].shape))
        for k, row in enumerate(rows):
            found[k] = row
        return found

    def by_cell(self, cotangent: State) -> Array:
        """Return the gradient by what carries the state: c, which h follows, or h where there is no cell."""
        return cotangent[0]


@cache
def _sigmoid() -> Function:
    found = DEFAULT.get("sigmoid")
    assert isinstance(found, Function)
    return found
