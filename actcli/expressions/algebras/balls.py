"""Exact algebras: Arb power series, whose every coefficient is a ball that holds the true value, and exact rationals.

A series f(x₀ + t) = c₀ + c₁t + … carries the derivatives as k!·cₖ, to any order. A comparison that the balls cannot
decide raises UndecidedError, and the caller tries again with more bits. Function values of known functions come from
their definitions, never from their kernels: this is the reference that kernels are measured against.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from flint import arb, arb_series, fmpq, fmpq_series

from actcli.expressions.evaluate import Step, StepByName, run
from actcli.expressions.nodes import Known


class UndecidedError(ArithmeticError):
    """The precision at hand does not tell which side of a comparison holds."""


class UndefinedError(ArithmeticError):
    """The function has no real value there, at any precision."""


class Absent:
    """Stands in for a value that isn't there. What is computed from it is absent too, unless a `where` drops it."""


UNDEFINED = Absent()
"""A value that doesn't exist: the logarithm of a negative number."""
IRRATIONAL = Absent()
"""A value that rational arithmetic can't hold."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A comparison: as it stands, and as it is one step away in the direction looked at."""

    here: bool
    beside: bool


class _SeriesAlgebra(StepByName):
    """What Arb series and rational series have in common. `direction` is +1 or -1: the side of a kink looked at."""

    def __init__(self, length: int, direction: int) -> None:
        self.length, self.direction = length, direction
        self.at_kink = False

    def apply(self, step: Step, arguments: list[Any]) -> Any:
        """Return the value of one step, absent where it has none."""
        if step.method == "where":
            if isinstance(arguments[0], Absent):
                return arguments[0]
        else:
            for argument in arguments:
                if isinstance(argument, Absent):
                    return argument
        try:
            return super().apply(step, arguments)
        except UndefinedError:
            return UNDEFINED

    def variable(self, x: Fraction) -> Any:
        """Return the series x + t."""
        return self._series([self._rational(x), 1])

    def number(self, value: Fraction) -> Any:
        return self._series([self._rational(value)])

    def _rational(self, value: Fraction) -> Any:
        raise NotImplementedError

    def _series(self, coefficients: Sequence[Any]) -> Any:
        raise NotImplementedError

    def _sign(self, coefficient: Any) -> int:
        raise NotImplementedError

    def negative(self, u: Any) -> Any:
        return -u

    def add(self, u: Any, v: Any) -> Any:
        return u + v

    def subtract(self, u: Any, v: Any) -> Any:
        return u - v

    def multiply(self, u: Any, v: Any) -> Any:
        return u * v

    def divide(self, u: Any, v: Any) -> Any:
        if self._sign(v[0]) == 0:
            raise UndefinedError("division by zero")
        return u / v

    def integer_power(self, u: Any, exponent: int) -> Any:
        if exponent < 0:
            return self.divide(self.number(Fraction(1)), self.integer_power(u, -exponent))
        result = self.number(Fraction(1))
        while exponent:
            if exponent & 1:
                result = result * u
            exponent >>= 1
            if exponent:
                u = u * u
        return result

    def known(self, function: Known, u: Any) -> Any:
        return run(function.program, self, {"x": u})

    # comparisons

    def _difference(self, u: Any, v: Any) -> Any:
        return self.subtract(u, v)

    def _compare(self, u: Any, v: Any, holds: Sequence[bool]) -> Condition:
        difference = self._difference(u, v)
        sign = self._sign(difference[0])
        here = holds[sign + 1]
        if sign:
            return Condition(here, here)
        for k in range(1, self.length):
            sign = self._sign(difference[k]) * self.direction**k
            if sign:
                self.at_kink = True
                return Condition(here, holds[sign + 1])
        return Condition(here, here)

    def less(self, u: Any, v: Any) -> Condition:
        return self._compare(u, v, (True, False, False))

    def less_equal(self, u: Any, v: Any) -> Condition:
        return self._compare(u, v, (True, True, False))

    def greater(self, u: Any, v: Any) -> Condition:
        return self._compare(u, v, (False, False, True))

    def greater_equal(self, u: Any, v: Any) -> Condition:
        return self._compare(u, v, (False, True, True))

    def equal(self, u: Any, v: Any) -> Condition:
        return self._compare(u, v, (False, True, False))

    def not_equal(self, u: Any, v: Any) -> Condition:
        return self._compare(u, v, (True, False, True))

    def where(self, condition: Condition, u: Any, v: Any) -> Any:
        here, beside = (u if condition.here else v), (u if condition.beside else v)
        if here is beside:
            return here
        if isinstance(here, Absent) or isinstance(beside, Absent):
            return here if isinstance(here, Absent) else beside
        return self._series([here[0], *(beside[k] for k in range(1, self.length))])

    def maximum(self, u: Any, v: Any) -> Any:
        return self.where(self.greater_equal(u, v), u, v)

    def minimum(self, u: Any, v: Any) -> Any:
        return self.where(self.less_equal(u, v), u, v)

    def abs(self, u: Any) -> Any:
        return self.where(self.greater_equal(u, self.number(Fraction(0))), u, self.negative(u))

    def sign(self, u: Any) -> Any:
        return self.number(Fraction(self._sign(u[0])))


class BallAlgebra(_SeriesAlgebra):
    """Arb power series at the precision `flint.ctx.prec`, which is global to the process."""

    def _rational(self, value: Fraction) -> Any:
        return arb(fmpq(value.numerator, value.denominator))

    def _series(self, coefficients: Sequence[Any]) -> Any:
        return arb_series(coefficients, prec=self.length)

    def _sign(self, coefficient: Any) -> int:
        if coefficient > 0:
            return 1
        if coefficient < 0:
            return -1
        if coefficient == 0:
            return 0
        raise UndecidedError

    def constant(self, name: str) -> Any:
        return self._series([arb.pi() if name == "pi" else arb.const_e()])

    def _positive(self, u: Any) -> Any:
        # Arb answers NaN outside the domain; telling it apart from lack of precision saves the escalation.
        if self._sign(u[0]) <= 0:
            raise UndefinedError("outside the domain")
        return u

    def exp(self, u: Any) -> Any:
        return u.exp()

    def expm1(self, u: Any) -> Any:
        return self._with_value(u.exp() - 1, u[0].expm1())

    def log(self, u: Any) -> Any:
        return self._positive(u).log()

    def log1p(self, u: Any) -> Any:
        return self._with_value(self._positive(1 + u).log(), u[0].log1p())

    def sqrt(self, u: Any) -> Any:
        if self.length == 1 and self._sign(u[0]) == 0:
            return u
        return self._positive(u).sqrt()

    def sin(self, u: Any) -> Any:
        return u.sin()

    def cos(self, u: Any) -> Any:
        return u.cos()

    def sinh(self, u: Any) -> Any:
        return self._with_value((u.exp() - (-u).exp()) / 2, u[0].sinh())

    def cosh(self, u: Any) -> Any:
        return (u.exp() + (-u).exp()) / 2

    def tanh(self, u: Any) -> Any:
        # From the decaying exponential, so that a large |u| cannot overflow; around 0 either will do.
        sign = -1 if u[0] < 0 else 1
        w = (-2 * sign * u).exp()
        return self._with_value(sign * (1 - w) / (1 + w), u[0].tanh())

    def erf(self, u: Any) -> Any:
        return u.erf()

    def erfc(self, u: Any) -> Any:
        return u.erfc()

    def phi(self, u: Any) -> Any:
        return (-u * u / 2).exp() / (2 * arb.pi()).sqrt()

    def Phi(self, u: Any) -> Any:
        return (-u / arb(2).sqrt()).erfc() / 2

    def power(self, u: Any, v: Any) -> Any:
        if self._sign(u[0]) == 0:
            if v[0] > self.length - 1:  # as many derivatives of a power of zero are zero
                return self.number(Fraction(0))
            raise UndefinedError("a power of zero")
        return (v * self._positive(u).log()).exp()

    def _with_value(self, series: Any, value: Any) -> Any:
        """Put in the constant term from Arb's own function: the sum or difference above has lost digits near 0."""
        return self._series([value, *(series[k] for k in range(1, self.length))])


class RationalAlgebra(_SeriesAlgebra):
    """Power series with exact rational coefficients; whatever isn't rational is absent.

    It decides what balls never can: a value that lies exactly midway between two floating-point numbers.
    """

    def _rational(self, value: Fraction) -> Any:
        return fmpq(value.numerator, value.denominator)

    def _series(self, coefficients: Sequence[Any]) -> Any:
        return fmpq_series(coefficients, prec=self.length)

    def _sign(self, coefficient: Any) -> int:
        return int(coefficient > 0) - int(coefficient < 0)

    def integer_power(self, u: Any, exponent: int) -> Any:
        # Beyond this, exact powers cost more than they decide.
        return IRRATIONAL if abs(exponent) > 64 else super().integer_power(u, exponent)

    def exp(self, u: Any) -> Any:
        return u.exp() if u[0] == 0 else IRRATIONAL

    def log(self, u: Any) -> Any:
        return u.log() if u[0] == 1 else IRRATIONAL

    def __getattr__(self, name: str) -> Any:
        return lambda *_: IRRATIONAL
