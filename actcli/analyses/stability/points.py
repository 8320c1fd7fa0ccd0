"""Where an audit looks: extremes, a sample, or every number of a format.

Numbers of a format are counted by *ordinals*: consecutive integers in the order of the numbers, −0 just below 0, NaNs
beyond the infinities. So a range of x is a range of integers, neighbours are one apart, and uniform ordinals are
uniform bit patterns.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from actcli.core.formats import Format
from actcli.errors import UsageError

Array = np.ndarray[Any, Any]

KINDS = ("extremes", "sampled", "exhaustive")

CHUNK = 1 << 16
"""Points handed on at a time."""

SAMPLES = 10_000
"""Random bit patterns of a sample, unless told otherwise."""


def ordinals(numbers: Array, format: Format) -> Array:
    """Return the places of numbers in the order of their format, as int64."""
    patterns = format.to_bits(numbers).view(f"int{format.bits}").astype(np.int64)
    magnitudes = patterns & ((1 << (format.bits - 1)) - 1)
    return np.where(patterns < 0, -1 - magnitudes, magnitudes)


def at_ordinals(places: Array, format: Format) -> Array:
    """Return the numbers of a format at places in its order."""
    sign = np.int64(-1) << (format.bits - 1)
    patterns = np.where(places < 0, (-1 - places) | sign, places)
    return format.from_bits(patterns.astype(np.int64).view(np.uint64).astype(format.unsigned))


@dataclass(frozen=True, slots=True)
class Span:
    """The ordinals from `low` to `high`, both included, of a format."""

    format: Format
    low: int
    high: int

    @classmethod
    def whole(cls, format: Format) -> Span:
        """Return every encoding of a format."""
        return cls(format, -(1 << (format.bits - 1)), (1 << (format.bits - 1)) - 1)

    @classmethod
    def between(cls, low: float, high: float, format: Format) -> Span:
        """Return the numbers x of a format with low ≤ x ≤ high. Raises UsageError when there are none."""
        with np.errstate(over="ignore", under="ignore"):
            ends = ordinals(np.array([low, high]).astype(format.dtype), format)
        numbers = at_ordinals(ends, format).astype(np.float64)
        first, last = int(ends[0]) + bool(numbers[0] < low), int(ends[1]) - bool(numbers[1] > high)
        if math.isnan(low) or math.isnan(high) or first > last:
            raise UsageError(f"--range {low!r}:{high!r} is empty: {format.name} has no number in it")
        return cls(format, first, last)

    def __getitem__(self, place: int) -> float:
        """Return one number of the format by its ordinal."""
        return float(at_ordinals(np.array([place], dtype=np.int64), self.format)[0])

    @property
    def size(self) -> int:
        """How many numbers there are."""
        return self.high - self.low + 1

    def chunks(self, size: int = CHUNK) -> Iterator[Span]:
        """Yield spans of at most `size` numbers, in order."""
        for low in range(self.low, self.high + 1, size):
            yield Span(self.format, low, min(low + size - 1, self.high))

    def numbers(self) -> Array:
        """Return the numbers themselves."""
        return at_ordinals(np.arange(self.low, self.high + 1, dtype=np.int64), self.format)

    def hold(self, places: Array) -> Array:
        """Return the numbers at those places that lie in the span, each once, in order."""
        places = np.unique(places)
        return at_ordinals(places[(places >= self.low) & (places <= self.high)], self.format)


def extremes(span: Span) -> Array:
    """Return 0, ±1, ±10, ±100, ±1000, ±∞, NaN and the largest and smallest numbers of a format, in order."""
    format = span.format
    decimal = ordinals(np.array([0.0, 1.0, 10.0, 100.0, 1000.0]).astype(format.dtype), format)
    infinity, normal = infinity_of(format), 1 << (format.precision - 1)
    positive = np.array([*decimal, 1, normal, infinity - 1, infinity], dtype=np.int64)
    nan = infinity + (normal >> 1)
    return span.hold(np.array([*positive, *(-1 - positive), nan], dtype=np.int64))


def infinity_of(format: Format) -> int:
    """Return the ordinal of +∞."""
    return ((1 << (format.bits - format.precision)) - 1) << (format.precision - 1)


def sampled(span: Span, directed: Array, count: int, seed: int) -> Array:
    """Return `count` uniform bit patterns, the directed places, and the extremes, in order."""
    random = np.random.default_rng(seed).integers(span.low, span.high, count, dtype=np.int64, endpoint=True)
    return span.hold(np.concatenate([random, directed, ordinals(extremes(span), span.format)]))
