"""GitHub Markdown: people's columns and digits, columns lined up for whoever reads the source."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from actcli.render.pages import headings, pages
from actcli.report import Mathematics

if TYPE_CHECKING:
    from actcli.report import Report, Table

_SPECIAL = re.compile(r"[\\`*\[\]<>|~#]|(?<!\w)_|_(?!\w)")


def markdown_bytes(report: Report, tables: Sequence[Table], digits: int) -> Iterator[tuple[int, bytes]]:
    """Yield numbers of rows and their UTF-8 text: heading, verdict, tables, notes."""
    parts = [f"## {escape(report.title)}\n"]
    if report.verdict:
        parts.append(f"\n{escape(report.verdict)}\n")
    yield 0, _bytes("".join(parts))
    for table in tables:
        yield 0, _bytes(f"\n### {escape(table.title)}\n\n" if table.title and table.title != report.title else "\n")
        yield from _table(table, digits)
    if report.notes:
        yield 0, _bytes("\n" + "".join(f"- {escape(note)}\n" for note in report.notes))


def escape(text: str) -> str:
    """Return `text` as Markdown that shows just that, inside a table cell too."""
    return _SPECIAL.sub(lambda match: "\\" + match[0], text).replace("\r\n", "\n").replace("\n", "<br>")


def _cell(cell: str | Mathematics) -> str:
    if isinstance(cell, str):
        return escape(cell)
    # A bar would end the cell, and Markdown reads two backslashes as one.
    formula = cell.latex.replace("|", r"\vert ").replace(r"\\", r"\cr")
    return f"${formula}$"


def _table(table: Table, digits: int) -> Iterator[tuple[int, bytes]]:
    names = [escape(name) for name in headings(table)]
    ends = [column.right for column in table.columns_for("people")]
    widths: list[int] | None = None
    for page in pages(table, digits):
        right = [number or end for number, end in zip(page.numeric, ends, strict=True)]
        cells = [[_cell(cell) for cell in column] for column in page.cells]
        if widths is None:
            widths = [max(3, len(name), *map(len, column), 0) for name, column in zip(names, cells, strict=True)]
            rule = [f"{'-' * (width - end)}{':' * end}" for width, end in zip(widths, right, strict=True)]
            yield 0, _bytes(_row(names, widths, right) + _row(rule, widths, right))
        yield page.rows, _bytes("".join([_row(row, widths, right) for row in zip(*cells, strict=True)]))


def _row(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    padded = [
        text.rjust(width) if end else text.ljust(width) for text, width, end in zip(cells, widths, right, strict=True)
    ]
    return f"| {' | '.join(padded)} |\n"


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")
