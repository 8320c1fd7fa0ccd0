"""A table that several outputs want is computed once: its batches wait on disk for the next reader."""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from tempfile import SpooledTemporaryFile
from typing import IO

from actcli.report import Batch, Report, Table

_IN_MEMORY = 1 << 26


def replayed(report: Report, wanted: Mapping[str, set[str]], stack: ExitStack) -> Report:
    """Return the report with tables that compute the `wanted` columns once, whatever the number of readers.

    The copies on disk live until `stack` closes. A second computation would be slow and, for a measurement, different.
    """
    tables = {
        name: _replayed(table, [column.name for column in table.columns if column.name in wanted[name]], stack)
        if name in wanted
        else table
        for name, table in report.tables.items()
    }
    return replace(report, tables=tables)


def _replayed(table: Table, names: Sequence[str], stack: ExitStack) -> Table:
    kept: list[IO[bytes]] = []

    def rows(_: Sequence[str]) -> Iterator[Batch]:
        if kept:
            yield from _read(kept[0])
            return
        spool = stack.enter_context(SpooledTemporaryFile(_IN_MEMORY))  # noqa: SIM115 - it outlives this reader
        for batch in table.rows(names):
            pickle.dump({name: batch[name] for name in names}, spool, pickle.HIGHEST_PROTOCOL)
            yield batch
        kept.append(spool)

    return replace(table, rows=rows)


def _read(spool: IO[bytes]) -> Iterator[Batch]:
    spool.seek(0)
    while True:
        try:
            yield pickle.load(spool)
        except EOFError:
            return
