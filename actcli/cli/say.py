"""Words beside the data: notes while a command sets out, and the check that did not hold when it is done."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from actcli.render import Terminal
    from actcli.render.plan import Plan
    from actcli.report import Report

FAILED = 1
"""The exit status when a check that the user asked for did not hold."""


def teller(quiet: bool) -> Callable[[str], None]:
    """Return what writes a note on stderr, or swallows it."""

    def tell(note: str) -> None:
        if not quiet:
            sys.stderr.write(f"actcli: {note}\n")

    return tell


def status_of(report: Report, places: Plan, terminal: Terminal) -> int:
    """Say which check did not hold, if one didn't, and return the exit status."""
    from actcli.render.plan import PEOPLE
    from actcli.render.terminal import ascii_fallback

    if not report.failed:
        return 0
    # Data on stdout stays data: only people's formats have room for a sentence there.
    stream = sys.stdout if places.stdout_format in PEOPLE else sys.stderr
    encoding = terminal.encoding if stream is sys.stdout else terminal.stderr_encoding
    stream.write(ascii_fallback(f"{report.failed}\n", encoding))
    return FAILED
