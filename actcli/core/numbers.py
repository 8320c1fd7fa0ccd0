"""Numbers as users type them: single ones, ranges that stream, and columns of text.

Range points are exact: `0:1:0.1` contains the float64 nearest to 0.3, which adding 0.1 three times would miss.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from actcli.errors import UsageError

CHUNK = 1 << 16
"""Numbers handed on at a time."""

LONGEST_HELD = 1 << 20
"""Bytes of a stream that wait for the end of their last word."""


@dataclass(frozen=True, slots=True)
class Range:
    """`count` points (first + step·k)/denominator for k = 0, 1, …, held as exact integers."""

    first: int
    step: int
    denominator: int
    count: int

    def chunks(self) -> Iterator[np.ndarray[Any, Any]]:
        """Yield the points as float64 arrays."""
        for start in range(0, self.count, CHUNK):
            stop = min(start + CHUNK, self.count)
            largest = max(abs(self.first + self.step * start), abs(self.first + self.step * stop), self.denominator)
            if largest < 1 << 53:
                # Both integers are exact in float64, and dividing rounds once.
                points = (self.first + self.step * np.arange(start, stop, dtype=np.int64)) / self.denominator
            else:
                points = np.array(
                    [float(Fraction(self.first + self.step * k, self.denominator)) for k in range(start, stop)]
                )
            yield points


def read_number(text: str) -> float:
    """Return the float64 nearest to a number; `inf`, `nan` and a pasted − are read. Raises UsageError."""
    try:
        if "_" in text:
            raise ValueError
        return float(text.replace("−", "-"))
    except ValueError:
        hint = "; separate numbers by spaces" if "," in text else ""
        raise UsageError(f"{text.replace('−', '-')!r} is not a number{hint}") from None


def read_points(text: str) -> float | Range:
    """Return one number, or a range START:STOP, START:STOP:STEP or START:STOP:COUNTj. Raises UsageError."""
    parts = text.replace("−", "-").split(":")
    if len(parts) == 1:
        return read_number(text)
    if len(parts) > 3:
        raise UsageError(f"{text!r}: a range is START:STOP, START:STOP:STEP or START:STOP:COUNTj")
    start, stop = (_exact(part, text) for part in parts[:2])
    third = parts[2] if len(parts) == 3 else "1"
    if third.endswith(("j", "J")):
        return _counted(start, stop, third[:-1], text)
    step = _exact(third, text)
    if step == 0 or (stop - start) * step < 0:
        raise UsageError(f"{text!r}: steps of {third} never lead from {parts[0]} to {parts[1]}")
    return _range(start, step, int((stop - start) / step) + 1)


def _counted(start: Fraction, stop: Fraction, count: str, text: str) -> Range:
    if not re.fullmatch(r"\d{1,18}", count) or int(count) < 1:
        raise UsageError(f"{text!r}: the count before j must be a whole number of points, at least 1")
    points = int(count)
    return _range(start, (stop - start) / (points - 1) if points > 1 else Fraction(0), points)


def _range(start: Fraction, step: Fraction, count: int) -> Range:
    denominator = math.lcm(start.denominator, step.denominator)
    return Range(int(start * denominator), int(step * denominator), denominator, count)


def _exact(text: str, whole: str) -> Fraction:
    value = read_number(text.strip()) if text.strip() else math.nan
    if math.isnan(value):
        raise UsageError(f"{whole!r}: {text.strip() or 'an empty end'} is not a number")
    if math.isinf(value):
        raise UsageError(f"{whole!r}: a range to infinity never ends")
    exponent = text.strip().lower().partition("e")[2]
    if abs(int(exponent or 0)) > 400:
        raise UsageError(f"{whole!r}: {text.strip()} is outside the range of float64")
    return Fraction(text.strip())


def chunked(points: Iterable[float | Range]) -> Iterator[np.ndarray[Any, Any]]:
    """Yield the numbers of single points and ranges in order, as float64 arrays of bounded size."""
    pending: list[float] = []
    for each in points:
        if isinstance(each, Range):
            if pending:
                yield np.array(pending)
                pending = []
            yield from each.chunks()
        else:
            pending.append(each)
            if len(pending) >= CHUNK:
                yield np.array(pending)
                pending = []
    if pending:
        yield np.array(pending)


def read_stream(blocks: Iterable[bytes], label: str) -> Iterator[np.ndarray[Any, Any]]:
    """Yield the numbers of a text stream, separated by white space, as they arrive.

    Raises UsageError naming the place of whatever is no number, and when there is no number at all.
    """
    held, count = b"", 0
    for block in blocks:
        held += block
        if not held[-1:].isspace() and len(held) < LONGEST_HELD:
            continue  # more may belong to the last word; what comes before it waits, lest a bad one follow at once
        cut = max(held.rfind(separator) for separator in (b" ", b"\n", b"\t", b"\r")) + 1
        if not cut:
            raise UsageError(f"{label}: a word of more than {LONGEST_HELD} characters is not a number")
        values = _read_words(held[:cut].split(), label, count)
        held = held[cut:]
        count += len(values)
        if len(values):
            yield values
    values = _read_words(held.split(), label, count)
    if len(values):
        yield values
    if count + len(values) == 0:
        raise UsageError(f"{label} is empty; give numbers separated by white space")


def _read_words(words: list[bytes], label: str, before: int) -> np.ndarray[Any, Any]:
    try:
        if not any(b"_" in word for word in words):
            return np.array(list(map(float, words)), dtype=np.float64)
    except ValueError:
        pass  # find out below which word it was, and read a pasted minus sign
    values = []
    for position, word in enumerate(words, start=before + 1):
        text = word.decode("utf-8", "backslashreplace")
        try:
            values.append(read_number(text))
        except UsageError:
            raise UsageError(f"{label}: number {position}, {text[:40]!r}, is not a number") from None
    return np.array(values, dtype=np.float64)


def split_names(text: str) -> list[str]:
    """Split a comma list of names. Raises UsageError for an empty one."""
    names = [name.strip() for name in text.split(",")]
    if not all(names):
        raise UsageError(f"{text!r}: there is no name between two commas")
    return names
