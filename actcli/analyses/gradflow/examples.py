"""Examples for a network or a unit: rows of numbers, from a file or an array."""

from __future__ import annotations

import csv
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from actcli.core.numbers import read_number
from actcli.errors import UsageError

Array = np.ndarray[Any, Any]


def read_examples(data: Any) -> Array:
    """Return examples as float64, shape (examples, features), from an array or the path of a CSV, TSV or .npy file.

    `-` is CSV from stdin. A first line that isn't numbers is a header. Raises UsageError for a file that can't be read,
    and for examples that aren't rows of finite numbers of one length.
    """
    if isinstance(data, str | Path):
        label = f"--data {data}"
        rows = _npy(Path(data), label) if str(data).endswith(".npy") else _csv(Path(data), label)
    else:
        label, rows = "data", data
    try:
        examples = np.asarray(rows, dtype=np.float64)
    except (TypeError, ValueError):
        raise UsageError(f"{label}: examples are rows of numbers, all of one length") from None
    if examples.ndim != 2 or not examples.size:
        raise UsageError(f"{label}: examples are rows of numbers, and this has the shape {examples.shape}")
    if not np.isfinite(examples).all():
        row = int(np.argmin(np.isfinite(examples).all(axis=1)))
        raise UsageError(f"{label}: example {row + 1} has a number that is not finite")
    return examples


def _npy(path: Path, label: str) -> Any:
    try:
        return np.load(path, allow_pickle=False)
    except OSError as error:
        raise UsageError(f"{label}: {error.strerror or error}") from None
    except ValueError as error:
        raise UsageError(f"{label}: not an array of numbers: {error}") from None


def _csv(path: Path, label: str) -> list[list[float]]:
    try:
        with _opened(path) as file:
            lines = [line for line in csv.reader(file, delimiter="\t" if path.suffix == ".tsv" else ",") if line]
    except OSError as error:
        raise UsageError(f"{label}: {error.strerror or error}") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{label}: not a CSV file: {error}") from None
    header = bool(lines) and not _is_numbers(lines[0])
    rows = [_numbers(line, number, label) for number, line in enumerate(lines[header:], start=1 + header)]
    if any(len(row) != len(rows[0]) for row in rows):
        raise UsageError(f"{label}: the rows have different numbers of cells")
    return rows


def _opened(path: Path) -> AbstractContextManager[TextIO]:
    if str(path) != "-":
        return path.open(encoding="utf-8-sig", newline="")
    if sys.stdin is None:
        raise UsageError("--data -: stdin is closed")
    return nullcontext(sys.stdin)


def _is_numbers(line: Sequence[str]) -> bool:
    try:
        return bool([read_number(cell) for cell in line])
    except UsageError:
        return False


def _numbers(line: Sequence[str], number: int, label: str) -> list[float]:
    try:
        return [read_number(cell) for cell in line]
    except UsageError as error:
        raise UsageError(f"{label}: row {number}: {error}") from None
