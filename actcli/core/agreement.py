"""Do two formulas mean the same? They are compared in Arb balls at rational points spread over the line.

Either side may hold several symbols, known functions (by their definitions) and pending derivatives
`Operation("derivative", (u, Symbol("x")))`, which are read off the power series of u. Agreement to 50 digits at 64
points is not a proof; a disagreement is one, however small, because the balls hold the true values.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain, islice, takewhile
from typing import Any, Literal

from flint import arb, ctx, fmpq

from actcli.core.exact import arb_context
from actcli.core.points import points
from actcli.expressions.algebras.balls import Absent, UndecidedError
from actcli.expressions.algebras.mixed import MixedAlgebra
from actcli.expressions.algebras.pointwise import PointAlgebra
from actcli.expressions.evaluate import Program, flatten
from actcli.expressions.nodes import Node, Operation, symbols

Point = Mapping[str, Fraction]

COMPARED = 64
"""Points at which both sides are compared, where that many have values."""
TRIED = 256
"""Points looked at on the way: a formula may live on (0, 1) alone."""
ENOUGH = 16
"""Compared points below which nothing is concluded."""
MAX_PRECISION = 4096
"""Bits after which a difference counts as undecided, and a ball around 0 as 0."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """The outcome of a comparison.

    `compared` are the points where both sides have values and these agree to the digits asked for, `points` their
    number; `one_sided` that of the points where just one side has a value, `undefined` where neither has, `undecided`
    where the precision ran out or the point turned out to be a kink. `alone` is the first point where one side alone
    has a value, and that side. `counterexample` is the simplest point found where the sides differ, `left` and `right`
    are the values there as float64. `reason` says in words why the sides don't agree.
    """

    holds: bool
    compared: tuple[Point, ...] = ()
    alone: tuple[Point, Literal["left", "right"]] | None = None
    one_sided: int = 0
    undefined: int = 0
    undecided: int = 0
    counterexample: Point | None = None
    left: float = math.nan
    right: float = math.nan
    reason: str = ""

    @property
    def points(self) -> int:
        """The number of points compared."""
        return len(self.compared)


def agreement(
    left: Node,
    right: Node,
    variables: Mapping[str, Sequence[Fraction]] | None = None,
    *,
    digits: int = 50,
    avoid: Collection[Fraction] = (),
    further: Collection[Point] = (),
    within: Node | None = None,
    ties: bool = False,
) -> Agreement:
    """Compare two formulas to at least `digits` digits wherever both have values.

    `variables` gives the values to try for some of the symbols; the others take numbers of [-8, 8], a few smaller than
    1/1000 and a few as large as 20, but no value of `avoid`. The points `further` are tried too; those
    where `within` has no value are left out. Where a comparison inside a formula is a tie, as at a kink, a difference
    is a disagreement only with `ties`.
    """
    names = list(dict.fromkeys((*symbols(left), *symbols(right), *(symbols(within) if within else ()))))
    sides, domain = (flatten(left), flatten(right)), flatten(within) if within else None
    counts: Counter[str] = Counter()
    compared: list[Point] = []
    alone: tuple[Point, Literal["left", "right"]] | None = None
    counterexample, values, reason = None, (math.nan, math.nan), ""
    with arb_context():
        spread = islice(points(names, variables or {}, avoid), TRIED)
        for point in chain(takewhile(lambda _: len(compared) < COMPARED, spread), further):
            outcome = _compare(*sides, point, digits, ties) if _exists(domain, point, digits) else "undefined"
            if not isinstance(outcome, str):
                counterexample, values, reason = point, outcome, _difference(point)
                break
            counts[outcome] += 1
            if outcome == "points":
                compared.append(point)
            elif outcome in ("left", "right") and alone is None:
                alone = point, "left" if outcome == "left" else "right"
    if not reason and len(compared) < min(ENOUGH, counts.total()):
        reason = f"only {len(compared)} of {counts.total()} points could be compared"
    return Agreement(
        not reason,
        tuple(compared),
        alone,
        counts["left"] + counts["right"],
        counts["undefined"],
        counts["undecided"],
        counterexample,
        *values,
        reason,
    )


def value(tree: Node, at: Point, digits: int = 50) -> Any:
    """Return the value of a formula at a point as an Arb ball of `digits` digits, or None where it has none.

    A pending derivative is evaluated. A ball that holds 0 at 4096 bits is taken for 0.
    """
    program = flatten(tree)
    with arb_context():
        for precision in _precisions(digits):
            ctx.prec = precision
            ball, _ = _ball(program, at)
            if isinstance(ball, Absent):
                return None
            if ball is not None and (ball.rel_accuracy_bits() > digits * math.log2(10) or ball.is_zero()):
                return ball
        return ball if ball is not None and 0 in ball else None


def largest_difference(left: Node, right: Node, low: Fraction, high: Fraction) -> tuple[float, float] | None:
    """Return where |left − right| is largest on [low, high], to 17 digits of x, and how large it is there.

    Both sides are formulas in x. The balls' midpoints are compared on a grid, then around its best point. None where
    the difference has no value.
    """
    program = flatten(Operation("subtract", (left, right)))
    best: tuple[Any, Fraction] | None = None
    low, high = Fraction(low), Fraction(high)
    start, end, cells = low, high, 2048
    with arb_context():
        ctx.prec = 256
        while True:
            step = (end - start) / cells
            for k in range(cells + 1):
                x = start + k * step
                ball, _ = _ball(program, {"x": x})
                if not (ball is None or isinstance(ball, Absent)) and (best is None or abs(ball.mid()) > best[0]):
                    best = abs(ball.mid()), x
            if best is None:
                return None
            if step < Fraction(1, 10**18):
                return float(best[1]), float(best[0])
            start, end, cells = max(low, best[1] - step), min(high, best[1] + step), 32


# one point


def _precisions(digits: int) -> Iterator[int]:
    precision = math.ceil(digits * math.log2(10)) + 64
    while precision < MAX_PRECISION:
        yield precision
        precision *= 2
    yield max(MAX_PRECISION, 2 * precision)


def _exists(domain: Program | None, point: Point, digits: int) -> bool:
    """Tell whether a point belongs to the domain, the whole space where none is given."""
    if domain is None:
        return True
    for ctx.prec in _precisions(digits):
        ball, _ = _ball(domain, point)
        if ball is not None:
            return not isinstance(ball, Absent)
    return False


def _compare(left: Program, right: Program, point: Point, digits: int, ties: bool) -> str | tuple[float, float]:
    """Return what came of comparing at one point: the name of a count, or the two values if they differ."""
    tolerance = arb(fmpq(1, 10**digits))
    around_zero = False
    for precision in _precisions(digits):
        ctx.prec = precision
        (a, tied_a), (b, tied_b) = _ball(left, point), _ball(right, point)
        if a is None or b is None:
            continue
        if isinstance(a, Absent) or isinstance(b, Absent):
            return "right" if not isinstance(b, Absent) else "left" if not isinstance(a, Absent) else "undefined"
        difference = abs(a - b)
        if difference > 0:
            return "undecided" if (tied_a or tied_b) and not ties else (float(a.mid()), float(b.mid()))
        if difference <= tolerance * a.abs_lower().max(b.abs_lower()):
            return "points"
        around_zero = 0 in a and 0 in b
    return "points" if around_zero else "undecided"


def _ball(program: Program, point: Point) -> tuple[Any, bool]:
    """Return the value (absent where there is none, None where the precision is too low) and whether it is a tie."""
    for algebra in (PointAlgebra(point), MixedAlgebra(point)):
        try:
            series = algebra.series(program)
        except UndecidedError:
            continue
        if isinstance(series, Absent):
            return series, algebra.tied
        return (series[0] if series[0].is_finite() else None), algebra.tied
    return None, algebra.tied


def _difference(point: Point) -> str:
    where = ", ".join(f"{name} = {number}" for name, number in point.items())
    return f"they differ at {where}" if where else "they differ"
