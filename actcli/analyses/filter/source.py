"""Open what is to be filtered: decompress gzip and Zstandard, and tell from the name or the first bytes what it is."""

from __future__ import annotations

import io
from contextlib import contextmanager
from pathlib import PurePath
from typing import TYPE_CHECKING, cast

from actcli.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, BinaryIO

_KINDS = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".npy": "npy",
    ".npz": "npz",
}
_MAGIC = {b"PAR1": "parquet", b"\x93NUMPY": "npy", b"PK\x03\x04": "npz", b"PK\x05\x06": "npz"}
_COMPRESSED = {b"\x1f\x8b": ".gz", b"\x28\xb5\x2f\xfd": ".zst"}
_SNIFFED = 1 << 16
_COMPRESSED_CHUNK = 4 << 10
"""Compressed bytes at a time: few, since each may stand for thousands of bytes."""


def kind_of(path: str) -> str | None:
    """Return `csv tsv jsonl parquet npy` or `npz` by the extension (before `.gz`, `.zst`), None for any other."""
    name = PurePath(path.lower())
    return _KINDS.get((name.with_suffix("") if name.suffix in _COMPRESSED.values() else name).suffix)


def open_source(path: str, stdin: BinaryIO) -> tuple[BinaryIO, str]:
    """Return the decompressed stream of a file, or of `stdin` for "-", and the kind of its content.

    Compression and binary kinds are recognised by their first bytes, whatever the name says. Text under an unknown
    extension is JSON lines if it begins with a brace, TSV if its first line has more tabs than commas, else CSV.
    Raises UsageError for a file that cannot be read or is not compressed as its name says.
    """
    if path == "-":
        return _recognised(stdin, "", "stdin")
    try:
        file = open(path, "rb", buffering=1 << 20)  # noqa: SIM115 - the caller closes it
    except FileNotFoundError:
        raise UsageError(f"{path}: there is no such file") from None
    except IsADirectoryError:
        raise UsageError(f"{path} is a directory; name a file in it") from None
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from None
    try:
        return _recognised(file, path, path)
    except BaseException:
        file.close()
        raise


@contextmanager
def seekable(source: BinaryIO) -> Iterator[BinaryIO]:
    """Provide the stream itself if it can seek, else a temporary copy of the rest of it."""
    if source.seekable():
        yield source
        return
    import shutil
    import tempfile

    with tempfile.TemporaryFile() as copy:
        shutil.copyfileobj(source, copy, 1 << 20)
        copy.seek(0)
        yield cast("BinaryIO", copy)


def _recognised(stream: BinaryIO, path: str, label: str) -> tuple[BinaryIO, str]:
    suffix = PurePath(path.lower()).suffix
    head, stream = _peeked(stream)
    compression = next((suffix for magic, suffix in _COMPRESSED.items() if head.startswith(magic)), None)
    if compression:
        head, stream = _peeked(_buffered(_Decompressed(stream, compression, label)))
    elif suffix in _COMPRESSED.values():
        raise UsageError(f"{label}: the content is not compressed as {suffix} says")
    binary = next((kind for magic, kind in _MAGIC.items() if head.startswith(magic)), None)
    return stream, binary or kind_of(path) or _text_kind(head, label)


def _text_kind(head: bytes, label: str) -> str:
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith(b"{"):
        return "jsonl"
    if text.startswith(b"[") and label.lower().endswith((".json", ".json.gz", ".json.zst")):
        raise UsageError(f"{label}: a JSON array; give JSON lines, one object a line (jq -c '.[]' converts)")
    line = text.partition(b"\n")[0]
    return "tsv" if line.count(b"\t") > line.count(b",") else "csv"


def _peeked(stream: BinaryIO) -> tuple[bytes, BinaryIO]:
    """Return the first bytes and a stream that still has them; it can seek if the given one can."""
    if stream.seekable():
        position = stream.tell()
        head = stream.read(_SNIFFED)
        stream.seek(position)
        return head, stream
    head = stream.read(_SNIFFED)
    return head, _buffered(_Rejoined(head, stream))


def _buffered(raw: io.RawIOBase) -> BinaryIO:
    return cast("BinaryIO", io.BufferedReader(raw, 1 << 20))


class _Derived(io.RawIOBase):
    """A readable stream made from another, which is closed with it."""

    def __init__(self, origin: BinaryIO) -> None:
        self._origin = origin

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        self._origin.close()
        super().close()


class _Rejoined(_Derived):
    """A stream with bytes that were read from it put back in front."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        super().__init__(rest)
        self._head = io.BytesIO(head)

    def readinto(self, buffer: Any) -> int:
        data = self._head.read(len(buffer)) or self._origin.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


class _Decompressed(_Derived):
    """The content of a gzip or Zstandard stream, of any number of members.

    Libraries' own readers take a Zstandard stream that is cut short for its end; this one raises UsageError.
    """

    def __init__(self, compressed: BinaryIO, suffix: str, label: str) -> None:
        super().__init__(compressed)
        self._suffix, self._label = suffix, label
        self._unread = self._content = b""
        self._member: Any = None

    def readinto(self, buffer: Any) -> int:
        while not self._content:
            self._unread = self._unread or self._origin.read(_COMPRESSED_CHUNK)
            if not self._unread:
                if self._member is not None:
                    raise UsageError(f"{self._label}: the compressed data ({self._suffix}) is cut short")
                return 0
            self._decompress()
        data, self._content = self._content[: len(buffer)], self._content[len(buffer) :]
        buffer[: len(data)] = data
        return len(data)

    def _decompress(self) -> None:
        import zlib

        import zstandard

        if self._member is None:
            # gzip files may be padded with zeros.
            if self._suffix == ".gz" and not self._unread.strip(b"\0"):
                self._unread = b""
                return
            gzip = self._suffix == ".gz"
            self._member = zlib.decompressobj(31) if gzip else zstandard.ZstdDecompressor().decompressobj()
        try:
            self._content = self._member.decompress(self._unread)
        except (zlib.error, zstandard.ZstdError) as error:
            raise UsageError(f"{self._label}: damaged compressed data ({self._suffix}): {error}") from None
        self._unread = b""
        if self._member.eof:
            self._unread, self._member = self._member.unused_data, None
