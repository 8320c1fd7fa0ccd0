"""NumPy files: `.npy` is one structured array of the numeric columns, `.npz` one array a column, text too."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any, BinaryIO

from actcli.errors import UsageError
from actcli.report import Mathematics

if TYPE_CHECKING:
    import numpy as np

    from actcli.report import Table

    Array = np.ndarray[Any, np.dtype[Any]]


_KEY = "activation"
"""The column of texts that tells rows apart."""


def write_npy(table: Table, file: BinaryIO) -> None:
    """Write the numeric and yes/no columns in the precision they have (bfloat16, which .npy can't name, as float32).

    The rows wait in a temporary file, since the header at the front says how many there are. Raises UsageError where
    leaving out texts would leave rows that nobody can tell apart.
    """
    import numpy as np

    names = _names(table)
    dtype: np.dtype[Any] | None = None
    keys: set[str] = set()
    with TemporaryFile() as spool:
        rows = 0
        for columns in _columns(table, names):
            if dtype is None:
                dtype = np.dtype([(name, columns[name].dtype) for name in names if columns[name].dtype.kind in "biuf"])
            size = len(columns[names[0]])
            keys.update(np.unique(columns[_KEY]).tolist() if _KEY in columns else [])
            if len(keys) > 1:
                raise UsageError(f".npy holds numbers only, not the {_KEY}: add --wide, or write .npz or .parquet")
            records = np.empty(size, dtype)
            for name in dtype.names or ():
                records[name] = columns[name]
            spool.write(records.tobytes())
            rows += size
        spool.seek(0)
        _header(file, dtype or np.dtype([]), rows)
        shutil.copyfileobj(spool, file)


def write_npz(table: Table, file: BinaryIO) -> None:
    """Write every column as an array of its name; text is fixed-width Unicode, an empty cell the empty text or NaN."""
    import numpy as np

    names = _names(table)
    texts: dict[str, list[Array]] = {name: [] for name in names}
    dtypes: dict[str, np.dtype[Any]] = {}
    rows = 0
    with ExitStack() as stack:
        spools = {name: stack.enter_context(TemporaryFile()) for name in names}
        for columns in _columns(table, names):
            rows += len(columns[names[0]])
            for name, column in columns.items():
                dtypes.setdefault(name, column.dtype)
                if dtypes[name].kind == "U":
                    # How wide the widest text is shows only at the end, so texts can't wait on disk.
                    texts[name].append(column)
                else:
                    spools[name].write(column.astype(dtypes[name]).tobytes())
        with zipfile.ZipFile(file, "w") as archive:
            for name in names:
                with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as member:
                    if texts[name]:
                        column = np.concatenate(texts[name])
                        _header(member, column.dtype, rows)
                        member.write(column.tobytes())
                    else:
                        _header(member, dtypes.get(name, np.dtype("float64")), rows)
                        spools[name].seek(0)
                        shutil.copyfileobj(spools[name], member)


def _names(table: Table) -> list[str]:
    return [column.name for column in table.columns_for("machines")]


def _columns(table: Table, names: list[str]) -> Iterator[dict[str, Array]]:
    for batch in table.rows(names):
        yield {name: _array(batch[name]) for name in names}


def _array(cells: Any) -> Array:
    import numpy as np

    if hasattr(cells, "dtype") and cells.dtype.kind != "O":
        return np.asarray(cells.astype(np.float32) if cells.dtype.name == "bfloat16" else cells)
    kinds = {type(value) for value in cells if value is not None}
    if kinds and not kinds & {str, Mathematics}:
        return np.array([np.nan if value is None else value for value in cells])
    return np.array(["" if value is None else str(value) for value in cells], np.str_)


def _header(file: Any, dtype: np.dtype[Any], rows: int) -> None:
    from numpy.lib import format as npy

    header = {"descr": npy.dtype_to_descr(dtype), "fortran_order": False, "shape": (rows,)}
    npy.write_array_header_1_0(file, header)
