"""What stands for a number or a word, in Python and on the command line, and the sizes beyond which nothing works."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import Any

from actcli.core.numbers import read_number
from actcli.errors import UsageError, suggestion

MOST = 10**12
"""Layers, units, examples, nets or draws: far beyond every machine, and still exact in float64."""
LARGEST = 1e100
"""Sizes whose squares and products float64 can hold."""


def whole(name: str, value: Any) -> int:
    """Return a number of things, at least 1, as an int. Raises UsageError."""
    number = integer(name, value)
    if number < 1:
        raise UsageError(f"{name} must be at least 1, not {number}")
    if number > MOST:
        raise UsageError(f"{name} must be at most {MOST:,}, not {number:.3g}")
    return number


def integer(name: str, value: Any) -> int:
    """Return any integer, NumPy's too, as an int. Raises UsageError."""
    if not isinstance(value, bool):
        try:
            return operator.index(value)
        except TypeError:
            pass  # said below
    raise UsageError(f"{name} must be a whole number, not {value!r}")


def real(name: str, value: Any) -> float:
    """Return a number as a float. Raises UsageError."""
    if not isinstance(value, bool | str | bytes):
        try:
            return float(value)
        except (TypeError, ValueError, OverflowError):
            pass  # said below
    raise UsageError(f"{name} must be a number, not {value!r}")


def known(name: str, word: Any, words: Sequence[str]) -> str:
    """Return a word if it is one of these. Raises UsageError, which lists them."""
    if isinstance(word, str) and word in words:
        return word
    hint = suggestion(word, list(words)) if isinstance(word, str) else ""
    raise UsageError(f"{name} {word!r}{hint}; choose from {', '.join(words)}")


def finite(value: Any, refusal: str) -> float:
    """Return a number, typed or not, of a size that can be computed with. Raises UsageError with the refusal."""
    try:
        number = read_number(value.strip()) if isinstance(value, str) else real("", value)
    except UsageError:
        number = math.inf
    if not abs(number) <= LARGEST:
        raise UsageError(refusal)
    return number
