"""An activation as an integrator sees it: values in bulk, the places where it isn't smooth, the noise of its slope."""

from __future__ import annotations

import math
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from actcli.activations.function import Function
from actcli.analyses.gradflow.features import fine_places
from actcli.core.device import CPU
from actcli.core.gaussian import EPSILON

if TYPE_CHECKING:
    from actcli.core.pieces import Pieces

Array = np.ndarray[Any, Any]

_REACH = Fraction(64)
"""|x| up to which kinks and fine detail of a formula are looked for; an integrator finds jumps farther out."""
_DIFFERENCES = 1e-9
"""The relative error of a slope that is a difference quotient, away from kinks."""
_WIDE = 2.0**-16
"""A step twice as wide as that of such a quotient."""


def value_and_slope(function: Function, x: Array) -> tuple[Array, Array]:
    """Return f and f′ of a flat array, as computed in float64."""
    value, slope = function.derivatives_of(x, 1, CPU)
    return value, slope


@lru_cache(maxsize=256)
def kinks(function: Function) -> tuple[float, ...]:
    """Return the x where a function isn't smooth, as far as anyone knows: nobody does for a user's own code."""
    if function.record.kernel is not None:
        return tuple(at for at in function.kink_points if math.isfinite(at))
    return tuple(float(place.ball.mid()) for place in _cut(function).places) if function.settles else ()


@lru_cache(maxsize=256)
def breaks(function: Function) -> tuple[float, ...]:
    """Return the kinks, and the ends of intervals that resolve what is finer than the nodes of a panel are apart."""
    return (*kinks(function), *(fine_places(_cut(function)) if function.settles else ()))


@lru_cache(maxsize=256)
def _cut(function: Function) -> Pieces:
    from actcli.core.pieces import pieces

    return pieces(function.tree, -_REACH, _REACH)


def edges(function: Function, scale: float) -> list[float]:
    """Return the z at which panels should begin for f(scale·z): `breaks`, and nearer to 0 the larger the scale is.

    Whatever a function does it does around 0, at a scale of 1 in x.
    """
    around = [2.0**k for k in range(-1, math.ceil(math.log2(scale)) if scale > 1 else -1)]
    return [at / scale for at in (*breaks(function), *around, *(-each for each in around))]


def is_differenced(function: Function) -> bool:
    """Tell whether f′ is a difference quotient."""
    return "difference" in function.derivatives_note


def slope_noise(function: Function) -> float:
    """Return the relative error of f′ as computed."""
    return _DIFFERENCES if is_differenced(function) else EPSILON


def coarser_slope(function: Function, x: Array) -> Array:
    """Return difference quotients over a wider step: where they matter, quotients can't be trusted."""
    step = _WIDE * np.exp2(np.ceil(np.log2(np.maximum(1.0, np.abs(x)))))
    above, below = (function.derivatives_of(x + side * step, 0, CPU)[0] for side in (1, -1))
    return np.asarray((above - below) / (2 * step))
