"""The report as people read it: the tables that answer first, and of a deep net the layers that tell the story."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from actcli.analyses.gradflow.products import depths as depths_of
from actcli.report import Batch, Report, Table

Array = np.ndarray[Any, Any]

if TYPE_CHECKING:
    from actcli.analyses.gradflow.request import Request

LAYERS, DEPTHS = 20, 5
"""Layers of a net and depths of products that people are shown, evenly spaced: a deep net has too many."""


def for_people(report: Report, request: Request, *, activations: int) -> Report:
    """Return the report with the tables that answer the question; a note names the others.

    One net gets its products and layers, several stand side by side.
    """
    alone = activations == 1 and len(request.inits) <= 1 and not request.suggest_init
    asked = {
        "depth": alone and not request.is_recurrent,
        "layers": alone,
        "theory": activations > 1,
        "critical": request.suggest_init,
        "initialisers": request.suggest_init,
        "gates": request.arch in ("lstm", "gru"),
        "clipping": request.clip is not None,
        "neuron": request.neuron is not None,
    }
    shown = {name: report.tables[name] for name in ("summary", *(name for name in asked if asked[name]))}
    if "depth" in shown:
        depths = depths_of(request.depth)
        picked = np.linspace(0, len(depths) - 1, min(DEPTHS, len(depths))).round().astype(int)
        shown["depth"] = thinned(shown["depth"], "depth", np.array(depths)[picked])
    if "layers" in shown:
        shown["layers"] = thinned(shown["layers"], "layer", np.linspace(1, request.depth, LAYERS).round())
    others = ", ".join(name for name in report.tables if name not in shown)
    return replace(report, tables=shown, notes=(*report.notes, f"more with --table: {others}"))


def thinned(table: Table, column: str, shown: Array) -> Table:
    """Return a table with those rows alone that have one of these numbers in a column."""

    def kept(wanted: Sequence[str]) -> Iterator[Batch]:
        for batch in table.rows(wanted):
            rows = np.flatnonzero(np.isin(batch[column], shown))
            yield {name: [cells[row] for row in rows.tolist()] for name, cells in batch.items()}

    return replace(table, rows=kept)
