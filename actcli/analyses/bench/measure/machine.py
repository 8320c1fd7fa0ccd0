"""The caches that the machine has, as the system tells them."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import NamedTuple

SYSTEM = Path("/sys/devices/system/cpu/cpu0/cache")

USUAL_LAST_LEVEL = 32 << 20
"""Bytes taken for the last-level cache where the system doesn't tell."""

_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
_APPLE = {
    "L1d": ("hw.perflevel0.l1dcachesize", "hw.l1dcachesize"),
    "L2": ("hw.perflevel0.l2cachesize", "hw.l2cachesize"),
    "L3": ("hw.l3cachesize",),
}


class Cache(NamedTuple):
    """A level of cache that holds data, as the first core sees it."""

    name: str
    bytes: int


def caches(system: Path = SYSTEM) -> list[Cache]:
    """Return the caches that hold data, smallest first: L1d, L2, L3; none where the system doesn't tell."""
    found = _from_files(system) if system.is_dir() else _from_sysctl()
    return sorted(found, key=lambda cache: cache.bytes)


def last_level_cache(system: Path = SYSTEM) -> Cache:
    """Return the largest cache, or a usual size, called `assumed`, where the system doesn't tell."""
    return max(caches(system), key=lambda cache: cache.bytes, default=Cache("assumed", USUAL_LAST_LEVEL))


def _from_files(system: Path) -> list[Cache]:
    found = []
    for index in sorted(system.glob("index*")):
        try:
            level, kind, size = ((index / name).read_text().strip() for name in ("level", "type", "size"))
        except OSError:  # virtual machines leave some of them out
            continue
        match = re.fullmatch(r"(\d+)([KMG]?)", size)
        if kind != "Instruction" and match:
            found.append(Cache(f"L{level}{'d' if kind == 'Data' else ''}", int(match[1]) * _UNITS[match[2]]))
    return found


def _from_sysctl() -> list[Cache]:
    sizes = ((name, next(filter(None, map(_sysctl, keys)), 0)) for name, keys in _APPLE.items())
    return [Cache(name, size) for name, size in sizes if size]


def _sysctl(key: str) -> int:
    try:
        told = subprocess.run(["sysctl", "-n", key], capture_output=True, text=True, check=False, timeout=5).stdout
    except (OSError, subprocess.TimeoutExpired):
        return 0
    return int(told) if told.strip().isdigit() else 0
