"""Append computed columns to a file of rows and leave every other byte as it was, in bounded memory.

One module a format: `csv` (TSV too), `jsonl`, `parquet`, `arrays` (.npy and .npz); `source` opens, decompresses and
recognises files. What is read in blocks is written in blocks: a block goes out only after all of it was computed.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from actcli.analyses.filter.output import Output
from actcli.analyses.filter.source import kind_of, open_source
from actcli.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, BinaryIO

    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]

__all__ = ["Job", "filter_rows", "kind_of", "open_source"]


@dataclass(frozen=True, slots=True)
class Job:
    """Functions of some columns, computed together.

    `columns` are the inputs by name (`"1"`, `"2"`, … where there are no names; empty for a whole .npy array), `names`
    the appended columns in order. `compute` gets one array a column and returns one array of the same shape a name.
    Text columns arrive as float64, typed ones in their own floating-point type, integers as float64. Where any of its
    columns is empty, `compute` sees NaN and what it returns is replaced by an empty cell.
    """

    columns: tuple[str, ...]
    names: tuple[str, ...]
    compute: Callable[[Sequence[Array]], Sequence[Array]]


def filter_rows(
    source: BinaryIO,
    sink: BinaryIO,
    jobs: Sequence[Job],
    *,
    kind: str,
    header: bool = True,
    delimiter: str | None = None,
    label: str,
    stays: bool = True,
    progress: Callable[[int], None] | None = None,
) -> int:
    """Copy the rows of `source` to `sink` with the computed columns appended; return how many rows there were.

    `kind` is one of `csv tsv jsonl parquet npy npz`. `header=False` says that a CSV or TSV has no line of names, so
    its columns are called "1", "2", …; `delimiter` is the character between its cells. `label` names the source in
    messages; `stays` says that rows written before an error stay; `progress` is told the number of rows written so
    far. Nothing is closed.

    Raises UsageError, one line, for input that is not what it says. When rows had been written by then, the message
    says how many, if they stay; they are whole rows, and no row after them was written.
    """
    repeated = [name for name, count in Counter(name for c in jobs for name in c.names).items() if count > 1]
    if repeated:
        raise UsageError(f"the appended column {repeated[0]!r} is asked for twice; give one another name")
    output = Output(sink, progress)
    try:
        _filter(source, output, jobs, kind, header=header, delimiter=delimiter, label=label)
    except UsageError as error:
        if not output.rows or not stays:
            raise
        were = "1 row was" if output.rows == 1 else f"{output.rows} rows were"
        raise UsageError(f"{error}; {were} already written") from error
    return output.rows


def _filter(
    source: BinaryIO,
    output: Output,
    jobs: Sequence[Job],
    kind: str,
    *,
    header: bool,
    delimiter: str | None,
    label: str,
) -> None:
    if kind not in ("npy", "npz") and not all(job.columns for job in jobs):
        raise UsageError(f"{label}: name the columns to compute with --column")
    # Each format needs libraries of its own, which nobody else should wait for.
    if kind in ("csv", "tsv"):
        from actcli.analyses.filter.csv import filter_csv

        if kind == "tsv" and delimiter is None:
            delimiter = "\t"
        filter_csv(source, output, jobs, header=header, delimiter=delimiter, label=label)
    elif kind == "jsonl":
        from actcli.analyses.filter.jsonl import filter_jsonl

        filter_jsonl(source, output, jobs, label=label)
    elif kind == "parquet":
        from actcli.analyses.filter.parquet import filter_parquet

        filter_parquet(source, output, jobs, label=label)
    elif kind == "npy":
        from actcli.analyses.filter.arrays import filter_npy

        filter_npy(source, output, jobs, label=label)
    elif kind == "npz":
        from actcli.analyses.filter.arrays import filter_npz

        filter_npz(source, output, jobs, label=label)
    else:
        raise UsageError(f"{kind!r} is not a kind of file that can be filtered: csv, tsv, jsonl, parquet, npy, npz")
