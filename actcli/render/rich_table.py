"""Tables for people, through Rich: numbers stay whole, whatever the width.

A table that is too wide first wraps its sentences and headings; where that is not enough, a few rows turn into columns
side by side, and many rows into one block of `name  value` lines each. The first page settles the layout, so rows
stream.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from textwrap import fill
from typing import TYPE_CHECKING

from actcli.render import layout
from actcli.render.pages import Page, heading, headings, pages
from actcli.render.terminal import ascii_fallback, encode
from actcli.report import Mathematics

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.text import Text

    from actcli.render.terminal import Terminal
    from actcli.report import Report, Table


_SIDE_BY_SIDE = 6
"""So many rows of a table that is too wide stand side by side, if there is room; more become blocks."""
_CONTROLS = dict.fromkeys([*range(32), *range(127, 160)], " ")


def table_bytes(
    report: Report, tables: Sequence[Table], digits: int, terminal: Terminal
) -> Iterator[tuple[int, bytes]]:
    """Yield numbers of rows and their text in the terminal's encoding: title, verdict, tables, notes."""
    from rich.text import Text

    console = _console(terminal)

    def shown(printed: RenderableType, width: int | None = None) -> bytes:
        if isinstance(printed, str):
            return encode(printed, terminal.encoding)
        with console.capture() as capture:
            console.print(printed, width=width)
        # Rich fills the last column up with blanks.
        return encode(re.sub(r" +$", "", capture.get(), flags=re.MULTILINE), terminal.encoding)

    def line(text: str, style: str = "") -> bytes:
        return shown(Text(ascii_fallback(text, terminal.encoding), style), terminal.width)

    yield 0, line(report.title, "bold")
    if report.verdict:
        yield 0, line(report.verdict)
    dropped: list[str] = []
    for whole in tables:
        table, lacking = _fitted(whole, digits, terminal)
        dropped += lacking
        yield 0, b"\n"
        if table.title and table.title != report.title:
            yield 0, line(table.title, "bold")
        for page, printed in _printed(table, digits, terminal):
            yield page.rows, shown(printed)
    room = f"no room for the columns {', '.join(dropped)}; a wider terminal and -f csv have them"
    for index, note in enumerate((*report.notes, *([room] if dropped else []))):
        yield 0, (b"" if index else b"\n") + line(f"note: {note}", "dim")


def _fitted(table: Table, digits: int, terminal: Terminal) -> tuple[Table, list[str]]:
    """Return the table without the dispensable columns that it has no room for, and the headings of those."""
    dropped: list[str] = []
    columns = [column for column in table.columns_for("people") if column.dispensable]
    for column in sorted(columns, key=lambda each: each.dispensable):
        page = next(pages(table, digits))
        if layout.unbroken(headings(table), [[*map(str, cells)] for cells in page.cells]) <= terminal.width:
            break
        table = replace(table, columns=tuple(each for each in table.columns if each is not column))
        dropped.append(heading(column))
    return table, dropped


def _console(terminal: Terminal) -> Console:
    from rich.console import Console

    return Console(
        # Widths are ours: Rich must never have a reason to crop.
        width=100_000,
        force_terminal=terminal.colour,
        color_system="standard" if terminal.colour else None,
        legacy_windows=False,
        # Terminal.detect has settled this: --color always outranks NO_COLOR, which Rich would read by itself.
        no_color=False,
        force_jupyter=False,
        markup=False,
        highlight=False,
        emoji=False,
    )


def _printed(table: Table, digits: int, terminal: Terminal) -> Iterator[tuple[Page, RenderableType]]:
    """Yield each page and what Rich shall print for it, all laid out as the first page demands."""
    names = [ascii_fallback(name, terminal.encoding) for name in headings(table)]
    right = [column.right for column in table.columns_for("people")]
    widths: list[int] | None = None
    for number, page in enumerate(pages(table, digits)):
        formulas = [any(isinstance(cell, Mathematics) for cell in column) for column in page.cells]
        ends = [numeric or end for numeric, end in zip(page.numeric, right, strict=True)]
        whole = [numeric or formula for numeric, formula in zip(page.numeric, formulas, strict=True)]
        room = layout.room_for_formulas(names, page, formulas, terminal.width) if any(formulas) else 0
        texts = _texts(page, formulas, terminal, room)
        cells = layout.aligned(texts, page.numeric, right)
        if number == 0:
            widths = layout.widths(names, cells, whole, terminal.width)
        if widths is None and number == 0 and 1 < page.rows <= _SIDE_BY_SIDE and not any(formulas):
            side = layout.transposed_widths(names, texts, page.numeric, terminal.width)
            if side is not None:
                yield page, _transposed(names, texts, side)
                continue
        if widths is None:
            if any(formulas):
                # Beside the names there is more room than there was in a column.
                beside = terminal.width - max(map(len, names)) - 2
                room = max(beside, min(layout.NARROWEST_FORMULA, terminal.width - 2))
                texts = _texts(page, formulas, terminal, room)
            yield page, _blocks(names, texts, whole, terminal.width, first=number == 0)
            continue
        for index, column in enumerate(cells):
            if whole[index]:
                # A later number may be longer than any on the first page.
                widths[index] = max([widths[index], *map(layout.extent, column)])
        plain = number > 0 and all(
            "\n" not in text and len(text) <= width
            for column, width in zip(cells, widths, strict=True)
            for text in column
        )
        # Rich takes a quarter of a millisecond a row: a long table continues without it where nothing wraps.
        yield (
            page,
            _lines(cells, ends, widths) if plain else _grid(names, cells, ends, whole, widths, header=number == 0),
        )


def _texts(page: Page, formulas: Sequence[bool], terminal: Terminal, room: int) -> list[list[str]]:
    """Return the cells as texts, formulas drawn within `room`; only columns with formulas have texts of many lines."""
    return [
        [_formula_column_text(cell, terminal, room) for cell in column]
        if formula
        else [_one_line(str(cell), terminal) for cell in column]
        for column, formula in zip(page.cells, formulas, strict=True)
    ]


def _formula_column_text(cell: str | Mathematics, terminal: Terminal, room: int) -> str:
    if isinstance(cell, Mathematics):
        return ascii_fallback(cell.pretty(room, not terminal.unicode), terminal.encoding)
    return fill(_one_line(cell, terminal), room)


def _one_line(text: str, terminal: Terminal) -> str:
    # Control characters in a cell would move the cursor, or worse.
    return ascii_fallback(text.translate(_CONTROLS), terminal.encoding)


def _transposed(names: Sequence[str], columns: Sequence[list[str]], widths: Sequence[int]) -> RenderableType:
    """Rows as columns, under the first cell of each."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table as Grid

    grid = Grid(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold")
    lines = [[name, *column] for name, column in zip(names, columns, strict=True)]
    for index, (over, width) in enumerate(zip(lines[0], widths, strict=True)):
        grid.add_column(over, width=width, overflow="fold", style="cyan" if index == 0 else "")
    for line in lines[1:]:
        grid.add_row(*line)
    return grid


def _lines(cells: Sequence[list[str]], right: Sequence[bool], widths: Sequence[int]) -> str:
    columns = [
        [text.rjust(width) if end else text.ljust(width) for text in column]
        for column, end, width in zip(cells, right, widths, strict=True)
    ]
    gap = " " * layout.GAP
    return "".join([gap.join(row).rstrip() + "\n" for row in zip(*columns, strict=True)])


def _grid(
    names: Sequence[str],
    cells: Sequence[list[str]],
    right: Sequence[bool],
    whole: Sequence[bool],
    widths: Sequence[int],
    *,
    header: bool,
) -> RenderableType:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table as Grid

    tall = any("\n" in text for column in cells for text in column)
    grid = Grid(
        box=SIMPLE_HEAD, show_edge=False, pad_edge=False, show_header=header, header_style="bold", leading=int(tall)
    )
    shown = layout.broken_headings(names, widths)
    columns: list[list[str]] = []
    for name, column, end, fixed, width in zip(shown, cells, right, whole, widths, strict=True):
        # Rich's right justification would strip the blanks that keep decimal points in line.
        columns.append([text.rjust(width) for text in column] if end else column)
        over = "\n".join(line.rjust(width) for line in name.split("\n")) if end else name
        grid.add_column(over, width=width, no_wrap=fixed, overflow="fold", vertical="middle" if tall else "top")
    for row in zip(*columns, strict=True):
        grid.add_row(*row)
    return grid


def _blocks(
    names: Sequence[str], cells: Sequence[list[str]], whole: Sequence[bool], width: int, *, first: bool
) -> Text:
    from rich.text import Text

    text = Text(no_wrap=True)
    for index, row in enumerate(zip(*cells, strict=True)):
        if index or not first:
            text.append("\n")
        for label, value in layout.block(names, row, whole, width):
            text.append(label, "cyan").append(f"{value}\n")
    text.right_crop(1)
    return text
