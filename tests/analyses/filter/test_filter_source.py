from __future__ import annotations

import gzip
import io
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import zstandard

from actcli.analyses.filter import filter_rows, kind_of, open_source
from actcli.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.csv", "csv"),
        ("A.CSV", "csv"),
        ("a.b/c.tsv.gz", "tsv"),
        ("a.ndjson.zst", "jsonl"),
        ("a.jsonl", "jsonl"),
        ("a.parquet", "parquet"),
        ("a.npy", "npy"),
        ("a.npz.gz", "npz"),
        ("a.txt", None),
        ("csv", None),
        ("a.gz", None),
        ("-", None),
    ],
)
def test_kind_of(name: str, kind: str | None) -> None:
    assert kind_of(name) == kind


def _npy() -> bytes:
    sink = io.BytesIO()
    np.save(sink, [1.0])
    return sink.getvalue()


def _npz() -> bytes:
    sink = io.BytesIO()
    np.savez(sink, [1.0])
    return sink.getvalue()


CONTENTS = [
    (b"a,z\n1,2\n", "csv"),
    (b"a\tz\n1\t2\n", "tsv"),
    (b"a\tz,y\n", "csv"),
    (b'\xef\xbb\xbf {"z": 1}\n', "jsonl"),
    (b"PAR1....", "parquet"),
    (_npy(), "npy"),
    (_npz(), "npz"),
    (b"", "csv"),
    (b"x", "csv"),
]


def _plain(content: bytes) -> bytes:
    return content


@pytest.mark.parametrize("pack", [_plain, gzip.compress, zstandard.compress])
@pytest.mark.parametrize(("content", "kind"), CONTENTS)
def test_content_is_recognised(tmp_path: Path, pipe: Any, content: bytes, kind: str, pack: Any) -> None:
    path = tmp_path / "unknown"
    path.write_bytes(pack(content))
    stream, found = open_source(str(path), io.BytesIO())
    with stream:
        assert (stream.read(), found) == (content, kind)
    for stdin in (pipe(pack(content)), io.BytesIO(pack(content))):
        stream, found = open_source("-", stdin)
        assert (stream.read(), found) == (content, kind)


def test_binary_content_beats_the_extension(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(gzip.compress(_npy()))
    stream, kind = open_source(str(path), io.BytesIO())
    with stream:
        assert kind == "npy"


def test_stdin_is_read_from_where_it_stands(pipe: Any) -> None:
    stdin = io.BytesIO(b"skipped\na,z\n")
    stdin.readline()
    stream, _ = open_source("-", stdin)
    assert stream.read() == b"a,z\n"


LONG = b"".join(b"%d,%d\n" % (number, number * number) for number in range(100_000))


@pytest.mark.parametrize("suffix", [".csv.gz", ".csv.zst"])
def test_several_members(tmp_path: Path, suffix: str) -> None:
    pack: Any = gzip.compress if suffix.endswith("gz") else zstandard.compress
    path = tmp_path / f"a{suffix}"
    padding = bytes(5000) if suffix.endswith("gz") else b""
    path.write_bytes(pack(LONG) + pack(b"") + pack(LONG) + padding)
    stream, kind = open_source(str(path), io.BytesIO())
    with stream:
        assert stream.read() == LONG + LONG
        assert kind == "csv"


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
@pytest.mark.parametrize("lost", [1, 5, 1000])
def test_cut_short(tmp_path: Path, suffix: str, lost: int, f: Any) -> None:
    packed = gzip.compress(b"id,z\n" + LONG) if suffix == ".gz" else zstandard.compress(b"id,z\n" + LONG)
    path = tmp_path / f"a.csv{suffix}"
    path.write_bytes(packed[:-lost])
    stream, kind = open_source(str(path), io.BytesIO())
    with stream, pytest.raises(UsageError) as caught:
        filter_rows(stream, io.BytesIO(), [f], kind=kind, label=str(path))
    assert str(caught.value) == f"{path}: the compressed data ({suffix}) is cut short"


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
def test_damaged(tmp_path: Path, suffix: str) -> None:
    packed = bytearray(
        gzip.compress(LONG) if suffix == ".gz" else zstandard.ZstdCompressor(3, write_checksum=True).compress(LONG)
    )
    packed[len(packed) // 2] ^= 255
    path = tmp_path / f"a.csv{suffix}"
    path.write_bytes(packed)
    with pytest.raises(UsageError, match=rf"damaged compressed data \({suffix}\)"):  # noqa: SIM117
        with open_source(str(path), io.BytesIO())[0] as stream:
            stream.read()


def test_memory_stays_small_while_decompressing(tmp_path: Path) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    path = tmp_path / "a.csv.gz"
    path.write_bytes(b"".join(packer.compress(b"0" * (1 << 20)) for _ in range(64)) + packer.flush())
    import tracemalloc

    tracemalloc.start()
    stream, _ = open_source(str(path), io.BytesIO())
    with stream:
        length = sum(len(piece) for piece in iter(lambda: stream.read(1 << 16), b""))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert length == 64 << 20
    assert peak < 24 << 20


def test_errors(tmp_path: Path) -> None:
    nothing = io.BytesIO()
    with pytest.raises(UsageError, match=r"nowhere\.csv: there is no such file$"):
        open_source(str(tmp_path / "nowhere.csv"), nothing)
    with pytest.raises(UsageError, match=r"is a directory; name a file in it$"):
        open_source(str(tmp_path), nothing)
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="Not a directory"):
        open_source(str(tmp_path / "file" / "a.csv"), nothing)
    (tmp_path / "a.csv.gz").write_bytes(b"z\n1\n")
    with pytest.raises(UsageError, match=r"a\.csv\.gz: the content is not compressed as \.gz says$"):
        open_source(str(tmp_path / "a.csv.gz"), nothing)
    (tmp_path / "a.json").write_bytes(b'[{"z": 1}]')
    with pytest.raises(UsageError, match="a JSON array; give JSON lines"):
        open_source(str(tmp_path / "a.json"), nothing)


def test_unknown_kinds_are_refused(f: Any) -> None:
    with pytest.raises(UsageError, match="'xlsx' is not a kind of file"):
        filter_rows(io.BytesIO(), io.BytesIO(), [f], kind="xlsx", label="data")


def test_compressed_parquet_is_read_through_a_copy(tmp_path: Path, f: Any) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = io.BytesIO()
    pq.write_table(pa.table({"z": [1.0, 2.0]}), sink)
    path = tmp_path / "a.parquet.gz"
    path.write_bytes(gzip.compress(sink.getvalue()))
    stream, kind = open_source(str(path), io.BytesIO())
    result = io.BytesIO()
    with stream:
        assert filter_rows(stream, result, [f], kind=kind, label="data") == 2
    assert pq.read_table(io.BytesIO(result.getvalue()))["f"].to_pylist() == [2.0, 5.0]
