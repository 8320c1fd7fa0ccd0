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
    batches = _row_groups(table, names)
    first = next(batches, None) or pa.table({name: pa.nulls(0) for name in names})
    with parquet.ParquetWriter(pa.PythonFile(file, "w"), first.schema) as writer:
        writer.write_table(first)
        for batch in batches:
            writer.write_table(batch)


def _row_groups(table: Table, names: list[str]) -> Iterator[pa.Table]:
    """Yield tables of one schema: small batches are gathered, since each one written becomes a row group of its own.

    Formats that alternate within the first group meet in the widest of them; the schema can't be changed later.
    """
    import pyarrow as pa

    schema = None
    waiting: list[pa.Table] = []
    rows = 0
    for batch in table.rows(names):
        waiting.append(pa.table([_array(batch[name]) for name in names], names))
        rows += waiting[-1].num_rows
        if rows >= _ROW_GROUP:
            group = _gathered(waiting, schema)
            yield group
            schema, waiting, rows = group.schema, [], 0
    if waiting:
        yield _gathered(waiting, schema)


def _gathered(waiting: list[pa.Table], schema: pa.Schema | None) -> pa.Table:
    import pyarrow as pa

    group = pa.concat_tables(waiting, promote_options="permissive")
    if schema is None:
        # A column of nothing but empty cells is text.
        kinds = [pa.string() if pa.types.is_null(field.type) else field.type for field in group.schema]
        schema = pa.schema(list(zip(group.column_names, kinds, strict=True)))
    return group.cast(schema)


def _array(cells: Any) -> pa.Array:
    import pyarrow as pa

    if hasattr(cells, "dtype"):
        return pa.array(cells.astype("float32") if cells.dtype.name == "bfloat16" else cells)
    kinds = {type(value) for value in cells if value is not None}
    mixed = kinds != {str} and not kinds.isdisjoint((str, Mathematics))
    return pa.array([value if value is None else str(value) for value in cells] if mixed else cells)
