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
        # A narrow format rounds correctly, and the largest slope is one number; float64 kernels are within 6 ULP.
        peak = np.asarray(largest).astype(slope.dtype).astype(np.float64)
        tolerance = 6 * np.spacing(peak) if slope.dtype == np.float64 else 0.0
        words[np.abs(size - peak) <= tolerance] = "maximum"
    zeros = size == 0
    if zeros.any():
        words[zeros & _on_dead_side(function, x.astype(np.float64), zeros)] = "dead"
    return words


_OUTWARDS = 2.0 ** np.arange(-4, 9)


def _on_dead_side(function: Any, x: Array, zeros: Array) -> Array:
    """Tell which points lie on a side where f′ vanishes identically, which only exact arithmetic can know."""
    dead = np.zeros(x.shape, dtype=bool)
    start = np.clip(x, -_FAR, _FAR)
    for side in (-1, 1):
        # Zero here and further out in float64 is cheap to see and excludes nearly everything.
        candidates = np.array(zeros)
        steps = np.maximum(1.0, np.abs(start[candidates]))[:, None] * _OUTWARDS
        outwards = start[candidates][:, None] + side * steps
        flat = (function.derivatives(outwards)[1] == 0).all(axis=1)
        candidates[candidates] = flat
        if flat.any() and function.is_flat_at(float(side * (side * outwards[flat]).max())):
            dead |= candidates
    return dead


_FAR = 2.0**900
"""Far enough out for every function, and near enough that a few binades more don't overflow."""


def phrases(words: Array, x: Array) -> list[str]:
    """Return for each point what people read under Interpretation."""
    return [_phrase(word, value) for word, value in zip(words.tolist(), x.astype(np.float64).tolist(), strict=True)]


def _phrase(word: str, x: float) -> str:
    if math.isinf(x) and word == "saturated":
        return f"strong {'negative' if x < 0 else 'positive'}: gradient vanishes"
    return _PHRASES[word]
