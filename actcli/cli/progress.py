"""A line on stderr that says how far a long job is, when stderr is a terminal."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import Self, TextIO

from actcli.render.terminal import ascii_fallback

EVERY = 0.2
"""Seconds between two updates."""

BAR = 20
"""Columns of a bar that fills up."""


class _Line:
    """One line that is written over five times a second at most, and erased in the end."""

    def __init__(self, stream: TextIO, *, shown: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self.stream, self.shown, self.clock = stream, shown, clock
        self.started = self.last = clock()

    def __enter__(self) -> Self:
        return self

    def is_due(self) -> bool:
        """Tell whether it is time for another update, and take note of it."""
        now = self.clock()
        if not self.shown or now - self.last < EVERY:
            return False
        self.last = now
        return True

    def write(self, text: str) -> None:
        """Put a text in place of the last one."""
        self.stream.write(f"\r{text}\x1b[K")
        self.stream.flush()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Erase the line."""
        if self.last != self.started:
            self.write("")


class RowCounter(_Line):
    """Counts rows."""

    def update(self, rows: int) -> None:
        """Show the number of rows done."""
        if self.is_due():
            self.write(f"{rows:,} rows, {rows / (self.last - self.started) / 1e6:.1f} M rows/s")


class StatusLine(_Line):
    """Says what is being done and how far it is."""

    def update(self, what: str, done: int, total: int) -> None:
        """Show the progress."""
        if self.is_due():
            self.write(f"{what}, {done:,} of {total:,}")


class Countdown(_Line):
    """Says what is being done and how many seconds are left, in a line no wider than the terminal."""

    def __init__(self, stream: TextIO, width: int, *, shown: bool, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(stream, shown=shown, clock=clock)
        self.width = width

    def update(self, what: str, gone: float, total: float) -> None:
        """Show how many of the seconds are gone."""
        if self.is_due():
            full = round(BAR * min(gone / total, 1))
            line = f"{'━' * full}{'─' * (BAR - full)} {max(total - gone, 0):2.0f} s left · {what}"
            self.write(ascii_fallback(line, self.stream.encoding or "utf-8")[: self.width - 1])
