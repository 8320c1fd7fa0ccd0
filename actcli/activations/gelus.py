"""x times a bell-shaped gate: GELU and its two approximations."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from actcli.activations.record import Activation, Convention, Interval, Limits, Saturation, Use
from actcli.activations.silus import sigmoid_gated
from actcli.core.doubles import fast_two_sum, on_grid

_K = 4.5703125
_P = (
    -6.8339635577350455e-09,
    -2.1763973445633364e-08,
    3.2738032548956655e-08,
    1.8924982864555368e-07,
    -8.664985130172519e-08,
    -1.1607964863209053e-06,
    2.8002218092801883e-07,
    6.964540366336235e-06,
    -3.286638704892179e-06,
    -4.3417660398003665e-05,
    5.534261584502922e-05,
    0.0002474631984035493,
    -0.0007971879082290749,
    -0.00033350601382495015,
    0.007761970306774182,
    -0.025318776191913587,
    0.046977218960147636,
    -0.04887635209035458,
    -0.0049441202538830446,
    0.13794393049207196,
    -0.33237149221964946,
    1.2196960228193547,
)
_H = (
    -6.803575323345276e-10,
    -2.164983107568563e-09,
    3.59278559032342e-09,
    2.019670569387539e-08,
    -1.272787895872245e-08,
    -1.396607698649608e-07,
    6.612893965766413e-08,
    9.734279350633107e-07,
    -7.974130439260695e-07,
    -7.115423662526684e-06,
    1.3297698502313366e-05,
    4.6087079449557855e-05,
    -0.0002159353483324241,
    4.3606679807859645e-05,
    0.0024940078238960767,
    -0.012179344622711755,
    0.03646696256895988,
    -0.08268128439180009,
    0.15279326728455558,
    -0.2387744548399553,
    1.1420007947833413,
)
_SLOPE_ROOT, _SLOPE_ROOT_TAIL = 0.7517915246935645, -1.4956759177009883e-17
_SQRT2, _SQRT2_TAIL = 1.4142135623730951, -9.667293313452913e-17
# 92 · log 2 - log(2π)/2, rounded to a multiple of 2⁻⁴¹, and the rest.
_SHIFT, _SHIFT_TAIL = 62.8506020783102, 9.265548251726952e-14


def _polynomial(coefficients: tuple[float, ...], t: Any) -> Any:
    """Return Σ cₖ tᵏ by Horner's rule, highest power first."""
    total = coefficients[0] * t + coefficients[1]
    for c in coefficients[2:]:
        total = total * t + c
    return total


def gelu(x: Any, xp: Any) -> Iterator[Any]:
    """Yield x · Φ(x) and its derivatives."""
    right = x > 0.0
    u = xp.minimum(xp.abs(x), 40.0)
    # 2⁹² · φ(u): rounding u²/2 would cost up to 700 ULP, so the square of u's first bits, exact, goes to exp and
    # the rest, v/2 < 2⁻¹⁵, to the series of exp. The factor 2⁹² keeps products clear of underflow until the end.
    head = on_grid(u, 2.0**-20)
    v = (u - head) * (u + head)
    e = xp.exp(_SHIFT - 0.5 * (head * head))
    rest = v * (v * (0.125 - v * (1.0 / 48.0)) - 0.5) + _SHIFT_TAIL
    # Φ(-u) = φ(u) · R(u) with Mills' ratio R = P(t) / (u + 1.25); 1 + rest goes into the denominator, which is rounded
    # anyway.
    t = (u - _K) / (u + _K)
    d = u + (1.25 - (u + 1.25) * rest)
    yield right * x - _polynomial(_P, t) / d * e * u * 2.0**-92

    density = e + e * rest
    slope = ((_SLOPE_ROOT - u) + _SLOPE_ROOT_TAIL) * _polynomial(_H, t) * density * 2.0**-92
    yield xp.where(right, 1.0 - slope, slope)

    # 2 - u² cancels at u = √2.
    yield ((_SQRT2 - u) + _SQRT2_TAIL) * (_SQRT2 + u) * density * 2.0**-92


# 128 · log 2 rounded to a multiple of 2⁻⁴¹, and the rest.
_W_SHIFT, _W_SHIFT_TAIL = 88.72283911167278, 2.1613120064975332e-13
_TINY = 2.0**-128
_A, _A_HEAD, _A_TAIL = 1.5957691216057308, 1.595769121660851, -5.5120230375072935e-11
_B, _B_HEAD, _B_TAIL = 0.07135481627260025, 0.07135772705078125, -2.9107781810012236e-06


def gelu_tanh(x: Any, xp: Any) -> Iterator[Any]:
    """Yield x · σ(w), w = Ax + Bx³, and its derivatives; (1 + tanh(w/2)) / 2 is σ(w)."""
    right = x > 0.0
    u = xp.minimum(xp.abs(x), 22.0)
    head = on_grid(u, 2.0**-8)
    square = head * head
    big = _B_HEAD * (square * head) + (_A_HEAD * head - _W_SHIFT)
    small = (u - head) * (_A + _B * (u * (u + head) + square)) + (head * (_A_TAIL + _B_TAIL * square) - _W_SHIFT_TAIL)
    w, tail = fast_two_sum(big, small)
    e = xp.exp(w)
    d = (e + e * tail) + _TINY
    yield right * x - u / d * _TINY

    q = 1.0 / d
    gate = q - q * (q * _TINY)
    s = (0.7524614220710163 - u) - 3.635560509207687e-17
    dw = s * ((_B * u + 0.053691746524096876) * u + 1.6361700895487292)
    slope = s * ((0.21406444881780073 * u + 0.1610752395722906) * u + 1.716972025434726)
    slope = (slope + 0.29195521191476714 * xp.expm1(dw)) * gate * _TINY
    yield xp.where(right, 1.0 - slope, slope)

    s = (1.4185040087908283 - u) + 8.089265124388305e-17
    dw = s * ((_B * u + 0.10121709292921649) * u + 1.739345973683978)
    c = ((0.041937007641803296 * u + 0.05948781345658958) * u + 0.7096326137383776) * u + 0.07773441740952558
    c = c * u + 2.440763104674031
    uu = u * u
    v = ((0.045823588247668835 * uu + 0.6831948749139936) * u + 0.8562577952712029) * uu
    v = v + (2.5464790894703255 * u + 3.1915382432114616)
    q = q * _TINY
    p = 1.0 - q
    rise = xp.where(u < 0.5, q - 0.0848161559251803 * p, 0.0848161559251803 * xp.expm1(dw) * p)
    yield (s * c * p + v * rise) * gate * _TINY


def quick_gelu(x: Any, xp: Any) -> Iterator[Any]:
    """Yield x · σ(1.702x) and its derivatives."""
    return sigmoid_gated(x, Fraction("1.702"), xp)
