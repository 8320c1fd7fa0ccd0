"""Derivatives of a smooth formula on a ball, their signs at rational points, and the rationals inside a ball."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, factorial
from typing import Any

from flint import arb, arb_series, ctx, fmpq

from actcli.expressions.algebras.balls import Absent, BallAlgebra, RationalAlgebra, UndecidedError
from actcli.expressions.evaluate import Program, run

START, MAX_PRECISION = 256, 4096
"""Bits to begin with, and bits after which a sign counts as undecided."""


def derivatives(program: Program, x: Any, order: int) -> list[Any] | None:
    """Return f, f′, … up to `order` at the ball x, at flint's precision; None where they can't be told."""
    algebra = BallAlgebra(order + 1, +1)
    try:
        series = run(program, algebra, {"x": arb_series([x, 1], prec=order + 1)})
    except (UndecidedError, ValueError):  # flint divides by no series that may begin with 0
        return None
    if isinstance(series, Absent):
        return []
    factor, found = 1, []
    for k in range(order + 1):
        factor *= max(k, 1)
        found.append(series[k] * factor)
    return found if all(each.is_finite() for each in found) else None


def sign_at(program: Program, order: int, x: Fraction) -> int | None:
    """Return the sign of a derivative at a rational point, None where there is no value or no telling."""
    precision, before = START, ctx.prec
    try:
        while precision <= MAX_PRECISION:
            ctx.prec = precision
            found = derivatives(program, exact_ball(x), order)
            if found == []:
                return None
            if found and (found[order] == 0 or 0 not in found[order]):
                return int(found[order] > 0) - int(found[order] < 0)
            if precision == START and rational_at(program, order, x) == 0:
                return 0
            precision *= 4
        return None
    finally:
        ctx.prec = before


def rational_at(program: Program, order: int, x: Fraction) -> Fraction | None:
    """Return a derivative at a rational point in exact arithmetic, None where it isn't rational."""
    algebra = RationalAlgebra(order + 1, +1)
    series = run(program, algebra, {"x": algebra.variable(x)})
    if isinstance(series, Absent):
        return None
    return Fraction(int(series[order].p), int(series[order].q)) * factorial(order)


def exact_ball(x: Fraction) -> Any:
    """Return a rational as a ball, at flint's precision."""
    return arb(fmpq(x.numerator, x.denominator))


def hull(low: Fraction, high: Fraction) -> Any:
    """Return a ball that holds an interval."""
    return exact_ball(low).union(exact_ball(high))


def ends(ball: Any) -> tuple[Fraction, Fraction]:
    """Return the ends of a ball as rationals."""
    low, high = (end.man_exp() for end in (ball.lower(), ball.upper()))
    return (Fraction(int(low[0])) * Fraction(2) ** int(low[1]), Fraction(int(high[0])) * Fraction(2) ** int(high[1]))


def simplest(low: Fraction, high: Fraction) -> Fraction:
    """Return the rational of least denominator in [low, high], by continued fractions."""
    if low <= 0 <= high:
        return Fraction(0)
    if high < 0:
        return -simplest(-high, -low)
    whole = ceil(low)
    if whole <= high:
        return Fraction(whole)
    return whole - 1 + 1 / simplest(1 / (high - whole + 1), 1 / (low - whole + 1))
