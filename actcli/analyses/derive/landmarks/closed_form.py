"""Closed forms of numbers known to many digits: √2, -1 - W(1/e), log(2 + √3), 2/√π."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import isqrt
from typing import Any

from flint import arb, ctx, fmpz, fmpz_mat

DIGITS = 90
"""Digits to which a number and its closed form agree. A chance agreement has odds of 1 to 10⁶⁰ or less."""
_BITS = 300
_LARGEST = 10_000


def _constants() -> dict[str, Any]:
    return {
        "π": arb.pi(),
        "e": arb.const_e(),
        "1/e": 1 / arb.const_e(),
        "W(1/e)": (1 / arb.const_e()).lambertw(),
        "1/π": 1 / arb.pi(),
    }


def closed_form(number: Any) -> str:
    """Return a closed form that agrees with an Arb ball to 90 digits, "" where there is none or the ball is too wide.

    Tried are rationals, roots of quadratic equations, p + q·c for c = π, e, 1/e, 1/π, W(1/e), and logarithms and square
    roots of such numbers, all with small integers (integer relations by LLL; Lenstra, Lenstra & Lovász 1982).
    """
    before, ctx.prec = ctx.prec, max(ctx.prec, 448)
    try:
        if number == 0:
            return "0"
        if number.rel_accuracy_bits() < _BITS + 4 or not 1e-6 < abs(float(number)) < 1e6:
            return ""
        return _algebraic(number) or _linear(number) or _root(number) or _logarithm(number)
    finally:
        ctx.prec = before


def _algebraic(x: Any) -> str:
    """Return x as a rational or the root of a quadratic equation."""
    if not abs(x) < 1e6:
        return ""
    relation = _relation([arb(1), x, x * x])
    if relation is None:
        return ""
    c, b, a = relation
    if a == 0:
        return str(Fraction(-c, b))
    discriminant = b * b - 4 * a * c
    root = isqrt(discriminant) if discriminant >= 0 else -1
    upper = (arb(-b) + arb(discriminant).sqrt()) / (2 * a)
    sign = 1 if upper.overlaps(x) else -1
    if root * root == discriminant:
        return str(Fraction(-b + sign * root, 2 * a))
    return _sum(Fraction(-b, 2 * a), sign * Fraction(1, 2 * a), discriminant)


def _sum(rational: Fraction, factor: Fraction, radicand: int) -> str:
    """Write rational + factor·√radicand."""
    square, radicand = _square(radicand)
    factor *= square
    if not rational and factor.denominator % radicand == 0:
        return _ratio(-1 if factor < 0 else 1, abs(factor.numerator), "", factor.denominator // radicand, str(radicand))
    return _plus(rational, factor, f"√{radicand}")


def _plus(rational: Fraction, factor: Fraction, name: str) -> str:
    """Write rational + factor·name."""
    if not rational:
        return _times(factor, name)
    return f"{rational} {'-' if factor < 0 else '+'} {_times(abs(factor), name)}"


def _times(factor: Fraction, name: str) -> str:
    """Write factor·name: 2π/3, -√2/2."""
    sign, over = "-" if factor < 0 else "", abs(factor.numerator)
    if name.startswith("1/"):
        return f"{sign}{over}/{name[2:] if factor.denominator == 1 else f'({factor.denominator}{name[2:]})'}"
    product = name if over == 1 else f"{over}{name}"
    return f"{sign}{product}{'' if factor.denominator == 1 else f'/{factor.denominator}'}"


def _linear(x: Any) -> str:
    """Return x as p + q·c."""
    for name, constant in _constants().items():
        relation = _relation([arb(1), constant, x])
        if relation is not None and relation[2]:
            p, q, r = relation
            return _plus(Fraction(-p, r), Fraction(-q, r), name)
    return ""


def _root(x: Any) -> str:
    """Return x as the square root of a rational times or over π, e or πe."""
    pi, e = arb.pi(), arb.const_e()
    for name, constant in (("π", pi), ("e", e), ("πe", pi * e)):
        for above, square in ((True, x * x / constant), (False, x * x * constant)):
            relation = _relation([arb(1), square])
            if relation is not None:
                q = Fraction(-relation[0], relation[1])
                (top, over), (bottom, under) = _square(q.numerator), _square(q.denominator)
                over_name = f"{over if over > 1 else ''}{name if above else ''}"
                under_name = f"{under if under > 1 else ''}{'' if above else name}"
                return _ratio(1 if x > 0 else -1, top, over_name, bottom, under_name)
    return ""


def _square(number: int) -> tuple[int, int]:
    """Return (s, t) with number = s²·t and t free of the squares of numbers below 200."""
    root = max(k for k in range(1, 200) if number % (k * k) == 0)
    return root, number // root**2


def _ratio(sign: int, top: int, over: str, bottom: int, under: str) -> str:
    """Write ±top·√over / (bottom·√under), ones left out; over and under are radicands, "" for 1."""
    prefix = "-" if sign < 0 else ""
    if over and under:
        fraction = f"√({over}/{under if len(under) == 1 or under.isdigit() else f'({under})'})"
        return f"{prefix}{'' if top == 1 else top}{fraction}{'' if bottom == 1 else f'/{bottom}'}"
    above, below = _product(top, over), _product(bottom, under)
    if below == "1":
        return prefix + above
    return f"{prefix}{above}/{below if below.isdigit() or below[0] == '√' else f'({below})'}"


def _product(number: int, radicand: str) -> str:
    if not radicand:
        return str(number)
    root = f"√{radicand if len(radicand) == 1 or radicand.isdigit() else f'({radicand})'}"
    return root if number == 1 else f"{number}{root}"


def _logarithm(x: Any) -> str:
    """Return x as the logarithm of a rational or of the root of a quadratic equation."""
    if not abs(x) < 10:
        return ""
    inner = _algebraic(abs(x).exp())
    sign = "-" if x < 0 else ""
    return f"{sign}log {inner}" if inner.isdigit() else f"{sign}log({inner})" if inner else ""


def _relation(values: Sequence[Any]) -> list[int] | None:
    """Return small integers with Σ kᵢ·vᵢ = 0 to all digits, or None."""
    size = len(values)
    scaled = [(value * arb(2) ** _BITS).mid().floor().unique_fmpz() or fmpz(0) for value in values]
    rows = [[int(i == j) for j in range(size)] + [scaled[i]] for i in range(size)]
    shortest = fmpz_mat(rows).lll()
    numbers = [int(shortest[0, j]) for j in range(size)]
    if max(map(abs, numbers)) > _LARGEST or not any(numbers[1:]):
        return None
    total = sum((k * value for k, value in zip(numbers, values, strict=True)), arb(0))
    return numbers if 0 in total else None
