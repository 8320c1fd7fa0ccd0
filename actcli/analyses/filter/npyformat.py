"""The .npy format (NEP 1), read and written in blocks; nothing is ever unpickled."""

from __future__ import annotations

import ast
import math
import struct
import tempfile
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from actcli.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    Array = np.ndarray[Any, np.dtype[Any]]

BLOCK = 4 << 20
"""Bytes of an array that are read at a time."""
_LONGEST_HEADER = 1 << 20
_MAGIC = b"\x93NUMPY"


class Stored(NamedTuple):
    """An array that a stream holds from here on: its type, its shape and its order in memory."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    fortran_order: bool

    @property
    def size(self) -> int:
        """The number of elements."""
        return math.prod(self.shape)

    def flat(self) -> Stored:
        """Return the same elements as a vector, whose blocks can be small whatever the shape was."""
        return self._replace(shape=(self.size,), fortran_order=False)


def read_header(source: BinaryIO, label: str) -> Stored:
    """Read the header of an array. Raises UsageError if there is none, or the array holds Python objects."""
    try:
        magic, major = source.read(6), source.read(2)[0]
        long = major > 1
        (length,) = struct.unpack("<I" if long else "<H", source.read(4 if long else 2))
        if magic != _MAGIC or length > _LONGEST_HEADER:
            raise ValueError
        fields = ast.literal_eval(source.read(length).decode("utf-8" if major > 2 else "latin-1"))
        stored = Stored(
            np.lib.format.descr_to_dtype(fields["descr"]), tuple(fields["shape"]), bool(fields["fortran_order"])
        )
    except (ValueError, KeyError, TypeError, SyntaxError, IndexError, struct.error):
        raise UsageError(f"{label}: not a .npy array, or cut short in its header") from None
    if stored.dtype.hasobject:
        raise UsageError(f"{label}: the array holds Python objects, which are not read")
    return stored


def header_bytes(dtype: np.dtype[Any], shape: tuple[int, ...]) -> bytes:
    """Return the header of an array in C order."""
    fields = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
    text = repr(fields).encode()
    # Other programs read version 1 best; it takes ASCII of up to 64 KiB.
    simple = text.isascii() and len(text) < 1 << 15
    start = _MAGIC + (b"\x01\x00" if simple else b"\x03\x00")
    size = 2 if simple else 4
    padding = -(len(start) + size + len(text) + 1) % 64
    text += b" " * padding + b"\n"
    return start + struct.pack("<H" if simple else "<I", len(text)) + text


def blocks(source: BinaryIO, stored: Stored, label: str, *, itemsize: int | None = None) -> Iterator[Array]:
    """Yield the array in blocks of whole rows (along the first axis), in C order.

    Arrays that are to be read in step must be given the same `itemsize`, which the length of a block goes by. An array
    in Fortran order is copied to a temporary file first. Raises UsageError if the stream ends before the array.
    """
    row = math.prod(stored.shape[1:])
    step = max(1, BLOCK // max(1, row * (itemsize or stored.dtype.itemsize)))
    if stored.fortran_order and stored.size:
        with tempfile.TemporaryFile() as copy:
            for piece in blocks(source, stored.flat(), label):
                copy.write(piece.tobytes())
            copy.flush()
            mapped = np.memmap(copy, stored.dtype, "r", shape=stored.shape, order="F")
            for start in range(0, stored.shape[0], step):
                yield np.array(mapped[start : start + step], order="C")
            del mapped
        return
    for start in range(0, stored.shape[0] if stored.size else 0, step):
        rows = min(step, stored.shape[0] - start)
        wanted = rows * row * stored.dtype.itemsize
        data = source.read(wanted)
        if len(data) < wanted:
            raise UsageError(f"{label}: the array is cut short: {start + len(data) // (wanted // rows)} of its rows")
        yield np.frombuffer(data, stored.dtype).reshape(rows, *stored.shape[1:])
