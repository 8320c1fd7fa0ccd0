"""Certified zeros of f, f′, f″, … on an interval, by Arb balls that hold every value f takes on a subinterval.

A ball that excludes 0 rules a subinterval out; a slope that excludes 0 leaves room for one zero, which the signs at the
ends decide; anything else is split (Moore 1966). A zero where the slope vanishes too is certified if it is rational.
The formula has to be smooth: `pieces` cuts one with kinks into such parts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from heapq import heappop, heappush
from itertools import count
from typing import Any

from flint import arb, ctx

from actcli.core.exact import arb_context
from actcli.core.signs import MAX_PRECISION, START, derivatives, ends, exact_ball, hull, sign_at, simplest
from actcli.expressions.evaluate import Program

MOST = 64
"""Zeros after which the search stops: sin has no end of them."""
BUDGET = 13_000
"""Evaluations after which the search stops; a long series or many bits count as several."""
NARROWEST = Fraction(1, 1 << 160)
"""Subintervals that are not split any further."""
_NARROW = Fraction(1, 256)
"""Those narrower than this that are left over when the search stops lie around a singularity."""
DIGITS = 100
"""Digits of a certified zero."""
_LONGEST = 8
"""Derivatives looked at to find the first that doesn't vanish at a multiple zero."""
_TERMS, _TERMS_COST = 40, 8
"""The length of a Taylor polynomial, and what it costs in evaluations."""
_WIDTHS = Fraction(1, 64), Fraction(1, 4)
"""Where one is worth it: on wider subintervals its remainder is too large, on narrower ones balls will do."""


@dataclass(frozen=True, slots=True)
class Root:
    """One zero between two rationals, equal where it is known exactly.

    `before` and `after` are the signs of the function to its left and right.
    """

    low: Fraction
    high: Fraction
    before: int
    after: int

    @property
    def ball(self) -> Any:
        """The zero as an Arb ball."""
        return hull(self.low, self.high)


@dataclass(frozen=True, slots=True)
class Roots:
    """What was found on [low, high].

    `roots` lists the zeros in increasing order; `singular` the tiny intervals where the formula has no value or can't
    be evaluated: poles, ends of the domain. `identically_zero` says that there is nothing else. Wide subintervals near
    0 are searched first: where the search stopped early, `reach` is the |x| up to which the list is complete.
    """

    low: Fraction
    high: Fraction
    roots: tuple[Root, ...] = ()
    singular: tuple[tuple[Fraction, Fraction], ...] = ()
    identically_zero: bool = False
    reach: Fraction | None = None


def roots(program: Program, order: int, low: Fraction, high: Fraction) -> Roots:
    """Return the zeros of the derivative of an order (0 for the function itself) on [low, high]."""
    with arb_context():
        ctx.prec, ctx.cap = START, order + max(_TERMS, _LONGEST) + 2
        return _Search(program, order, low, high).result()


class _Search:
    """The subintervals still to be looked at, nearest to 0 first, and what was found in the others."""

    def __init__(self, program: Program, order: int, low: Fraction, high: Fraction) -> None:
        self.program, self.order, self.low, self.high = program, order, low, high
        self.found: list[Root] = []
        self.narrow: list[tuple[Fraction, Fraction]] = []
        self.evaluations = 0
        self.waiting: list[tuple[Fraction, int, Fraction, Fraction, int]] = []
        self.numbers = count()
        self.push(low, high, START)

    def push(self, low: Fraction, high: Fraction, precision: int) -> None:
        # Halving a subinterval puts it back as if it were farther out, so that no singularity holds up the rest.
        priority = max(low, -high, Fraction(0)) - 2 * min(_exponent(high - low), 0)
        heappush(self.waiting, (priority, next(self.numbers), low, high, precision))

    def derivatives(self, x: Any, order: int) -> list[Any] | None:
        self.evaluations += (1 if order < _TERMS else _TERMS_COST) * max(1, ctx.prec // 512)
        return derivatives(self.program, x, order)

    def result(self) -> Roots:
        if self.vanishes():
            return Roots(self.low, self.high, identically_zero=True)
        while self.waiting and len(self.found) < MOST and self.evaluations < BUDGET:
            _, _, low, high, precision = heappop(self.waiting)
            ctx.prec = precision
            self.look(low, high, precision)
        left = [(low, high) for _, _, low, high, _ in self.waiting]
        if self.evaluations >= BUDGET:
            self.narrow += [each for each in left if each[1] - each[0] < _NARROW]
            left = [each for each in left if each[1] - each[0] >= _NARROW]
        reach = min((max(low, -high, Fraction(0)) for low, high in left), default=None)
        singular = []
        for low, high in _merged(self.narrow):
            root = self.multiple(low, high)
            if root is not None:
                self.found.append(root)
            elif not any(low <= each.high and each.low <= high for each in self.found):
                singular.append((low, high))
        return Roots(self.low, self.high, tuple(_distinct(self.found)), tuple(singular), reach=reach)

    def vanishes(self) -> bool:
        """Tell whether the function is the constant 0: its series at a point is, exactly, and so it is everywhere."""
        middle = _between(self.low, self.high)
        found = self.derivatives(exact_ball(middle), self.order + _LONGEST - 1)
        return found is not None and len(found) > 0 and all(each == 0 for each in found[self.order :])

    def look(self, low: Fraction, high: Fraction, precision: int) -> None:
        """Decide an interval, or split it."""
        x, middle = hull(low, high), exact_ball(_between(low, high))
        found = self.derivatives(x, self.order + 1)
        if found == []:
            return  # outside the domain
        centre = self.derivatives(middle, self.order) if found else None
        if found and centre:
            value, slope = found[self.order :]
            at_middle = centre[self.order]
            if 0 not in value or 0 not in at_middle + slope * (x - middle):
                return
            if 0 in at_middle and at_middle != 0 and precision < MAX_PRECISION:
                self.push(low, high, 4 * precision)  # digits are short, not the interval too wide
                return
            if 0 in slope and _WIDTHS[0] <= high - low <= _WIDTHS[1]:
                value, slope = self.taylor(x, middle) or (value, slope)
            if 0 not in value:
                return
            if 0 not in slope and self.single(low, high, 1 if slope > 0 else -1):
                return
        if high - low <= NARROWEST:
            self.narrow.append((low, high))
            return
        split = _between(low, high)
        self.push(low, split, precision)
        self.push(split, high, precision)

    def taylor(self, x: Any, middle: Any) -> tuple[Any, Any] | None:
        """Return the values and slopes on x by Taylor's formula.

        Where terms cancel, as in 1 − tanh² at x = 30, balls on all of x say nothing; here they are only the remainder.
        """
        last = self.order + _TERMS
        centre, all_over = self.derivatives(middle, last), self.derivatives(x, last + 1)
        if not centre or not all_over:
            return None
        step, value, slope = x - middle, all_over[last], all_over[last + 1]
        for k in reversed(range(_TERMS)):
            value = centre[self.order + k] + value * step / (k + 1)
            slope = centre[self.order + k + 1] + slope * step / (k + 1)
        return value, slope

    def single(self, low: Fraction, high: Fraction, rising: int) -> bool:
        """Find the zero, if any, of a function that only rises (1) or falls (−1); False where its ends can't tell."""
        start, end = sign_at(self.program, self.order, low), sign_at(self.program, self.order, high)
        if start is None or end is None:
            return False
        if start == 0 or end == 0:
            at = low if start == 0 else high
            self.found.append(Root(at, at, -rising, rising))
        elif start != end:
            low, high = self.refined(low, high)
            candidate = simplest(low, high)
            if sign_at(self.program, self.order, candidate) == 0:
                low = high = candidate
            self.found.append(Root(low, high, -rising, rising))
        return True

    def refined(self, low: Fraction, high: Fraction) -> tuple[Fraction, Fraction]:
        """Narrow an interval that holds one simple zero, by Newton's method on intervals."""
        ctx.prec = max(ctx.prec, 448)
        x, rising = hull(low, high), sign_at(self.program, self.order, high)
        while x.rad() > arb(10) ** -DIGITS * abs(x).max(arb(10) ** -DIGITS):
            middle = x.mid()
            at_middle, at_x = self.derivatives(middle, self.order), self.derivatives(x, self.order + 1)
            narrower = None
            if at_middle and at_x and 0 not in at_x[self.order + 1]:
                narrower = (middle - at_middle[self.order] / at_x[self.order + 1]).intersection(x)
            if narrower is None or not narrower.rad() < x.rad() / 2:
                low, high = ends(x)
                split = _between(low, high)
                sign = sign_at(self.program, self.order, split)
                if sign is None:
                    break
                narrower = hull(split, split if sign == 0 else high) if sign != rising else hull(low, split)
            x = narrower
        return ends(x)

    def multiple(self, low: Fraction, high: Fraction) -> Root | None:
        """Certify a zero of several orders at the simplest rational: the first derivative ≠ 0 there keeps its sign."""
        ctx.prec = START
        at = simplest(low, high)
        for extra in range(_LONGEST):
            sign = sign_at(self.program, self.order + extra, at)
            if sign is None:
                return None
            if sign:
                break
        else:
            return None
        if extra == 0:
            return None
        around = self.derivatives(hull(low, high), self.order + extra)
        if not around or 0 in around[self.order + extra]:
            return None
        return Root(at, at, sign * (-1) ** extra, sign)


def _between(low: Fraction, high: Fraction) -> Fraction:
    """Return a dyadic point near the middle, a little off: zeros like to lie on simple numbers."""
    exact = low + (high - low) * Fraction(63, 128)
    scale = 1 << max(0, 8 - _exponent(high - low))
    return Fraction(round(exact * scale), scale)


def _exponent(width: Fraction) -> int:
    return width.numerator.bit_length() - width.denominator.bit_length()


def _merged(intervals: list[tuple[Fraction, Fraction]]) -> Iterator[tuple[Fraction, Fraction]]:
    """Join neighbours."""
    current: tuple[Fraction, Fraction] | None = None
    for low, high in sorted(intervals):
        if current is not None and low <= current[1]:
            current = current[0], max(high, current[1])
        else:
            if current is not None:
                yield current
            current = low, high
    if current is not None:
        yield current


def _distinct(found: list[Root]) -> Iterator[Root]:
    """Drop a zero that two neighbouring subintervals share."""
    last: Root | None = None
    for root in sorted(found, key=lambda each: (each.low, each.high)):
        if last is None or root.low > last.high:
            yield root
            last = root
