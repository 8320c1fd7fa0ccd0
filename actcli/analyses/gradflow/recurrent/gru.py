"""The GRU of Cho et al. (2014) as PyTorch and cuDNN compute it, and its exact gradient.

The reset gate acts on U h, the update gate keeps the old state. Gates are sigmoids; any φ takes the place of tanh.
"""

from __future__ import annotations

from dataclasses import dataclass

from actcli.analyses.gradflow.recurrent.cell import Array, Cell, Gradients, State, Step


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
        by_reset = by_candidate * self.recurrent * reset.slope
        by_update = by_h * (self.before[0] - self.candidate) * update.slope
        by_recurrent = self.stacked(by_reset, by_update, by_candidate * reset.value)
        state = self.blocks.back(by_recurrent) + by_h * update.value
        return Gradients(self.stacked(by_reset, by_update, by_candidate), by_recurrent, (state,))


class Gru(Cell):
    """r, u = σ(W x + U h + b), n = φ(W x + b + r U h); h′ = (1 − u) n + u h."""

    names = ("reset", "update", "candidate")
    keeper = "update"

    def step(self, x: Array, state: State) -> GruStep:
        """Take one step from inputs (batch, features) and the state before."""
        (h,) = state
        z, recurrent = self.blocks.by_input(x), self.blocks.by_recurrent(h)
        gates = self.gates(z + recurrent)
        reset, update = gates["reset"].value, gates["update"].value
        candidate, slope = self.activated(z[-1] + reset * recurrent[-1])
        after = (1 - update) * candidate + update * h
        return GruStep(self.blocks, state, (after,), gates, slope, self.device.xp, candidate, recurrent[-1])
