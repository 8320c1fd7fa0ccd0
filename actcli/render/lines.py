"""Rows of text from columns: few in plain Python, many as whole columns in PyArrow."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from actcli.core.shortest import MANY, arrow_texts, texts
from actcli.render.numbers import is_number_array
from actcli.report import Batch

SLICE = 1 << 16
"""Rows formatted at once: memory stays flat however large the batches are."""


def lines(
    batches: Iterator[Batch],
    names: Sequence[str],
    before: Sequence[str],
    end: str,
    cell: Callable[[Any], str],
    not_finite: dict[str, str] | None = None,
) -> Iterator[tuple[int, bytes | memoryview]]:
    """Yield a number of rows and their UTF-8 text: `before[0]`, first cell, `before[1]`, …, last cell, `end`.

    Numbers of arrays are written in the shortest text that reads back; `not_finite` replaces their `inf`, `-inf` and
    `nan`. `cell` writes every other cell.
    """
    for batch in batches:
        columns = [batch[name] for name in names]
        size = _length(batch, names)
        for start in range(0, size, SLICE):
            part = [column[start : start + SLICE] for column in columns]
            rows = min(SLICE, size - start)
            join = _join_many if size >= MANY else _join_few
            yield rows, join(part, before, end, cell, not_finite or {})


def _length(batch: Batch, names: Sequence[str]) -> int:
    sizes = {name: len(batch[name]) for name in names}
    if len(set(sizes.values())) > 1:
        raise ValueError(f"columns of unequal length: {sizes}")
    return next(iter(sizes.values()), 0)


def _join_few(
    columns: Sequence[Any], before: Sequence[str], end: str, cell: Callable[[Any], str], not_finite: dict[str, str]
) -> bytes:
    written: list[list[str]] = []
    for column in columns:
        if is_number_array(column):
            numbers = texts(column)
            written.append([not_finite.get(text, text) for text in numbers] if not_finite else numbers)
        else:
            written.append(_cells(column, cell))
    template = "".join(f"{prefix.replace('%', '%%')}%s" for prefix in before) + end
    return "".join([template % row for row in zip(*written, strict=True)]).encode("utf-8", "backslashreplace")


def _join_many(
    columns: Sequence[Any], before: Sequence[str], end: str, cell: Callable[[Any], str], not_finite: dict[str, str]
) -> memoryview:
    import numpy as np
    import pyarrow.compute as pc

    pieces: list[Any] = []
    for prefix, column in zip(before, columns, strict=True):
        pieces.append(prefix)
        if not is_number_array(column):
            pieces.append(_text_column(column, cell))
            continue
        text = arrow_texts(column)
        if not_finite and column.dtype.kind not in "iu" and not np.isfinite(column).all():
            for spelling, replacement in not_finite.items():
                text = pc.if_else(pc.equal(text, spelling), replacement, text)
        pieces.append(text)
    joined = pc.binary_join_element_wise(*pieces, end, "")
    _, offsets, data = joined.buffers()
    bounds = np.frombuffer(offsets, np.int32)[joined.offset : joined.offset + len(joined) + 1]
    return memoryview(data)[bounds[0] : bounds[-1]]


def _text_column(column: Any, cell: Callable[[Any], str]) -> Any:
    """Return the written cells of a column of texts as an Arrow array; each different text is written once."""
    import pyarrow as pa

    try:
        # A list: given a NumPy array of texts, PyArrow would import pandas first.
        plain = column.tolist() if hasattr(column, "tolist") else column
        coded = pa.array(plain, pa.string()).dictionary_encode(null_encoding="encode")
        values, indices = coded.dictionary.to_pylist(), coded.indices
    except (pa.ArrowTypeError, pa.ArrowInvalid, UnicodeEncodeError):  # not all texts, or not all of them UTF-8
        values, indices = column, None
    written = [text.encode("utf-8", "backslashreplace").decode() for text in _cells(values, cell)]
    cells = pa.array(written, pa.string())
    return cells if indices is None else cells.take(indices)


def _cells(column: Any, cell: Callable[[Any], str]) -> list[str]:
    """Write the cells of a column that is no array of numbers; each different text is written once."""
    values = column.tolist() if hasattr(column, "tolist") else column
    if set(map(type, values)) <= {str, type(None)}:
        written = {value: cell(value) for value in set(values)}
        return [written[value] for value in values]
    return [cell(value) for value in values]
