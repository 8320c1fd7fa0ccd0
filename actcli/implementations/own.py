"""The project's own kernels, as one implementation among others."""

from __future__ import annotations

from functools import partial
from operator import itemgetter
from typing import TYPE_CHECKING

from actcli.activations.function import Function
from actcli.activations.vector_function import VectorFunction
from actcli.core.apply import THREADED_FROM, threads_for
from actcli.core.device import Device, get_device
from actcli.implementations.provider import Array, Implementation, Provider, address
from actcli.implementations.timed import Ready, Timed, one_thread, ready, touched

if TYPE_CHECKING:
    from actcli.activations.registry import AnyFunction
    from actcli.core.formats import Format


def _find(function: AnyFunction, order: int, format: Format, device: Device) -> list[Implementation]:
    call = partial(_run, _by_rows(function), order, address(device))
    return [Implementation("actcli", function.name, order, format.name, call, device.name, function.derivatives_note)]


def _by_rows(function: AnyFunction) -> AnyFunction:
    """Rows have their vectors along the last axis."""
    return VectorFunction(function.record, -1, function.name) if isinstance(function, VectorFunction) else function


def _run(function: AnyFunction, order: int, address: str, x: Array) -> Array:
    device = get_device(address)
    return device.to_numpy(function.derivatives(device.array(x), order)[order])


def _timed(function: AnyFunction, orders: tuple[int, ...], format: Format, device: Device) -> list[Timed]:
    if not isinstance(function, Function):
        return []
    prepare = partial(_prepare, function, orders, address(device))
    threads = _threads if device.kind == "cpu" else one_thread
    note = function.derivatives_note if max(orders) else ""
    return [Timed("actcli", function.name, orders, format.name, device.name, note, threads, prepare)]


def _threads(asked: int | None, size: int = THREADED_FROM) -> int:
    return threads_for(size, asked)


def _prepare(
    function: Function, orders: tuple[int, ...], address: str, x: Array, out: bool, threads: int | None
) -> Ready:
    device = get_device(address)
    given, order = device.array(x), max(orders)
    # A derivative comes with those below it, which need a place too.
    outs = [touched(given, device) for _ in range(order + 1)] if out else None
    compute, chosen = partial(function.derivatives, given, order, threads=threads, out=outs), itemgetter(*orders)
    return ready(lambda: chosen(compute()), device, allocates=not out)


PROVIDER = Provider("actcli", _find, distributions=("actcli",), timed=_timed)
