"""Parquet: typed columns, written batch by batch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO

from actcli.report import Mathematics

if TYPE_CHECKING:
    import pyarrow as pa

    from actcli.report import Table

_ROW_GROUP = 1 << 20


def write_parquet(table: Table, file: BinaryIO) -> None:
    """Write the columns that programs see; bfloat16, which Parquet lacks, becomes float32, which holds it exactly."""
    import pyarrow as pa
    from pyarrow import parquet

    columns = table.columns_for("machines")
    names = [column.name for column in columns]
    batches = _row_groups(_typed(table, names))
    first = next(batches, None) or pa.table({name: pa.nulls(0) for name in names})
    with parquet.ParquetWriter(pa.PythonFile(file, "w"), first.schema) as writer:
        writer.write_table(first)
        for batch in batches:
            writer.write_table(batch)


def _typed(table: Table, names: list[str]) -> Iterator[pa.Table]:
    import pyarrow as pa

    schema = None
    for batch in table.rows(names):
        types = [None] * len(names) if schema is None else schema.types
        typed = pa.table([_array(batch[name], kind) for name, kind in zip(names, types, strict=True)], names)
        schema = schema or typed.schema
        yield typed


def _array(cells: Any, kind: pa.DataType | None) -> pa.Array:
    import pyarrow as pa

    if hasattr(cells, "dtype"):
        array = pa.array(cells.astype("float32") if cells.dtype.name == "bfloat16" else cells)
    else:
        kinds = {type(value) for value in cells if value is not None}
        mixed = kinds != {str} and not kinds.isdisjoint((str, Mathematics))
        array = pa.array([value if value is None else str(value) for value in cells] if mixed else cells)
    if kind is None:
        # A column that begins with nothing but empty cells is text: its type can't be changed later.
        kind = pa.string() if pa.types.is_null(array.type) else array.type
    return array.cast(kind)


def _row_groups(tables: Iterator[pa.Table]) -> Iterator[pa.Table]:
    """Gather small tables, since each one written becomes a row group of its own."""
    import pyarrow as pa

    waiting: list[pa.Table] = []
    rows = 0
    for table in tables:
        waiting.append(table)
        rows += table.num_rows
        if rows >= _ROW_GROUP:
            yield pa.concat_tables(waiting)
            waiting, rows = [], 0
    if waiting:
        yield pa.concat_tables(waiting)
