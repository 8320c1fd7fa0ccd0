"""Caches and memory from what systems tell, on trees of files made up for it."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from actcli.analyses.bench.measure import others
from actcli.analyses.bench.measure.buffers import EXCEED, MOST, PLACEMENTS, exceeds, sets
from actcli.analyses.bench.measure.machine import (
    USUAL_LAST_LEVEL,
    Cache,
    caches,
    last_level_cache,
)
from actcli.analyses.bench.measure.others import Others
from tests.analyses.bench.measure.fakes import Machine


def cache_tree(root: Path, rows: Sequence[tuple[str, str, str]]) -> Path:
    for number, row in enumerate(rows):
        folder = root / f"index{number}"
        folder.mkdir(parents=True)
        for name, text in zip(("level", "type", "size"), row, strict=True):
            if text:
                (folder / name).write_text(text + "\n")
    return root


def test_caches_hold_data_and_come_smallest_first(tmp_path: Path) -> None:
    rows = [("3", "Unified", "32768K"), ("1", "Data", "48K"), ("1", "Instruction", "32K"), ("2", "Unified", "2M")]
    tree = cache_tree(tmp_path / "cache", rows)
    assert caches(tree) == [Cache("L1d", 48 << 10), Cache("L2", 2 << 20), Cache("L3", 32 << 20)]
    assert last_level_cache(tree) == Cache("L3", 32 << 20)


def test_entries_that_are_incomplete_or_odd_are_passed_over(tmp_path: Path) -> None:
    tree = cache_tree(tmp_path / "cache", [("1", "Data", "48K"), ("2", "Unified", ""), ("3", "Unified", "much")])
    assert caches(tree) == [Cache("L1d", 48 << 10)]


def test_without_files_sysctl_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = {"hw.perflevel0.l1dcachesize": "131072\n", "hw.l1dcachesize": "65536\n", "hw.l2cachesize": "4194304\n"}

    def run(words: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(words, 0, told.get(words[-1], ""), "unknown oid")

    monkeypatch.setattr(subprocess, "run", run)
    assert caches(tmp_path / "none") == [Cache("L1d", 128 << 10), Cache("L2", 4 << 20)]


def test_where_nobody_tells_a_usual_size_is_assumed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(words: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        raise FileNotFoundError("sysctl")

    monkeypatch.setattr(subprocess, "run", run)
    assert caches(tmp_path / "none") == []
    assert last_level_cache(tmp_path / "none") == Cache("assumed", USUAL_LAST_LEVEL)


def stat(folder: Path, **ticks: int) -> Path:
    names = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal", "guest", "guest_nice")
    (folder / "stat").write_text("cpu  " + " ".join(str(ticks.get(name, 0)) for name in names) + "\ncpu0 1 2\n")
    return folder / "stat"


def test_what_others_compute_is_told_in_cores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now, own = [100.0], [1.0]
    monkeypatch.setattr(others.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(others.os, "times", lambda: (own[0], 0.0, 0.0, 0.0, 0.0))
    monkeypatch.setattr(others.os, "sysconf", {"SC_CLK_TCK": 100}.__getitem__)
    found = Others(stat(tmp_path, user=1000, idle=10))
    assert found.cores() is None, "no time has gone by"
    now[0], own[0] = 110.0, 9.0
    stat(tmp_path, user=2500, system=300, steal=200, idle=9999)
    assert found.cores() == pytest.approx((20 - 8) / 10)
    stat(tmp_path, user=1000)
    assert found.cores() == 0.0, "ticks are coarse"


def test_without_statistics_nothing_is_known_of_others(tmp_path: Path) -> None:
    assert Others(tmp_path / "none").cores() is None


def count(
    working_sets: Sequence[int], *, cold: bool = True, last_level: int = 1 << 20, available: int | None = None
) -> int:
    fake = Machine()
    jobs = [fake.job(size, 1.0, working_set=size) for size in working_sets]
    return sets(jobs, cold, last_level, available)


def test_cold_sets_exceed_the_cache_several_times() -> None:
    assert count([1 << 14]) == EXCEED << 6
    assert count([1 << 24]) == PLACEMENTS
    assert count([3 << 14]) == 64, "a power of two"
    assert not exceeds(1 << 10, count([1 << 10], last_level=1 << 23), 1 << 23)
    assert exceeds(1 << 14, count([1 << 14]), 1 << 20)


def test_jobs_have_as_many_sets_as_the_smallest_needs() -> None:
    assert count([1 << 14, 1 << 18, 1 << 24]) == count([1 << 14])


def test_the_number_of_sets_is_bounded() -> None:
    assert count([8], last_level=1 << 30) == MOST


def test_hot_sets_are_a_few_placements() -> None:
    assert count([1 << 10, 1 << 24], cold=False) == PLACEMENTS


def test_sets_share_the_memory_that_there_is() -> None:
    assert 4 * count([1 << 20] * 4, last_level=1 << 24, available=1 << 26) << 20 <= 1 << 25
    assert count([1 << 30], available=1 << 20) == 1


@pytest.mark.parametrize(
    ("environment", "loaded"),
    [
        ({"other_load": "0.19", "cores": "2"}, False),
        ({"other_load": "0.21", "cores": "2"}, True),
        ({"other_load": "0.21", "cores": "8"}, False),
        ({"cores": "2"}, False),
        ({"other_load": "much", "cores": "2"}, False),
    ],
)
def test_a_tenth_of_the_cores_is_considerable(environment: dict[str, str], loaded: bool) -> None:
    assert others.is_loaded(environment) == loaded
