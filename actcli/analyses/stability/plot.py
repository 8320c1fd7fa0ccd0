"""The error against x, one line an implementation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from actcli.activations.function import Function
from actcli.analyses.stability.calls import BrokenError, ask
from actcli.analyses.stability.cases import Case
from actcli.analyses.stability.points import ordinals
from actcli.analyses.stability.truth import exact
from actcli.errors import UsageError
from actcli.report import Plot, Series

Array = np.ndarray[Any, Any]

COLUMNS = 240
"""Places along x; each shows the largest error of the points around it."""

PER_COLUMN = 12

LEAST = 0.001
"""ULP drawn for smaller errors, 0 among them, which a logarithmic axis has no place for."""

LOW, HIGH = -20.0, 20.0
"""The stretch drawn without --range."""


def plots(cases: Sequence[Case]) -> tuple[Plot, ...]:
    """Return one plot a case. Raises UsageError for functions of a vector, whose error has no single x."""
    drawn = tuple(_plot(case) for case in cases if isinstance(case.function, Function))
    if not drawn:
        raise UsageError("a vector function has no curve to plot")
    return drawn


def _plot(case: Case) -> Plot:
    assert isinstance(case.function, Function)
    truth = exact(case.function, case.order, case.format, _grid(case))
    x = truth.x
    groups = np.array_split(np.arange(len(x)), min(COLUMNS, len(x)))
    centres = np.array([float(x[group[len(group) // 2]]) for group in groups])
    series = []
    for implementation in case.implementations:
        try:
            ulp = truth.compare(ask(implementation, truth.x, case.request.timeout).values, case.format).ulp
        except BrokenError:
            continue  # its row in the table says why
        # fmax drops the NaN of points without a distance, unless there is nothing else.
        largest = np.array([np.fmax.reduce(ulp[group]) for group in groups])
        series.append(Series(implementation.name, centres, np.maximum(largest, LEAST)))
    name = case.function.name + "′" * case.order
    return Plot(
        f"{name} {case.format.name}", f"{name} in {case.format.name}", "x", "error in ULP", tuple(series), y_log=True
    )


def _grid(case: Case) -> Array:
    span = case.request.span(case.format)
    low, high = case.request.range or (LOW, HIGH)
    finite = np.finfo(np.float64).max
    low, high = max(low, -finite), min(high, finite)
    if case.inputs is not None:
        numbers = case.inputs[(case.inputs >= low) & (case.inputs <= high)]
    else:
        with np.errstate(over="ignore"):
            # Halves, because the distance itself may overflow.
            numbers = (np.linspace(low / 2, high / 2, COLUMNS * PER_COLUMN) * 2).astype(case.format.dtype)
    found = span.hold(ordinals(numbers, case.format))
    if not found.size:
        raise UsageError(f"there is nothing to plot between {low:g} and {high:g}")
    return found
