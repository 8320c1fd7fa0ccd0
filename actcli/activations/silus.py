"""x times a sigmoid-shaped gate: SiLU, Swish with its β, Mish."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from actcli.activations.record import REALS, Activation, Convention, Interval, Limits, Parameter, Real, Saturation, Use
from actcli.core.doubles import far_out, scaled

# Roots of derivatives, as sums of float64 (found with 300-bit ball arithmetic): no single float64 comes near enough for
# the distance to a root to be right to the last bit.
_SLOPE_ROOT = (1.2784645427610737, 1.0946994183093437e-16, 3.907766676128665e-33)  # 1 + e⁻ʳ = r: silu′(-r) = 0
_SLOPE_WEIGHT = 0.2784645427610738  # e⁻ʳ = r - 1
_BEND_ROOT = (2.3993572805154675, 1.8464872855353363e-16, 1.0808311685947344e-33)  # r · tanh(r/2) = 2: silu″(±r) = 0
_BEND_WEIGHT = 0.39935728051546765  # r - 2


def _short_of(root: tuple[float, float, float], a: Any, tail: Any) -> Any:
    """Return root - (a + tail)."""
    return (root[0] - a) + (root[1] if tail is None else (root[1] - tail) + root[2])


def sigmoid_gated(x: Any, beta: Fraction, xp: Any) -> Iterator[Any]:
    """Yield x · σ(βx) and its derivatives, for an exact β."""
    if beta < 0:
        # x · σ(βx) = -(-x · σ(-β · -x))
        for order, mirrored in enumerate(sigmoid_gated(-x, -beta, xp)):
            yield mirrored if order == 1 else -mirrored
        return
    right = x > 0.0
    size = xp.abs(x)
    a, tail = scaled(size, beta, xp)
    near, far = far_out(a, xp)
    e = xp.exp(near)
    if tail is not None:
        e = e + e * tail
    d = 1.0 + e
    # x · σ is x less what the gate keeps back, x / (1 + eᵃ); and the left half is just that, so no where is needed.
    yield right * x - size * far / d

    # On the left f′ = σ′ · (1 + z - a), z = e⁻ᵃ. The bracket cancels at its root; measured from there it is
    # s + w · (eˢ - 1), two terms of one sign. And q - q² for σ′: q ≤ 1/2 cancels nothing.
    q = 1.0 / d
    gate = q - q * q
    s = _short_of(_SLOPE_ROOT, a, tail)
    slope = gate * (s + _SLOPE_WEIGHT * xp.expm1(s)) * far
    yield xp.where(right, 1.0 - slope, slope)

    # f″ = βσ′ · (2 - a · t), t = tanh(a/2) = 1 - 2q, even in x; again the bracket is measured from its root,
    # except near 0 where rounding s would tell.
    t = 1.0 - 2.0 * q
    s = _short_of(_BEND_ROOT, a, tail)
    bracket = s * t + _BEND_WEIGHT * xp.expm1(s) * (1.0 - q)
    bend = gate * xp.where(a < 0.75, 2.0 - a * t, bracket)
    yield (bend if beta == 1 else bend * float(beta)) * far


def silu(x: Any, xp: Any) -> Iterator[Any]:
    """Yield x · σ(x) and its derivatives."""
    return sigmoid_gated(x, Fraction(1), xp)


def swish(x: Any, xp: Any, *, beta: Real) -> Iterator[Any]:
    """Yield x · σ(βx) and its derivatives."""
    return sigmoid_gated(x, beta.exact, xp)


_MISH_SLOPE_ROOT, _MISH_SLOPE_ROOT_TAIL = 1.1924312145154952, 4.8484829848031044e-17
_MISH_LEFT_ROOT, _MISH_LEFT_ROOT_TAIL = 2.256376396360793, 1.0703174875019247e-16
_MISH_RIGHT_ROOT, _MISH_RIGHT_ROOT_TAIL = 1.4905711794854284, 7.126036715834263e-17


def mish(x: Any, xp: Any) -> Iterator[Any]:
    """Yield x · tanh(log(1 + eˣ)) and its derivatives, as rational functions of x and z = e^-|x|."""
    right = x > 0.0
    a = xp.abs(x)
    near, far = far_out(a, xp)
    z = xp.exp(-near)
    zz = z * z
    n = z + z + zz
    # tanh(softplus(x)) is n / (n + 2) on the left and 1 - 2z² / (1 + 2z + 2z²) on the right. The large term of the
    # denominator comes last, so that it is rounded once.
    q = (n + right * zz) + (2.0 - right)
    yield right * x - a * far * (xp.where(right, zz + zz, n) / q)

    # Left: f′ = 4z · N / q², N = z³/4 + z² + 3z/2 + 1 - a(z + 1). Measured from its root -r, with w = e⁻ʳ and s = r - a,
    # N = s(1 + z) + w(eˢ - 1) · (z² + (4 + w)z + w² + 4w + 6 - 4r)/4, terms of one sign.
    s = (_MISH_SLOPE_ROOT - a) + _MISH_SLOPE_ROOT_TAIL
    rise = xp.where(a < 0.5, z - 0.3034825352815289, 0.3034825352815289 * xp.expm1(s))  # near 0 rounding s would tell
    left = s * (1.0 + z) + 0.25 * rise * ((z + 4.303482535281529) * z + 2.536306932285039)
    # Right: f′ = 1 + 4z² · (a(1 + z) - q/2) / q², where the second term is never near -1.
    zq = 4.0 * z / (q * q)
    yield right + zq * xp.where(right, z * (a * (1.0 + z) - 0.5 * q), left * far)

    # Left: f″ = 8z · G / q³, G = (1 + z)q - a(1 + z - 3z²/2 - z³). Right: f″ = 8z² · G / q³, G = (1 + z)q
    # - a(1 + 3z/2 - z² - z³). Measured from their roots both are s · S + w(eˢ - 1) · L, S and L > 0 wherever that
    # term matters.
    s = xp.where(right, _MISH_RIGHT_ROOT, _MISH_LEFT_ROOT) - a
    s = s + xp.where(right, _MISH_RIGHT_ROOT_TAIL, _MISH_LEFT_ROOT_TAIL)
    left_l = (0.3410380057646528 * z + 0.7043676219177879) * z + 0.2563763963607931
    right_l = (0.7862300892955951 * z + 1.4138115993875582) * z + 0.49057117948542845
    common = 1.0 + z - z * zz
    bracket = s * (common + xp.where(right, 0.5 * z - zz, -1.5 * zz)) + xp.expm1(s) * xp.where(right, right_l, left_l)
    yield 2.0 * zq * bracket / q * xp.where(right, z, 1.0) * far
