"""The project's own kernels, each traced and compiled into one loop: as fast as memory, or nearly.

The same operations in the same order, except that exp and its kin are ours (see `elementary`), and that float32 leaves
out what only float64 can tell.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from actcli.activations.function import Function
from actcli.core.device import CPU, Device
from actcli.implementations.provider import Array, Implementation, Provider
from actcli.implementations.timed import Ready, Timed, ready, touched

if TYPE_CHECKING:
    from actcli.activations.registry import AnyFunction
    from actcli.core.formats import Format

FORMATS = ("float16", "float32", "float64")

LARGE = 1 << 26
"""Elements of an array that is large by any measure."""


def _find(function: AnyFunction, order: int, format: Format, device: Device) -> list[Implementation]:
    is_kernel = isinstance(function, Function) and function.record.kernel is not None
    if not is_kernel or format.name not in FORMATS or device.kind != "cpu":
        return []
    call = partial(_run, function, order)
    return [Implementation("fused", function.name, order, format.name, call, device.name)]


def _run(function: AnyFunction, order: int, x: Array) -> Array:
    from actcli.implementations.fused.compute import compute

    out = np.empty_like(x)
    assert isinstance(function, Function)
    compute(function, (order,), x, [out])
    return out


def _timed(function: AnyFunction, orders: tuple[int, ...], format: Format, device: Device) -> list[Timed]:
    if not isinstance(function, Function) or not _find(function, max(orders), format, device):
        return []
    prepare = partial(_prepare, function, orders)
    return [Timed("fused", function.name, orders, format.name, device.name, "", _threads, prepare)]


def _threads(asked: int | None, size: int = LARGE) -> int:
    from actcli.implementations.fused.compute import workers_for

    return workers_for(size, asked)


def _prepare(function: Function, orders: tuple[int, ...], x: Array, out: bool, threads: int | None) -> Ready:
    from actcli.implementations.fused.compute import compute

    places = [touched(x) for _ in orders]

    def run() -> tuple[Array, ...]:
        outs = places if out else [np.empty_like(x) for _ in orders]
        compute(function, orders, x, outs, threads)
        return tuple(outs)

    return ready(run, CPU, allocates=not out)


PROVIDER = Provider("fused", _find, ("numba",), ("numba",), timed=_timed, devices=("cpu",), extra="fast")
