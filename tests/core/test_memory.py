"""Free memory, from files made up for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from actcli.core import memory
from actcli.core.memory import memory_available

MEMINFO = "MemTotal:       24684084 kB\nMemFree:        100 kB\nMemAvailable:   2048 kB\n"


@pytest.mark.parametrize(
    ("limit", "used", "free"),
    [
        ("max", "5", 2 << 20),
        (str(3 << 20), str(2 << 20), 1 << 20),
        (str(8 << 20), "0", 2 << 20),
        ("5", "9", 0),
        (None, None, 2 << 20),
    ],
)
def test_memory_is_what_system_and_container_leave(
    tmp_path: Path, limit: str | None, used: str | None, free: int
) -> None:
    (tmp_path / "meminfo").write_text(MEMINFO)
    if limit is not None and used is not None:
        (tmp_path / "memory.max").write_text(limit + "\n")
        (tmp_path / "memory.current").write_text(used + "\n")
    assert memory_available(tmp_path / "meminfo", tmp_path) == free


def test_without_meminfo_half_of_the_memory_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = {"SC_PHYS_PAGES": 1000, "SC_PAGE_SIZE": 16384}
    monkeypatch.setattr(memory.os, "sysconf_names", sizes, raising=False)
    monkeypatch.setattr(memory.os, "sysconf", sizes.__getitem__, raising=False)
    assert memory_available(tmp_path / "none", tmp_path) == 500 * 16384
    monkeypatch.delattr(memory.os, "sysconf_names")
    assert memory_available(tmp_path / "none", tmp_path) is None
