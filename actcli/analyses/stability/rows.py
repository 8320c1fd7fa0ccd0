"""Functions of a vector: rows to audit them on, and the right answers.

An entry of the answer is a function of its own logit with the others held fixed, 1/(1 + Σ exp(c − x)) for a softmax, so
that the exact reference of formulas gives it, and the diagonal of the Jacobian too.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import reduce
from typing import Any

import numpy as np

from actcli.activations.vector_function import VectorFunction
from actcli.analyses.stability.audit import Audit, How, Truth, compare
from actcli.analyses.stability.calls import BrokenError, ask, warned
from actcli.analyses.stability.points import ordinals
from actcli.analyses.stability.request import Request
from actcli.analyses.stability.rules import Rules
from actcli.core.exact import Reference
from actcli.core.formats import Format, round_to
from actcli.errors import UsageError
from actcli.expressions.nodes import Node, Number, Operation, Symbol
from actcli.implementations.provider import Implementation

Array = np.ndarray[Any, Any]

WIDTH = 8
"""Logits in a random row."""

SAMPLES = 2_000
"""Logits in random rows, unless told otherwise."""

_SCALES = (1.0, 10.0, 100.0, 1000.0)
"""Standard deviations of the logits of random rows."""

_INF, _NAN = math.inf, math.nan
_EXTREMES = (
    (0.0, 0.0, 0.0, 0.0), (1.0, 2.0, 3.0, 4.0), (10.0, 0.0, -10.0, 1.0), (100.0, 0.0, -100.0, 99.0),
    (1000.0, 1001.0, 1002.0, 1003.0), (-1000.0, -1001.0, -1002.0, -1003.0), (1000.0, 0.0, -1000.0, 1.0),
    (60000.0, -60000.0, 0.0, 1.0), (-_INF, 0.0, 1.0, 2.0), (_INF, 0.0, 1.0, 2.0), (-_INF, -_INF, -_INF, -_INF),
    (_NAN, 0.0, 1.0, 2.0),
)  # fmt: skip


def rows_of(request: Request, format: Format, halves: bool) -> list[Array]:
    """Return arrays of rows: those on which formulas of the books fail, and unless `extremes` random ones.

    Raises UsageError when every vector is asked for.
    """
    kind = request.points or "sampled"
    if kind == "exhaustive":
        raise UsageError("there are too many vectors to try them all; leave --points exhaustive away")
    extremes = extreme_rows(request, format, halves)
    low, high = request.range or (-_INF, _INF)
    if kind == "extremes":
        if not len(extremes):
            raise UsageError(f"--range {low:g}:{high:g} leaves none of the extreme rows; take other --points")
        return [extremes]
    random = np.random.default_rng(request.seed)
    scales = random.choice(_SCALES, (max(1, (request.samples or SAMPLES) // WIDTH), 1))
    numbers = np.clip(random.standard_normal((len(scales), WIDTH)) * scales, low, high)
    return [*([extremes] if len(extremes) else []), _rounded(numbers, format)]


def extreme_rows(request: Request, format: Format, halves: bool) -> Array:
    """Return the rows on which formulas of the books fail, as far as they lie in the range asked for."""
    low, high = request.range or (-_INF, _INF)
    found = [row for row in _EXTREMES if request.range is None or all(low <= x <= high for x in row)]
    rows = np.array(found).reshape(-1, len(_EXTREMES[0]))
    return _rounded(rows[np.isfinite(rows).all(axis=1)] if halves else rows, format)


def _rounded(rows: Array, format: Format) -> Array:
    with np.errstate(over="ignore", invalid="ignore"):
        return rows.astype(format.dtype)


class Rows:
    """Rows of one format, and the right answers of one derivative of a function of a vector."""

    def __init__(self, function: VectorFunction, order: int, format: Format, rows: Array) -> None:
        self.rows = rows
        width = rows.shape[1] // 2 if function.record.halves else rows.shape[1]
        answers = [
            reference.at(x, order, format)[order]
            for row in rows.astype(np.float64).tolist()
            for x, reference in _entries(function.record.name, row, order)
        ]
        numbers, rests = (np.array([getattr(each, name) for each in answers]) for name in ("number", "rest"))
        x = np.ascontiguousarray(rows[:, :width]).ravel()
        self.order = np.argsort(ordinals(x, format), kind="stable")
        rounded = round_to(numbers, format)[self.order]
        self.truth = Truth(x[self.order], rounded, numbers[self.order], rests[self.order], x.size)

    def audit(self, implementation: Implementation, how: How) -> Audit:
        """Return the audit of one implementation."""
        try:
            answers = ask(implementation, self.rows, how.timeout)
            warns = warned(implementation, self.rows, how.timeout) if answers.warnings else None
        except BrokenError as error:
            return Audit({}, failure=str(error))
        if warns is not None:
            warns = np.repeat(warns, self.truth.x.size // len(self.rows))[self.order]
        found = compare(answers.values.ravel()[self.order], self.truth, how, None, answers.warnings, warns)
        return replace(found, printed=answers.printed)


def rules_of(function: VectorFunction, order: int, format: Format, *, flush: bool) -> Rules:
    """Return the range of a function of a vector, where it is a bounded one."""
    low, high = (float(end) for end in (function.record.range.low, function.record.range.high))
    return Rules(format, *((low, high) if order == 0 else (-_INF, _INF)), flush=flush)


def _entries(name: str, row: Sequence[float], order: int) -> Iterator[tuple[float, Reference]]:
    """Yield the variable of every entry of the answer, and the reference that gives the entry."""
    x: Node = Symbol("x")
    if name in _GATED:
        half = len(row) // 2
        for first, second in zip(row[:half], row[half:], strict=True):
            yield first, Reference(_GATED[name](x, _number(second)))
        return
    largest = max(row, key=lambda each: math.inf if math.isnan(each) else each)
    for position, own in enumerate(row):
        if not math.isfinite(largest):
            yield own, _constant(own, (_NAN, _NAN, _NAN))
        elif math.isinf(own):
            yield own, _constant(own, (0.0, 0.0, 0.0) if name == "softmax" else (-_INF, 1.0, 0.0))
        else:
            others = [c for at, c in enumerate(row) if at != position and math.isfinite(c)]
            total = reduce(_add, (_call("exp", _call("subtract", _number(c), x)) for c in others), _number(0.0))
            yield own, Reference(_SOFT[name](total))


def _constant(x: float, values: tuple[float, float, float]) -> Reference:
    return Reference(Symbol("x"), limits={x: values})


def _call(name: str, *operands: Node) -> Node:
    return Operation(name, operands)


def _add(first: Node, second: Node) -> Node:
    return _call("add", first, second)


def _number(value: float) -> Node:
    return Number(Fraction(value))


def _sigmoid(x: Node) -> Node:
    return _call("divide", _number(1.0), _add(_number(1.0), _call("exp", _call("negative", x))))


_SOFT: dict[str, Callable[[Node], Node]] = {
    "softmax": lambda total: _call("divide", _number(1.0), _add(_number(1.0), total)),
    "log_softmax": lambda total: _call("negative", _call("log1p", total)),
}
_GATED: dict[str, Callable[[Node, Node], Node]] = {
    "glu": lambda x, gate: _call("multiply", x, _sigmoid(gate)),
    "swiglu": lambda x, up: _call("multiply", _call("multiply", x, _sigmoid(x)), up),
    "geglu": lambda x, up: _call("multiply", _call("multiply", x, _call("Phi", x)), up),
}
