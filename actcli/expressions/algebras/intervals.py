"""Arb power series over a whole interval of x: coefficients that hold for every point in it, so remainders are proven.

What plain balls lose is kept. Polynomials in x and rational multiples of other series stay exact: `x - x` is 0 and not
twice as wide as x. And an exponential is carried as exp(form) · series with such a form, so that in the tail of
(exp(x) - exp(-x))/(exp(x) + exp(-x)) or log(1 + exp(x)), where exp(x) spans many powers of ten, only the decaying
exponential is left to be enclosed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import zip_longest
from typing import Any

from flint import arb_series, fmpq

from actcli.expressions.algebras.balls import BallAlgebra, UndefinedError
from actcli.expressions.evaluate import Step
from actcli.expressions.nodes import bits

MAX_DEGREE = 6
"""Polynomials beyond are series like everything else."""

MAX_BITS = 512
"""Coefficients beyond make exact arithmetic slower than it is worth."""

MAX_TERMS = 2
"""Sums of more series are added up."""


@dataclass(frozen=True, slots=True)
class Polynomial:
    """An exact polynomial in x; `coefficients` from the constant one, without zeros at the end."""

    coefficients: tuple[Fraction, ...]

    @property
    def degree(self) -> int:
        """The degree, -1 for zero."""
        return len(self.coefficients) - 1

    @property
    def constant(self) -> Fraction:
        """The coefficient of 1."""
        return self.coefficients[0] if self.coefficients else Fraction(0)

    def derivative(self, order: int) -> Polynomial:
        """Return the derivative of an order."""
        return polynomial([c * math.perm(k, order) for k, c in enumerate(self.coefficients)][order:])

    def times(self, factor: Fraction) -> Polynomial:
        """Return the multiple by a number."""
        return polynomial([factor * c for c in self.coefficients])

    def __add__(self, other: Polynomial) -> Polynomial:
        pairs = zip_longest(self.coefficients, other.coefficients, fillvalue=Fraction(0))
        return polynomial([a + b for a, b in pairs])

    def __mul__(self, other: Polynomial) -> Polynomial:
        found = [Fraction(0)] * (len(self.coefficients) + len(other.coefficients))
        for j, a in enumerate(self.coefficients):
            for k, b in enumerate(other.coefficients):
                found[j + k] += a * b
        return polynomial(found)


def polynomial(coefficients: Sequence[Fraction]) -> Polynomial:
    """Return a polynomial, zeros at the end removed."""
    size = len(coefficients)
    while size and not coefficients[size - 1]:
        size -= 1
    return Polynomial(tuple(coefficients[:size]))


ZERO = Polynomial(())


@dataclass(frozen=True, slots=True, eq=False)
class Form:
    """polynomial(x) + Σ multiple·series, the series told apart by identity."""

    polynomial: Polynomial
    terms: tuple[tuple[Any, Fraction], ...] = ()

    @property
    def is_constant(self) -> bool:
        """Whether it is an exact number."""
        return not self.terms and self.polynomial.degree <= 0

    def times(self, factor: Fraction) -> Form:
        """Return the multiple by a number."""
        terms = tuple((series, factor * multiple) for series, multiple in self.terms) if factor else ()
        return Form(self.polynomial.times(factor), terms)

    def __add__(self, other: Form) -> Form:
        multiples = {id(series): (series, multiple) for series, multiple in self.terms}
        for series, multiple in other.terms:
            multiples[id(series)] = (series, multiples.get(id(series), (series, Fraction(0)))[1] + multiple)
        terms = tuple((series, multiple) for series, multiple in multiples.values() if multiple)
        return Form(self.polynomial + other.polynomial, terms)


X = Form(polynomial([Fraction(0), Fraction(1)]))
ONE = Form(polynomial([Fraction(1)]))


@dataclass(frozen=True, slots=True, eq=False)
class Scaled:
    """exp(exponent) · factor, the factor a series."""

    exponent: Form
    factor: Any


_KEPT = frozenset(
    "number symbol known where maximum minimum abs negative add subtract multiply divide integer_power power sqrt "
    "exp expm1 log log1p sinh cosh tanh less less_equal greater greater_equal equal not_equal".split()
)
"""Steps that take values of every kind; the others get plain series."""


class IntervalAlgebra(BallAlgebra):
    """Power series f(x + t) for x anywhere in the ball `x`. The variable is `X`.

    Values are forms, scaled series and plain series; `series` makes the last of any. Comparisons that don't come out
    the same all over the ball raise UndecidedError.
    """

    def __init__(self, length: int, x: Any) -> None:
        super().__init__(length, +1)
        self.x = arb_series([x, 1], prec=length)

    def series(self, u: Any) -> Any:
        """Return a value of any kind as a plain series."""
        match u:
            case Form(p, terms):
                result = self._series([0])
                for coefficient in reversed(p.coefficients):
                    result = result * self.x + _fmpq(coefficient)
                for series, multiple in terms:
                    result = result + series * _fmpq(multiple)
                return result
            case Scaled(exponent, factor):
                return self.series(exponent).exp() * factor
            case _:
                return u

    def apply(self, step: Step, arguments: list[Any]) -> Any:
        """Return the value of one step."""
        if step.method not in _KEPT:
            arguments = [self.series(argument) for argument in arguments]
        return super().apply(step, arguments)

    def number(self, value: Fraction) -> Form:
        return Form(polynomial([value]))

    # arithmetic

    def negative(self, u: Any) -> Any:
        return self.multiply(self.number(Fraction(-1)), u)

    def subtract(self, u: Any, v: Any) -> Any:
        return self.add(u, self.negative(v))

    def add(self, u: Any, v: Any) -> Any:
        if not isinstance(u, Scaled) and not isinstance(v, Scaled):
            total = _form(u) + _form(v)
            return total if len(total.terms) <= MAX_TERMS else self.series(total)
        first, second = self._scaled(u), self._scaled(v)
        gap = self.series(second.exponent + first.exponent.times(Fraction(-1)))
        if gap[0].mid() > 0:  # either may be factored out; the larger one leaves the narrower ball
            first, second, gap = second, first, -gap
        return self._tidy(Scaled(first.exponent, first.factor + second.factor * gap.exp()))

    def multiply(self, u: Any, v: Any) -> Any:
        if isinstance(v, Form) and v.is_constant:
            u, v = v, u
        if isinstance(u, Form) and u.is_constant and not isinstance(v, Scaled):
            return _form(v).times(u.polynomial.constant)
        if isinstance(u, Form) and isinstance(v, Form) and not u.terms and not v.terms:
            product = u.polynomial * v.polynomial
            if product.degree <= MAX_DEGREE and all(bits(c) <= MAX_BITS for c in product.coefficients):
                return Form(product)
        if isinstance(u, Scaled) or isinstance(v, Scaled):
            first, second = self._scaled(u), self._scaled(v)
            return self._tidy(Scaled(first.exponent + second.exponent, first.factor * second.factor))
        return self.series(u) * self.series(v)

    def divide(self, u: Any, v: Any) -> Any:
        if isinstance(v, Form) and v.is_constant:
            if not v.polynomial.constant:
                raise UndefinedError("division by zero")
            return self.multiply(u, self.number(1 / v.polynomial.constant))
        below = self._scaled(v)
        inverse = super().divide(self._series([1]), below.factor)
        return self.multiply(u, self._tidy(Scaled(below.exponent.times(Fraction(-1)), inverse)))

    def integer_power(self, u: Any, exponent: int) -> Any:
        if exponent < 0:
            return self.divide(ONE, self.integer_power(u, -exponent))
        result: Any = ONE
        for bit in f"{exponent:b}":
            result = self.multiply(result, result)
            if bit == "1":
                result = self.multiply(result, u)
        return result

    def _scaled(self, u: Any) -> Scaled:
        return u if isinstance(u, Scaled) else Scaled(Form(ZERO), self.series(u))

    def _tidy(self, u: Scaled) -> Any:
        return self.series(u) if u.exponent.is_constant else u

    # functions

    def exp(self, u: Any) -> Any:
        return self._tidy(Scaled(_form(self.series(u) if isinstance(u, Scaled) else u), self._series([1])))

    def expm1(self, u: Any) -> Any:
        return self.subtract(self.exp(u), ONE)

    def log(self, u: Any) -> Any:
        if isinstance(u, Scaled):
            return self.add(u.exponent, super().log(u.factor))
        return super().log(self.series(u))

    def log1p(self, u: Any) -> Any:
        return self.log(self.add(ONE, u))

    def sqrt(self, u: Any) -> Any:
        if isinstance(u, Scaled):
            return self._tidy(Scaled(u.exponent.times(Fraction(1, 2)), super().sqrt(u.factor)))
        return super().sqrt(self.series(u))

    def sinh(self, u: Any) -> Any:
        return self.divide(self.subtract(self.exp(u), self.exp(self.negative(u))), self.number(Fraction(2)))

    def cosh(self, u: Any) -> Any:
        return self.divide(self.add(self.exp(u), self.exp(self.negative(u))), self.number(Fraction(2)))

    def tanh(self, u: Any) -> Any:
        w = self.exp(self.multiply(self.number(Fraction(-2)), u))
        return self.divide(self.subtract(ONE, w), self.add(ONE, w))

    def power(self, u: Any, v: Any) -> Any:
        return self.exp(self.multiply(v, self.log(u)))

    def _difference(self, u: Any, v: Any) -> Any:
        difference = self.subtract(u, v)
        return self.series(difference.factor if isinstance(difference, Scaled) else difference)  # exp(…) > 0


def _form(u: Any) -> Form:
    """Write a value that isn't scaled as a form."""
    return u if isinstance(u, Form) else Form(ZERO, ((u, Fraction(1)),))


def _fmpq(value: Fraction) -> Any:
    return fmpq(value.numerator, value.denominator)
