"""Tables that leave columns out where the terminal is narrow, and texts whose ends stand in line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from actcli.render import Terminal
from actcli.report import Batch, Column, Report, Table

from .reports import printed

COLUMNS = (
    Column("name"),
    Column("time", right=True),
    Column("first", heading="the first", right=True, dispensable=1),
    Column("second", dispensable=2),
)


def cells(wanted: Sequence[str]) -> Iterator[Batch]:
    yield {"name": ["a", "b"], "time": ["10 ms", "9 ms"], "first": ["xxxxxxxx", "x"], "second": ["yyyyyyyy", "y"]}


REPORT = Report("narrow", "Narrow", {"only": Table("only", COLUMNS, cells)}, notes=("a note",))

WIDE = """\
Narrow

name    time   the first   second
───────────────────────────────────
a      10 ms    xxxxxxxx   yyyyyyyy
b       9 ms           x   y

note: a note
"""


def test_all_columns_where_there_is_room() -> None:
    assert printed(REPORT, format="table", terminal=Terminal(width=40))[0] == WIDE


def test_who_can_be_done_without_is_left_out_first_and_named() -> None:
    narrow = printed(REPORT, format="table", terminal=Terminal(width=30))[0]
    assert "the first" not in narrow.splitlines()[2]
    assert "yyyyyyyy" in narrow
    assert "note: no room for the columns the first;" in " ".join(narrow.split())
    narrower = printed(REPORT, format="table", terminal=Terminal(width=15))[0]
    assert "yyyyyyyy" not in narrower
    assert "the columns the first, second;" in " ".join(narrower.split())


def test_markdown_has_all_columns_and_texts_on_the_right() -> None:
    out = printed(REPORT, format="markdown")[0]
    assert "| ---- | ----: | --------: | -------- |" in out
    assert "| b    |  9 ms |         x | y        |" in out
