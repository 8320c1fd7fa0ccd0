"""`actcli eval --input`: a file in, the same file with columns appended out."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

from actcli.activations.vector_function import VectorFunction
from actcli.cli import stdin
from actcli.errors import UsageError

if TYPE_CHECKING:
    from actcli.activations.registry import AnyFunction
    from actcli.analyses.evaluate import Computation
    from actcli.analyses.filter import Job
    from actcli.render import Terminal


@dataclass(frozen=True, slots=True)
class FilterOptions:
    """The options of `--input` as they were typed; `typed` says whether a dtype was asked for."""

    input: str
    column: str | None
    appended: str | None
    header: bool
    delimiter: str | None
    format: str
    outputs: Sequence[str]
    typed: bool


def run_filter(
    functions: Sequence[AnyFunction],
    computation: Computation,
    options: FilterOptions,
    *,
    terminal: Terminal,
    quiet: bool,
    tell: Callable[[str], None],
) -> None:
    """Write the input with the computed columns appended, to stdout or to the one output.

    Raises UsageError for options that don't fit the input, and for whatever the input is not.
    """
    from actcli.analyses.filter import filter_rows, open_source
    from actcli.cli.progress import RowCounter
    from actcli.render import check_output, format_from_path, is_stream, open_output

    if len(options.outputs) > 1:
        raise UsageError("--input writes one file; give --output once")
    target = options.outputs[0] if options.outputs else "-"
    check_output(target)
    jobs = requested(functions, computation, options)
    if options.input == "-" and sys.stdin is None:
        raise UsageError("stdin is closed")
    if options.input == "-":
        stdin.announce_silence(tell, "waiting for rows on stdin")
    source, kind = open_source(options.input, sys.stdin.buffer if options.input == "-" else BytesIO())
    wanted = format_from_path(target) if options.format == "auto" else options.format
    if wanted in ("json", "markdown", "latex", "table") and options.format == "auto":
        wanted = None  # an extension such as .txt says nothing about rows
    if wanted not in (None, "auto", kind):
        raise UsageError(
            f"{options.input} is {kind} and stays {kind}: --input changes no format; convert it afterwards"
        )
    if kind in ("parquet", "npy", "npz") and target == "-" and terminal.stdout_is_tty:
        raise UsageError(f"{kind} is not for a terminal: add --output FILE.{kind}")
    counter = RowCounter(sys.stderr, shown=terminal.stderr_is_tty and not quiet and target != "-")
    label = "stdin" if options.input == "-" else options.input
    with source, counter, open_output(target, sys.stdout.buffer) as sink:
        filter_rows(
            source,
            sink,
            jobs,
            kind=kind,
            header=options.header,
            delimiter=options.delimiter,
            label=label,
            stays=is_stream(target),
            progress=counter.update,
        )


def requested(functions: Sequence[AnyFunction], computation: Computation, options: FilterOptions) -> list[Job]:
    """Return what to append: for each activation and column, f and its derivatives up to the order asked for."""
    from actcli.analyses.evaluate import SUFFIXES
    from actcli.analyses.filter import Job
    from actcli.core.numbers import split_names

    columns = split_names(options.column) if options.column else []
    groups: list[tuple[AnyFunction, tuple[str, ...], list[str]]] = []
    for function in functions:
        if isinstance(function, VectorFunction):
            outputs = columns[: len(columns) // 2] if function.record.halves else columns
            groups.append((function, tuple(columns), [f"{column}_{function.name}" for column in outputs]))
        elif columns:
            groups += [(function, (column,), [f"{column}_{function.name}"]) for column in columns]
        else:
            groups.append((function, (), [function.name]))
    names = [name for _, _, group in groups for name in group]
    if options.appended is not None:
        given = split_names(options.appended)
        if len(given) != len(names):
            raise UsageError(f"--as gives {len(given)} name{'s' * (len(given) != 1)} for {len(names)} appended columns")
        names = given
    renamed = iter(names)
    jobs = []
    for function, inputs, group in groups:
        bases = [next(renamed) for _ in group]
        appended = tuple(base + SUFFIXES[k] for base in bases for k in range(computation.order + 1))
        jobs.append(Job(inputs, appended, _compute(function, computation, options.typed)))
    return jobs


def _compute(function: AnyFunction, computation: Computation, typed: bool) -> Any:
    """Return the function from input columns to appended ones."""
    import numpy as np

    def compute(columns: Sequence[Any]) -> list[Any]:
        given = [column.astype(np.float64) for column in columns] if typed else columns
        inputs = [computation.rounded(column) for column in given] if typed else given
        if not isinstance(function, VectorFunction):
            return computation.results(function, inputs[0])
        results = computation.results(function, np.stack(inputs, axis=-1))
        return [result[..., k] for k in range(results[0].shape[-1]) for result in results]

    return compute
