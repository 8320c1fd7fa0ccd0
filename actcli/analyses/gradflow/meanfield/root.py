"""A zero between two points, without derivatives."""

from __future__ import annotations

from collections.abc import Callable

_NARROWEST = 2.0**-52


def root(of: Callable[[float], float], low: float, high: float) -> float:
    """Return where a function that changes its sign between two points is 0, by false position (Illinois)."""
    a, b, at_a, at_b = low, high, of(low), of(high)
    for _ in range(200):
        if at_b == 0 or abs(b - a) <= _NARROWEST * max(1.0, abs(b)):
            break
        c = (a * at_b - b * at_a) / (at_b - at_a)
        if not min(a, b) < c < max(a, b):
            c = (a + b) / 2
        at_c = of(c)
        if at_c * at_b < 0:
            a, at_a = b, at_b
        else:
            at_a /= 2  # an end that stays where it is would slow the method down
        b, at_b = c, at_c
    return b
