"""How far a workload's results are from the truth, which is the same formula in extended precision.

An element-wise result is measured where it stands, in units of its own last place. Where products are summed, digits
that cancel are nobody's fault: the unit is the last place of the largest number in the same row of the result.
`numpy.longdouble` has 64 bits of significand on x86 and 113 on some other machines, but 53 on the rest: there the error
of a float64 row is known to a few units only.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from actcli.analyses.bench.workloads.catalogue import get_workload
from actcli.analyses.bench.workloads.rows import arrays_of, compute
from actcli.analyses.bench.workloads.space import Space
from actcli.analyses.bench.workloads.workload import Array, Workload
from actcli.core.device import CPU
from actcli.core.formats import Format, get_format
from actcli.core.ulp import spacing
from actcli.implementations.timed import Timed

ROWS = 6
"""Rows that are computed, at the least."""

ELEMENTWISE, SUMMED = (1.0, 0.01, 5.0, 30.0, 1000.0), (1.0, 0.01, 3.0)
"""What normal numbers are multiplied by, row after row. Sums of large products would cancel: no code could be right."""


def error(name: str, row: Timed, out: bool = False, threads: int | None = None) -> tuple[float, str]:
    """Return the largest error of a row's outputs and gradients in ULP, and where it is; inf where that isn't finite.

    The inputs are normal numbers, smaller ones and larger ones: rows in which nothing, and much saturates. `out` and
    `threads` are those of `Timed.prepare`. Raises UsageError for an unknown workload.
    """
    workload, format = get_workload(name), get_format(row.dtype)
    x = points(workload, format)
    ready = row.prepare(x, out, threads)
    with ready.active():
        results = ready.answer()
    names = _names(workload, row.orders)
    found = [
        (*_error(got, truth, elementwise, format), result)
        for got, truth, (result, elementwise) in zip(results, truths(workload, x, row.orders), names, strict=True)
    ]
    ulp, trouble, result = max(found, key=lambda each: each[0])
    return ulp, f"{result}: {trouble}" if trouble else f"largest in {result}"


def points(workload: Workload, format: Format) -> Array:
    """Return the elements of the first argument at which rows are audited."""
    rows = max(ROWS, 600 // workload.row)
    normal = np.random.default_rng(1).standard_normal((rows, workload.row))
    scales = np.resize(SUMMED if workload.multiplies else ELEMENTWISE, rows)
    scaled: Array = (normal * scales[:, None]).astype(format.dtype)
    return scaled.reshape(-1)


def truths(workload: Workload, x: Array, orders: tuple[int, ...]) -> tuple[Any, ...]:
    """Return the outputs, and the gradients where order 1 is asked for, in extended precision."""
    arguments, cotangents = arrays_of(workload, x)
    code = workload.reference
    wide = [each.astype(np.longdouble) for each in code.pack(arguments)]
    upstream = [each.astype(np.longdouble) for each in cotangents] if 1 in orders else None
    with np.errstate(all="ignore"):
        results = compute(code, Space(CPU, np.longdouble), wide, upstream)
    outputs = len(workload.outputs)
    return (*results[:outputs], *(code.unpack(results[outputs:]) if upstream is not None else ()))


def _names(workload: Workload, orders: tuple[int, ...]) -> list[tuple[str, bool]]:
    """Return the results' names, and whether they are element-wise."""
    outputs = [(each.name, each.elementwise) for each in workload.outputs]
    wanted = [each for each in workload.arguments if each.differentiated and 1 in orders]
    return outputs + [(f"gradient by {each.name}", each.elementwise) for each in wanted]


def _error(got: Array, truth: Any, elementwise: bool, format: Format) -> tuple[float, str]:
    if got.shape != truth.shape or got.dtype != format.dtype:
        return np.inf, f"{got.dtype.name} of shape {got.shape} instead of {format.name} of shape {truth.shape}"
    wide = got.astype(np.longdouble)
    if (wrong := ~np.isfinite(wide) & np.isfinite(truth)).any():
        first = np.argmax(wrong)
        return np.inf, f"{got.flat[first]} where {float(truth.flat[first]):.3g} is due, and {np.sum(wrong) - 1} more"
    scale = np.abs(truth) if elementwise else np.max(np.abs(truth), axis=-1, keepdims=True)
    return float(np.max(np.abs(wide - truth) / spacing(scale.astype(np.float64), format))), ""
