"""The project's own kernels, each traced and compiled into one loop: as fast as memory, or nearly.

The same operations in the same order, except that exp and its kin are ours (see `elementary`), and that float32 leaves
out what only float64 can tell.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from actcli.activations.function import Function
from actcli.core.device import Device
from actcli.implementations.provider import Array, Implementation, Provider

if TYPE_CHECKING:
    from actcli.activations.registry import AnyFunction
    from actcli.core.formats import Format

FORMATS = ("float16", "float32", "float64")


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


PROVIDER = Provider("fused", _find, ("numba",), ("numba",), extra="fast")
