"""The exact reference: correctly rounded values of a definition and its derivatives, in any format.

The definition is evaluated in Arb power series at growing precision until both ends of the ball round to the same
number (Ziv 1991; Johansson, Arb, 2017). Ties, which no ball decides, are settled in exact rational arithmetic. Nothing
here calls a kernel, so a kernel's mistakes can't hide.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from actcli.core.formats import Format
from actcli.expressions.evaluate import Program, flatten, run
from actcli.expressions.nodes import Node

if TYPE_CHECKING:
    Array = np.ndarray[Any, Any]

MAX_PRECISION = 1 << 17
"""Bits after which a value counts as undefined: beyond any finite float64's needs (1e308 takes about 2,000)."""


HOPELESS = 1 << 13
"""Bits after which a ball that is still infinite is given up: exp(exp(exp(9))) is beyond Arb's exponents."""


REST_BITS = 30
"""Bits to which the rest is known: one of at most 2^-30 can't be told from 0."""


@dataclass(frozen=True, slots=True)
class Rounded:
    """A correctly rounded number, and the rest in units of its spacing: exact value = number + rest·spacing."""

    number: float
    rest: float


UNDEFINED = Rounded(math.nan, 0.0)
"""The function has no value there."""

UNDECIDED = Rounded(math.nan, math.nan)
"""No precision told; a value that no ball gets hold of, such as exp(exp(exp(9)))."""


_LOCK = threading.RLock()


@contextmanager
def arb_context() -> Iterator[None]:
    """Hold flint's precision and series length, which are global to the process, and put them back."""
    from flint import ctx

    with _LOCK:
        before = ctx.prec, ctx.cap
        try:
            yield
        finally:
            ctx.prec, ctx.cap = before


@dataclass(frozen=True)
class Reference:
    """A definition, and what mathematics alone doesn't say about it.

    `conventions` gives the derivatives (f′, f″, …) this project uses at a kink; elsewhere at a kink it is the one-sided
    derivative of least magnitude, 0 between opposite signs. `limits` gives (f, f′, f″, …) at the ends of the domain.
    """

    tree: Node
    conventions: Mapping[Fraction, Sequence[Fraction]] = field(default_factory=dict)
    limits: Mapping[float, Sequence[Fraction | float]] = field(default_factory=dict)

    @cached_property
    def program(self) -> Program:
        """The definition, ready to run."""
        return flatten(self.tree)

    def values(self, x: Array, order: int, format: Format) -> list[tuple[Array, Array]]:
        """Return, for each order from 0, the correctly rounded values at `x` (as float64) and their rests."""
        rows = [self.at(float(each), order, format) for each in np.asarray(x, dtype=np.float64).ravel()]
        numbers = np.array([[r.number for r in row] for row in rows], dtype=np.float64).reshape(-1, order + 1)
        rests = np.array([[r.rest for r in row] for row in rows], dtype=np.float64).reshape(-1, order + 1)
        return [(numbers[:, k].reshape(np.shape(x)), rests[:, k].reshape(np.shape(x))) for k in range(order + 1)]

    def at(self, x: float | Fraction, order: int, format: Format) -> list[Rounded]:
        """Return f, f′, … up to `order` at one point, which may be a rational beyond the range of any format."""
        if isinstance(x, float):
            if x in self.limits:
                return [round_known(value, format) for value in self.limits[x][: order + 1]]
            if not math.isfinite(x):
                return [UNDEFINED] * (order + 1)
        with arb_context():
            return self._at(Fraction(x), order, format)

    def _at(self, point: Fraction, order: int, format: Format) -> list[Rounded]:
        right, at_kink = self._side(point, order, format, +1)
        if point in self.conventions:
            return [right[0], *(round_known(value, format) for value in self.conventions[point][:order])]
        if not at_kink:
            return right
        left, _ = self._side(point, order, format, -1)
        return [right[0], *(_least(a, b) for a, b in zip(left[1:], right[1:], strict=True))]

    def is_flat_at(self, x: float) -> bool:
        """Tell whether f′ is exactly zero at a point: not underflowed, nor too small for any format."""
        from flint import ctx

        from actcli.expressions.algebras.balls import Absent, BallAlgebra, UndecidedError

        with arb_context():
            ctx.prec, ctx.cap = 128, 2
            algebra = BallAlgebra(2, +1)
            try:
                series = run(self.program, algebra, {"x": algebra.variable(Fraction(x))})
            except UndecidedError:
                return False
            return not isinstance(series, Absent) and bool(series[1] == 0)

    def _side(self, x: Fraction, order: int, format: Format, direction: int) -> tuple[list[Rounded], bool]:
        """Return f, f′, … as seen from one side of x, and whether there is a kink."""
        from flint import ctx

        from actcli.expressions.algebras.balls import Absent, BallAlgebra, UndecidedError

        found: list[Rounded | None] = [None] * (order + 1)
        precision = 64 if format.bits <= 16 else 128
        while precision <= MAX_PRECISION:
            ctx.prec, ctx.cap = precision, order + 1
            algebra = BallAlgebra(order + 1, direction)
            try:
                series = run(self.program, algebra, {"x": algebra.variable(x)})
            except UndecidedError:
                series = None
            if isinstance(series, Absent):
                if order == 0:
                    return [UNDEFINED], False
                lower, at_kink = self._side(x, order - 1, format, direction)  # √x has a value at 0, but no slope
                return [*lower, UNDEFINED], at_kink
            if series is not None:
                for k in range(order + 1):
                    if found[k] is None:
                        found[k] = _round_ball(series[k] * math.factorial(k), format)
                if all(each is not None for each in found):
                    return [each for each in found if each is not None], algebra.at_kink
                if precision >= HOPELESS and not all(series[k].is_finite() for k in range(order + 1)):
                    break
            if precision == 512:
                exact = self._rational(x, order, format, direction)
                if exact is not None:
                    return exact
            precision *= 2
        return [each or UNDECIDED for each in found], False

    def _rational(self, x: Fraction, order: int, format: Format, direction: int) -> tuple[list[Rounded], bool] | None:
        from actcli.expressions.algebras.balls import Absent, RationalAlgebra

        algebra = RationalAlgebra(order + 1, direction)
        series = run(self.program, algebra, {"x": algebra.variable(x)})
        if isinstance(series, Absent):
            return None
        values = [series[k] * math.factorial(k) for k in range(order + 1)]
        return [round_known(Fraction(int(v.p), int(v.q)), format) for v in values], algebra.at_kink


def _least(left: Rounded, right: Rounded) -> Rounded:
    if left.number * right.number < 0:
        return Rounded(0.0, 0.0)
    return left if abs(left.number) <= abs(right.number) else right


def round_known(value: Fraction | float, format: Format) -> Rounded:
    """Round an exact rational (or ±inf, NaN) to a format."""
    if isinstance(value, float):
        return Rounded(value, 0.0)
    if value == 0:
        return Rounded(0.0, 0.0)
    magnitude = abs(value)
    exponent = magnitude.numerator.bit_length() - magnitude.denominator.bit_length()
    exponent += magnitude >= Fraction(2) ** exponent  # magnitude in [2^(exponent-1), 2^exponent)
    exponent = max(exponent - format.precision, format.lowest)
    scaled = value / Fraction(2) ** exponent
    whole, unit = _carried(round(scaled), exponent, format)  # round() takes halves to even
    return Rounded(_number(whole, unit, format), float((scaled - round(scaled)) / 2 ** (unit - exponent)))


def _carried(whole: int, exponent: int, format: Format) -> tuple[int, int]:
    """Write a number that was rounded up to a power of two with that binade's own unit."""
    return (whole >> 1, exponent + 1) if abs(whole) == 1 << format.precision else (whole, exponent)


def _number(whole: int, exponent: int, format: Format) -> float:
    if whole and whole.bit_length() + exponent > format.highest + 1:
        return math.copysign(math.inf, whole)
    return math.ldexp(whole, exponent)


def _round_ball(ball: Any, format: Format) -> Rounded | None:
    """Return the number both ends of a ball round to, or None when they differ or leave the rest open."""
    if not ball.is_finite():
        return None
    low, high = ball.lower(), ball.upper()
    first, second = _round_dyadic(low, format), _round_dyadic(high, format)
    if first != second:
        if first[0] or second[0]:
            return None
        first = (0, format.lowest)  # both ends underflow
    whole, exponent = first
    number = _number(whole, exponent, format)
    if math.isinf(number):
        return Rounded(number, 0.0)
    unit = _power_of_two(exponent)
    if ball.rad() > unit * _power_of_two(-REST_BITS):
        return None  # the number is certain, the rest isn't yet
    return Rounded(number, float((ball.mid() - whole * unit) / unit))


def _power_of_two(exponent: int) -> Any:
    from flint import arb

    return arb(2) ** exponent


def _round_dyadic(end: Any, format: Format) -> tuple[int, int]:
    """Round mantissa·2^exponent to the format; return the integer and the exponent of its unit."""
    mantissa, exponent = (int(part) for part in end.man_exp())
    if mantissa == 0:
        return 0, format.lowest
    top = mantissa.bit_length() + exponent  # |value| in [2^(top-1), 2^top)
    if top > format.highest + 2:  # far beyond the largest number; shifting would build a huge integer
        return (1 if mantissa > 0 else -1), format.highest + 2
    unit = max(top - format.precision, format.lowest)
    shift = unit - exponent
    if shift <= 0:
        return _carried(mantissa << -shift, unit, format)
    if shift > mantissa.bit_length() + 1:
        return 0, format.lowest
    magnitude = abs(mantissa)
    whole, rest = magnitude >> shift, magnitude & ((1 << shift) - 1)
    half = 1 << (shift - 1)
    whole += rest > half or (rest == half and whole & 1)
    return _carried(whole if mantissa > 0 else -whole, unit, format)
