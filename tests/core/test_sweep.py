"""Sweeps: any number of workers, killed and resumed, refused and interrupted."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actcli.core import sweep as module
from actcli.core.formats import BFLOAT16, FLOAT32
from actcli.core.sweep import Chunk, chunks, sweep
from actcli.errors import UsageError
from tests.conftest import clean_environment


@dataclass(frozen=True)
class Total:
    count: int = 0
    total: int = 0

    def merge(self, other: Total) -> Total:
        return Total(self.count + other.count, self.total + other.total)

    def to_json(self) -> Any:
        return [self.count, self.total]

    def from_json(self, data: Any) -> Total:
        return Total(*data)


def add_up(chunk: Chunk) -> Total:
    return Total(len(chunk), sum(range(chunk.first, chunk.stop)))


def die(chunk: Chunk) -> Total:
    os._exit(1)


PARTS = chunks(BFLOAT16, 5000)
EXPECTED = Total(65536, 65536 * 65535 // 2)


@given(st.integers(100, 70000), st.integers(0, 65536), st.integers(0, 65536))
def test_chunks_cover_every_encoding_once(size: int, first: int, stop: int) -> None:
    parts = chunks(BFLOAT16, size + 1, first, stop)
    assert [k for part in parts for k in range(part.first, part.stop)] == list(range(first, stop))
    assert all(0 < len(part) <= size + 1 for part in parts)


def test_all_of_float32() -> None:
    assert sum(map(len, chunks(FLOAT32))) == 1 << 32


@pytest.mark.parametrize("workers", [1, 2])
def test_the_number_of_workers_does_not_show(workers: int) -> None:
    seen: list[tuple[int, int]] = []
    assert sweep(add_up, PARTS, Total(), workers=workers, progress=lambda *each: seen.append(each)) == EXPECTED
    assert seen == [(k, len(PARTS)) for k in range(len(PARTS) + 1)]


def test_an_executor_that_is_handed_in_stays_open() -> None:
    with ThreadPoolExecutor(3) as pool:
        assert sweep(add_up, PARTS, Total(), executor=pool) == EXPECTED
        assert pool.submit(int).result() == 0


def test_nothing_to_do() -> None:
    assert sweep(add_up, [], Total()) == Total()


def failing_after(count: int) -> Callable[[Chunk], Total]:
    done = []

    def job(chunk: Chunk) -> Total:
        if len(done) == count:
            raise KeyboardInterrupt
        done.append(chunk)
        return add_up(chunk)

    return job


def test_a_cut_off_run_goes_on_where_it_was(tmp_path: Path) -> None:
    checkpoint = tmp_path / "run.json"
    with pytest.raises(KeyboardInterrupt):
        sweep(failing_after(4), PARTS, Total(), workers=1, checkpoint=checkpoint, fingerprint="sum")
    assert [each.name for each in tmp_path.iterdir()] == ["run.json"]
    seen: list[Chunk] = []

    def watched(chunk: Chunk) -> Total:
        seen.append(chunk)
        return add_up(chunk)

    assert sweep(watched, PARTS, Total(), workers=1, checkpoint=checkpoint, fingerprint="sum") == EXPECTED
    assert seen == PARTS[4:]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("change", ["fingerprint", "parts"])
def test_the_checkpoint_of_another_job_is_refused_and_kept(tmp_path: Path, change: str) -> None:
    checkpoint = tmp_path / "run.json"
    with pytest.raises(KeyboardInterrupt):
        sweep(failing_after(4), PARTS, Total(), workers=1, checkpoint=checkpoint, fingerprint="sum")
    before = checkpoint.read_bytes()
    parts, fingerprint = (PARTS, "other") if change == "fingerprint" else (PARTS[1:], "sum")
    with pytest.raises(UsageError, match="another job"):
        sweep(add_up, parts, Total(), workers=1, checkpoint=checkpoint, fingerprint=fingerprint)
    assert checkpoint.read_bytes() == before


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"key": "", "done": "x", "summary": []}', "\xff"])
def test_a_file_that_is_no_checkpoint_is_refused(tmp_path: Path, text: str) -> None:
    checkpoint = tmp_path / "run.json"
    checkpoint.write_text(text, encoding="latin-1")
    with pytest.raises(UsageError, match="no checkpoint"):
        sweep(add_up, PARTS, Total(), workers=1, checkpoint=checkpoint)


def test_a_checkpoint_that_cannot_be_written_is_told_before_the_work(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="can't write"):
        sweep(failing_after(0), PARTS, Total(), workers=1, checkpoint=tmp_path / "missing" / "run.json")


def test_checkpoints_are_written_on_the_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CHECKPOINT_EVERY", 0.0)
    checkpoint = tmp_path / "run.json"
    seen: list[int] = []

    def progress(done: int, total: int) -> None:
        if done:
            seen.append(int(json.loads(checkpoint.read_text())["done"], 16).bit_count())

    assert sweep(add_up, PARTS, Total(), workers=1, checkpoint=checkpoint, progress=progress) == EXPECTED
    assert seen == list(range(1, len(PARTS) + 1))


def test_no_more_parts_are_handed_out_than_needed() -> None:
    with ThreadPoolExecutor(1) as pool:
        most = 0
        submitted = 0
        submit = pool.submit

        def counted(*each: Any) -> Any:
            nonlocal submitted
            submitted += 1
            return submit(*each)

        pool.submit = counted  # type: ignore[method-assign]  # the only way to watch it

        def progress(done: int, total: int) -> None:
            nonlocal most
            most = max(most, submitted - done)

        sweep(add_up, chunks(BFLOAT16, 100), Total(), workers=1, executor=pool, progress=progress)
        assert most <= module.PENDING_PER_WORKER * module.usable_cores()


def test_a_worker_that_dies_is_an_error_of_one_line() -> None:
    with pytest.raises(UsageError, match="worker process died"):
        sweep(die, PARTS, Total(), workers=2)


SLOW = """
import multiprocessing, sys, time
from tests.core.test_sweep import *

def slow(chunk):
    time.sleep(0.2)
    return add_up(chunk)

if __name__ == "__main__":
    def progress(done, total):
        print(done, *(each.pid for each in multiprocessing.active_children()), flush=True)
    sweep(slow, chunks(BFLOAT16, 100), Total(), workers=2, progress=progress, checkpoint=sys.argv[1])
"""


def started(tmp_path: Path) -> tuple[subprocess.Popen[str], list[int]]:
    """Start a long sweep in a process group of its own; return it and its workers once it is under way."""
    script = tmp_path / "slow.py"
    script.write_text(SLOW)
    root = Path(__file__).parents[2]
    process = subprocess.Popen(
        [sys.executable, str(script), str(tmp_path / "run.json")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env=clean_environment(PYTHONPATH=str(root)),
    )
    assert process.stdout is not None
    for line in process.stdout:
        done, *workers = map(int, line.split())
        if done >= 3:
            return process, workers
    raise AssertionError(process.communicate()[1])


def wait_until_gone(pid: int) -> None:
    for _ in range(200):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        with open(f"/proc/{pid}/stat") as stat:
            if stat.read().rpartition(")")[2].split()[0] == "Z":
                return
        time.sleep(0.05)
    raise AssertionError(f"process {pid} goes on")


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads the state of processes in /proc")
@pytest.mark.parametrize("how", ["interrupt", "kill"])
def test_workers_end_with_the_run(tmp_path: Path, how: str) -> None:
    process, workers = started(tmp_path)
    assert len(workers) == 2
    if how == "interrupt":
        os.killpg(process.pid, signal.SIGINT)
    else:
        os.kill(process.pid, signal.SIGKILL)
    stderr = process.communicate(timeout=60)[1]
    for worker in workers:
        wait_until_gone(worker)
    if how == "interrupt":
        assert stderr.strip().splitlines()[-1] == "KeyboardInterrupt"
        assert int(json.loads((tmp_path / "run.json").read_text())["done"], 16).bit_count() >= 3
