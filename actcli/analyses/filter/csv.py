"""CSV and TSV: only the wanted columns are parsed; the appended cells are spliced in before each record's line end."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from actcli.analyses.filter.cells import NotANumberError, numbers
from actcli.analyses.filter.output import check_appended, check_columns, computed, shown
from actcli.analyses.filter.records import Block, Records

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, BinaryIO

    from actcli.analyses.filter import Job
    from actcli.analyses.filter.output import Output

    Array = np.ndarray[Any, np.dtype[Any]]

_LF, _CR = b"\n\r"
_QUOTED = re.compile(r'"((?:[^"]|"")*+)"(.*)', re.DOTALL)


def filter_csv(
    source: BinaryIO,
    output: Output,
    jobs: Sequence[Job],
    *,
    header: bool,
    delimiter: str | None,
    label: str,
) -> None:
    """Append the computed cells to every record; a cell is empty where one that it is computed from is.

    Without `delimiter`: a comma, unless the first line has none but has semicolons or tabs. Spaces around names and
    numbers don't count. Raises UsageError for input that is not such a table.
    """
    records = Records(source, header=header, delimiter=delimiter, label=label)
    output.hold(records.mark)
    names: list[str] = []
    if records.header is not None:
        names = _names(records.header)
        check_columns(jobs, names, label)
        check_appended(jobs, names, label)
        appended = [_quoted(name, records.delimiter.decode()) for each in jobs for name in each.names]
        output.hold(b"".join(_with_cells(records.header, records.delimiter.join([b"", *appended]))))
    for block in records:
        if not names:
            first, _ = block.split(1)
            names = [str(number + 1) for number in range(len(first.separators))]
            check_columns(jobs, names, label)
        table = _table(records, block, len(names))
        output.write(len(table), *_spliced(records, block, table, names, jobs))
    output.release()


def _names(header: Block) -> list[str]:
    """Return the names of the columns, without quotes and surrounding spaces."""
    starts = [0, *(header.separators[:-1] + 1).tolist()]
    ends = [*header.separators[:-1].tolist(), int(_insertions(header, header.separators[-1:])[0])]
    texts = [header.raw[start:end].decode() for start, end in zip(starts, ends, strict=True)]
    quoted = [(text, _QUOTED.fullmatch(text)) for text in texts]
    return [(match[1].replace('""', '"') + match[2] if match else text).strip() for text, match in quoted]


def _quoted(name: str, delimiter: str) -> bytes:
    if any(character in name for character in (delimiter, '"', "\n", "\r")) or not name:
        name = '"' + name.replace('"', '""') + '"'
    return name.encode()


def _table(records: Records, block: Block, columns: int) -> Array:
    """Return where the cells end, a row a record. Raises UsageError for a record that has more or fewer."""
    at_line_end = block.bytes[block.separators] == _LF
    rows, left_over = divmod(len(block.separators), columns)
    if not left_over and at_line_end[columns - 1 :: columns].all() and np.count_nonzero(at_line_end) == rows:
        return block.separators.reshape(rows, columns)
    widths = np.diff(np.flatnonzero(at_line_end), prepend=-1)
    record = int(np.argmax(widths != columns))
    if block.raw[block.start(record) : block.start(record + 1)] in (b"\n", b"\r\n"):
        raise records.error(block, record, f" is an empty line where {columns} cells are expected")
    cells = "1 cell" if widths[record] == 1 else f"{widths[record]} cells"
    standard = "row 1" if records.header is None else "the header"
    raise records.error(block, record, f" has {cells} where {standard} has {columns}")


def _spliced(
    records: Records, block: Block, table: Array, names: Sequence[str], jobs: Sequence[Job]
) -> list[bytes | memoryview]:
    """Return the block's records with the computed cells, as pieces to write one after another."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from actcli.core.shortest import arrow_texts

    insertions = _insertions(block, table[:, -1])
    columns: dict[str, tuple[Array, Array]] = {}
    separator = pa.scalar(records.delimiter, pa.binary())
    pieces = [_segments(block.raw, insertions)]
    for job in jobs:
        for name in job.columns:
            if name not in columns:
                columns[name] = _column(records, block, table, insertions, names.index(name), name)
        empty = np.logical_or.reduce([columns[name][1] for name in job.columns])
        for result in computed(job, [columns[name][0] for name in job.columns]):
            cells = arrow_texts(result)
            if empty.any():
                cells = pc.if_else(pa.array(empty), "", cells)
            pieces += [separator, cells.cast(pa.binary())]
    joined = pc.binary_join_element_wise(*pieces, b"")
    length = np.frombuffer(joined.buffers()[1], np.int32)[len(table)]
    return [memoryview(joined.buffers()[2])[:length], _rest(block, int(insertions[-1]))]


def _column(
    records: Records, block: Block, table: Array, insertions: Array, index: int, name: str
) -> tuple[Array, Array]:
    ends = insertions if index == table.shape[1] - 1 else table[:, index]
    starts = table[:, index - 1] + 1 if index else np.concatenate([[0], table[:-1, -1] + 1])
    try:
        return numbers(block.raw, starts, ends)
    except NotANumberError as error:
        what = f", column {name!r}: {shown(error.text)} is not a number"
        if error.text.strip().casefold() in ("na", "n/a", "null", "none", "-"):
            what += "; leave cells without a value empty"
        raise records.error(block, error.index, what) from None


def _insertions(block: Block, line_feeds: Array) -> Array:
    """Return where the line ends (LF or CR LF) of records begin, whose line feeds are there."""
    if b"\r" not in block.raw:
        return line_feeds
    # A line feed at 0 looks at the last byte, which is a line feed.
    insertions: Array = line_feeds - (block.bytes[line_feeds - 1] == _CR)
    return insertions


def _segments(raw: bytes, insertions: Array) -> Any:
    """Return what lies between the insertions as an Arrow array over the same memory.

    Each segment but the first begins with the line end of the record before, so no line end needs to be cut off.
    """
    import pyarrow as pa

    offsets = np.concatenate([[0], insertions]).astype(np.int32)
    return pa.Array.from_buffers(pa.binary(), len(insertions), [None, pa.py_buffer(offsets), pa.py_buffer(raw)])


def _rest(block: Block, insertion: int) -> bytes:
    """Return the last line end, as it is in the file: perhaps not there."""
    return block.raw[insertion : len(block.raw) - (not block.closed)]


def _with_cells(header: Block, cells: bytes) -> tuple[bytes, bytes, bytes]:
    insertion = int(_insertions(header, header.separators[-1:])[0])
    return header.raw[:insertion], cells, _rest(header, insertion)
