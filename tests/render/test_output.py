"""Destinations, and the plan that checks them."""

from __future__ import annotations

import csv
import errno
import gzip
import io
import os
import stat
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from actcli.errors import UsageError
from actcli.render import Terminal, format_from_path, open_output, plan, render

from .reports import printed, report, sigmoid, streamed, table, untouchable


@pytest.mark.parametrize(
    ("path", "format"),
    [
        ("x.csv", "csv"),
        ("x.CSV.gz", "csv"),
        ("a/x.tsv.zst", "tsv"),
        ("x.ndjson", "jsonl"),
        ("x.md", "markdown"),
        ("x.tex", "latex"),
        ("x.txt", "table"),
        ("x.npz", "npz"),
        ("x.gz", None),
        ("x", None),
        ("x.exe", None),
    ],
)
def test_format_from_path(path: str, format: str | None) -> None:
    assert format_from_path(path) == format


def test_a_file_is_written_whole(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    with open_output(str(path)) as file:
        file.write(b"new")
        assert not path.exists()
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_new_file_has_the_umasks_permissions(tmp_path: Path) -> None:
    path = tmp_path / "x"
    before = os.umask(0o027)
    try:
        with open_output(str(path)) as file:
            file.write(b"1")
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_permissions_stay(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"old")
    path.chmod(0o600)
    with open_output(str(path)) as file:
        file.write(b"new")
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (b"new", 0o600)


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, OSError])
@pytest.mark.parametrize("name", ["x.csv", "x.csv.gz", "x.csv.zst"])
def test_an_exception_leaves_the_old_file(tmp_path: Path, error: type[BaseException], name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"old")
    with pytest.raises(error), open_output(str(path)) as file:  # noqa: PT012 - the block is what fails
        file.write(b"new")
        raise error
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_rows_that_fail_midway_leave_nothing(tmp_path: Path) -> None:
    def rows() -> Iterator[Any]:
        yield {"x": np.ones(10)}
        raise RuntimeError("no more")

    for name in ("x.csv", "x.json", "x.jsonl", "x.parquet", "x.npy", "x.npz", "x.md", "x.tex", "x.txt"):
        with pytest.raises(RuntimeError, match="no more"):
            printed(report(streamed("t", ["x"], rows)), format="auto", outputs=[str(tmp_path / name)])
    assert list(tmp_path.iterdir()) == []


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    for content in (b"first", b"second"):  # dangling at first
        if not link.is_symlink():
            link.symlink_to("target")
        with open_output(str(link)) as file:
            file.write(content)
        assert link.is_symlink()
        assert target.read_bytes() == content


def test_pipes_and_devices_are_written_through(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    printed(report(), format="auto", outputs=[str(pipe), "/dev/null"])
    reader.join()
    assert read[0].startswith(b"activation,x,")
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_descriptors_keep_their_position(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"before\n")
    with path.open("ab") as file, open_output(f"/dev/fd/{file.fileno()}") as out:
        out.write(b"after\n")
    assert path.read_bytes() == b"before\nafter\n"


def test_dash_is_stdout() -> None:
    assert printed(report(), outputs=["-"]) == printed(report())


def test_compressed(tmp_path: Path) -> None:
    import zstandard

    for suffix in ("gz", "zst"):
        printed(report(), format="auto", outputs=[str(tmp_path / f"x.csv.{suffix}")])
    plain = printed(report())[0].encode()
    assert gzip.decompress((tmp_path / "x.csv.gz").read_bytes()) == plain
    with zstandard.ZstdDecompressor().stream_reader((tmp_path / "x.csv.zst").read_bytes()) as reader:
        assert reader.read() == plain
    before = (tmp_path / "x.csv.gz").read_bytes()
    printed(report(), format="auto", outputs=[str(tmp_path / "x.csv.gz")])
    assert (tmp_path / "x.csv.gz").read_bytes() == before


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("", "not a directory"),
        (".", "not a directory"),
        ("new/", "not a directory"),
        ("missing/x.csv", "no directory"),
        ("file/x.csv", "no directory|Not a directory"),
        ("x" * 300 + ".csv", "too long"),
        ("a\0b.csv", "zero byte"),
    ],
)
def test_bad_paths_are_found_before_any_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, reason: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file").touch()
    with pytest.raises(UsageError, match=reason) as caught:
        printed(report(untouchable()), format="csv", outputs=["fine.csv", path])
    assert "\n" not in str(caught.value)
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_no_permission(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(UsageError, match="permission denied"):
        printed(report(untouchable()), outputs=[str(tmp_path / "x.csv")])


def test_a_full_disk_is_one_line() -> None:
    with pytest.raises(UsageError, match=r"can't write /dev/full: No space left on device"):
        printed(report(), outputs=["/dev/full"])


def test_a_full_stdout_is_one_line() -> None:
    class Full(io.BytesIO):
        def flush(self) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(UsageError, match="can't write stdout: No space left on device"):
        render(report(), format="csv", terminal=Terminal(), stdout=Full(), quiet=True)


def test_a_reader_that_goes_away() -> None:
    class Gone(io.BytesIO):
        def write(self, data: Any) -> int:
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        render(report(), format="csv", terminal=Terminal(), stdout=Gone(), quiet=True)


def test_an_error_of_the_rows_is_not_blamed_on_the_output(tmp_path: Path) -> None:
    def rows() -> Iterator[Any]:
        yield {"x": np.ones(1)}
        (tmp_path / "missing").read_bytes()

    with pytest.raises(FileNotFoundError):
        printed(report(streamed("t", ["x"], rows)), outputs=[str(tmp_path / "x.csv")])


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"format": "cvs"}, r"unknown format 'cvs'; did you mean csv\?"),
        ({"format": "auto", "outputs": ["x.exe"]}, "can't tell the format of x.exe"),
        ({"digits": -1}, "--digits -1"),
        ({"plots": ["x.jpeg"]}, r"can't plot to 'x.jpeg'"),
        ({"plots": ["term"]}, "nothing to plot"),
        ({"format": "npy", "terminal": Terminal(stdout_is_tty=True)}, "not for a terminal"),
        ({"table": "values"}, "no table 'values' in eval; it has forbidden"),
    ],
)
def test_mistakes_are_found_before_any_row(options: dict[str, Any], reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        printed(report(untouchable()), **options)


def test_auto() -> None:
    for tty, format in ((True, "table"), (False, "csv")):
        chosen = plan(format="auto", outputs=[], plots=[], terminal=Terminal(stdout_is_tty=tty))
        assert chosen.stdout_format == format
    assert plan(format="auto", outputs=["x.json"], plots=[], terminal=Terminal()).stdout_format == ""
    explicit = plan(format="tsv", outputs=["x.json"], plots=[], terminal=Terminal())
    assert explicit.destinations[0].format == "tsv"


def test_several_outputs_compute_once(tmp_path: Path) -> None:
    calls = 0

    def rows() -> Iterator[Any]:
        nonlocal calls
        calls += 1
        for _ in range(3):
            yield {"x": np.random.default_rng().normal(size=4), "word": ["a"] * 4}

    paths = [str(tmp_path / name) for name in ("x.csv", "x.jsonl", "x.txt")]
    one = report(streamed("t", ["x", "word"], rows), untouchable())
    out, _ = printed(one, format="auto", outputs=[*paths, "-"], table="t")
    assert calls == 1
    assert out == (tmp_path / "x.csv").read_text()
    assert len(list(csv.reader(io.StringIO(out)))) == 13


def test_files_only_leave_stdout_empty(tmp_path: Path) -> None:
    out, err = printed(report(sigmoid(), table("more", {"a": ["b"]})), format="auto", outputs=[str(tmp_path / "x.md")])
    assert (out, err) == ("", "")
    assert "| b" in (tmp_path / "x.md").read_text()
