"""Read cells of text as correctly rounded float64: fast as Arrow where it can, and everywhere what `float` says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from typing import Any

    import pyarrow as pa

    Array = np.ndarray[Any, np.dtype[Any]]

_SPACE, _QUOTE = b' "'
_MOST_SPACES = 64


class NotANumberError(Exception):
    """A cell that is no number: its index and its text."""

    def __init__(self, index: int, text: str) -> None:
        super().__init__(text)
        self.index, self.text = index, text


def numbers(raw: bytes, starts: Array, ends: Array) -> tuple[Array, Array]:
    """Return the numbers in `raw[start:end]` (UTF-8, quoted or not), and which cells are empty and so NaN.

    A number is what Python's `float` takes, or that with the minus sign U+2212. Raises NotANumberError for the first
    cell that is neither that nor empty.
    """
    octets = np.frombuffer(raw, np.uint8)
    if b'"' in raw:
        quoted = (ends - starts >= 2) & (octets[starts] == _QUOTE) & (octets[ends - 1] == _QUOTE)
        starts, ends = starts + quoted, ends - quoted
    starts, ends = _trimmed(octets, starts, ends)
    empty = starts == ends
    texts = _texts(raw, starts, ends, empty)
    values = _read_by_arrow(texts, empty)
    return _read_by_python(texts, empty) if values is None else (values, empty)


def _trimmed(octets: Array, starts: Array, ends: Array) -> tuple[Array, Array]:
    """Move the ends inwards over spaces; what is left of very many is for Python to strip."""
    starts, ends = starts.copy(), ends.copy()
    for edge, step, offset in ((starts, 1, 0), (ends, -1, -1)):
        spaced = np.arange(len(edge))
        for _ in range(_MOST_SPACES):
            spaced = spaced[(starts[spaced] < ends[spaced]) & (octets[edge[spaced] + offset] == _SPACE)]
            if not len(spaced):
                break
            edge[spaced] += step
    return starts, ends


def _texts(raw: bytes, starts: Array, ends: Array, empty: Array) -> pa.StringArray:
    import pyarrow as pa

    # Cells and the gaps between them lie in the buffer one after another; take the cells.
    count = len(starts)
    offsets = np.empty(2 * count, np.int32)
    offsets[0::2], offsets[1::2] = starts, ends
    both = pa.Array.from_buffers(pa.string(), 2 * count - 1, [None, pa.py_buffer(offsets), pa.py_buffer(raw)])
    return both.take(pa.array(np.arange(0, 2 * count, 2, dtype=np.int32), mask=empty))


def _read_by_arrow(texts: pa.StringArray, empty: Array) -> Array | None:
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        column = pc.cast(texts, pa.float64())
    except pa.ArrowInvalid:
        return None
    values: Array = column.to_numpy(zero_copy_only=False)
    nans = np.isnan(values) & ~empty
    if nans.any():
        # Arrow takes C's `nan(payload)`, longer than any spelling of Python's.
        longest = pc.max(pc.utf8_length(texts.filter(pa.array(nans)))).as_py()
        if longest > len("-nan"):
            return None
    return values


def _read_by_python(texts: pa.StringArray, empty: Array) -> tuple[Array, Array]:
    values = np.full(len(texts), np.nan)
    empty = empty.copy()
    for index, text in enumerate(texts.to_pylist()):
        if text is None:
            continue
        try:
            values[index] = float(text.replace("−", "-"))
        except ValueError:
            if text.strip():
                raise NotANumberError(index, text.replace('""', '"')) from None
            empty[index] = True
    return values, empty
