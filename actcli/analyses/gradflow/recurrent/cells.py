"""The recurrent cells by name, and how their weights are drawn."""

from __future__ import annotations

import numpy as np

from actcli.activations.function import Function
from actcli.analyses.gradflow.network.inits import Init
from actcli.analyses.gradflow.recurrent.cell import Blocks, Cell
from actcli.analyses.gradflow.recurrent.gru import Gru
from actcli.analyses.gradflow.recurrent.lstm import Lstm
from actcli.analyses.gradflow.recurrent.rnn import Rnn
from actcli.core.device import Device

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
    blocks = len(kind.names)
    w, u, b = np.empty((blocks, width, width)), np.empty((blocks, width, width)), np.empty((blocks, width))
    for block in range(blocks):
        w[block], b[block] = init.draw(rng, width, width)
        u[block], _ = init.draw(rng, width, width)
    if kind.keeper and forget_bias is not None:
        b[kind.names.index(kind.keeper)] = forget_bias
    return kind(function, Blocks(*map(device.array, (w, u, b))), device)
