"""The errors that users see, each kind with its exit status.

A message is one line that names the cause and the mend; the command line prints it on stderr after `actcli: `.
"""

from __future__ import annotations

from typing import ClassVar


class ActcliError(Exception):
    """Base of every error this project raises on purpose."""

    exit_status: ClassVar[int] = 70


class UsageError(ActcliError, ValueError):
    """Bad usage or bad input: an unknown name, a value outside its domain, a file that isn't what it says."""

    exit_status = 2


class FormulaError(UsageError):
    """A formula that can't be read: `message` says why, `position` is the index of the offending character."""

    def __init__(self, message: str, text: str, position: int) -> None:
        text = "".join(each if each.isprintable() else " " for each in text)
        before, after = text[max(0, position - 24) : position], text[position : position + 24]
        left = "…" if position > 24 else ""
        right = "…" if position + 24 < len(text) else ""
        super().__init__(f"{message}, at character {position + 1}: {left}{before}»{after}{right}")
        self.message, self.position = message, position


class MissingError(ActcliError):
    """A device or an optional library that was asked for is not there. The message names what installs it."""

    exit_status = 3


def suggestion(unknown: str, known: list[str]) -> str:
    """Return `; did you mean …?` for the known name nearest to `unknown`, or an empty string."""
    from difflib import get_close_matches

    by_folded = {name.casefold(): name for name in known}
    near = get_close_matches(unknown.casefold(), list(by_folded), n=1, cutoff=0.6)
    return f"; did you mean {by_folded[near[0]]}?" if near else ""
