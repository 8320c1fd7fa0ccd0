"""The functions of NumPy and SciPy as CuPy computes them on a GPU."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from actcli.core.device import Device, get_device
from actcli.core.formats import BFLOAT16
from actcli.errors import MissingError
from actcli.implementations import numpy, scipy
from actcli.implementations.cupy_formulas import in_c, replay, trace
from actcli.implementations.peers import Library, Table, Task, bind_arrays
from actcli.implementations.provider import Array, Implementation, Provider, address, no_implementation
from actcli.implementations.textbook.formulas import Formula, usual
from actcli.implementations.timed import Ready, Timed, one_thread, ready, touched

if TYPE_CHECKING:
    from actcli.activations.registry import AnyFunction
    from actcli.core.formats import Format

Build = Callable[[Any, Sequence[Any]], Any]
"""`(xp, traced formulas)` → one kernel that computes them all."""

TABLE: Table = {**numpy.TABLE, **scipy.TABLE}


def _run(activation: str, parameters: Mapping[str, float], order: int, address: str, x: Array) -> Array:
    device = get_device(address)
    with device.active():
        return device.to_numpy(TABLE[activation](device.xp, device.array(x), **parameters))


def _bind(task: Task) -> Ready:
    return bind_arrays(TABLE[task.activation], task)


_LIBRARY = Library("cupy", TABLE, _run, _bind, devices=("cuda",))


def _find(function: AnyFunction, order: int, format: Format, device: Device) -> list[Implementation]:
    """Compute on the first GPU where none was asked for: there is nothing else that CuPy computes on."""
    return _LIBRARY.find(function, order, format, device if device.kind == "cuda" else get_device("gpu"))


def _timed(function: AnyFunction, orders: tuple[int, ...], format: Format, device: Device) -> list[Timed]:
    """Return CuPy's own function, and the formula of the books as a kernel written in C and as a fused function."""
    variants = [each for name in _BUILDERS for each in _variant(name, function, orders, format, device)]
    return _LIBRARY.timed(function, orders, format, device) + variants


def _variant(name: str, function: AnyFunction, orders: tuple[int, ...], format: Format, device: Device) -> list[Timed]:
    chosen = usual(function, orders)
    traced = [trace(each.bound(format.dtype), format.dtype) for each in chosen]
    if not chosen or any(each is None for each in traced) or format is BFLOAT16:
        return []
    source = "; ".join(each.variant.source for each in chosen)
    prepare = partial(_prepare, _BUILDERS[name], chosen, address(device))
    return [Timed(name, function.name, orders, format.name, device.name, source, one_thread, prepare)]


def _prepare(build: Build, chosen: Sequence[Formula], address: str, x: Array, out: bool, threads: int | None) -> Ready:
    device = get_device(address)
    given, traced = device.array(x), [trace(each.bound(x.dtype), x.dtype) for each in chosen]
    outs = [touched(given, device) for _ in chosen] if out and build is _elementwise else []
    with device.active():
        kernel = build(device.xp, traced)
    return ready(partial(kernel, given, *outs), device, allocates=not outs)


def _elementwise(xp: Any, traced: Sequence[Any]) -> Any:
    """Return a kernel that computes a thread's element in C; float16 is computed in float."""
    type = "float" if traced[0].dtype == np.float16 else "T"
    outs = ", ".join(f"T y{k}" for k in range(len(traced)))
    body = " ".join(f"y{k} = {in_c(each, type)};" for k, each in enumerate(traced))
    return xp.ElementwiseKernel("T x", outs, body, "textbook")


def _fused(xp: Any, traced: Sequence[Any]) -> Any:
    def formula(x: Any) -> Any:
        results = tuple(replay(each, x, xp) for each in traced)
        return results if len(results) > 1 else results[0]

    return xp.fuse(formula)


_BUILDERS: Mapping[str, Build] = {"cupy:elementwise": _elementwise, "cupy:fuse": _fused}


def _no_gpu() -> str:
    try:
        get_device("gpu")
    except MissingError as error:
        return str(error).removeprefix("--device gpu ").removeprefix("--device gpu: ")
    return ""


_DISTRIBUTIONS = ("cupy-cuda12x", "cupy-cuda13x", "cupy")
PROVIDER = Provider("cupy", _find, (), _DISTRIBUTIONS, _no_gpu, timed=_timed, devices=("cuda",))
VARIANTS = tuple(
    Provider(name, no_implementation, (), _DISTRIBUTIONS, _no_gpu, timed=partial(_variant, name), devices=("cuda",))
    for name in _BUILDERS
)
"""The formulas of the books as kernels, by name. They are for benchmarks alone."""
