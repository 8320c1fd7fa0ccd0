"""The LSTM of Hochreiter & Schmidhuber (1997), with the forget gate of Gers et al. (2000), and its exact gradient.

Gates are sigmoids; any φ takes the place of tanh.
"""

from __future__ import annotations

from dataclasses import dataclass

from actcli.analyses.gradflow.recurrent.cell import Array, Cell, Gate, Gradients, State, Step


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
        by_z = self.stacked(
            by_c * self.before[1] * gates["forget"].slope,
            by_c * self.candidate * gates["input"].slope,
            by_h * self.output.value * gates["output"].slope,
            by_c * gates["input"].value * self.slope,
        )
        return Gradients(by_z, by_z, (self.blocks.back(by_z), by_c * gates["forget"].value))


class Lstm(Cell):
    """f, i, o = σ(…), g = φ(…), each of W x + U h + b; c′ = f c + i g, h′ = o φ(c′)."""

    names = ("forget", "input", "output", "candidate")
    keeper = "forget"
    states = 2

    def step(self, x: Array, state: State) -> LstmStep:
        """Take one step from inputs (batch, features) and the state before."""
        h, c = state
        z = self.blocks.by_input(x) + self.blocks.by_recurrent(h)
        gates = self.gates(z)
        candidate, slope = self.activated(z[-1])
        c = gates["forget"].value * c + gates["input"].value * candidate
        output = Gate(*self.activated(c))
        h = gates["output"].value * output.value
        return LstmStep(self.blocks, state, (h, c), gates, slope, self.device.xp, candidate, output)
