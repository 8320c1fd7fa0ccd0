"""A table as people read it: pages of texts and formulas, a thousand rows at most in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from actcli.render.numbers import column_cells
from actcli.report import Mathematics

if TYPE_CHECKING:
    from actcli.report import Batch, Column, Table

PAGE = 1000


@dataclass(slots=True)
class Page:
    """Some rows: a list of cells for each column, and whether the column holds numbers."""

    cells: list[list[str | Mathematics]]
    numeric: list[bool]

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.cells[0]) if self.cells else 0


def headings(table: Table) -> list[str]:
    """Return what stands over each of people's columns: the heading or name, and the unit."""
    return [heading(column) for column in table.columns_for("people")]


def heading(column: Column) -> str:
    """Return what stands over a column."""
    shown = column.heading or column.name
    return f"{shown} ({column.unit})" if column.unit else shown


def pages(table: Table, digits: int) -> Iterator[Page]:
    """Yield the table's rows page by page; one empty page where there are no rows.

    A column's kind is settled by the first page, so that every page looks alike.
    """
    columns = table.columns_for("people")
    numeric: list[bool] | None = None
    waiting = Page([[] for _ in columns], [False] * len(columns))
    for batch in table.batches(_with_limits(table, columns)):
        size = len(batch[columns[0].name])
        for start in range(0, size, PAGE):
            stop = min(size, start + PAGE)
            if waiting.rows + stop - start > PAGE:
                numeric = numeric or waiting.numeric
                yield Page(waiting.cells, numeric)
                waiting = Page([[] for _ in columns], [False] * len(columns))
            _append(waiting, columns, {name: cells[start:stop] for name, cells in batch.items()}, digits)
    if waiting.rows or numeric is None:
        yield Page(waiting.cells, numeric or waiting.numeric)


def _append(page: Page, columns: tuple[Column, ...], batch: Batch, digits: int) -> None:
    for index, column in enumerate(columns):
        shown, numeric = column_cells(column, batch, digits)
        page.cells[index] += shown
        page.numeric[index] |= numeric


def _with_limits(table: Table, columns: tuple[Column, ...]) -> list[Column]:
    """Add the columns that people don't see but whose ±inf marks a limit."""
    marks = {column.limit_at for column in columns} - {column.name for column in columns}
    return [*columns, *(column for column in table.columns if column.name in marks)]
