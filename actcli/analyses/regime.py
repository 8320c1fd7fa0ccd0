"""What a slope means for learning, in one word for programs and a phrase for people."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from actcli.activations.registry import AnyFunction
from actcli.activations.vector_function import VectorFunction

Array = np.ndarray[Any, Any]

SATURATED_BELOW = 0.01
MODERATE_BELOW = 0.15

_PHRASES = {
    "dead": "no gradient: the unit is dead here",
    "saturated": "gradient effectively zero",
    "moderate": "moderate gradient",
    "good": "good gradient flow",
    "maximum": "maximum gradient",
    "undefined": "no derivative here",
}


def regimes(function: AnyFunction, x: Array, slope: Array) -> Array:
    """Return one word a point: dead, saturated, moderate, good, maximum, or undefined where f′ is NaN.

    `dead` is an exact zero of f′ that fills a whole side of the line, not an underflow; `maximum` is the largest slope
    the function has anywhere, to within rounding.
    """
    size = np.abs(slope.astype(np.float64))
    words = np.where(size < SATURATED_BELOW, "saturated", np.where(size < MODERATE_BELOW, "moderate", "good"))
    words = np.where(np.isnan(size), "undefined", words).astype("<U9")
    if isinstance(function, VectorFunction):
        return words
    largest = function.largest_slope
    if 0 < largest < math.inf:
        tolerance = 4 * float(np.spacing(np.asarray(1, dtype=_at_least_half(slope.dtype))))
        words[np.abs(size - largest) <= tolerance * largest] = "maximum"
    zeros = size == 0
    if zeros.any():
        words[zeros & _on_dead_side(function, x.astype(np.float64), zeros)] = "dead"
    return words


def _at_least_half(dtype: np.dtype[Any]) -> Any:
    return dtype if dtype.kind == "f" else np.float16


def _on_dead_side(function: Any, x: Array, zeros: Array) -> Array:
    """Tell which points lie on a side where f′ vanishes identically, which only exact arithmetic can know."""
    dead = np.zeros(x.shape, dtype=bool)
    for side in (-1, 1):
        outermost = np.where(np.isinf(x) & (np.sign(x) == side), side * 64.0, x)
        # Zero here and further out in float64 is cheap to see and excludes nearly everything.
        steps = np.array([0.5, 8.0, 64.0])
        with np.errstate(invalid="ignore"):
            further = outermost[:, None] + side * np.maximum(1.0, np.abs(outermost))[:, None] * steps
        candidates = zeros & np.isfinite(outermost)
        if not candidates.any():
            continue
        slopes = function.derivatives(further[candidates])[1]
        candidates[candidates] = (slopes == 0).all(axis=1)
        if candidates.any():
            place = outermost[candidates][0] + side * max(1.0, abs(outermost[candidates][0]))
            if function.is_flat_at(float(place)):
                dead |= candidates
    return dead


def phrases(words: Array, x: Array) -> list[str]:
    """Return for each point what people read under Interpretation."""
    return [_phrase(word, value) for word, value in zip(words.tolist(), x.astype(np.float64).tolist(), strict=True)]


def _phrase(word: str, x: float) -> str:
    if math.isinf(x) and word == "saturated":
        return f"strong {'negative' if x < 0 else 'positive'}: gradient vanishes"
    return _PHRASES[word]
