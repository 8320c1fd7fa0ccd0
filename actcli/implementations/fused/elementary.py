"""exp, expm1, log, log1p and tanh without a branch or a call, so that a loop around them becomes vector instructions.

`WIDE` has them to an ULP or two of float64, over its whole range. `NARROW` is for results that are rounded to float32:
relative errors below 4·10⁻¹⁰, and what is smaller than e⁻⁷⁰⁸ is 0. What ends in `_within` is for the arguments that
`spelling.WITHIN` names. Reduction to |r| ≤ log(2)/2 and log(1 + f) by s = f/(2 + f) are fdlibm's (Sun Microsystems
1993); the polynomials interpolate in Chebyshev nodes, worked out with 60 digits.

Compilers may fuse a multiplication with an addition here. No product is added twice: whether it is fused would then
depend on what else a loop computes, and with it the last bit.
"""

# mypy: disable-error-code="no-untyped-def, no-untyped-call"
# numba gives the functions their types.

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

inlined = njit(forceinline=True, error_model="numpy", fastmath={"contract"})
"""Compiles a function into those that call it, which keep their own rules of arithmetic."""


def horner(coefficients: tuple[float, ...]) -> Any:
    """Return the polynomial with these coefficients, highest power first, compiled."""
    steps = [f"p = p * t + {c!r}" for c in coefficients[1:]]
    source = "\n    ".join(["def polynomial(t):", f"p = {coefficients[0]!r}", *steps, "return p"])
    namespace: dict[str, Any] = {}
    exec(source, namespace)
    return inlined(namespace["polynomial"])


@inlined
def where(condition, a, b):
    """Return a or b, both computed beforehand: a select instead of a branch."""
    return a if condition else b


_INVERSE = 1.4426950408889634  # 1 / log 2
_LOG2, _LOG2_HIGH, _LOG2_LOW = 0.6931471805599453, 6.93147180369123816490e-01, 1.90821492927058770002e-10
# Adding 1.5 · 2⁵² to a number rounds it to an integer, which then stands in the last bits of the sum.
_ROUND = 1.5 * 2.0**52
_BIASED = _ROUND + 1023.0
_LARGEST, _SMALLEST = 709.79, -745.2  # exp is ∞ and 0 from there


@inlined
def _two_to(k):
    """Return 2ᵏ of an integer: with its bias added it becomes the exponent."""
    return np.int64(np.float64(k + _BIASED).view(np.int64) << 52).view(np.float64)


# (eʳ - 1 - r) / r² for |r| ≤ log(2)/2; relative error of eʳ - 1 below 2⁻⁵⁹
_exp_rest = horner(
    (
        2.0914717341716378e-09,
        2.5105259538448494e-08,
        2.755727357010214e-07,
        2.7557255297969643e-06,
        2.4801587325605324e-05,
        0.0001984126987490126,
        0.001388888888888373,
        0.008333333333326112,
        0.04166666666666667,
        0.1666666666666667,
        0.5,
    )
)


@inlined
def _reduced(a):
    """Return k, r, s with eᵃ = 2ᵏ · (1 + (r + s)), where s is much smaller than r."""
    k = (a * _INVERSE + _ROUND) - _ROUND
    high, low = a - k * _LOG2_HIGH, k * _LOG2_LOW
    r = high - low
    return k, r, r * r * _exp_rest(r) + ((high - r) - low)


@inlined
def _exp(a):
    a = where(a > _LARGEST, _LARGEST, a)
    a = where(a < _SMALLEST, _SMALLEST, a)
    k, r, s = _reduced(a)
    # 2ᵏ may be too large or too small for a number, its two halves are not; only the last product may round.
    half = (0.5 * k + _ROUND) - _ROUND
    return ((1.0 + (r + s)) * _two_to(half)) * _two_to(k - half)


@inlined
def _exp_within(a):
    k, r, s = _reduced(a)
    return (1.0 + (r + s)) * _two_to(k)


@inlined
def _expm1(a):
    u = where(a > _LARGEST, _LARGEST, a)
    u = where(u < -60.0, -60.0, u)
    k, r, s = _reduced(u)
    half = _two_to(k - 1.0)  # 2ᵏ might overflow too early
    y = 2.0 * (((half - 0.5) + half * r) + half * s)
    return where(abs(a) < 2.0**-54, a, y)


@inlined
def _expm1_within(a):
    k, r, s = _reduced(a)
    power = _two_to(k)
    return math.copysign(((power - 1.0) + power * r) + power * s, a)


# eʳ - 1; relative error below 2⁻³¹
_narrow_expm1_reduced = horner(
    (
        0.00019899332056564083,
        0.001394116075382547,
        0.008333298413941455,
        0.041666352268082525,
        0.166666667191548,
        0.5000000047259399,
        1.0,
        0.0,
    )
)


@inlined
def _narrow_exp_within(a):
    rounded = a * _INVERSE + _ROUND
    r = a - (rounded - _ROUND) * _LOG2
    y = 1.0 + _narrow_expm1_reduced(r)
    # k, in the last bits of `rounded`, goes to the exponent. The last bits of a NaN that was a float32 are 0.
    return np.int64(np.float64(y).view(np.int64) + (np.float64(rounded).view(np.int64) << 52)).view(np.float64)


@inlined
def _narrow_exp(a):
    return where(a > 709.0, math.inf, where(a < -708.0, 0.0, _narrow_exp_within(a)))


@inlined
def _narrow_expm1_within(a):
    k = (a * _INVERSE + _ROUND) - _ROUND
    r = a - k * _LOG2
    power = _two_to(k)
    return math.copysign((power - 1.0) + power * _narrow_expm1_reduced(r), a)


@inlined
def _narrow_expm1(a):
    return where(a > 709.0, math.inf, where(a < -60.0, -1.0, _narrow_expm1_within(a)))


# (log((1 + s)/(1 - s)) - 2s) / s³ in s², |s| ≤ 3 - 2√2; relative error of the logarithm below 2⁻⁵⁷
_log_rest = horner(
    (
        0.1461916613488797,
        0.1533150161114533,
        0.18182895750119193,
        0.22222211043776857,
        0.2857142862653362,
        0.3999999999989827,
        0.666666666666667,
    )
)
_MANTISSA = np.uint64((1 << 52) - 1)
_EXPONENT = np.uint64(0x7FF << 52)
_ROOT_HALF = np.uint64(0x3FE6A09E << 32)  # √½, about
_SHIFT = np.uint64((0x3FF00000 - 0x3FE6A09E) << 32)
_ROUND_BITS = np.uint64(0x433 << 52 | 1 << 51)
_TWICE_BIAS = np.uint64(2046 << 52)
_WIDTH = np.uint64(52)


@inlined
def _log_of_sum(u, lost, shift):
    """Return log(u + lost) - shift · log 2 for a normal u > 0 and a lost ≤ ulp(u)/2, or any if u = 1."""
    bits = np.float64(u).view(np.uint64) + _SHIFT
    exponent = bits & _EXPONENT
    k = np.uint64((exponent >> _WIDTH) | _ROUND_BITS).view(np.float64) - _BIASED - shift
    f = np.uint64((bits & _MANTISSA) + _ROOT_HALF).view(np.float64) - 1.0
    lost = lost * np.uint64(_TWICE_BIAS - exponent).view(np.float64)
    s = f / (2.0 + f)
    ss = s * s
    half = 0.5 * f * f
    # lost / (1 + f), of which few digits count unless f is small
    lost = lost * (1.0 - 2.0 * s + 2.0 * ss)
    return k * _LOG2_HIGH - ((half - (s * (half + ss * _log_rest(ss)) + (k * _LOG2_LOW + lost))) - f)


@inlined
def _log(a):
    small = a < 2.0**-1022
    y = _log_of_sum(where(small, a * 2.0**54, a), 0.0, where(small, 54.0, 0.0))
    y = where(a == 0.0, -math.inf, where(a < 0.0, math.nan, y))
    return where(a < math.inf, y, a)


@inlined
def _log1p(a):
    u = 1.0 + a
    part = u - 1.0
    y = _log_of_sum(u, (1.0 - (u - part)) + (a - part), 0.0)
    y = where(u == 0.0, -math.inf, where(u < 0.0, math.nan, y))
    y = where(abs(a) < 2.0**-54, a, y)
    return where(a < math.inf, y, a)


def _log1p_within(rest):
    @inlined
    def log1p(a):
        s = a / (2.0 + a)
        ss = s * s
        return a - s * (a - ss * rest(ss))  # 2s is a - as

    return log1p


# The same on |s| ≤ 1/3; relative errors below 2⁻⁵⁶ and 2⁻³⁶
_wide_log1p_within = _log1p_within(
    horner(
        (
            0.1616404561194353,
            0.08800738486144674,
            0.12001072809590713,
            0.13314144209654935,
            0.15385570064958623,
            0.18181789436132859,
            0.22222222717427864,
            0.2857142856710876,
            0.40000000000014585,
            0.6666666666666666,
        )
    )
)
_narrow_log1p_within = _log1p_within(
    horner(
        (
            0.20787616855746752,
            0.17464702465440773,
            0.22264711209001325,
            0.2857030572188366,
            0.4000001076994966,
            0.6666666665002361,
        )
    )
)


def _tanh(expm1):
    @inlined
    def tanh(a):
        e = expm1(-2.0 * abs(a))
        return math.copysign(e / (2.0 + e), a)

    return tanh


WIDE: dict[str, Any] = {
    "exp": _exp,
    "exp_within": _exp_within,
    "expm1": _expm1,
    "expm1_within": _expm1_within,
    "log": _log,
    "log1p": _log1p,
    "log1p_within": _wide_log1p_within,
    "tanh": _tanh(_expm1),
    "tanh_within": _tanh(_expm1_within),
}
NARROW: dict[str, Any] = {
    "exp": _narrow_exp,
    "exp_within": _narrow_exp_within,
    "expm1": _narrow_expm1,
    "expm1_within": _narrow_expm1_within,
    "log": _log,
    "log1p": _log1p,
    "log1p_within": _narrow_log1p_within,
    "tanh": _tanh(_narrow_expm1),
    "tanh_within": _tanh(_narrow_expm1_within),
}
