"""`clipping`: what clipping the gradient to a norm does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from actcli.analyses.gradflow.cases import Case
from actcli.analyses.gradflow.tables.rows import Row, activation_column, init_column, table
from actcli.report import Column, Magnitude, Table


def clipping_table(cases: Sequence[Case]) -> Table:
    """Return what clipping the whole gradient to a norm does to the first and the last layer."""
    columns = (
        activation_column([case.subject for case in cases]),
        init_column(cases),
        Column("layer", "1, next to the input, and the last"),
        Column("before", "norm of the gradient by the layer's weights"),
        Column("after", "the same when the whole gradient is clipped"),
        Column("norm", "norm of the whole gradient before", heading="whole before"),
        Column("clip", "the norm that it is clipped to", heading="clipped to"),
    )

    def rows() -> Iterator[Row]:
        from actcli.analyses.gradflow.network.clipping import clip

        for case in cases:
            threshold = case.request.clip
            assert threshold is not None
            found = clip(case.measured, threshold)
            layers = ((1, found.first, found.first_after), (case.request.depth, found.last, found.last_after))
            for layer, before, after in layers:
                yield {
                    "activation": case.function.name,
                    "init": case.init.name,
                    "layer": layer,
                    "before": Magnitude(before),
                    "after": Magnitude(after),
                    "norm": Magnitude(found.log_norm),
                    "clip": threshold,
                }

    return table("clipping", columns, rows, logged=("before", "after", "norm"), title="Gradient clipping")
