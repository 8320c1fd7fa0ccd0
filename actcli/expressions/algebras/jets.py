"""Arrays with their derivatives: f, f′, f″ of a formula in one pass, on NumPy or CuPy.

A jet holds the value and the derivatives with respect to x of one sub-expression (Griewank & Walther, Evaluating
Derivatives, 2008, ch. 13). None stands for a derivative that is zero everywhere, so that constants cost nothing.

At a kink (the two sides of a comparison are equal) the value follows the comparison as written, and the derivatives
those of the side that `direction` names; `at_kink` marks where that mattered. `undefined` marks where a root or a
logarithm got a negative number: NaN there is the truth, and elsewhere an accident of overflow.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from actcli.expressions.algebras.primitives import PRIMITIVES
from actcli.expressions.evaluate import Program, StepByName, run
from actcli.expressions.nodes import Known

Jet = list[Any]
"""[f, f′, f″ …] up to the order asked for."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A comparison: as it stands, and as it is one step away from x in the direction looked at."""

    here: Any
    beside: Any


class JetAlgebra(StepByName):
    """Jets of float64 arrays of one device, up to order 2, seen from the right (+1) or the left (-1) of a kink."""

    def __init__(self, device: Any, order: int, direction: int) -> None:
        self.device, self.xp, self.order, self.direction = device, device.xp, order, direction
        self.at_kink: Any = False
        self.undefined: Any = False

    def number(self, value: Fraction) -> Jet:
        try:
            return self._constant(float(value))
        except OverflowError:  # 1e300*1e300, folded exactly
            return self._constant(math.inf if value > 0 else -math.inf)

    def constant(self, name: str) -> Jet:
        return self._constant({"pi": math.pi, "e": math.e}[name])

    def _constant(self, value: float) -> Jet:
        return [value, *[None] * self.order]

    # arithmetic

    def negative(self, u: Jet) -> Jet:
        return [None if part is None else -part for part in u]

    def add(self, u: Jet, v: Jet) -> Jet:
        return [_plus(a, b) for a, b in zip(u, v, strict=True)]

    def subtract(self, u: Jet, v: Jet) -> Jet:
        return self.add(u, self.negative(v))

    def multiply(self, u: Jet, v: Jet) -> Jet:
        product = [u[0] * v[0]]
        if self.order >= 1:
            product.append(_plus(_times(u[1], v[0]), _times(u[0], v[1])))
        if self.order >= 2:
            cross = _times(u[1], v[1])
            product.append(_plus(_plus(_times(u[2], v[0]), _times(u[0], v[2])), None if cross is None else 2 * cross))
        return product

    def divide(self, u: Jet, v: Jet) -> Jet:
        quotient = [self._over(u[0], v[0])]
        if self.order >= 1:
            first = _plus(u[1], _negated(_times(quotient[0], v[1])))
            quotient.append(None if first is None else self._over(first, v[0]))
        if self.order >= 2:
            cross = _times(quotient[1], v[1])
            rest = _plus(u[2], _negated(_plus(None if cross is None else 2 * cross, _times(quotient[0], v[2]))))
            quotient.append(None if rest is None else self._over(rest, v[0]))
        return quotient

    def _over(self, a: Any, b: Any) -> Any:
        # Python floats raise on division by zero; arrays follow IEEE 754, which is what a formula means.
        return self.xp.float64(a) / b if isinstance(a, float) and isinstance(b, float) else a / b

    def integer_power(self, u: Jet, exponent: int) -> Jet:
        if exponent < 0:
            return self.divide(self._constant(1.0), self.integer_power(u, -exponent))
        result = self._constant(1.0)
        square = u
        while exponent:  # by squaring: x**3 through pow() costs ten multiplications
            if exponent & 1:
                result = self.multiply(result, square)
            exponent >>= 1
            if exponent:
                square = self.multiply(square, square)
        return result

    def power(self, u: Jet, v: Jet) -> Jet:
        value = self.xp.power(u[0], v[0])
        self.undefined = self.xp.logical_or(self.undefined, self.xp.less(u[0], 0.0))
        if all(part is None for part in v[1:]):  # a constant exponent
            exponent = v[0]
            falling = [1.0, exponent, exponent * (exponent - 1)]
            outer = [value, *(falling[k] * self.xp.power(u[0], exponent - k) for k in range(1, self.order + 1))]
            return self._chain(outer, u)
        # u**v = exp(v·log u)
        exponent_jet = self.multiply(v, self.log(u))
        return [value, *self._chain([value] * (self.order + 1), exponent_jet)[1:]]

    # functions

    def __getattr__(self, name: str) -> Any:
        try:
            primitive = PRIMITIVES[name]
        except KeyError:
            raise AttributeError(name) from None

        def apply(u: Jet) -> Jet:
            if name in _LEAST_ARGUMENT:
                self.undefined = self.xp.logical_or(self.undefined, self.xp.less(u[0], _LEAST_ARGUMENT[name]))
            parts = primitive(self.xp.asarray(u[0], dtype=self.xp.float64), self.xp)
            varies = any(part is not None for part in u[1:])
            return self._chain([next(parts) for _ in range(self.order + 1 if varies else 1)], u)

        return apply

    def known(self, function: Known, u: Jet) -> Jet:
        varies = any(part is not None for part in u[1:])
        jet = self._chain(list(function.derivatives_of(u[0], self.order if varies else 0, self.device)), u)
        if not varies:
            return jet
        for kink in function.kink_points:
            # A convention for the function alone may be none for the whole: relu(x) - relu(-x) has slope 1 at 0.
            here = self.xp.equal(u[0], kink)
            if bool(self.xp.any(here)):
                sided = run(function.program, self, {"x": u})
                pairs = zip(jet[1:], sided[1:], strict=True)
                jet[1:] = [self.xp.where(here, _or_zero(b), _or_zero(a)) for a, b in pairs]
        return jet

    def _chain(self, outer: list[Any], u: Jet) -> Jet:
        """Return the jet of g(u) from g, g′, g″ at u: (g(u))′ = g′u′, (g(u))″ = g″u′² + g′u″."""
        result = [outer[0]]
        if self.order >= 1:
            result.append(None if u[1] is None else outer[1] * u[1])
        if self.order >= 2:
            bend = None if u[1] is None else outer[2] * (u[1] * u[1])
            result.append(_plus(bend, None if u[2] is None else outer[1] * u[2]))
        return result

    # comparisons and what is made of them

    def _compare(self, u: Jet, v: Jet, holds: Sequence[bool]) -> Condition:
        """Return where u < v, u = v, u > v as `holds` says for each of the three."""
        xp = self.xp
        here = self._choose(xp.less(u[0], v[0]), xp.equal(u[0], v[0]), xp.greater(u[0], v[0]), holds)
        if self.order == 0:
            return Condition(here, here)
        # One step away from a tie the sign of u - v is that of its first derivative that is not zero.
        tie = xp.equal(u[0], v[0])
        sign = xp.sign(xp.subtract(u[0], v[0]))
        sign = xp.where(tie, 0.0, sign)
        for k, difference in enumerate(self.subtract(u, v)[1:], start=1):
            if difference is not None:
                self.at_kink = xp.logical_or(self.at_kink, xp.logical_and(tie, difference != 0))
                sign = xp.where(xp.equal(sign, 0), self.direction**k * xp.sign(difference), sign)
        return Condition(here, self._choose(sign < 0, sign == 0, sign > 0, holds))

    def _choose(self, less: Any, equal: Any, greater: Any, holds: Sequence[bool]) -> Any:
        xp = self.xp
        chosen = xp.logical_and(less, holds[0])
        return xp.logical_or(xp.logical_or(chosen, xp.logical_and(equal, holds[1])), xp.logical_and(greater, holds[2]))

    def less(self, u: Jet, v: Jet) -> Condition:
        return self._compare(u, v, (True, False, False))

    def less_equal(self, u: Jet, v: Jet) -> Condition:
        return self._compare(u, v, (True, True, False))

    def greater(self, u: Jet, v: Jet) -> Condition:
        return self._compare(u, v, (False, False, True))

    def greater_equal(self, u: Jet, v: Jet) -> Condition:
        return self._compare(u, v, (False, True, True))

    def equal(self, u: Jet, v: Jet) -> Condition:
        return self._compare(u, v, (False, True, False))

    def not_equal(self, u: Jet, v: Jet) -> Condition:
        return self._compare(u, v, (True, False, True))

    def where(self, condition: Condition, u: Jet, v: Jet) -> Jet:
        result = [self.xp.where(condition.here, u[0], v[0])]
        for a, b in zip(u[1:], v[1:], strict=True):
            both_zero = a is None and b is None
            result.append(None if both_zero else self.xp.where(condition.beside, _or_zero(a), _or_zero(b)))
        return result

    def maximum(self, u: Jet, v: Jet) -> Jet:
        return [self.xp.maximum(u[0], v[0]), *self.where(self.greater_equal(u, v), u, v)[1:]]

    def minimum(self, u: Jet, v: Jet) -> Jet:
        return [self.xp.minimum(u[0], v[0]), *self.where(self.less_equal(u, v), u, v)[1:]]

    def abs(self, u: Jet) -> Jet:
        positive = self.greater_equal(u, self._constant(0.0))
        return [self.xp.abs(u[0]), *self.where(positive, u, self.negative(u))[1:]]

    def sign(self, u: Jet) -> Jet:
        return self._constant(self.xp.sign(u[0]))


_LEAST_ARGUMENT = {"log": 0.0, "sqrt": 0.0, "log1p": -1.0}


def jets(program: Program, x: Any, order: int, device: Any) -> tuple[list[Any], Any]:
    """Return ([f, f′, …] of a program in x at the elements of a float64 array, where it has no real value).

    At a kink the derivative is the one-sided one of least magnitude, and 0 between slopes of opposite sign.
    """
    xp = device.xp

    def side(direction: int) -> tuple[list[Any], JetAlgebra]:
        algebra = JetAlgebra(device, order, direction)
        jet = run(program, algebra, {"x": [x, 1.0, None][: order + 1]})
        filled = [xp.broadcast_to(xp.asarray(0.0 if p is None else p, dtype=xp.float64), x.shape) for p in jet]
        return filled, algebra

    right, algebra = side(+1)
    if order and algebra.at_kink is not False and bool(xp.any(algebra.at_kink)):
        left, _ = side(-1)
        right = [right[0], *(least(a, b, xp) for a, b in zip(left[1:], right[1:], strict=True))]
    return right, algebra.undefined


def least(left: Any, right: Any, xp: Any) -> Any:
    """Return the one-sided derivative of least magnitude, 0 between opposite signs."""
    smaller = xp.where(xp.abs(left) <= xp.abs(right), left, right)
    return xp.where(left * right < 0, 0.0, smaller)


def _or_zero(a: Any) -> Any:
    return 0.0 if a is None else a


def _plus(a: Any, b: Any) -> Any:
    return b if a is None else a if b is None else a + b


def _times(a: Any, b: Any) -> Any:
    return None if a is None or b is None else a * b


def _negated(a: Any) -> Any:
    return None if a is None else -a
