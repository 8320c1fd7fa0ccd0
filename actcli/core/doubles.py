"""Numbers held as an unevaluated sum of two float64, for the few places where 53 bits are not enough.

`exp` turns an absolute error of its argument into a relative error of its result: rounding w = 700 to 53 bits already
costs e⁻ʷ 500 ULP. So arguments that are products are kept as head + tail. The identities here hold for round-to-nearest
without reassociation; they are written with plain operators and an array namespace `xp` (NumPy or CuPy).
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import lru_cache
from typing import Any

FAR = 708.0
"""exp(FAR) is finite and exp(-FAR) a normal number."""


def fast_two_sum(a: Any, b: Any) -> tuple[Any, Any]:
    """Return a + b rounded, and exactly what rounding lost; needs |a| ≥ |b| (Dekker 1971)."""
    total = a + b
    return total, b - (total - a)


def on_grid(x: Any, step: float) -> Any:
    """Round to the nearest multiple of `step`, a power of two; needs |x| ≤ 2⁵¹ · step.

    x - on_grid(x, step) is then exact, and a product of such multiples is exact while it has no more than 53 bits: a
    cheaper way to split a number of known size than Veltkamp's (1968).
    """
    shift = 1.5 * 2.0**52 * step
    return (x + shift) - shift


def split(a: Any) -> tuple[Any, Any]:
    """Return a as a sum of two numbers of at most 26 bits each; needs |a| < 2⁹⁹⁶ (Veltkamp 1968, Dekker 1971)."""
    c = 134217729.0 * a  # 2²⁷ + 1
    high = c - (c - a)
    return high, a - high


def scaled(size: Any, factor: Fraction, xp: Any) -> tuple[Any, Any]:
    """Return size · factor as head + tail to 105 bits, for size ≥ 0 and factor ≥ 0.

    The tail is None where the factor is a power of two, and the head exact. Products are capped at 4096 or a little
    above where they could overflow: e⁻ʷ has long been 0 there.
    """
    if factor == 1:
        return size, None
    mantissa, rest, exponent = _parts(factor)
    size = xp.minimum(size * 2.0**exponent, 4096.0)
    if (mantissa, rest) == (1.0, 0.0):
        return size, None
    # Dekker's product; NumPy has no fused multiply-add.
    m_high, m_low = split(mantissa)
    high, low = split(size)
    head = size * mantissa
    tail = ((high * m_high - head) + high * m_low + low * m_high) + low * m_low
    return head, tail if rest == 0.0 else tail + size * rest


@lru_cache(maxsize=256)
def _parts(factor: Fraction) -> tuple[float, float, int]:
    """Split a number into (mantissa + rest) · 2^exponent with 1 ≤ mantissa ≤ 2."""
    exponent = math.frexp(float(factor))[1] - 1
    exact = factor / Fraction(2) ** exponent
    mantissa = float(exact)
    return mantissa, float(exact - Fraction(mantissa)), exponent


def far_out(a: Any, xp: Any) -> tuple[Any, Any]:
    """Return near = min(a, FAR) and far = e^(near - a), so that e⁻ᵃ = e^-near · far with both factors normal.

    A factor such as x goes to the first, `far` comes last: gradual underflow then happens once, at the end. It holds
    for a ≤ 1416, beyond which no product in use is a number but 0 (unless a parameter is below 10⁻³⁰⁵ or above 10²⁸⁸).
    """
    near = xp.minimum(a, FAR)
    return near, xp.exp(near - a)
