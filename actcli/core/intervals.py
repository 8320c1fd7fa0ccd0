"""Intervals between rationals, and where to split them."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

Interval = tuple[Fraction, Fraction]

_WIDE = Fraction(256)
"""Wider intervals are split between the exponents of their ends."""


def between(low: Fraction, high: Fraction) -> Fraction:
    """Return a dyadic point near the middle, far out between the exponents.

    It has so many digits that no zero lies there: a sign can't be told where a value such as x·eˣ + 1/e at −1 is 0.
    """
    if high <= 0:
        return -between(-high, -low)
    if high - low > _WIDE and low < 0:
        middle = Fraction(0 if min(-low, high) > 1 else 1 if high > 1 else -1)
    elif high > _WIDE and high > 4 * low:
        start = max(exponent(low), 0) if low else 0
        middle = Fraction(1 << (start + exponent(high)) // 2)
    else:
        middle = low + (high - low) * Fraction(63, 128)
    scale = 1 << max(20, 20 - exponent(high - low))
    return Fraction(round(middle * scale) | 1, scale)


def exponent(width: Fraction) -> int:
    """Return about the binary logarithm."""
    return width.numerator.bit_length() - width.denominator.bit_length()


def distance(interval: Interval) -> Fraction:
    """Return the least |x| in it."""
    return max(interval[0], -interval[1], Fraction(0))


def merged(intervals: list[Interval], gap: Fraction = Fraction(0)) -> Iterator[Interval]:
    """Join neighbours, no farther than a gap apart."""
    current: tuple[Fraction, Fraction] | None = None
    for low, high in sorted(intervals):
        if current is not None and low <= current[1] + gap:
            current = current[0], max(high, current[1])
        else:
            if current is not None:
                yield current
            current = low, high
    if current is not None:
        yield current
