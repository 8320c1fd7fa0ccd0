"""How much memory a net needs, and how much there is."""

from __future__ import annotations

import sys

from actcli.core.device import Device
from actcli.core.memory import memory_available
from actcli.errors import UsageError

DOUBLE = 8


def must_fit(needed: int, device: Device, what: str) -> int:
    """Return the bytes that are free. Raises UsageError with both figures if these are fewer than `needed`.

    `what` is the subject of the sentence.
    """
    available = free(device)
    if needed > available:
        where = "of memory" if device.kind == "cpu" else f"of memory on {device.name}"
        raise UsageError(
            f"{what} needs {needed / 1e9:,.1f} GB {where}, and {available / 1e9:,.1f} GB are free: "
            "take fewer layers, a smaller width or a smaller batch"
        )
    return available


def free(device: Device) -> int:
    """Return the bytes that can be had on a device without swapping; more than anyone asks for if nobody tells."""
    if device.kind != "cpu":
        with device.active():
            return int(device.xp.cuda.runtime.memGetInfo()[0])
    available = memory_available()
    return sys.maxsize if available is None else available
