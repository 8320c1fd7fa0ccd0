"""The tables of an audit as people read them: implementations side by side, stretches instead of binades."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

from actcli.analyses.stability.tables import short
from actcli.report import Batch, Column, Table

_PLACE = re.compile(r", at (x = \S+|the row) \(.*?\)")
"""Where an implementation failed, as its failure says; the row of the table says so already."""

_MOST_INPUTS = 3
"""Inputs that a remark names; of more it tells their number."""


def side_by_side(table: Table) -> tuple[Table, tuple[str, ...]]:
    """Return the table `extremes` with one row an input and one column an implementation, and its warnings as remarks.

    An answer that is neither of the two numbers next to the exact value is followed by its distance in ULP, or by
    `wrong` where no distance says anything; where there is none, it is `failed`.
    """
    records = list(_records(table))
    keys = [column for column in table.columns_for("people") if column.name in ("activation", "order", "dtype")]
    names = dict.fromkeys(record["implementation"] for record in records)
    columns = (
        *keys,
        *(column for column in table.columns if column.name == "row"),
        Column("at", heading="x"),
        *(Column(name, f"the answer of {name}") for name in names),
        Column("right", "the right answer, correctly rounded", heading="expected"),
    )
    rows: dict[Any, dict[str, Any]] = {}
    counts: dict[Any, int] = {}
    for record in records:
        key = tuple(record.get(name) for name in ("activation", "order", "dtype", "row", "at"))
        # A vector may hold the same number twice.
        turn = counts[record["implementation"], key] = counts.get((record["implementation"], key), 0) + 1
        row = rows.setdefault((key, turn), {**record, "right": short(float(record["expected"]))})
        row[record["implementation"]] = _answer(record)
    shown = [{column.name: [row.get(column.name)] for column in columns} for row in rows.values()]
    return Table(table.name, columns, lambda wanted: iter(shown), table.title), tuple(_remarks(records))


def _answer(record: dict[str, Any]) -> str:
    if _PLACE.search(record["warning"] or ""):
        return "failed"
    got, ulp = short(float(record["got"])), float(record["ulp"])
    if math.isnan(ulp):
        return f"{got} (wrong)"
    return f"{got} ({ulp:.3g} ULP)".replace("inf", "∞") if ulp > 1 else got


def _remarks(records: Sequence[dict[str, Any]]) -> Iterator[str]:
    inputs: dict[tuple[str, str], dict[str, None]] = {}
    for record in records:
        if record["warning"]:
            at = f"({record['row']})" if record.get("row") else record["at"]
            said = record["implementation"], _PLACE.sub("", record["warning"])
            inputs.setdefault(said, {})[at] = None
    for (name, warning), places in inputs.items():
        where = f"at x = {', '.join(places)}" if len(places) <= _MOST_INPUTS else f"at {len(places)} of the inputs"
        yield f"{name}: {warning}, {where}"


def stretches(table: Table) -> Table:
    """Return the table `audit` by binade with neighbouring binades of one verdict in one row, without the reasons."""

    def rows(wanted: Sequence[str]) -> Iterator[Batch]:
        for _, alike in groupby(_records(table), _kind):
            several = list(alike)
            worst = max(several, key=lambda record: float(record["max_ulp"]))
            low, high = float(several[0]["x_from"]), float(several[-1]["x_to"])
            x = short(low) if low == high or math.isnan(low) else f"{short(low)} … {short(high)}"
            yield {**{name: [cell] for name, cell in worst.items()}, "binade": [x]}

    return replace(without_reasons(table), rows=rows)


def _kind(record: dict[str, Any]) -> tuple[Any, ...]:
    key = (record["activation"], record["order"], record["implementation"], record["dtype"])
    return (*key, record["verdict"], math.isnan(float(record["x_from"])))


def without_reasons(table: Table) -> Table:
    """Return the table `audit` without the column that takes most of the room."""
    return replace(table, columns=tuple(column for column in table.columns if column.name != "reason"))


def _records(table: Table) -> Iterator[dict[str, Any]]:
    """Yield the rows of a table one by one, with the columns of people and of programs."""
    for batch in table.batches(table.columns):
        cells = batch.items()
        for at in range(len(next(iter(batch.values())))):
            yield {name: column[at] for name, column in cells}
