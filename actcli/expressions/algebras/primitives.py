"""The elementary functions on arrays: value, first and second derivative, in forms that keep their digits.

Each is a generator `f(x, xp)` that yields f, f′, f″ lazily, like the kernel of an activation.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

Primitive = Callable[[Any, Any], Iterator[Any]]

_INVERSE_ROOT_2PI = 1 / math.sqrt(2 * math.pi)
_TWO_OVER_ROOT_PI = 2 / math.sqrt(math.pi)


def exp(x: Any, xp: Any) -> Iterator[Any]:
    value = xp.exp(x)
    yield from (value, value, value)


def expm1(x: Any, xp: Any) -> Iterator[Any]:
    yield xp.expm1(x)
    slope = xp.exp(x)
    yield from (slope, slope)


def log(x: Any, xp: Any) -> Iterator[Any]:
    yield xp.log(x)
    # log is real on x > 0 only; 1/x alone would give a slope where there is no function.
    slope = xp.where(x >= 0, 1 / x, xp.nan)
    yield slope
    yield -slope * slope


def log1p(x: Any, xp: Any) -> Iterator[Any]:
    yield xp.log1p(x)
    slope = xp.where(x >= -1, 1 / (1 + x), xp.nan)
    yield slope
    yield -slope * slope


def sqrt(x: Any, xp: Any) -> Iterator[Any]:
    root = xp.sqrt(x)
    yield root
    yield 0.5 / root
    yield -0.25 / (x * root)


def sin(x: Any, xp: Any) -> Iterator[Any]:
    value = xp.sin(x)
    yield value
    yield xp.cos(x)
    yield -value


def cos(x: Any, xp: Any) -> Iterator[Any]:
    value = xp.cos(x)
    yield value
    yield -xp.sin(x)
    yield -value


def sinh(x: Any, xp: Any) -> Iterator[Any]:
    value = xp.sinh(x)
    yield value
    yield xp.cosh(x)
    yield value


def cosh(x: Any, xp: Any) -> Iterator[Any]:
    value = xp.cosh(x)
    yield value
    yield xp.sinh(x)
    yield value


def tanh(x: Any, xp: Any) -> Iterator[Any]:
    value = xp.tanh(x)
    yield value
    # 1 - tanh² would cancel in the tails; sech² from exp(-2|x|) does not.
    w = xp.exp(-2 * xp.abs(x))
    slope = 4 * w / ((1 + w) * (1 + w))
    yield slope
    yield -2 * value * slope


def erf(x: Any, xp: Any) -> Iterator[Any]:
    yield xp.special.erf(x)
    slope = _TWO_OVER_ROOT_PI * xp.exp(-x * x)
    yield slope
    yield -2 * x * slope


def erfc(x: Any, xp: Any) -> Iterator[Any]:
    yield xp.special.erfc(x)
    slope = -_TWO_OVER_ROOT_PI * xp.exp(-x * x)
    yield slope
    yield -2 * x * slope


def phi(x: Any, xp: Any) -> Iterator[Any]:
    value = _INVERSE_ROOT_2PI * xp.exp(-0.5 * x * x)
    yield value
    yield -x * value
    yield x * (x * value) - value  # in this order x² cannot overflow against a value of 0


def Phi(x: Any, xp: Any) -> Iterator[Any]:
    # erfc, not 1 + erf, which cancels for x < -1.
    yield 0.5 * xp.special.erfc(x * -math.sqrt(0.5))
    density = _INVERSE_ROOT_2PI * xp.exp(-0.5 * x * x)
    yield density
    yield -x * density


PRIMITIVES: dict[str, Primitive] = {
    each.__name__: each for each in (exp, expm1, log, log1p, sqrt, sin, cos, sinh, cosh, tanh, erf, erfc, phi, Phi)
}
