"""The table `timings` as it fits into a terminal."""

from __future__ import annotations

from dataclasses import replace

from actcli.report import Table

GAP = 3
"""Blanks between two columns."""

DISPENSABLE = ("limit", "throughput", "of_copy", "peak")
"""Columns that are left out, in this order, where the terminal is too narrow."""


def fitted(table: Table, width: int) -> tuple[Table, list[str]]:
    """Return the table without the columns that it has no room for, and the headings of those."""
    dropped: list[str] = []
    for name in DISPENSABLE:
        if _width(table) <= width:
            break
        dropped += [column.heading for column in table.columns if column.name == name]
        table = replace(table, columns=tuple(column for column in table.columns if column.name != name))
    return table, dropped


def _width(table: Table) -> int:
    """Return how wide the table is when its headings are broken between words."""
    columns = table.columns_for("people")
    widths = [max(map(len, (column.heading or column.name).split())) for column in columns]
    for batch in table.batches(columns):
        for at, column in enumerate(columns):
            widths[at] = max([widths[at], *(len(str(cell)) for cell in batch[column.name])])
    return sum(widths) + GAP * (len(widths) - 1)
