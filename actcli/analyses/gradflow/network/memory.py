"""How much memory a net needs, and how much there is."""

from __future__ import annotations

import os
import re
from pathlib import Path

from actcli.core.device import Device
from actcli.errors import UsageError

DOUBLE = 8


def must_fit(needed: int, device: Device, what: str) -> int:
    """Return the bytes that are left when `needed` are taken. Raises UsageError with both figures if they aren't there.

    `what` is the subject of the sentence.
    """
    available = free(device)
    if needed > available:
        where = "of memory" if device.kind == "cpu" else f"of memory on {device.name}"
        raise UsageError(
            f"{what} needs {needed / 1e9:,.1f} GB {where}, and {available / 1e9:,.1f} GB are free: "
            "take fewer layers, a smaller width or a smaller batch"
        )
    return available - needed


def free(device: Device) -> int:
    """Return the bytes that can be had on a device without swapping."""
    if device.kind != "cpu":
        with device.active():
            return int(device.xp.cuda.runtime.memGetInfo()[0])
    try:
        match = re.search(r"^MemAvailable:\s+(\d+) kB", Path("/proc/meminfo").read_text(), re.MULTILINE)
    except OSError:
        match = None
    return int(match.group(1)) * 1024 if match else os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
