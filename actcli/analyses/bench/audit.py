"""Beside the time: how far off the values are, and how much memory a call takes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

from actcli.analyses.bench.accuracy import max_ulp
from actcli.analyses.bench.inputs import inputs
from actcli.analyses.bench.measure.peak import peak, peak_in_child
from actcli.analyses.bench.request import ELEMENTWISE, Progress, Request
from actcli.analyses.bench.words import size_text
from actcli.analyses.bench.workloads import error
from actcli.core.formats import get_format
from actcli.implementations.resolve import is_code
from actcli.implementations.timed import Ready

if TYPE_CHECKING:
    from actcli.activations.registry import AnyFunction
    from actcli.analyses.bench.planning import Group
    from actcli.analyses.bench.row import Row
    from actcli.implementations.timed import Timed

OWN_ALLOCATORS = ("torch", "jax", "keras", "onnxruntime")
"""Libraries that may keep memory from an earlier call: what one takes shows in a fresh process only."""


def accuracy(rows: Sequence[Row], functions: Mapping[str, AnyFunction], request: Request, progress: Progress) -> None:
    """Fill in the largest error of each row at the hard points, computed as it will be timed; say what is wrong."""

    @cache
    def found(timed: Timed, threads: int | None) -> tuple[float, str]:
        progress(f"auditing {timed.name} {timed.activation}", 0.0, request.budget)
        if request.workload != ELEMENTWISE:
            return error(request.workload, timed, request.prealloc, threads)
        function, format = functions[timed.activation], get_format(timed.dtype)
        return max_ulp(timed, function, format, out=request.prealloc, threads=threads)

    for row in rows:
        if request.workload != ELEMENTWISE:
            row.tolerance = 2 ** (get_format(row.key.dtype).precision / 2)
        row.max_ulp, said = found(row.timed, row.asked)
        _note(row, said)


def at_inputs(group: Group, functions: Mapping[str, AnyFunction], request: Request, progress: Progress) -> None:
    """Look at places of the answers to the very inputs that are timed: code may treat large arrays differently."""
    if request.workload != ELEMENTWISE:
        return
    for row in group.rows:
        progress(f"auditing {row.label} at {size_text(group.size)}", 0.0, request.budget)
        x = group.inputs(row.key.distribution, 0)
        ulp, said = max_ulp(
            row.timed, functions[row.key.activation], group.format, x, out=request.prealloc, threads=row.asked
        )
        if ulp > row.max_ulp:
            before = row.is_wrong, row.max_ulp > row.tolerance
            row.max_ulp = ulp
            if before != (row.is_wrong, ulp > row.tolerance):  # else it has been said
                _note(row, f"{said}{', ' * bool(said)}on the inputs that are timed")


def _note(row: Row, said: str) -> None:
    if math.isinf(row.max_ulp):
        row.notes.append(f"wrong values: {said}")
    elif row.max_ulp > row.tolerance:
        row.notes.append(f"off by up to {row.max_ulp:.2g} ULP{', ' * bool(said)}{said}")
    elif math.isnan(row.max_ulp) and said:
        row.notes.append(said)


def memory(rows: Sequence[Row], request: Request, progress: Progress) -> None:
    """Fill in the peak memory of one call of each row, beyond the arrays that are there before."""
    for row in rows:
        if row.key.device != "cpu":
            row.notes.append("peak memory is measured on the CPU only")
            continue
        progress(f"memory of {row.label}", 0.0, request.budget)
        own = row.timed.name in OWN_ALLOCATORS or is_code(row.timed.name)
        of_call = (row.timed, row.key.distribution, row.key.size, row.key.dtype, request.seed, request.prealloc)
        row.peak_bytes = peak_in_child(_ready, *of_call, row.asked) if own else peak(_ready(*of_call, row.asked))


def _ready(
    timed: Timed, distribution: str, size: int, dtype: str, seed: int, prealloc: bool, threads: int | None
) -> Ready:
    return timed.prepare(inputs(distribution, size, get_format(dtype), seed), prealloc, threads)
