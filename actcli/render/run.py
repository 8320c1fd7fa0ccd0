"""Report → bytes on every destination of a plan."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, BinaryIO, Literal, TextIO

from actcli.errors import ActcliError, UsageError
from actcli.render.numbers import DIGITS
from actcli.render.output import open_output
from actcli.render.plan import BINARY, ONE_TABLE, Destination, Plan, check_tables, plan, shared_columns, tables_for
from actcli.render.terminal import Terminal, ascii_fallback, encode

if TYPE_CHECKING:
    from actcli.report import Plot, Report, Table

Chunks = Iterator[tuple[int, bytes | memoryview]]


def render(
    report: Report,
    *,
    format: str = "auto",
    outputs: Sequence[str] = (),
    table: str | None = None,
    plots: Sequence[str] = (),
    digits: int | None = None,
    nonfinite: Literal["null", "string"] = "null",
    terminal: Terminal | None = None,
    quiet: bool = False,
    verbose: int = 0,
    stdout: BinaryIO | None = None,
    stderr: TextIO | None = None,
) -> None:
    """Write a report in the wanted format to the wanted places; only the tables that are printed are computed.

    `outputs` are paths (`-` is stdout, and so is no path at all), `plots` are `term` or paths. What stdout's format
    doesn't hold of verdict and notes goes to `stderr`, unless `quiet`; `verbose` adds the environment there.

    Raises UsageError for bad formats, tables and paths before a row is computed, and for a full disk; MissingError for
    a missing library; BrokenPipeError when the reader goes away.
    """
    terminal = terminal or Terminal.detect()
    stdout, stderr = stdout or sys.stdout.buffer, stderr or sys.stderr
    places = plan(format=format, outputs=outputs, plots=plots, terminal=terminal, digits=digits)
    check_tables(report, table)
    if plots and report.plots is tuple:
        raise UsageError(f"{report.name} has nothing to plot: leave --plot away")
    drawn = report.plots() if plots else ()  # before anything is written: it may be refused
    if plots and not drawn:
        raise UsageError(f"{report.name} has nothing to plot here: leave --plot away")
    with ExitStack() as stack:
        if len(places.destinations) > 1:
            from actcli.render.replay import replayed

            report = replayed(report, shared_columns(report, places.destinations, table), stack)
        for place in places.destinations:
            facts = terminal if place.path == "-" else Terminal(width=terminal.width)
            with open_output(place.path, stdout) as file:
                _write(report, place, table, DIGITS if digits is None else digits, nonfinite, facts, file)
    if not quiet and _leaves_words_out(places, table):
        _say(report, verbose, terminal, stderr)
    if plots:
        _plot(drawn, places, terminal, stdout, stderr)


def _write(
    report: Report,
    place: Destination,
    table: str | None,
    digits: int,
    nonfinite: Literal["null", "string"],
    terminal: Terminal,
    file: BinaryIO,
) -> None:
    if place.format in BINARY:
        _write_binary(report, place.format, table, file)
        return
    written = 0
    try:
        for rows, chunk in _after_first_row(_chunks(report, place.format, table, digits, nonfinite, terminal)):
            file.write(chunk)
            written += rows
            if place.path == "-" and rows:
                # Whoever reads the pipe sees each batch when it is there.
                file.flush()
    except ActcliError as error:
        if place.path == "-" and written:
            error.args = (f"{error} (after {written} rows that are already written)",)
        raise


def _after_first_row(chunks: Chunks) -> Chunks:
    """Hold titles and headers back until a row is there: an error in the first batch then leaves nothing behind."""
    held: list[tuple[int, bytes | memoryview]] = []
    for rows, chunk in chunks:
        held.append((rows, chunk))
        if rows:
            break
    yield from held
    yield from chunks


def _chunks(
    report: Report,
    format: str,
    table: str | None,
    digits: int,
    nonfinite: Literal["null", "string"],
    terminal: Terminal,
) -> Chunks:
    tables = tables_for(report, format, table)
    match format:
        case "table":
            from actcli.render.rich_table import table_bytes

            return table_bytes(report, tables, digits, terminal)
        case "markdown":
            from actcli.render.markdown import markdown_bytes

            return markdown_bytes(report, tables, digits)
        case "latex":
            from actcli.render.latex import latex_bytes

            return latex_bytes(report, tables, digits)
        case "csv" | "tsv":
            from actcli.render.csv import csv_bytes

            return csv_bytes(_only(report, tables), "," if format == "csv" else "\t")
        case "jsonl":
            from actcli.render.json import lines_bytes

            return lines_bytes(_only(report, tables), nonfinite)
        case _:
            from actcli.render.json import array_bytes, report_bytes

            chunks = report_bytes(report, nonfinite) if table is None else array_bytes(tables[0], nonfinite)
            return _ended(chunks)


def _only(report: Report, tables: Sequence[Table]) -> Table:
    if not tables:
        raise UsageError(f"{report.name} has no table")
    return tables[0]


def _ended(chunks: Chunks) -> Chunks:
    yield from chunks
    yield 0, b"\n"


def _write_binary(report: Report, format: str, table: str | None, file: BinaryIO) -> None:
    only = _only(report, tables_for(report, format, table))
    if format == "parquet":
        from actcli.render.parquet import write_parquet

        write_parquet(only, file)
    else:
        from actcli.render.arrays import write_npy, write_npz

        (write_npy if format == "npy" else write_npz)(only, file)


def _leaves_words_out(places: Plan, table: str | None) -> bool:
    return any(
        place.format in ONE_TABLE or (place.format == "json" and table is not None) for place in places.destinations
    )


def _say(report: Report, verbose: int, terminal: Terminal, stderr: TextIO) -> None:
    lines = [report.verdict] if report.verdict else []
    lines += [f"actcli: note: {note}" for note in report.notes]
    if verbose:
        lines += [f"actcli: {key}: {value}" for key, value in report.environment.items()]
    stderr.write(ascii_fallback("".join(f"{line}\n" for line in lines), terminal.stderr_encoding))


def _plot(drawn: Sequence[Plot], places: Plan, terminal: Terminal, stdout: BinaryIO, stderr: TextIO) -> None:
    if places.plot_in_terminal:
        from actcli.render.plot_terminal import plot_text

        on_stdout = places.stdout_format == "table"
        colour = terminal.colour if on_stdout else terminal.stderr_colour
        encoding = terminal.encoding if on_stdout else terminal.stderr_encoding
        height = max(12, min(terminal.height - 4, 24))
        pictures = [
            plot_text(plot, min(terminal.width, 110), height, colour=colour, encoding=encoding) for plot in drawn
        ]
        if on_stdout:
            with open_output("-", stdout) as file:
                file.write(encode("\n" + "\n".join(pictures), encoding))
        else:
            stderr.write("\n".join(pictures))
    for path, kind in places.figures:
        from actcli.render.plot_figure import write_figure

        with open_output(path, stdout) as file:
            write_figure(drawn, file, kind)
