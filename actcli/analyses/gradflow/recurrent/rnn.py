"""Elman's (1990) recurrent net with any activation φ, and its exact gradient."""

from __future__ import annotations

from dataclasses import dataclass

from actcli.analyses.gradflow.recurrent.cell import Array, Cell, Gradients, State, Step


@dataclass(frozen=True, slots=True)
class RnnStep(Step):
    """h′ = φ(z)."""

    def backward(self, cotangent: State) -> Gradients:
        """Return the gradients of Σ cotangent · state."""
        by_z = (cotangent[0] * self.slope)[None]
        return Gradients(by_z, by_z, (self.blocks.back(by_z),))


class Rnn(Cell):
    """h′ = φ(W x + U h + b)."""

    names = ("hidden",)

    def step(self, x: Array, state: State) -> RnnStep:
        """Take one step from inputs (batch, features) and the state before."""
        (z,) = self.blocks.by_input(x) + self.blocks.by_recurrent(state[0])
        value, slope = self.activated(z)
        return RnnStep(self.blocks, state, (value,), {}, slope, self.device.xp)
