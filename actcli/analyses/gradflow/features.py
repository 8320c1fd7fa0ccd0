"""Where a typed formula bends on a finer scale than samples would show, by Taylor expansion in ball arithmetic."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

from actcli.core.exact import arb_context
from actcli.core.pieces import Piece, Pieces
from actcli.expressions.evaluate import run

_DEGREE = 10
_TOLERANCE = 1e-9
"""What the slope may do, relative to 1 + |f′|, beside a polynomial of that degree: nothing larger goes unseen."""
_SHORT = Fraction(1, 8)
"""An interval so long or longer is no fine detail: a quadrature rule has several nodes in it."""
_FEW = 4
_NARROWEST = Fraction(1, 2**40)
_MOST = 800
"""Intervals after which the search ends: what is fine everywhere no sample misses."""
_BITS = 64


@dataclass(frozen=True, slots=True)
class _Stretch:
    """An interval of a smooth piece."""

    piece: Piece
    low: Fraction
    high: Fraction

    @property
    def end(self) -> Fraction | None:
        """The end of the piece, where that is no farther than a few lengths of this interval."""
        few = _FEW * (self.high - self.low)
        near = (end for end in (self.piece.low, self.piece.high) if self.low - few <= end <= self.high + few)
        return next(near, None)

    def halves(self) -> list[_Stretch]:
        middle = (self.low + self.high) / 2
        return [_Stretch(self.piece, self.low, middle), _Stretch(self.piece, middle, self.high)]


def fine_places(cut: Pieces) -> list[float]:
    """Return the ends of the intervals on which f′ is all but a polynomial, where these are short.

    Empty for formulas without fine detail, and for those that have it everywhere. A singularity at the end of a piece
    is none: whoever integrates comes upon it.
    """
    from flint import ctx

    with arb_context():
        ctx.prec, ctx.cap = _BITS, _DEGREE + 3
        open = [stretch for piece in cut.pieces for stretch in _parts(piece)]
        looks, found = 0, defaultdict[Fraction | None, set[Fraction]](set)
        while open:
            looks += len(open)
            if looks > _MOST:
                return []
            rough = [each for each in open if not _is_polynomial(each)]
            open = []
            for each in rough:
                if each.high - each.low < _NARROWEST:
                    if each.end is not None:
                        found.pop(each.end, None)
                    continue
                open += each.halves()
                if each.high - each.low < _SHORT:
                    found[each.end] |= {each.low, (each.low + each.high) / 2, each.high}
    return sorted({float(place) for places in found.values() for place in places})


def _parts(piece: Piece) -> list[_Stretch]:
    """Cut a piece at powers of 2 on both sides of 0, which is about how functions vary."""
    inside = sorted(side * Fraction(2) ** k for k in range(-1, 6) for side in (-1, 1))
    edges = [piece.low, *(each for each in inside if piece.low < each < piece.high), piece.high]
    return [_Stretch(piece, low, high) for low, high in pairwise(edges)]


def _is_polynomial(stretch: _Stretch) -> bool:
    """Tell whether Lagrange's remainder of f′ about the centre is within the tolerance all over an interval."""
    from flint import arb

    from actcli.expressions.algebras.balls import Absent, UndecidedError
    from actcli.expressions.algebras.intervals import Form, IntervalAlgebra, Polynomial

    centre, radius = (stretch.low + stretch.high) / 2, float(stretch.high - stretch.low) / 2
    algebra = IntervalAlgebra(_DEGREE + 3, arb(0, radius))
    # In the distance from the centre polynomials have no large terms that cancel.
    x = Form(Polynomial((centre, Fraction(1))))
    try:
        value = run(stretch.piece.program, algebra, {"x": x})
        if isinstance(value, Absent):
            return True
        series = algebra.series(value)
    except (UndecidedError, ValueError):  # flint divides by no series that may begin with 0
        return False
    remainder: Any = series[_DEGREE + 2] * (_DEGREE + 2) * arb(radius) ** (_DEGREE + 1)
    least = 1 + series[1].abs_lower()
    return bool(remainder.abs_upper() <= _TOLERANCE * least)
