"""Destinations: a regular file is written whole or not at all, everything else is written through."""

from __future__ import annotations

import errno
import os
import re
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from actcli.errors import MissingError, UsageError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

_FORMATS = {
    "csv": "csv", "tsv": "tsv", "json": "json", "jsonl": "jsonl", "ndjson": "jsonl", "md": "markdown",
    "markdown": "markdown", "tex": "latex", "parquet": "parquet", "npy": "npy", "npz": "npz", "txt": "table",
}  # fmt: skip
_WRITE_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS, errno.EBADF, errno.EACCES)
_DESCRIPTOR = re.compile(r"/(?:dev|proc/self)/fd/(\d+)|/dev/std(in|out|err)")


def format_from_path(path: str) -> str | None:
    """Return the format that a path's extension names (`.gz` and `.zst` put aside), or None."""
    _, extension = os.path.splitext(re.sub(r"\.(gz|zst)$", "", path, flags=re.IGNORECASE))
    return _FORMATS.get(extension[1:].casefold())


def is_stream(path: str) -> bool:
    """Whether the path is stdout (`-`), a pipe, a socket or a device: no file to replace."""
    if path == "-" or _descriptor(path) is not None:
        return True
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def check_output(path: str) -> None:
    """Raise UsageError, naming the path, if it can't be written; leaves no trace on disk."""
    if is_stream(path):
        return
    if "\0" in path:
        raise UsageError(f"can't write {path!r}: a file name can't hold a zero byte")
    with _naming(path):
        target = os.path.realpath(path)
        parent = os.path.dirname(target)
        try:
            mode: int | None = os.stat(target).st_mode
        except FileNotFoundError:
            mode = None
        if not path or path.endswith("/") or (mode is not None and stat.S_ISDIR(mode)):
            raise UsageError(f"can't write {path or 'a file without a name'}: give the name of a file, not a directory")
        if not os.path.isdir(parent):
            raise UsageError(f"can't write {path}: there is no directory {parent}")
        if not os.access(parent, os.W_OK | os.X_OK) or (mode is not None and not os.access(target, os.W_OK)):
            raise UsageError(f"can't write {path}: permission denied")


@contextmanager
def open_output(path: str, stdout: BinaryIO | None = None) -> Iterator[BinaryIO]:
    """Yield a binary file for `path`; `-` is `stdout`. A name that ends in `.gz` or `.zst` is compressed.

    A regular file appears (or changes) only when the block ends without an exception; a symbolic link stays a link.
    Raises UsageError, naming the path, for what can't be opened or written; BrokenPipeError passes through.
    """
    name = "stdout" if path == "-" else path
    with _naming(name):
        opened = _opened(path, stdout)
    try:
        with opened as raw, _compressed(path, raw) as file:
            yield file
    except OSError as error:
        # The block may read files of its own: only what can come of writing is blamed on this path.
        if error.errno not in _WRITE_ERRORS or error.filename not in (None, path):
            raise
        raise UsageError(f"can't write {name}: {error.strerror}") from error


def _opened(path: str, stdout: BinaryIO | None) -> AbstractContextManager[BinaryIO]:
    descriptor = 1 if path == "-" else _descriptor(path)
    if descriptor == 1:
        return _flushed(stdout or sys.stdout.buffer)
    if descriptor is not None:
        # A fresh open of /dev/fd/N would forget the position, and truncate what was appended to.
        return os.fdopen(os.dup(descriptor), "wb")
    check_output(path)
    return open(path, "wb") if is_stream(path) else _replaced(os.path.realpath(path))


@contextmanager
def _flushed(stream: BinaryIO) -> Iterator[BinaryIO]:
    yield stream
    stream.flush()


@contextmanager
def _replaced(target: str) -> Iterator[BinaryIO]:
    """Yield a temporary file beside `target` that takes its place on success and vanishes on any exception."""
    temporary = os.path.join(os.path.dirname(target), f".actcli-{os.urandom(8).hex()}.tmp")
    try:
        with _naming(target):
            # O_CREAT with 0o666 lets the umask decide, as for any new file.
            file = os.fdopen(os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666), "w+b")
        with file:
            yield file
        with _naming(target):
            with suppress(FileNotFoundError):
                os.chmod(temporary, stat.S_IMODE(os.stat(target).st_mode))
            os.replace(temporary, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise


@contextmanager
def _compressed(path: str, raw: BinaryIO) -> Iterator[BinaryIO]:
    if path.casefold().endswith(".gz"):
        import gzip

        # No name and no time inside: the same data gives the same bytes.
        with gzip.GzipFile("", "wb", 6, raw, mtime=0) as packed:
            yield cast("BinaryIO", packed)
    elif path.casefold().endswith(".zst"):
        with _zstandard().ZstdCompressor().stream_writer(raw, closefd=False) as packed:
            yield packed
    else:
        yield raw


def _zstandard() -> Any:
    try:
        import zstandard
    except ImportError:
        raise MissingError("writing .zst needs the library zstandard: pip install zstandard") from None
    return zstandard


@contextmanager
def _naming(path: str) -> Iterator[None]:
    """Turn what the operating system says into one line that names the path."""
    try:
        yield
    except OSError as error:
        raise UsageError(f"can't write {path}: {error.strerror}") from error


def _descriptor(path: str) -> int | None:
    match = _DESCRIPTOR.fullmatch(path)
    if not match:
        return None
    return int(match[1]) if match[1] else {"in": 0, "out": 1, "err": 2}[match[2]]
