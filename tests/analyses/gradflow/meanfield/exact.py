"""Gaussian moments in ball arithmetic: the definition in Arb, Gauss–Legendre nodes to 40 digits, other panels.

Nothing here is shared with the integrator under test: no kernel, no rule, no float64.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from typing import Any

from flint import arb, ctx

from actcli.activations.function import Function
from actcli.activations.registry import DEFAULT
from actcli.core.pieces import pieces
from actcli.core.signs import derivatives

BITS, POINTS = 192, 28
REACH = Fraction(14)
"""The density beyond is 1e-43."""

NAMES = ("mean", "second_moment", "derivative_mean", "derivative_second_moment", "derivative_fourth_moment", "growth")
"""`growth` by parts, so that jumps are in it."""


def function(name: str) -> Function:
    found = DEFAULT.get(name)
    assert isinstance(found, Function)
    return found


@cache
def _rule() -> list[tuple[Any, Any]]:
    return [arb.legendre_p_root(POINTS, k, weight=True) for k in range(POINTS)]


def exact_moments(activation: Function, q: Fraction, step: Fraction = Fraction(1)) -> dict[str, Any]:
    """Return the moments at variance q: smooth pieces of the definition, on panels of `step` in z and 1/√q."""
    before, ctx.prec = ctx.prec, BITS
    try:
        variance = arb(q.numerator) / q.denominator
        scale = variance.sqrt()
        size = Fraction(float(scale))
        total = [arb(0)] * len(NAMES)
        for piece, low, high in _panels(activation, REACH * size, step * min(Fraction(1), size)):
            middle, half = (low + high) / 2, (high - low) / 2
            for node, weight in _rule():
                x = middle + half * node
                f, slope = derivatives(piece.program, x, 1)  # type: ignore[misc]
                density = (-x * x / (2 * variance)).exp() / (2 * arb.pi() * variance).sqrt() * weight * half
                terms = (f, f * f, slope, slope**2, slope**4, f * f * (x * x / variance - 1) / (2 * variance))
                total = [have + each * density for have, each in zip(total, terms, strict=True)]
        return dict(zip(NAMES, total, strict=True))
    finally:
        ctx.prec = before


def _panels(activation: Function, reach: Fraction, step: Fraction) -> Any:
    cut = pieces(activation.tree, -reach, reach)
    ends = [_ball(-reach), *(place.ball for place in cut.places), _ball(reach)]
    for piece, low, high in zip(cut.pieces, ends[:-1], ends[1:], strict=True):
        count = int(float(high - low) / float(step)) + 1
        for k in range(count):
            yield piece, low + (high - low) * k / count, low + (high - low) * (k + 1) / count


def _ball(number: Fraction) -> Any:
    return arb(number.numerator) / number.denominator
