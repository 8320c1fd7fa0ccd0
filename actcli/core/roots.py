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
from itertools import count, pairwise
from typing import Any

from flint import arb, ctx

from actcli.core.exact import arb_context
from actcli.core.intervals import Interval, between, distance, exponent, merged
from actcli.core.signs import MAX_PRECISION, START, derivatives, ends, exact_ball, hull, sign_at, simplest
from actcli.expressions.evaluate import Program

MOST = 64
"""Zeros after which the search stops: sin has no end of them."""
BUDGET = 120_000
"""Operations after which the search stops; one on a long series or of many bits counts as several."""
NARROWEST = Fraction(1, 1 << 160)
"""Subintervals that are not split any further; far out it is their width over |x|."""
_NARROW = Fraction(1, 256)
"""Those narrower than this that are left over when the search stops lie around a place where zeros crowd."""
_HOPELESS = Fraction(1, 4)
"""Subintervals that are not split any further where the formula can't be evaluated: exp(exp(exp(50)))."""
DIGITS = 100
"""Digits of a certified zero."""
_TRY_MULTIPLE = -30
"""The exponent of the width at which a rational zero of several orders is looked for."""
_LONGEST = 8
"""Derivatives looked at to find the first that doesn't vanish at a multiple zero."""
_TERMS, _TERMS_COST = 40, 8
"""The length of a Taylor polynomial, and what it costs in evaluations."""
_UNDECIDED_COST = 20
"""What a sign costs that many bits don't tell, or that is 0."""
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

    `roots` lists the zeros in increasing order; `undecided` the intervals in which there may be others: poles, ends of
    the domain, zeros of several orders, places where zeros crowd. `identically_zero` says that there is nothing else.
    Wide subintervals near 0 are searched first: where the search stopped early, `reach` is the |x| up to which nothing
    is missing outside the undecided intervals.
    """

    low: Fraction
    high: Fraction
    roots: tuple[Root, ...] = ()
    undecided: tuple[Interval, ...] = ()
    identically_zero: bool = False
    reach: Fraction | None = None

    def free(self, low: Fraction, high: Fraction) -> bool:
        """Tell whether there is certainly no zero on an interval."""
        places = [*self.undecided, *((root.low, root.high) for root in self.roots)]
        return not self.identically_zero and self.reach is None and all(b < low or high < a for a, b in places)


def roots(program: Program, order: int, low: Fraction, high: Fraction, budget: int = BUDGET) -> Roots:
    """Return the zeros of the derivative of an order (0 for the function itself) on [low, high]."""
    with arb_context():
        ctx.prec, ctx.cap = START, order + max(_TERMS, _LONGEST) + 2
        return _Search(program, order, low, high, budget).result()


class _Search:
    """The subintervals still to be looked at, nearest to 0 first, and what was found in the others."""

    def __init__(self, program: Program, order: int, low: Fraction, high: Fraction, budget: int) -> None:
        self.program, self.order, self.low, self.high = program, order, low, high
        self.left, self.operations = budget, operations(program)
        self.found: list[Root] = []
        self.narrow: list[Interval] = []
        self.hopeless: list[Interval] = []
        self.waiting: list[tuple[Fraction, int, Fraction, Fraction, int]] = []
        self.numbers = count()
        self.push(low, high, START)

    def push(self, low: Fraction, high: Fraction, precision: int) -> None:
        # Halving a subinterval puts it back as if it were farther out, so that no singularity holds up the rest.
        priority = distance((low, high)) - 2 * min(exponent(high - low), 0)
        heappush(self.waiting, (priority, next(self.numbers), low, high, precision))

    def derivatives(self, x: Any, order: int) -> list[Any] | None:
        self.left -= self.operations * (1 if order < _TERMS else _TERMS_COST) * max(1, ctx.prec // 512)
        return derivatives(self.program, x, order)

    def sign(self, x: Fraction) -> int | None:
        found = sign_at(self.program, self.order, x)
        self.left -= self.operations * (1 if found else _UNDECIDED_COST)
        return found

    def result(self) -> Roots:
        if self.vanishes():
            return Roots(self.low, self.high, identically_zero=True)
        while self.waiting and len(self.found) < MOST and self.left > 0:
            _, _, low, high, precision = heappop(self.waiting)
            ctx.prec = precision
            self.look(low, high, precision)
        reach, crowded = self.left_over()
        undecided: list[Interval] = []
        for low, high in merged([*self.narrow, *crowded]):
            root = self.multiple(low, high)
            if root is not None:
                self.found.append(root)
            elif high - low >= _NARROW**4 or not any(low <= each.high and each.low <= high for each in self.found):
                undecided.append((low, high))
        found = list(_distinct(self.found))
        if reach is None and not undecided:
            # Signs on either side of a stretch without zeros agree, or one was missed.
            undecided = [(a.high, b.low) for a, b in pairwise(found) if a.after != b.before]
        return Roots(self.low, self.high, tuple(found), tuple(merged(undecided)), reach=reach)

    def left_over(self) -> tuple[Fraction | None, list[Interval]]:
        """Return how far out the search came, and the stretches nearer than that where it got stuck."""
        waiting = [(low, high) for _, _, low, high, _ in self.waiting]
        stuck = list(merged([each for each in waiting if each[1] - each[0] < _NARROW], _NARROW))
        far = [each for each in waiting if each[1] - each[0] >= _NARROW] + self.hopeless
        far += [each for each in stuck if each[0] == self.low < 0 or each[1] == self.high > 0]
        reach = min(map(distance, far), default=None)
        return reach, [each for each in stuck if reach is None or distance(each) < reach]

    def vanishes(self) -> bool:
        """Tell whether the function is the constant 0: its series at a point is, exactly, and so it is everywhere."""
        middle = between(self.low, self.high)
        found = self.derivatives(exact_ball(middle), self.order + _LONGEST - 1)
        return found is not None and len(found) > 0 and all(each == 0 for each in found[self.order :])

    def look(self, low: Fraction, high: Fraction, precision: int) -> None:
        """Decide an interval, or split it."""
        x, middle = hull(low, high), exact_ball(between(low, high))
        found = self.derivatives(x, self.order + 1)
        if found == []:
            return  # outside the domain
        centre = self.derivatives(middle, self.order)
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
        if high - low <= NARROWEST * max(Fraction(1), abs(low), abs(high)):
            self.narrow.append((low, high))
            return
        if exponent(high - low) == _TRY_MULTIPLE and (root := self.multiple(low, high)) is not None:
            self.found.append(root)
            return
        if centre is None and found is None and high - low <= _HOPELESS:
            self.hopeless.append((low, high))
            return
        split = between(low, high)
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
        start, end = self.sign(low), self.sign(high)
        if start is None or end is None:
            return False
        if start == 0 or end == 0:
            at = low if start == 0 else high
            self.found.append(Root(at, at, -rising, rising))
        elif start != end:
            low, high = self.refined(low, high)
            candidate = simplest(low, high)
            if self.sign(candidate) == 0:
                low = high = candidate
            self.found.append(Root(low, high, -rising, rising))
        return True

    def refined(self, low: Fraction, high: Fraction) -> tuple[Fraction, Fraction]:
        """Narrow an interval that holds one simple zero, by Newton's method on intervals."""
        ctx.prec = max(ctx.prec, 448)
        x, rising = hull(low, high), self.sign(high)
        while x.rad() > arb(10) ** -DIGITS * abs(x).max(arb(10) ** -DIGITS):
            middle = x.mid()
            at_middle, at_x = self.derivatives(middle, self.order), self.derivatives(x, self.order + 1)
            narrower = None
            if at_middle and at_x and 0 not in at_x[self.order + 1]:
                narrower = (middle - at_middle[self.order] / at_x[self.order + 1]).intersection(x)
            if narrower is None or not narrower.rad() < x.rad() / 2:
                low, high = ends(x)
                split = between(low, high)
                sign = self.sign(split)
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
            self.left -= self.operations * _UNDECIDED_COST
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


def operations(program: Program) -> int:
    """Return how many operations a program takes; those that a known function is defined by count."""
    total = 4  # the loop around them
    for step in program.steps:
        match step.method:
            case "known":
                total += operations(step.fixed.program)
            case "integer_power":
                total += abs(step.fixed).bit_length()
            case _:
                total += 1
    return total


def _distinct(found: list[Root]) -> Iterator[Root]:
    """Drop a zero that two neighbouring subintervals share."""
    last: Root | None = None
    for root in sorted(found, key=lambda each: (each.low, each.high)):
        if last is None or root.low > last.high:
            yield root
            last = root
