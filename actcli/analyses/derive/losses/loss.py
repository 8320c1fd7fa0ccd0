"""What the obvious form of a derivative loses in floating point, measured against the exact reference.

A form is computed as typed over the whole line, and every place where it starts to fail is then found to the last bit
by bisection. Results below the smallest normal number are left out: there no form has all its digits.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from actcli.activations.function import Function
from actcli.analyses.derive.losses.naive import naively
from actcli.analyses.derive.losses.truth import NEIGHBOURHOOD, Truth, around, edge, zeros_of
from actcli.core.formats import FLOAT64, Format
from actcli.core.ulp import errors
from actcli.expressions.evaluate import flatten
from actcli.expressions.nodes import Node, substitute
from actcli.expressions.tidy import tidy

Array = np.ndarray[Any, Any]

HALF_OF_THE_DIGITS = {"float64": 1e-8, "float32": 3e-4}
"""Relative error from which on half of a format's digits are gone."""
FINE, DIGITS, ZERO, INFINITE, NAN = range(5)
_SHORT, _LUCK = 3, 6
"""Fewer points than _SHORT with lost digits between fine ones are the neighbourhood of a zero; fewer than _LUCK fine
ones between such with lost digits are luck."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A stretch of the line on which a form fails: it is 0, ∞ or NaN (`kind`), or has lost half its digits or more.

    `low` and `high` are its first and last floating-point numbers, ∓inf where it goes on as far as anybody looked.
    `truth` is the exact value, rounded, where the stretch begins, seen from where the form is right.
    """

    kind: int
    low: float
    high: float
    truth: float

    @property
    def begins(self) -> float:
        """The end next to where the form is right; the lower one where both are."""
        return self.high if math.isinf(self.low) else self.low


@dataclass(frozen=True, slots=True)
class Measured:
    """How one form did: where it fails, and its largest error in ULP with the place, apart from what is next to a zero.

    `ulp_at_zeros` is the largest error next to the zeros of the truth, where every form cancels that isn't built
    around them.
    """

    tree: Node
    points: int
    failures: tuple[Failure, ...]
    max_ulp: float
    worst_x: float
    ulp_at_zeros: float


@dataclass(frozen=True, slots=True)
class Loss:
    """What the obvious form of f (order 0), f′ or f″ does in a format, and what a careful one does, if there is one.

    `zeros` are the places where the exact derivative of that order changes sign, as far as the points show them.
    `kernel_ulp` is the largest error of the record's kernel, zeros included; None where a typed formula has none.
    """

    order: int
    format: Format
    zeros: tuple[float, ...]
    obvious: Measured
    careful: Measured | None
    kernel_ulp: float | None = None


def loss(naive: Node, careful: Node | None, function: Function, order: int, format: Format = FLOAT64) -> Loss:
    """Measure the obvious form of a derivative of a function, and a careful one, in float64 or float32.

    The forms are formulas in x and the parameters of the function, computed as they are typed: the obvious one with
    every function typed out that NumPy lacks, the careful one with functions that are right. The truth is the
    derivative of that order of the function's definition.
    """
    truth = Truth(function, order, format)
    zeros = tuple(zeros_of(truth))
    for zero in zeros:
        truth = truth.with_points(around(zero, format))
    obvious = _measured(naive, function, truth, zeros, typed_out=True)
    better = None if careful is None else _measured(careful, function, truth, zeros, typed_out=False)
    return Loss(order, format, zeros, obvious, better, _kernel_ulp(function, truth))


def _kernel_ulp(function: Function, truth: Truth) -> float | None:
    if function.record.kernel is None or not truth.x.size:
        return None
    got = np.asarray(function.derivatives(truth.x.astype(truth.format.dtype), truth.order)[truth.order], np.float64)
    return float(np.max(errors(got, truth.numbers, truth.rests, truth.format).ulp))


def _measured(form: Node, function: Function, truth: Truth, zeros: Sequence[float], *, typed_out: bool) -> Measured:
    tree = tidy(substitute(form, function.parameter_values)) if function.parameters else form
    program, format, x = flatten(tree), truth.format, truth.x
    if not x.size:
        return Measured(tree, 0, (), math.nan, math.nan, 0.0)
    got = naively(program, x, format, typed_out=typed_out)

    def state(at: float) -> int:
        there = np.array([at])
        return int(_states(naively(program, there, format, typed_out=typed_out), truth.at(there)[0], format)[0])

    next_to_zero = np.zeros(x.shape, dtype=bool)
    for zero in zeros:
        next_to_zero |= np.abs(x - zero) <= abs(zero) * NEIGHBOURHOOD
    states = _states(got, truth.numbers, format)
    ulp = errors(got, truth.numbers, truth.rests, format).ulp
    elsewhere = np.where(next_to_zero | ~np.isfinite(ulp), -1.0, ulp)
    worst = int(np.argmax(elsewhere))
    return Measured(
        tree, len(x), tuple(_failures(x, states, state, truth.number, format)), float(elsewhere[worst]),
        float(x[worst]), float(np.max(ulp, initial=0.0, where=next_to_zero & np.isfinite(ulp))),
    )  # fmt: skip


def _states(got: Array, truth: Array, format: Format) -> Array:
    """Return for each value whether it is fine, or what it is instead."""
    with np.errstate(all="ignore"):
        relative = np.abs(got / truth - 1.0)
    states = np.where(relative > HALF_OF_THE_DIGITS[format.name], DIGITS, FINE)
    for wrong, state in ((got == 0.0, ZERO), (np.isinf(got), INFINITE), (np.isnan(got), NAN)):
        states = np.where(wrong & (got != truth), state, states)
    return states


def _failures(
    x: Array, states: Array, state: Callable[[float], int], truth: Callable[[float], float], format: Format
) -> Iterator[Failure]:
    """Yield the stretches where a form has lost half its digits or worse, each followed by where it is 0, ∞ or NaN."""
    end = len(x) - 1
    for first, last in _stretches(states != FINE):
        if last - first + 1 < _SHORT and first > 0 and last < end:
            continue
        inside = slice(first, last + 1)
        for kind in (DIGITS, ZERO, INFINITE, NAN):
            worse = [(first, last)] if kind == DIGITS else _runs(states[inside] == kind, first)
            for low, high in worse:

                def holds(at: float, kind: int = kind) -> bool:
                    return state(at) >= DIGITS if kind == DIGITS else state(at) == kind

                left = -math.inf if low == 0 else edge(x[low - 1], x[low], holds, format)
                right = math.inf if high == end else edge(x[high + 1], x[high], holds, format)
                failure = Failure(kind, left, right, math.nan)
                yield replace(failure, truth=truth(failure.begins) if math.isfinite(failure.begins) else math.nan)


def _stretches(mask: Array) -> list[tuple[int, int]]:
    """Return where a mask holds, a few points where it doesn't passed over."""
    stretches: list[tuple[int, int]] = []
    for first, last in _runs(mask):
        if stretches and first - stretches[-1][1] <= _LUCK:
            first = stretches.pop()[0]
        stretches.append((first, last))
    return stretches


def _runs(mask: Array, offset: int = 0) -> list[tuple[int, int]]:
    """Return the first and last index of every stretch where a mask holds."""
    steps = np.diff(np.concatenate([[0], mask.astype(np.int8), [0]]))
    starts, ends = np.flatnonzero(steps == 1) + offset, np.flatnonzero(steps == -1) - 1 + offset
    return [(int(start), int(end)) for start, end in zip(starts, ends, strict=True)]
