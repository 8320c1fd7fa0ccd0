"""Parquet: row group by row group, each column with the type, codec and metadata that it had."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from actcli.analyses.filter.output import check_appended, check_columns, computed
from actcli.analyses.filter.source import seekable
from actcli.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import BinaryIO

    import pyarrow as pa
    import pyarrow.parquet as pq

    from actcli.analyses.filter import Job
    from actcli.analyses.filter.output import Output

    Array = np.ndarray[Any, np.dtype[Any]]

BATCH = 16 << 20
"""Bytes of a row group, as encoded, to read, compute and write at a time: larger groups become several."""
MOST_ROWS = 1 << 17
"""Rows at a time, because encoded columns can grow when they are decoded."""


def filter_parquet(source: BinaryIO, output: Output, jobs: Sequence[Job], *, label: str) -> None:
    """Append the computed columns to every row group; a value is null where one that it is computed from is.

    Floating-point columns are computed in their own type, integers and decimals in float64. A stream that can't seek
    is copied to a temporary file first. Raises UsageError for input that is not Parquet or has other columns.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    with seekable(source) as file:
        try:
            _filter(pq.ParquetFile(file, buffer_size=1 << 16, pre_buffer=False), output, jobs, label)
        except (pa.ArrowException, OSError) as error:
            # Our sink's errors (a full disk, a closed pipe) are the system's and carry its number; PyArrow's don't.
            if isinstance(error, OSError) and error.errno is not None:
                raise
            raise UsageError(f"{label}: not a whole Parquet file: {str(error).splitlines()[0]}") from None


def _filter(file: pq.ParquetFile, output: Output, jobs: Sequence[Job], label: str) -> None:
    names = file.schema_arrow.names
    check_columns(jobs, names, label)
    check_appended(jobs, names, label)
    for name in {name for job in jobs for name in job.columns}:
        _check_type(file.schema_arrow.field(name).type, name, label)
    writer: pq.ParquetWriter | None = None
    try:
        for batch in _batches(file):
            table = _with_results(batch, jobs)
            if writer is None:
                writer = _writer(file, table.schema, output)
            writer.write_table(table)
            output.count(len(table))
        if writer is None:
            table = _with_results(file.schema_arrow.empty_table(), jobs)
            writer = _writer(file, table.schema, output)
    finally:
        # Even after an error: what was written is then a whole Parquet file of fewer rows.
        if writer is not None:
            writer.close()


def _batches(file: pq.ParquetFile) -> Iterator[pa.Table]:
    import pyarrow as pa

    for index in range(file.metadata.num_row_groups):
        group = file.metadata.row_group(index)
        rows = max(1, min(MOST_ROWS, group.num_rows * BATCH // max(BATCH, group.total_byte_size)))
        for batch in file.iter_batches(batch_size=rows, row_groups=[index], use_threads=False):
            yield pa.Table.from_batches([batch], file.schema_arrow)


def _check_type(kind: pa.DataType, name: str, label: str) -> None:
    import pyarrow as pa

    value = kind.value_type if pa.types.is_dictionary(kind) else kind
    if not (pa.types.is_floating(value) or pa.types.is_integer(value) or pa.types.is_decimal(value)):
        raise UsageError(f"{label}: column {name!r} holds {kind}, not numbers")


def _with_results(table: pa.Table, jobs: Sequence[Job]) -> pa.Table:
    import pyarrow as pa

    columns: dict[str, tuple[Array, Array]] = {}
    for job in jobs:
        for name in job.columns:
            if name not in columns:
                columns[name] = _values(table.column(name))
        empty = np.logical_or.reduce([columns[name][1] for name in job.columns])
        results = computed(job, [columns[name][0] for name in job.columns])
        for name, result in zip(job.names, results, strict=True):
            # Arrow has no bfloat16; float32 holds all of it.
            typed = result.astype(np.float32) if result.dtype.name == "bfloat16" else result
            table = table.append_column(name, pa.array(typed, mask=empty))
    return table


def _values(column: pa.ChunkedArray) -> tuple[Array, Array]:
    """Return the numbers, NaN for nulls, and where the nulls are."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_dictionary(column.type):
        column = pc.cast(column, column.type.value_type)
    if not pa.types.is_floating(column.type):
        # Integers beyond 2⁵³ are rounded, as everywhere else.
        column = pc.cast(column, pa.float64(), safe=False)
    values: Array = column.to_numpy()
    return values, column.is_null().to_numpy()


def _writer(file: pq.ParquetFile, schema: pa.Schema, output: Output) -> pq.ParquetWriter:
    """Return a writer with the codec and the encoding that each column has in the first row group."""
    import pyarrow.parquet as pq

    metadata = file.metadata
    codecs: Any = "snappy"
    dictionaries: Any = True
    if metadata.num_row_groups:
        group = metadata.row_group(0)
        chunks = [group.column(index) for index in range(metadata.num_columns)]
        codecs = {chunk.path_in_schema: _codec(chunk.compression) for chunk in chunks}
        codecs |= {name: _codec(chunks[0].compression) for name in schema.names if name not in file.schema_arrow.names}
        dictionaries = [chunk.path_in_schema for chunk in chunks if chunk.has_dictionary_page]
    return pq.ParquetWriter(
        output.sink, schema, version=_version(metadata.format_version), compression=codecs, use_dictionary=dictionaries
    )


def _codec(name: str) -> str:
    return {"UNCOMPRESSED": "none", "LZ4_RAW": "lz4"}.get(name, name.lower())


def _version(written: str) -> str:
    # Only from 2.6 on are nanoseconds kept as they are.
    return written if written in ("2.4", "2.6") else "2.6"
