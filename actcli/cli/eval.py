"""`actcli eval`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Any

import typer

from actcli.cli import options
from actcli.cli.command import Command
from actcli.cli.parameters import parameters
from actcli.errors import UsageError

if TYPE_CHECKING:
    import numpy as np

    from actcli.activations.registry import AnyFunction, Catalogue
    from actcli.analyses.evaluate import Points


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("eval", cls=Command, epilog=options.EPILOG)(evaluate)


def evaluate(
    ctx: typer.Context,
    act: options.Activation,
    x: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[X]...",
            help="Numbers (-5 1e-3 -inf) and ranges (START:STOP, START:STOP:STEP, START:STOP:COUNTj). - reads stdin. "
            "Without X: stdin if it is piped, else the points of the book's table.",
            show_default=False,
        ),
    ] = None,
    order: Annotated[
        int | None,
        options.option(
            "--order", metavar="0|1|2", help="The highest derivative (default 1; 0 with --input or --wide)."
        ),
    ] = None,
    wide: Annotated[bool, options.option("--wide", help="One row an x, one column an activation.")] = False,
    input: Annotated[
        str | None,
        options.option(
            "--input", metavar="FILE|-", help="Append columns to a CSV, TSV, JSON lines, Parquet, .npy or .npz file."
        ),
    ] = None,
    column: Annotated[
        str | None, options.option("--column", metavar="NAME[,NAME…]", help="The columns of --input to evaluate.")
    ] = None,
    appended: Annotated[
        str | None,
        options.option(
            "--as",
            metavar="NAME",
            envvar="ACTCLI_EVAL_AS",
            help="The name of the appended column (default COLUMN_ACT).",
        ),
    ] = None,
    no_header: Annotated[
        bool, options.option("--no-header", help="The --input has no line of names; columns are 1, 2, ….")
    ] = False,
    delimiter: Annotated[
        str | None, options.option("--delimiter", metavar="CHAR", help="The character between cells of --input.")
    ] = None,
    dtype: options.Dtype = "",
    device: options.DeviceName = "cpu",
    param: options.Param = None,
    format: options.Format = "auto",
    output: options.Output = None,
    table: options.TableName = None,
    plot: options.PlotTarget = None,
    digits: options.Digits = None,
    nonfinite: options.Nonfinite = "null",
    config: options.ConfigFile = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = 0,
    color: options.Color = "auto",
) -> None:
    """Evaluate activations: values, slopes, and what they mean for learning.

    \b
    actcli eval sigmoid 5
    actcli eval tanh -3:3 --format markdown
    actcli eval "x*sigmoid(b*x)" --param b=1.702 -2 -1 0
    seq -5 5 | actcli eval gelu,silu --wide
    actcli eval sigmoid --input data.csv --column z
    """  # noqa: D301 - the backspace keeps the lines apart
    from actcli.analyses.evaluate import Computation
    from actcli.cli.catalogue import catalogue_of
    from actcli.core.device import get_device
    from actcli.core.formats import get_format

    style = options.nonfinite_style(nonfinite)
    terminal = options.terminal_facts(color)

    def tell(note: str) -> None:
        if not quiet:
            sys.stderr.write(f"actcli: {note}\n")
            sys.stderr.flush()

    functions = resolve(act, parameters(param), catalogue_of(ctx.obj))
    default_order = 0 if input is not None or wide else 1
    computation = Computation(
        default_order if order is None else order, get_format(dtype or "float64"), get_device(device, tell)
    )
    if input is not None:
        from actcli.cli.filter import FilterOptions, run_filter

        refuse = {"X": x, "--wide": wide, "--plot": plot, "--table": table, "--digits": digits is not None}
        for name, given in refuse.items():
            if given:
                raise UsageError(f"{name} doesn't go with --input, which writes the file's own rows")
        run_filter(
            functions,
            computation,
            FilterOptions(input, column, appended, not no_header, delimiter, format, output or [], bool(dtype)),
            terminal=terminal,
            quiet=quiet,
            tell=tell,
        )
        return
    for name, given in {
        "--column": column,
        "--as": appended,
        "--no-header": no_header,
        "--delimiter": delimiter,
    }.items():
        if given:
            raise UsageError(f"{name} needs --input FILE")

    from actcli.analyses.evaluate import evaluate as analyse
    from actcli.cli.progress import RowCounter
    from actcli.render import plan, render

    places = plan(format=format, outputs=output or [], plots=plot or [], terminal=terminal, digits=digits)
    shown = terminal.stderr_is_tty and not quiet and not places.stdout_format
    with RowCounter(sys.stderr, shown=shown) as counter:
        source = points(x, bool(plot), tell)
        report = analyse(functions, source and counted(source, counter.update), computation, wide=wide)
        render(
            report,
            format=format,
            outputs=output or [],
            table=table,
            plots=plot or [],
            digits=digits,
            nonfinite=style,
            terminal=terminal,
            quiet=quiet,
            verbose=verbose,
        )


def resolve(act: str, given: dict[str, Fraction], catalogue: Catalogue) -> list[AnyFunction]:
    """Return the functions of the first argument; only a colon can mean code to import."""
    if ":" not in act:
        return catalogue.get_all(act, given)
    from actcli.implementations.user import resolve_all

    return resolve_all(act, given, catalogue)


def counted(source: Points, update: Callable[[int], None]) -> Points:
    """Return a source that tells how many numbers it has given."""

    def chunks() -> Iterator[np.ndarray[Any, Any]]:
        rows = 0
        for chunk in source():
            yield chunk
            rows += len(chunk)
            update(rows)

    return chunks


def points(words: list[str] | None, replayed: bool, tell: Callable[[str], None]) -> Points | None:
    """Return the source of x: the words given, stdin, or None for the records' own points.

    All words are read before anything is computed. `replayed` keeps what stdin sends, for a second pass.
    """
    from actcli.cli import stdin
    from actcli.core.numbers import chunked, read_points, read_stream

    if words and "-" not in words:
        found = [read_points(word) for word in words]
        return lambda: chunked(found)
    if not words and not stdin.is_given():
        return None
    if sys.stdin is None:
        raise UsageError("stdin is closed")
    if words and len(words) > 1:
        raise UsageError("- reads all numbers from stdin; leave the other X away")

    def stream() -> Iterator[np.ndarray[Any, Any]]:
        return read_stream(stdin.blocks(tell), "stdin")

    if replayed:
        kept = list(stream())
        return lambda: iter(kept)
    return stream
