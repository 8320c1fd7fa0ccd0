"""What the machine has: caches and free memory, as the system tells them."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import NamedTuple

SYSTEM = Path("/sys/devices/system/cpu/cpu0/cache")
MEMORY = Path("/proc/meminfo")
CONTROL_GROUP = Path("/sys/fs/cgroup")

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


def memory_available(memory: Path = MEMORY, group: Path = CONTROL_GROUP) -> int | None:
    """Return the bytes that can still be allocated without swapping; None where the system doesn't tell."""
    free = [each for each in (_free_in_system(memory), _free_in_group(group)) if each is not None]
    return min(free, default=None)


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


def _free_in_system(memory: Path) -> int | None:
    if memory.exists():
        match = re.search(r"^MemAvailable:\s+(\d+) kB", memory.read_text(), re.MULTILINE)
        return int(match[1]) << 10 if match else None
    if "SC_PHYS_PAGES" in getattr(os, "sysconf_names", {}):
        # macOS tells only what there is; half of it is what a process can hope for.
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    return None


def _free_in_group(group: Path) -> int | None:
    """Return what is left of a container's limit."""
    try:
        limit, used = ((group / name).read_text().strip() for name in ("memory.max", "memory.current"))
    except OSError:
        return None
    return max(0, int(limit) - int(used)) if limit.isdigit() else None
