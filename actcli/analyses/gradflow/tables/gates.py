"""`gates`, `forget_bias`: what the gates of a recurrent cell leave of a gradient through time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from actcli.analyses.gradflow.cases import Case
from actcli.analyses.gradflow.tables.rows import Row, activation_column, init_column, table
from actcli.report import Column, Magnitude, Table


def gates_table(cases: Sequence[Case]) -> Table:
    """Return how open the gates of a recurrent cell are, and what the gate that keeps leaves over all steps."""
    columns = (
        activation_column([case.subject for case in cases]),
        init_column(cases),
        Column("arch", "lstm or gru", audience="machines"),
        Column("gate", "the gate"),
        Column("mean", "its mean over steps, units and examples"),
        Column("saturated_fraction", "where its slope is below 1 % of the largest", heading="saturated"),
        Column("kept", "what it leaves of a gradient from the last step to the first, on the direct way"),
    )

    def rows() -> Iterator[Row]:
        for case in cases:
            through = case.through
            kept = None if through.kept is None else Magnitude(float(through.kept.mean()))
            for gate in through.gates:
                yield {
                    "activation": case.function.name,
                    "init": case.init.name,
                    "arch": case.request.arch,
                    "gate": gate.gate,
                    "mean": gate.mean,
                    "saturated_fraction": gate.saturated,
                    "kept": kept if gate.gate == through.keeper else None,
                }

    return table("gates", columns, rows, logged=("kept",), title="Gates")


_KEPT = ("kept", "kept_low", "kept_high")


def forget_bias_table(cases: Sequence[Case]) -> Table:
    """Return what LSTM's forget gates leave of a gradient along the cell, for several biases."""
    columns = (
        activation_column([case.subject for case in cases]),
        init_column(cases),
        Column("bias", "bias of the forget gate"),
        Column("textbook", "σ(b)^T, which leaves weights and inputs out", heading="σ(b)^T"),
        Column("kept", "geometric mean over units and examples of the product of the gates"),
        Column("kept_low", "low end of its 95 % interval", heading="low"),
        Column("kept_high", "high end of its 95 % interval", heading="high"),
        Column("norm", "root mean square of the same"),
    )

    def rows() -> Iterator[Row]:
        for case in cases:
            for found in case.forget_biases:
                ends = (found.kept.value, found.kept.low, found.kept.high)
                yield {
                    "activation": case.function.name,
                    "init": case.init.name,
                    "bias": found.bias,
                    "textbook": Magnitude(found.textbook),
                    **dict(zip(_KEPT, map(Magnitude, ends), strict=True)),
                    "norm": Magnitude(found.norm.value),
                }

    return table("forget_bias", columns, rows, logged=("textbook", *_KEPT, "norm"), title="Forget bias")
