"""The words users type: lists, numbers that stay exact, and names compared as people mean them."""

from __future__ import annotations

import re
from fractions import Fraction

from actcli.errors import UsageError
from actcli.expressions.algebras.scalars import scalar
from actcli.expressions.parse import LARGEST, PREFIXES, SMALLEST, parse


def split_list(text: str) -> list[str]:
    """Split on commas outside parentheses. Raises UsageError for an empty part."""
    parts, depth, start = [], 0, 0
    for position, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if character == "," and depth <= 0:
            parts.append(text[start:position].strip())
            start = position + 1
    parts.append(text[start:].strip())
    if not all(parts):
        raise UsageError(f"{text!r}: there is nothing between two commas")
    return parts


def read_number(text: str, what: str) -> Fraction:
    """Return the exact value of a number such as `0.2`, `1/6` or `-1e-3`. Raises UsageError, beginning with `what`."""
    try:
        value = scalar(parse(text), {})
    except (UsageError, ValueError, ArithmeticError, AttributeError):
        raise UsageError(f"{what} is not a number: {text.strip()!r}") from None
    magnitude = value if value >= 0 else -value
    if isinstance(value, bool) or not (value == 0 or SMALLEST <= magnitude <= LARGEST):
        raise UsageError(f"{what} must be a finite float64 number, not {text.strip()}")
    return Fraction(value)


def exact_number(value: float | str | Fraction, what: str) -> Fraction:
    """Return the exact number a Python value means: floats mean the decimal they print as."""
    if isinstance(value, str):
        return read_number(value, what)
    try:
        # NumPy's numbers print with their own precision: np.float32(0.1) means one tenth too.
        return read_number(str(value) if isinstance(value, Fraction | int) else f"{value!s}", what)
    except (TypeError, ValueError):
        raise UsageError(f"{what} is not a number: {value!r}") from None


def plain(value: Fraction) -> str:
    """Return an exact number as a person would write it."""
    for text in (f"{float(value):g}", repr(float(value))):
        if Fraction(text) == value:
            return text
    return str(value) if value.denominator < 1000 else f"{float(value):g}"


def name_key(name: str) -> str:
    """Return what names are compared by: no case, no _ or -, no prefix of pasted code."""
    prefix, _, bare = name.strip().rpartition(".")
    if prefix and prefix not in PREFIXES:
        return name
    if not re.fullmatch(r"[^\W\d][\w-]*", bare):
        return name
    return "sigmoid" if bare == "σ" else re.sub("[_-]", "", bare.casefold())
