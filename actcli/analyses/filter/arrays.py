""".npy and .npz: what is computed of an array is added to it, or to the archive, in the array's own precision.

A plain .npy gives the computed values alone: of its shape when there is one function, else with a new last axis, one
entry a function. Columns of a 2-D .npy, by number, get the new ones appended as columns; fields of a structured .npy
as fields. In an .npz the columns are the arrays, and the new ones are added as arrays.
"""

from __future__ import annotations

import shutil
import tempfile
import zipfile
import zlib
from contextlib import ExitStack
from typing import IO, TYPE_CHECKING, Any, cast

import numpy as np

from actcli.analyses.filter.npyformat import Stored, blocks, header_bytes, read_header
from actcli.analyses.filter.output import check_appended, check_columns, computed
from actcli.analyses.filter.source import seekable
from actcli.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import BinaryIO

    from actcli.analyses.filter import Job
    from actcli.analyses.filter.output import Output

    Array = np.ndarray[Any, np.dtype[Any]]


def filter_npy(source: BinaryIO, output: Output, jobs: Sequence[Job], *, label: str) -> None:
    """Write what is computed of one array; rows are counted along the first axis, or elements without columns.

    Raises UsageError for input that is not such an array, has other columns or no numbers.
    """
    stored = read_header(source, label)
    if stored.dtype.names is not None:
        _filter_fields(source, stored, output, jobs, label)
    elif any(job.columns for job in jobs):
        _filter_columns(source, stored, output, jobs, label)
    else:
        _filter_elements(source, stored, output, jobs, label)


def _filter_elements(source: BinaryIO, stored: Stored, output: Output, jobs: Sequence[Job], label: str) -> None:
    count = sum(len(job.names) for job in jobs)
    # By rows only where the order in memory asks for it: a row may be as large as the array.
    shaped = stored if stored.fortran_order else stored.flat()

    def convert(block: Array) -> Array:
        numbers = _floating(block.reshape(-1), f"{label}: the array")
        results = [result for each in jobs for result in computed(each, [numbers])]
        return np.stack(results, axis=-1) if count > 1 else results[0]

    _convert(source, shaped, output, convert, (*stored.shape, count) if count > 1 else stored.shape, label)


def _filter_columns(source: BinaryIO, stored: Stored, output: Output, jobs: Sequence[Job], label: str) -> None:
    if len(stored.shape) != 2:
        raise UsageError(f"{label}: an array of {len(stored.shape)} dimensions has no columns; leave --column out")
    rows, width = stored.shape
    names = [str(number + 1) for number in range(width)]
    check_columns(jobs, names, label)
    _check_all_named(jobs, names, label)
    added = sum(len(job.names) for job in jobs)

    def convert(block: Array) -> Array:
        numbers = _floating(block, f"{label}: the array")
        if block.dtype.kind in "iu" and (numbers.astype(block.dtype) != block).any():
            raise UsageError(f"{label}: integers beyond 2⁵³ can't stand beside floats; use a structured array or CSV")
        results = [
            result[:, None]
            for each in jobs
            for result in computed(each, [np.ascontiguousarray(numbers[:, int(name) - 1]) for name in each.columns])
        ]
        return np.concatenate([numbers, *results], axis=1)

    _convert(source, stored, output, convert, (rows, width + added), label)


def _filter_fields(source: BinaryIO, stored: Stored, output: Output, jobs: Sequence[Job], label: str) -> None:
    names = list(stored.dtype.names or ())
    check_columns(jobs, names, label)
    check_appended(jobs, names, label)
    _check_all_named(jobs, names, label)
    shaped = stored if stored.fortran_order else stored.flat()

    def convert(block: Array) -> Array:
        flat = block.reshape(-1)
        fields = {name: flat[name] for name in names}
        for each in jobs:
            inputs = [_floating(flat[name], f"{label}: field {name!r}") for name in each.columns]
            fields.update(zip(each.names, computed(each, inputs), strict=True))
        dtype = np.dtype([(name, field.dtype, field.shape[1:]) for name, field in fields.items()])
        records = np.empty(len(flat), dtype)
        for name, field in fields.items():
            records[name] = field
        return records

    _convert(source, shaped, output, convert, stored.shape, label)


def _convert(
    source: BinaryIO,
    stored: Stored,
    output: Output,
    convert: Callable[[Array], Array],
    shape: tuple[int, ...],
    label: str,
) -> None:
    """Write an array of this shape: what `convert` makes of each block."""
    dtype: np.dtype[Any] | None = None
    for block in blocks(source, stored, label):
        result = convert(block)
        if dtype is None:
            dtype = result.dtype
            output.hold(header_bytes(dtype, shape))
        output.write(len(block), result.astype(dtype, copy=False).tobytes())
    if dtype is None:
        output.hold(header_bytes(convert(np.empty((0, *stored.shape[1:]), stored.dtype)).dtype, shape))
    output.release()


def _floating(array: Array, what: str) -> Array:
    """Return numbers as `compute` takes them. Raises UsageError for anything else."""
    if array.dtype.kind == "f" and array.dtype.itemsize <= 8:
        return array.astype(array.dtype.newbyteorder("="))
    if array.dtype.kind in "iu":
        return array.astype(np.float64)
    raise UsageError(f"{what} holds {array.dtype}, not numbers of float16, float32, float64 or integers")


def _check_all_named(jobs: Sequence[Job], names: Sequence[str], label: str) -> None:
    if not all(job.columns for job in jobs):
        raise UsageError(f"{label}: name the columns to compute of with --column: {', '.join(names[:20])}")


def filter_npz(source: BinaryIO, output: Output, jobs: Sequence[Job], *, label: str) -> None:
    """Write the archive with the computed arrays added; rows are elements of those.

    The arrays of one job must have one shape. An archive of a single array needs no column names. Raises
    UsageError for input that is not such an archive.
    """
    with seekable(source) as file, ExitStack() as temporary:
        try:
            archive = temporary.enter_context(zipfile.ZipFile(file))
            names = _array_names(archive, label)
            check_columns(jobs, names, label)
            check_appended(jobs, names, label)
            if len(names) != 1:
                _check_all_named(jobs, names, label)
            added: dict[str, IO[bytes]] = {}
            elements = 0
            for each in jobs:
                # An archive takes one array after another, but they are computed together.
                files = {name: temporary.enter_context(tempfile.TemporaryFile()) for name in each.names}
                elements = _compute_arrays(archive, each.columns or (names[0],), each, list(files.values()), label)
                added |= files
            _write_archive(archive, output.sink, added)
            output.count(elements)
        except (zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise UsageError(f"{label}: not a whole .npz archive: {error}") from None


def _array_names(archive: zipfile.ZipFile, label: str) -> list[str]:
    encrypted = 1
    for info in archive.infolist():
        if info.flag_bits & encrypted or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise UsageError(f"{label}: {info.filename!r} is encrypted or compressed in a way that .npz doesn't know")
    return [name.removesuffix(".npy") for name in archive.namelist() if name.endswith(".npy")]


def _compute_arrays(
    archive: zipfile.ZipFile, columns: Sequence[str], job: Job, files: Sequence[IO[bytes]], label: str
) -> int:
    """Write each computed array to its file; return how many elements they have."""
    with ExitStack() as members:
        sources = [cast("BinaryIO", members.enter_context(archive.open(f"{name}.npy"))) for name in columns]
        places = [f"{label}: array {name!r}" for name in columns]
        stored = [read_header(source, place) for source, place in zip(sources, places, strict=True)]
        shape = stored[0].shape
        if any(each.shape != shape for each in stored):
            shapes = ", ".join(f"{name} {each.shape}" for name, each in zip(columns, stored, strict=True))
            raise UsageError(f"{label}: arrays computed together need one shape: {shapes}")
        if not any(each.fortran_order for each in stored):
            stored = [each.flat() for each in stored]
        itemsize = max(each.dtype.itemsize for each in stored)
        streams = [
            blocks(source, each, place, itemsize=itemsize)
            for source, each, place in zip(sources, stored, places, strict=True)
        ]
        dtypes: list[np.dtype[Any]] = []
        steps = zip(*streams, strict=True) if stored[0].size else [[np.empty(0, each.dtype) for each in stored]]
        for step in steps:
            inputs = [_floating(block.reshape(-1), place) for block, place in zip(step, places, strict=True)]
            results = computed(job, inputs)
            if not dtypes:
                dtypes = [result.dtype for result in results]
                for file, dtype in zip(files, dtypes, strict=True):
                    file.write(header_bytes(dtype, shape))
            for file, dtype, result in zip(files, dtypes, results, strict=True):
                file.write(result.astype(dtype, copy=False).tobytes())
        return stored[0].size


def _write_archive(archive: zipfile.ZipFile, sink: BinaryIO, added: dict[str, IO[bytes]]) -> None:
    infos = archive.infolist()
    with zipfile.ZipFile(sink, "w", infos[0].compress_type) as written:
        for info in infos:
            with archive.open(info) as member, written.open(_like(info, info.filename), "w", force_zip64=True) as copy:
                shutil.copyfileobj(member, copy, 1 << 20)
        for name, file in added.items():
            file.seek(0)
            with written.open(_like(infos[0], f"{name}.npy"), "w", force_zip64=True) as copy:
                shutil.copyfileobj(file, copy, 1 << 20)


def _like(info: zipfile.ZipInfo, filename: str) -> zipfile.ZipInfo:
    """Return the entry for a file compressed as another is and, so that results can be compared, as old."""
    entry = zipfile.ZipInfo(filename, info.date_time)
    entry.compress_type, entry.external_attr = info.compress_type, info.external_attr
    return entry
