"""What goes where: every mistake in formats and paths is found here, before a row is computed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from actcli.errors import UsageError, suggestion
from actcli.render.output import check_output, format_from_path, is_stream

if TYPE_CHECKING:
    from actcli.render.terminal import Terminal
    from actcli.report import Report, Table

FORMATS = ("auto", "table", "csv", "tsv", "json", "jsonl", "markdown", "latex")
"""What `--format` offers."""
BINARY = ("parquet", "npy", "npz")
"""Formats for files only; an extension asks for them."""
ONE_TABLE = ("csv", "tsv", "jsonl", *BINARY)
"""Formats that hold one table."""
PEOPLE = ("table", "markdown", "latex")
"""Formats for people: few digits, headings, words."""
FIGURES = ("png", "svg", "pdf")


@dataclass(frozen=True, slots=True)
class Destination:
    """A path (`-` is stdout) and the format that goes there."""

    path: str
    format: str


@dataclass(frozen=True, slots=True)
class Plan:
    """Where the report goes, and where its plots go: to the terminal, and to files as (path, kind)."""

    destinations: tuple[Destination, ...]
    plot_in_terminal: bool = False
    figures: tuple[tuple[str, str], ...] = ()

    @property
    def stdout_format(self) -> str:
        """The format on stdout, or an empty text."""
        return next((place.format for place in self.destinations if place.path == "-"), "")


def plan(
    *, format: str, outputs: Sequence[str], plots: Sequence[str], terminal: Terminal, digits: int | None = None
) -> Plan:
    """Return what goes where, having checked all that can be checked without a report.

    Raises UsageError for an unknown format or extension, and for a path that can't be written; MissingError where a
    figure is asked for and Matplotlib isn't there. Nothing is created.
    """
    known = (*FORMATS, *BINARY)
    if format not in known:
        raise UsageError(f"unknown format {format!r}{suggestion(format, list(known))}; choose from {' '.join(FORMATS)}")
    if digits is not None and not 0 <= digits <= 50:
        raise UsageError(f"--digits {digits}: give a number from 0 to 50")
    for path in (*outputs, *(path for path in plots if path != "term")):
        check_output(path)
    places = tuple(Destination(path, _format(path, format, terminal)) for path in dict.fromkeys(outputs or ("-",)))
    figures = tuple((path, _figure(path)) for path in dict.fromkeys(plots) if path != "term")
    both = {os.path.realpath(place.path) for place in places} & {os.path.realpath(path) for path, _ in figures}
    if both:
        raise UsageError(f"{both.pop()} can't be both the table and the figure; give two names")
    if figures:
        from actcli.render.plot_figure import check_matplotlib

        check_matplotlib()
    return Plan(places, "term" in plots, figures)


def check_tables(report: Report, table: str | None) -> None:
    """Raise UsageError, listing the tables there are, if the report has no table of this name."""
    if table is not None and table not in report.tables:
        known = list(report.tables)
        raise UsageError(f"no table {table!r} in {report.name}{suggestion(table, known)}; it has {', '.join(known)}")


def tables_for(report: Report, format: str, table: str | None) -> list[Table]:
    """Return the tables that a format carries: the named one, all, or the first where there is room for one."""
    if table is not None:
        return [report.tables[table]]
    tables = list(report.tables.values())
    return tables[:1] if format in ONE_TABLE else tables


def shared_columns(report: Report, places: Sequence[Destination], table: str | None) -> dict[str, set[str]]:
    """Return, for each table that more than one place wants, the names of the columns that any of them wants."""
    wanted: dict[str, list[set[str]]] = {}
    for place in places:
        for one in tables_for(report, place.format, table):
            columns = one.columns_for("people" if place.format in PEOPLE else "machines")
            names = {column.name for column in columns} | {column.limit_at for column in columns if column.limit_at}
            key = next(name for name, known in report.tables.items() if known is one)
            wanted.setdefault(key, []).append(names)
    return {name: set().union(*sets) for name, sets in wanted.items() if len(sets) > 1}


def _format(path: str, wanted: str, terminal: Terminal) -> str:
    chosen = wanted
    if wanted == "auto":
        if path == "-":
            return "table" if terminal.stdout_is_tty else "csv"
        # A pipe or /dev/null has no extension to speak of: like stdout that is no terminal.
        chosen = format_from_path(path) or ("csv" if is_stream(path) else "")
    if not chosen:
        known = ".csv .tsv .json .jsonl .md .tex .txt .parquet .npy .npz"
        raise UsageError(f"can't tell the format of {path}: add --format, or an extension of {known}")
    if chosen in BINARY and path == "-" and terminal.stdout_is_tty:
        raise UsageError(f"{chosen} is not for a terminal: add --output FILE.{chosen}")
    return chosen


def _figure(path: str) -> str:
    kind = os.path.splitext(path)[1][1:].casefold()
    if kind not in FIGURES:
        raise UsageError(f"can't plot to {path!r}: give `term` or a file that ends in .png, .svg or .pdf")
    return kind
