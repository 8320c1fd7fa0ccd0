"""Examples for a network or a unit: rows of numbers, from a file or an array."""

from __future__ import annotations

import csv
import sys
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np

from actcli.core.numbers import read_number
from actcli.errors import UsageError

Array = np.ndarray[Any, Any]


def read_examples(data: Any) -> Array:
    """Return examples as float64, shape (examples, features), from an array or the path of a CSV, TSV or .npy file.

    `-` is CSV from stdin. A first row without a number in it is a header. Raises UsageError for a file that can't be
    read, and for examples that aren't rows of finite real numbers of one length.
    """
    if isinstance(data, str | Path):
        label, rows = f"--data {data}", _file(str(data))
    else:
        label, rows = "data", data
    try:
        raw = np.asarray(rows)
        examples = raw if raw.dtype.kind == "c" else raw.astype(np.float64)
    except (TypeError, ValueError):
        raise UsageError(f"{label}: examples are rows of numbers, all of one length") from None
    if examples.dtype.kind == "c":
        raise UsageError(f"{label}: examples are rows of real numbers, and these are complex")
    if examples.ndim != 2:
        raise UsageError(f"{label}: examples are rows of numbers, and this has the shape {examples.shape}")
    if not examples.size:
        raise UsageError(f"{label} holds no examples: give CSV, TSV or .npy with one example a row")
    if not np.isfinite(examples).all():
        row = int(np.argmin(np.isfinite(examples).all(axis=1)))
        raise UsageError(f"{label}: example {row + 1} has a number that is not finite")
    return examples


def _file(name: str) -> Any:
    label = f"--data {name}"
    if not name:
        raise UsageError("--data needs the name of a file: CSV, TSV or .npy with one example a row")
    if name.endswith(".npz"):
        raise UsageError(f"{label}: an .npz file holds several arrays; save the one with the examples as .npy")
    try:
        return _npy(name, label) if name.endswith(".npy") else _csv(name, label)
    except OSError as error:
        raise UsageError(f"{label}: {error.strerror or error}") from None


def _npy(name: str, label: str) -> Any:
    with Path(name).open("rb") as file:
        try:
            array = np.lib.format.read_array(file, allow_pickle=False)
        except (ValueError, MemoryError):  # NumPy's words are about pickles
            array = None
    if array is None or array.dtype.kind not in "biufc":
        raise UsageError(f"{label}: not an array of numbers that NumPy has saved")
    return array


def _csv(name: str, label: str) -> Any:
    try:
        text = _text(name).removeprefix("\ufeff")
        reader = csv.reader(StringIO(text, newline=""), delimiter="\t" if name.endswith(".tsv") else ",")
        lines = [(reader.line_num, line) for line in reader if line]
    except (UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{label}: not a CSV file: {error}") from None
    header = bool(lines) and not any(map(_is_number, lines[0][1]))
    rows = [_numbers(line, number, label) for number, line in lines[header:]]
    if any(len(row) != len(rows[0]) for row in rows):
        raise UsageError(f"{label}: the rows have different numbers of cells")
    return rows or np.empty((0, 0))


def _text(name: str) -> str:
    if name != "-":
        return Path(name).read_text(encoding="utf-8")
    if sys.stdin is None:
        raise UsageError("--data -: stdin is closed")
    return sys.stdin.read()


def _is_number(cell: str) -> bool:
    try:
        read_number(cell)
    except UsageError:
        return False
    return True


def _numbers(line: Sequence[str], number: int, label: str) -> list[float]:
    try:
        return [read_number(cell) for cell in line]
    except UsageError as error:
        raise UsageError(f"{label}: row {number}: {error}") from None
