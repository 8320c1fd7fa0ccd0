"""The functions of NumPy and SciPy as CuPy computes them on a GPU."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from actcli.core.device import Device, get_device
from actcli.errors import MissingError
from actcli.implementations import numpy, scipy
from actcli.implementations.peers import Library, Table
from actcli.implementations.provider import Array, Implementation, Provider

if TYPE_CHECKING:
    from actcli.activations.registry import AnyFunction
    from actcli.core.formats import Format

TABLE: Table = {**numpy.TABLE, **scipy.TABLE}


def _run(activation: str, parameters: Mapping[str, float], order: int, address: str, x: Array) -> Array:
    device = get_device(address)
    with device.active():
        return device.to_numpy(TABLE[activation](device.xp, device.array(x), **parameters))


_LIBRARY = Library("cupy", TABLE, _run, devices=("cuda",))


def _find(function: AnyFunction, order: int, format: Format, device: Device) -> list[Implementation]:
    """Compute on the first GPU where none was asked for: there is nothing else that CuPy computes on."""
    return _LIBRARY.find(function, order, format, device if device.kind == "cuda" else get_device("gpu"))


def _no_gpu() -> str:
    try:
        get_device("gpu")
    except MissingError as error:
        return str(error).removeprefix("--device gpu ").removeprefix("--device gpu: ")
    return ""


PROVIDER = Provider("cupy", _find, distributions=("cupy-cuda12x", "cupy-cuda13x", "cupy"), check=_no_gpu)
