"""How wrong a row of a benchmark is at its worst: a fast wrong answer is not a fast answer.

A few hundred points suffice to tell 0.51 ULP from 5 and from 10⁶: extremes, the places where functions are hard and
code switches, and a sample. What is right there is computed once for each function, order and format.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from actcli.activations.registry import AnyFunction
from actcli.activations.vector_function import VectorFunction
from actcli.analyses.stability.audit import Truth
from actcli.analyses.stability.directed import directed
from actcli.analyses.stability.points import Span, ordinals, sampled
from actcli.analyses.stability.request import Request
from actcli.analyses.stability.rows import Rows, rows_of
from actcli.analyses.stability.truth import exact
from actcli.core.formats import Format
from actcli.implementations.timed import Timed
from actcli.implementations.user import UserFunction

Array = np.ndarray[Any, Any]

THINNED = 7
"""One directed point in seven is taken; nine neighbours are around each hard place, so that each keeps one at least."""

RANDOM = 150
"""Random bit patterns, or logits in random rows."""

SEED = 0


def max_ulp(timed: Timed, function: AnyFunction, format: Format) -> tuple[float, str]:
    """Return the largest error of a row in ULP, over its orders and some hundred points, and what is wrong in words.

    It is inf for an answer of the wrong dtype or shape and where NaN, an infinity or a sign comes that shouldn't, which
    the words then say: `NaN at −745`. It is NaN where nobody knows the truth, which is a user's own activation. Raises
    UsageError when the implementation can't compute at all.
    """
    if isinstance(function, UserFunction):
        return math.nan, "no exact definition to compare with"
    found = [each for audited in _audited(function, max(timed.orders), format) for each in _errors(timed, audited)]
    return max(found, key=lambda each: each[0])


@dataclass(frozen=True, slots=True)
class _Audited:
    """Inputs, and for each order the right answers at those of their places where it is known."""

    format: Format
    x: Array
    truths: dict[int, tuple[Array, Truth]]


@lru_cache(maxsize=256)
def _audited(function: AnyFunction, order: int, format: Format) -> list[_Audited]:
    orders = range(order + 1)
    if isinstance(function, VectorFunction):
        arrays = rows_of(Request(samples=RANDOM, seed=SEED), format, function.record.halves)
        rows = [[Rows(function, each, format, array) for each in orders] for array in arrays]
        return [
            _Audited(format, each[0].rows, {k: (row.order, row.truth) for k, row in enumerate(each)}) for each in rows
        ]
    span = Span.whole(format)
    x = sampled(span, directed(function, order, span)[::THINNED], RANDOM, SEED)
    places = ordinals(x, format)
    truths = {each: exact(function, each, format, x) for each in orders}
    # Both are in order, and the truth lacks the points at which nothing could decide it.
    found = {k: (np.searchsorted(places, ordinals(truth.x, format)), truth) for k, truth in truths.items()}
    return [_Audited(format, x, found)]


def _errors(timed: Timed, audited: _Audited) -> list[tuple[float, str]]:
    x = audited.x.copy()
    ready = timed.prepare(x, False, None)
    with ready.active():
        answers = ready.answer()
    bits = audited.format.to_bits
    if not np.array_equal(bits(x), bits(audited.x)):
        return [(math.inf, "changes its input")]
    return [
        _error(answer, audited.truths[order], audited.format)
        for order, answer in zip(timed.orders, answers, strict=True)
    ]


def _error(answer: Array, known: tuple[Array, Truth], format: Format) -> tuple[float, str]:
    places, truth = known
    if answer.dtype != format.dtype:
        return math.inf, f"wrong dtype: {answer.dtype.name}"
    if answer.size <= int(places.max()):
        return math.inf, f"wrong shape: {answer.shape}"
    got = answer.ravel()[places]
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
