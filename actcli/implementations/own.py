"""The project's own kernels, as one implementation among others."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from actcli.activations.vector_function import VectorFunction
from actcli.core.device import Device, get_device
from actcli.implementations.provider import Array, Implementation, Provider, address

if TYPE_CHECKING:
    from actcli.activations.registry import AnyFunction
    from actcli.core.formats import Format


def _find(function: AnyFunction, order: int, format: Format, device: Device) -> list[Implementation]:
    if isinstance(function, VectorFunction):  # rows have their vectors along the last axis
        function = VectorFunction(function.record, -1, function.name)
    call = partial(_run, function, order, address(device))
    return [Implementation("actcli", function.name, order, format.name, call, device.name, function.derivatives_note)]


def _run(function: AnyFunction, order: int, address: str, x: Array) -> Array:
    device = get_device(address)
    return device.to_numpy(function.derivatives(device.array(x), order)[order])


PROVIDER = Provider("actcli", _find, distributions=("actcli",))
