"""JSON and JSON lines: always valid, floats as the shortest text that reads back, rows streamed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from json import dumps
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from actcli.report import Report, Table

NonFinite = Literal["null", "string"]
Chunk = tuple[int, bytes | memoryview]


def report_bytes(report: Report, nonfinite: NonFinite = "null") -> Iterator[Chunk]:
    """Yield the whole report as one object: report, verdict, tables, notes, environment."""
    yield _chunk(f'{{\n"report": {_text(report.name)},\n"verdict": {_text(report.verdict)},\n"tables": {{')
    separator = ""
    for name, table in report.tables.items():
        yield _chunk(f"{separator}\n{_text(name)}: ")
        yield from array_bytes(table, nonfinite)
        separator = ","
    notes = ", ".join(_text(note) for note in report.notes)
    environment = ", ".join(f"{_text(key)}: {_text(value)}" for key, value in report.environment.items())
    yield _chunk(f'\n}},\n"notes": [{notes}],\n"environment": {{{environment}}}\n}}')


def array_bytes(table: Table, nonfinite: NonFinite = "null") -> Iterator[Chunk]:
    """Yield one table as an array of objects, a row a line; there is no newline at the end."""
    separator = b"[\n"
    for rows, written in _objects(table, "},\n", nonfinite):
        yield 0, separator
        yield rows, memoryview(written)[:-2]
        separator = b",\n"
    yield 0, b"\n]" if separator == b",\n" else b"[]"


def lines_bytes(table: Table, nonfinite: NonFinite = "null") -> Iterator[Chunk]:
    """Yield one table as JSON lines."""
    return _objects(table, "}\n", nonfinite)


def _objects(table: Table, end: str, nonfinite: NonFinite) -> Iterator[Chunk]:
    from actcli.render.lines import lines

    spelt = {text: f'"{text}"' if nonfinite == "string" else "null" for text in ("inf", "-inf", "nan")}
    columns = table.columns_for("machines")
    before = [f"{', ' if index else '{'}{_text(column.name)}: " for index, column in enumerate(columns)]
    return lines(table.batches(columns), [column.name for column in columns], before, end, _writer(spelt), spelt)


def _writer(not_finite: dict[str, str]) -> Callable[[Any], str]:
    from actcli.render.csv import value_text

    def cell(value: Any) -> str:
        if value is None:
            return "null"
        if isinstance(value, str) or not (isinstance(value, int | float) or hasattr(value, "dtype")):
            return _text(value)
        text = value_text(value)
        return not_finite.get(text, text)

    return cell


def _text(text: object) -> str:
    # Half a surrogate pair can't be UTF-8; `lines` and `_chunk` write it as \udXXX, which JSON reads.
    return dumps(str(text), ensure_ascii=False)


def _chunk(text: str) -> Chunk:
    return 0, text.encode("utf-8", "backslashreplace")
