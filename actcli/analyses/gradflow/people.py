"""The report as people read it: the tables that answer first, and of a deep net the layers that tell the story."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from actcli.activations.function import Function
from actcli.analyses.gradflow.products import depths as depths_of
from actcli.report import Batch, Report, Table

Array = np.ndarray[Any, Any]

if TYPE_CHECKING:
    from actcli.activations.registry import AnyFunction
    from actcli.analyses.gradflow.request import Request

LAYERS, DEPTHS = 20, 5
"""Layers of a net and depths of products that people are shown, evenly spaced: a deep net has too many."""


def for_people(report: Report, request: Request, functions: Sequence[AnyFunction], *, table: str | None) -> Report:
    """Return the report with the tables that answer the question, a note naming the others; or with the one asked for.

    One net gets its products and layers, several stand side by side.
    """
    if table is not None:
        shown = {table: report.tables[table]}
        others = ""
    else:
        shown = _answering(report, request, functions)
        others = f"more with --table: {', '.join(name for name in report.tables if name not in shown)}"
    if "depth" in shown:
        depths = len(depths_of(request.depth)) if table is not None else DEPTHS
        shown["depth"] = without(shown["depth"], _hidden(functions, depths))
    return replace(report, tables=shown, notes=(*report.notes, *([others] if others else [])))


def answering(request: Request, functions: Sequence[AnyFunction]) -> list[str]:
    """Return the names of the tables that answer the question."""
    activations = len(functions)
    alone = activations == 1 and len(request.inits) <= 1 and not request.suggest_init
    asked = {
        "depth": alone and not request.is_recurrent,
        "layers": alone,
        "theory": activations > 1 and request.is_plain,
        "critical": request.suggest_init and request.is_plain,
        "initialisers": request.suggest_init,
        "gates": request.arch in ("lstm", "gru"),
        "clipping": request.clip is not None,
        "neuron": request.neuron is not None,
    }
    return ["summary", *(name for name in asked if asked[name])]


def _answering(report: Report, request: Request, functions: Sequence[AnyFunction]) -> dict[str, Table]:
    shown = {name: report.tables[name] for name in answering(request, functions)}
    if "initialisers" in shown and not any(batch["code"] for batch in shown["initialisers"].rows(["code"])):
        del shown["initialisers"]
    if "depth" in shown:
        depths = depths_of(request.depth)
        picked = np.linspace(0, len(depths) - 1, min(DEPTHS, len(depths))).round().astype(int)
        shown["depth"] = thinned(shown["depth"], "depth", np.array(depths)[picked])
    if "layers" in shown:
        shown["layers"] = thinned(shown["layers"], "layer", np.linspace(1, request.depth, LAYERS).round())
    return shown


def _hidden(functions: Sequence[AnyFunction], depths: int) -> set[str]:
    """Return what people don't need of products: a best case that is the bound, and of many depths what won't fit."""
    bounded = all(isinstance(each, Function) and not math.isnan(each.largest_slope) for each in functions)
    return {*(["best_case"] if bounded else []), *(["typical", "median"] if depths > DEPTHS else [])}


def without(table: Table, hidden: Collection[str]) -> Table:
    """Return a table some of whose columns are for programs alone."""
    columns = (replace(each, audience="machines") if each.name in hidden else each for each in table.columns)
    return replace(table, columns=tuple(columns))


def thinned(table: Table, column: str, shown: Array) -> Table:
    """Return a table with those rows alone that have one of these numbers in a column."""

    def kept(wanted: Sequence[str]) -> Iterator[Batch]:
        for batch in table.rows(wanted):
            rows = np.flatnonzero(np.isin(batch[column], shown))
            yield {name: [cells[row] for row in rows.tolist()] for name, cells in batch.items()}

    return replace(table, rows=kept)
