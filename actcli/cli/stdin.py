"""Standard input: whether somebody sends something, and its bytes as they arrive."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Iterator

BLOCK = 1 << 20
PATIENCE = 1.0
"""Seconds of silence after which the user is told what is being waited for."""


def is_given() -> bool:
    """Tell whether stdin is a pipe or a file, rather than a terminal, /dev/null, or closed."""
    if sys.stdin is None or sys.stdin.closed:
        return False
    try:
        status = os.fstat(sys.stdin.fileno())
    except (OSError, ValueError):
        return False
    if sys.stdin.isatty():
        return False
    return not (stat.S_ISCHR(status.st_mode) and status.st_rdev == os.stat(os.devnull).st_rdev)


def blocks(tell: Callable[[str], None]) -> Iterator[bytes]:
    """Yield the bytes of stdin as they arrive; `tell` gets a note when nothing has come for a second."""
    announce_silence(tell, "waiting for numbers on stdin (Ctrl-D ends them; give X, or </dev/null, to go without)")
    descriptor = sys.stdin.fileno()
    while block := os.read(descriptor, BLOCK):
        yield block


def announce_silence(tell: Callable[[str], None], note: str) -> None:
    """Tell the user what is being waited for when nothing has come on stdin for a second."""
    import select

    if not select.select([sys.stdin.fileno()], [], [], PATIENCE)[0]:
        tell(note)
