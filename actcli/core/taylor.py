"""One polynomial for an interval of x, with a proven bound on its distance from the definition.

Arb gives Taylor coefficients at the centre of the interval and a ball that holds the next one all over it (Lagrange's
remainder). The bound adds to the remainder the rounding of the coefficients to float64 and of every step of Horner's
scheme (Higham, Accuracy and Stability of Numerical Algorithms, 2002, §5.1), so it holds for what NumPy computes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from actcli.core.exact import arb_context, round_known
from actcli.core.formats import Format, round_to
from actcli.expressions.evaluate import Program, run

MAX_DEGREE = 10
TOLERANCE = 2.0**-50
"""The largest bound, relative to the value or to the smallest normal number."""

PRECISIONS = (128, 512, 2048)
ROUNDING = 2.0**-53
SLACK = 1 + 2.0**-40
"""Covers the rounding of the arithmetic that adds up the bounds."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Σ coefficients[k]·t^k with t = (x − centre)·scale, evaluated by Horner's scheme in float64.

    The exact value differs from the computed v by at most relative·|v| or by `absolute`; one of them is 0. Where both
    are, v is within 2^-51 of it and rounds to the format as it does.
    """

    coefficients: tuple[float, ...]
    centre: float = 0.0
    scale: float = 1.0
    relative: float = 0.0
    absolute: float = 0.0


def piece(program: Program, order: int, low: float, high: float, format: Format) -> Piece | None:
    """Return a polynomial for the derivative of an order on [low, high], 0 outside; None to try a shorter interval."""
    from flint import ctx

    from actcli.expressions.algebras.balls import Absent, UndecidedError

    with arb_context():
        for precision in PRECISIONS:
            ctx.prec, ctx.cap = precision, MAX_DEGREE + order + 2
            try:
                wide = _Wide.over(program, order, low, high)
                if isinstance(wide.value, Absent):
                    return Piece((math.nan,))
                found = _exact(wide, format) or _overflow(wide, format) or _from_zero(program, wide, format)
                found = found or _expanded(program, wide, precision == PRECISIONS[-1], format)
            except UndecidedError:
                continue  # a kink, or an exponential beyond what Arb holds at this precision
            if found is not None:
                return found if found.coefficients else None
    return None


def settled(value: float, number: float, format: Format) -> float:
    """Return a float64 at or next to `value` that rounds to `number`, the format's neighbour of the exact value."""
    while float(round_to(np.array([value]), format)[0]) != number:
        value = math.nextafter(value, number)
    return value


HOPELESS = Piece(())
"""More precision doesn't help; a shorter interval may."""


@dataclass(frozen=True, slots=True)
class _Wide:
    """A definition over an interval: its value in the interval algebra, and the latter."""

    algebra: Any
    value: Any
    order: int
    low: float
    high: float

    @classmethod
    def over(cls, program: Program, order: int, low: float, high: float) -> _Wide:
        from flint import arb

        from actcli.expressions.algebras.intervals import IntervalAlgebra, X

        algebra = IntervalAlgebra(MAX_DEGREE + order + 2, arb(low / 2 + high / 2, high / 2 - low / 2))
        return cls(algebra, run(program, algebra, {"x": X}), order, low, high)

    def coefficients(self) -> list[Any]:
        """Return balls that hold the Taylor coefficients of the derivative at every point of the interval."""
        return _derived(self.algebra.series(self.value), self.order, MAX_DEGREE + 2)


def _derived(series: Any, order: int, count: int) -> list[Any]:
    return [series[k + order] * math.perm(k + order, order) for k in range(count)]


def _exact(wide: _Wide, format: Format) -> Piece | None:
    """Return a constant, or a multiple of x or x² that float64 computes without rounding."""
    from actcli.expressions.algebras.intervals import Form

    if not isinstance(wide.value, Form) or wide.value.terms:
        return None
    polynomial = wide.value.polynomial.derivative(wide.order)
    if polynomial.degree <= 0:
        number = round_known(polynomial.constant, format).number
        return Piece((settled(float(polynomial.constant), number, format),))
    *lower, leading = polynomial.coefficients
    if any(lower) or not _is_dyadic(leading) or _bits(leading) + format.precision * polynomial.degree > 53:
        return None
    return Piece((*([0.0] * len(lower)), float(leading)))


def _is_dyadic(value: Fraction) -> bool:
    return value.denominator & (value.denominator - 1) == 0


def _bits(value: Fraction) -> int:
    return value.numerator.bit_length()


def _overflow(wide: _Wide, format: Format) -> Piece | None:
    """Return infinity where an exponential is beyond the format all over the interval."""
    from flint import arb, arb_series

    from actcli.expressions.algebras.intervals import Scaled

    if not isinstance(wide.value, Scaled):
        return None
    exponent = wide.algebra.series(wide.value.exponent)
    least = exponent[0].lower()
    varying = arb_series([0, *(exponent[k] for k in range(1, wide.order + 1))], prec=wide.order + 1)
    leading = _derived(varying.exp() * wide.value.factor, wide.order, 1)[0]  # the derivative over exp(exponent[0])
    if not least > 0 or not leading.abs_lower() * least.exp() > arb(2) ** (format.highest + 2):
        return None
    return Piece((math.inf if leading > 0 else -math.inf,))


def _from_zero(program: Program, wide: _Wide, format: Format) -> Piece | None:
    """Return c·x, moved by a unit of float64 to the side where the exact value lies, for a tiny x.

    silu(x) = x/2 + x²/4 − … of a tiny x differs from x/2 by less than float64 can hold, and x/2 may be a tie.
    """
    from actcli.expressions.algebras.balls import UndecidedError

    sign, far = (1, wide.high) if wide.high > 0 else (-1, wide.low)
    if abs(far) > 2.0**-40:
        return None
    value, slope, *curvatures = _at_zero(program, wide.order, sign)
    # A longer c·x would not keep its distance from the ties that it doesn't hit.
    if value != 0 or not slope or not _is_dyadic(slope) or _bits(slope) > 20 or slope.denominator > 1 << 20:
        return None
    k = next((k for k, curvature in enumerate(curvatures, 2) if curvature != 0), None)
    if k is None:
        return None
    try:
        rest = _Wide.over(program, wide.order, min(0.0, far), max(0.0, far)).coefficients()[k]
    except UndecidedError:
        return None  # a kink at 0
    if not (rest > 0 or rest < 0) or _upper(rest) * abs(far) ** (k - 1) > ROUNDING * abs(slope):
        return None
    up = (1 if rest > 0 else -1) * sign**k
    outwards = up * sign * (1 if slope > 0 else -1)
    return Piece((0.0, float(slope) * (1 + outwards * 2 * ROUNDING)))


def _at_zero(program: Program, order: int, side: int) -> list[Fraction | None]:
    """Return the first Taylor coefficients of the derivative at 0, None for those not known exactly."""
    from actcli.expressions.algebras.balls import Absent, BallAlgebra, RationalAlgebra

    count = 5
    for algebra in (RationalAlgebra(order + count, side), BallAlgebra(order + count, side)):
        series = run(program, algebra, {"x": algebra.variable(Fraction(0))})
        if not isinstance(series, Absent):
            return [_fraction(c) for c in _derived(series, order, count)]
    return [None] * count


def _fraction(number: Any) -> Fraction | None:
    if hasattr(number, "man_exp"):
        if not number.is_exact():
            return None
        mantissa, exponent = (int(part) for part in number.man_exp())
        return mantissa * Fraction(2) ** exponent
    return Fraction(int(number.p), int(number.q))


def _expanded(program: Program, wide: _Wide, last: bool, format: Format) -> Piece | None:
    """Return a Taylor polynomial about the centre, of the least degree that keeps the tolerance.

    HOPELESS where the interval is too long for it, None where more precision may help.
    """
    from flint import arb

    from actcli.expressions.algebras.balls import Absent, UndecidedError

    centre, radius = wide.low / 2 + wide.high / 2, wide.high / 2 - wide.low / 2
    step = 2.0 ** math.frexp(radius)[1]
    try:
        at_centre = _Wide.over(program, wide.order, centre, centre)
    except UndecidedError:
        return HOPELESS if last else None
    if isinstance(at_centre.value, Absent):
        return HOPELESS
    powers = [arb(step) ** k for k in range(MAX_DEGREE + 2)]
    exact = [c * power for c, power in zip(at_centre.coefficients()[:-1], powers, strict=False)]
    enclosed = [c * power for c, power in zip(wide.coefficients(), powers, strict=True)]
    coefficients = [float(c.mid()) for c in exact]
    if not all(c.is_finite() for c in enclosed) or not all(map(math.isfinite, coefficients)):
        return HOPELESS if last else None
    rounded = [_upper(c - arb(number)) for c, number in zip(exact, coefficients, strict=True)]
    remainders = [_upper(c) for c in enclosed]
    least = math.nextafter(float(enclosed[0].abs_lower()), 0)
    normal = 2.0 ** (format.lowest + format.precision - 1)
    for degree in range(MAX_DEGREE + 1):
        size, error = _horner(coefficients[: degree + 1], rounded, remainders[degree + 1])
        low = max(2 * abs(coefficients[0]) - size - 2 * error, least - error)  # of the computed value
        if low >= normal:
            bound = (ROUNDING + error / low) * SLACK
            if bound <= TOLERANCE:
                return Piece(tuple(coefficients[: degree + 1]), centre, 1 / step, relative=bound)
        else:
            bound = (ROUNDING * size + error) * SLACK
            if bound <= TOLERANCE * normal:
                return Piece(tuple(coefficients[: degree + 1]), centre, 1 / step, absolute=bound)
    blurred = max(_upper(c - c.mid()) for c in exact) > TOLERANCE / 8 * max(low, normal)
    return None if blurred and not last else HOPELESS


def _horner(coefficients: list[float], rounded: list[float], remainder: float) -> tuple[float, float]:
    """Return bounds for |t| ≤ 1: of the computed value, and of its error but for the last rounding."""
    size, error = abs(coefficients[-1]), rounded[len(coefficients) - 1]
    last = 0.0
    for k in range(len(coefficients) - 2, -1, -1):
        error += last + ROUNDING * size + rounded[k]
        size = (abs(coefficients[k]) + size * SLACK) * SLACK
        last = ROUNDING * size
    return size, (error + remainder) * SLACK + 2.0**-1000


def _upper(ball: Any) -> float:
    """Return a float64 that is at least |ball|."""
    return math.nextafter(float(ball.abs_upper()), math.inf)
