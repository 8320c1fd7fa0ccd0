"""Rational points spread over the line, or the space of several symbols: always the same, the simple ones first."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import count

_SIMPLE = tuple(map(Fraction, ("1", "-1", "2", "1/2", "-2", "-1/2", "3", "-3")))
_DENOMINATORS = (7, 11, 13, 9, 17, 10, 19, 23)
_GOLDEN = (math.sqrt(5) - 1) / 2
_BLOCK = len(_SIMPLE)

WIDE = (
    Fraction(0),
    *(sign * Fraction(13 * 10**k) for k in range(1, 9) for sign in (1, -1)),
    *(sign * Fraction(13, 10**k) for k in range(4, 13, 2) for sign in (1, -1)),
)
"""0, and numbers far out and close to 0: from 10⁻¹¹ to 10⁹ in size."""


def _block(number: int) -> tuple[Fraction, ...]:
    """Return eight values: simple ones first, then three of (0, 1), four of (-8, 8) and a tiny or large one."""
    if number == 0:
        return _SIMPLE
    denominator = _DENOMINATORS[number % len(_DENOMINATORS)] * (1 + number // len(_DENOMINATORS))
    spread = [(_GOLDEN * (_BLOCK * number + k)) % 1 for k in range(7)]
    inside = [Fraction(1 + int(u * (denominator - 1)), denominator) for u in spread[:3]]
    wide = [(-1) ** k * Fraction(1 + int(8 * u * denominator), denominator) for k, u in enumerate(spread[3:])]
    extreme = (Fraction(1, 1000 + number), Fraction(20) + Fraction(1, denominator), Fraction(-1, 1000 + number),
               Fraction(-20) - Fraction(1, denominator))[number % 4]  # fmt: skip
    return (*inside, *wide, extreme)


def points(
    names: Sequence[str], given: Mapping[str, Sequence[Fraction]], avoid: Collection[Fraction]
) -> Iterator[dict[str, Fraction]]:
    """Yield values for the symbols `names`, each point once: without end, or until the lists of `given` are used up.

    Values without a list are those of the line, paired as in a Latin square. None of
    these takes a value of `avoid`.
    """
    if not names:
        yield {}
        return
    finite = math.prod(len(given[name]) for name in names) if all(name in given for name in names) else None
    seen: set[tuple[Fraction, ...]] = set()
    for number in count():
        values = _block(number)
        for k in range(_BLOCK):
            if _BLOCK * number + k == finite:
                return
            point = []
            for j, name in enumerate(names):
                if name in given:
                    # Each list runs at its own pace, so that together they pass through every combination.
                    pace = math.prod(len(given[other]) for other in names[:j] if other in given)
                    point.append(Fraction(given[name][(_BLOCK * number + k) // pace % len(given[name])]))
                else:
                    point.append(values[((2 * j + 1) * k + j * (3 + number)) % _BLOCK])
            if tuple(point) not in seen:
                seen.add(tuple(point))
                if not any(each in avoid for name, each in zip(names, point, strict=True) if name not in given):
                    yield dict(zip(names, point, strict=True))
