"""A line on stderr that says how far a long job is, when stderr is a terminal."""

from __future__ import annotations

import time
from types import TracebackType
from typing import TextIO

EVERY = 0.2
"""Seconds between two updates."""


class RowCounter:
    """Counts rows on one line that is erased in the end."""

    def __init__(self, stream: TextIO, *, shown: bool) -> None:
        self.stream, self.shown = stream, shown
        self.started = self.last = time.monotonic()

    def __enter__(self) -> RowCounter:
        return self

    def update(self, rows: int) -> None:
        """Show the number of rows done, five times a second at most."""
        now = time.monotonic()
        if self.shown and now - self.last >= EVERY:
            self.last = now
            self.stream.write(f"\r{rows:,} rows, {rows / (now - self.started) / 1e6:.1f} M rows/s\x1b[K")
            self.stream.flush()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Erase the line."""
        if self.shown and self.last != self.started:
            self.stream.write("\r\x1b[K")
            self.stream.flush()


class StatusLine:
    """Says on one line, erased in the end, what is being done and how far it is."""

    def __init__(self, stream: TextIO, *, shown: bool) -> None:
        self.stream, self.shown = stream, shown
        self.last, self.said = time.monotonic(), False

    def __enter__(self) -> StatusLine:
        return self

    def update(self, what: str, done: int, total: int) -> None:
        """Show the progress, five times a second at most."""
        now = time.monotonic()
        if self.shown and now - self.last >= EVERY:
            self.last, self.said = now, True
            self.stream.write(f"\r{what}, {done:,} of {total:,}\x1b[K")
            self.stream.flush()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Erase the line."""
        if self.said:
            self.stream.write("\r\x1b[K")
            self.stream.flush()
