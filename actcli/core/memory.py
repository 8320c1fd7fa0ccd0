"""How much memory is free, as the system and the container tell."""

from __future__ import annotations

import os
import re
from pathlib import Path

MEMORY = Path("/proc/meminfo")
CONTROL_GROUP = Path("/sys/fs/cgroup")


def memory_available(memory: Path = MEMORY, group: Path = CONTROL_GROUP) -> int | None:
    """Return the bytes that can still be allocated without swapping; None where the system doesn't tell."""
    free = [each for each in (_free_in_system(memory), _free_in_group(group)) if each is not None]
    return min(free, default=None)


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
