"""A table that several outputs want is computed once: its batches wait on disk for the next reader."""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from actcli.report import Batch, Mathematics, Report, Table

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
    formulas: list[Mathematics] = []

    def rows(_: Sequence[str]) -> Iterator[Batch]:
        if kept:
            yield from _read(kept[0], formulas)
            return
        formulas.clear()
        spool = stack.enter_context(SpooledTemporaryFile(_IN_MEMORY))  # noqa: SIM115 - it outlives this reader
        for batch in table.rows(names):
            _Writer(spool, formulas).dump({name: batch[name] for name in names})
            yield batch
        kept.append(spool)

    return replace(table, rows=rows)


def _read(spool: IO[bytes], formulas: Sequence[Mathematics]) -> Iterator[Batch]:
    spool.seek(0)
    while True:
        try:
            yield _Reader(spool, formulas).load()
        except EOFError:
            return


class _Writer(pickle.Pickler):
    """Leaves formulas in memory: they are few, and what draws them can't be written down."""

    def __init__(self, spool: IO[bytes], formulas: list[Mathematics]) -> None:
        super().__init__(spool, pickle.HIGHEST_PROTOCOL)
        self.formulas = formulas

    def persistent_id(self, value: Any) -> int | None:
        if not isinstance(value, Mathematics):
            return None
        self.formulas.append(value)
        return len(self.formulas) - 1


class _Reader(pickle.Unpickler):
    def __init__(self, spool: IO[bytes], formulas: Sequence[Mathematics]) -> None:
        super().__init__(spool)
        self.formulas = formulas

    def persistent_load(self, index: int) -> Mathematics:
        return self.formulas[index]
