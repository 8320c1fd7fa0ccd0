"""How wrong a row of a benchmark is at its worst: a fast wrong answer is not a fast answer.

A few hundred points suffice to tell 0.51 ULP from 5 and from 10⁶: extremes, the places where functions are hard and
code switches, and a sample. Code may treat large arrays differently, so that places of the very inputs that are timed
are looked at, too. What is right there is computed once for each function, order and format.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np

from actcli.activations.function import Function
from actcli.activations.registry import AnyFunction
from actcli.analyses.stability.audit import Truth
from actcli.analyses.stability.directed import directed
from actcli.analyses.stability.points import Span, ordinals, sampled
from actcli.analyses.stability.truth import exact
from actcli.core.formats import Format
from actcli.implementations.timed import Timed
from actcli.implementations.user import UserFunction
from actcli.implementations.user_code import in_words

Array = np.ndarray[Any, Any]

THINNED = 7
"""One directed point in seven is taken; nine neighbours are around each hard place, so that each keeps one at least."""

RANDOM = 150
"""Random bit patterns."""

PLACES = 200
"""Places of given inputs that are looked at."""

SEED = 0


def max_ulp(
    timed: Timed,
    function: AnyFunction,
    format: Format,
    x: Array | None = None,
    *,
    out: bool = False,
    threads: int | None = None,
) -> tuple[float, str]:
    """Return the largest error of a row in ULP, over its orders and some hundred points, and what is wrong in words.

    The points are the hard ones and a sample, or places of `x`, all of which is computed. `out` and `threads` are those
    of `Timed.prepare`. It is inf for an answer of the wrong dtype or shape, for code that raises, and where NaN, an
    infinity or a sign comes that shouldn't, which the words then say: `NaN at −745`. It is NaN where nobody knows the
    truth, which is a user's own activation.
    """
    if isinstance(function, UserFunction) or not isinstance(function, Function):
        return math.nan, "no exact definition to compare with"
    given = _hard(function, max(timed.orders), format).copy() if x is None else x
    places = np.arange(given.size) if x is None else _places(given.size)
    picked = given[places]
    try:
        ready = timed.prepare(given, out, threads)
        with ready.active():
            answers = ready.answer()
    except (Exception, SystemExit) as error:  # somebody else's code may raise anything
        return math.inf, f"raised {in_words(error)}"
    if not np.array_equal(format.to_bits(given[places]), format.to_bits(picked)):
        return math.inf, "changes its input"
    if len(answers) != len(timed.orders):
        return math.inf, f"wrong number of answers: {len(answers)}"
    bits = format.to_bits(picked).tobytes()
    found = []
    for order, answer in zip(timed.orders, answers, strict=True):
        if answer.dtype != format.dtype:
            return math.inf, f"wrong dtype: {answer.dtype.name}"
        if answer.shape != given.shape:
            return math.inf, f"wrong shape: {answer.shape} instead of {given.shape}"
        known, truth = _right(function, order, format, bits)
        found.append(_error(answer[places[known]], truth, format))
    return max(found, key=lambda each: each[0])


@lru_cache(maxsize=256)
def _hard(function: Function, order: int, format: Format) -> Array:
    span = Span.whole(format)
    return sampled(span, directed(function, order, span)[::THINNED], RANDOM, SEED)


def _places(size: int) -> Array:
    """Return places spread at random over so many, the first and the last among them; all where there are few."""
    if size <= PLACES:
        return np.arange(size)
    return np.unique([0, size - 1, *np.random.default_rng(SEED).integers(0, size, PLACES - 2)])


@lru_cache(maxsize=256)
def _right(function: Function, order: int, format: Format, bits: bytes) -> tuple[Array, Truth]:
    """Return the places of inputs at which the right answer is known, and the answers there."""
    x = format.from_bits(np.frombuffer(bits, format.unsigned))
    places, first, back = np.unique(ordinals(x, format), return_index=True, return_inverse=True)
    truth = exact(function, order, format, x[first])
    # Both are in order, and the truth lacks the points at which nothing could decide it.
    number = np.full(len(places), -1)
    number[np.searchsorted(places, ordinals(truth.x, format))] = np.arange(len(truth.x))
    known = np.flatnonzero(number[back] >= 0)
    chosen = number[back][known]
    rest = None if truth.rest is None else truth.rest[chosen]
    return known, Truth(truth.x[chosen], truth.rounded[chosen], truth.exact[chosen], rest)


def _error(got: Array, truth: Truth, format: Format) -> tuple[float, str]:
    if not got.size:
        return 0.0, ""
    errors = truth.compare(got, format)
    for wrong, what in (
        (errors.wrong_nan & np.isnan(got), "NaN"),
        (errors.wrong_nan, "not NaN"),
        (errors.wrong_infinity & np.isinf(got), "infinity"),
        (errors.wrong_infinity, "not infinite"),
        (errors.wrong_sign, "wrong sign"),
    ):
        if wrong.any():
            return math.inf, f"{what} at {_nearest(truth.x[wrong])}"
    worst = int(np.argmax(errors.ulp))
    ulp = float(errors.ulp[worst])
    halves = ulp > 2.0 ** (format.precision / 2)
    return ulp, f"fewer than half the digits are right at {_text(float(truth.x[worst]))}" if halves else ""


def _nearest(x: Array) -> str:
    """Return the least remote of some inputs, which is the one that people meet."""
    numbers = x.astype(np.float64)
    magnitudes = np.where(np.isnan(numbers), math.inf, np.abs(numbers))
    return _text(float(numbers[np.argmin(magnitudes)]))


def _text(x: float) -> str:
    return f"{x + 0.0:.4g}".replace("-", "−")
