"""What the providers of libraries share: a table from our names to the library's functions, and one way to run it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from actcli.activations.function import Function
from actcli.activations.vector_function import VectorFunction
from actcli.core.device import Device
from actcli.implementations.provider import Array, Implementation, address

if TYPE_CHECKING:
    from actcli.activations.registry import AnyFunction
    from actcli.core.formats import Format

Compute = Callable[..., Any]
"""`compute(library, x, **parameters)`: the library's function; it takes the parameters that the library has."""

Table = Mapping[str, Compute]
"""The names of our records, and what the library has under them."""

Run = Callable[[str, Mapping[str, float], int, str, Array], Array]
"""`run(activation, parameters, order, device, x)`, a module-level function; `device` is `cpu` or `cuda:N`."""


@dataclass(frozen=True, slots=True)
class Library:
    """A library's functions, and how to run them.

    `notes` says for each order that it offers how that comes about; `before` is the number of arguments that come
    before the parameters in the functions of the table.
    """

    name: str
    table: Table
    run: Run
    notes: Sequence[str] = ("",)
    devices: Sequence[str] = ("cpu",)
    before: int = 2

    def find(self, function: AnyFunction, order: int, format: Format, device: Device) -> list[Implementation]:
        """Return the library's implementation, if it has the function in this format without converting it."""
        activation = function.record.name
        compute = self.table.get(activation)
        if compute is None or order >= len(self.notes) or device.kind not in self.devices:
            return []
        parameters = parameters_for(compute, function, self.before)
        if parameters is None:
            return []
        call = partial(self.run, activation, parameters, order, address(device))
        if not _is_native(call, format, isinstance(function, VectorFunction)):
            return []
        note = self.notes[order]
        return [Implementation(self.name, function.name, order, format.name, call, device.name, note)]


def parameters_for(compute: Compute, function: AnyFunction, before: int) -> dict[str, float] | None:
    """Return the parameters of a function that `compute` takes after the first `before` arguments.

    None where it lacks one that isn't at its default: what it computes is another function then.
    """
    if not isinstance(function, Function):
        return {}
    taken = list(inspect.signature(compute).parameters)[before:]
    defaults = {parameter.name: Fraction(parameter.default) for parameter in function.record.parameters}
    if any(value != defaults[name] for name, value in function.parameters.items() if name not in taken):
        return None
    return {name: float(function.parameters[name]) for name in taken}


def _is_native(call: Callable[[Array], Array], format: Format, rows: bool) -> bool:
    """Tell whether an answer to numbers of a format is of that format."""
    probe = np.ones((1, 2) if rows else 2, dtype=format.dtype)
    try:
        with np.errstate(all="ignore"):
            return bool(call(probe).dtype == probe.dtype)
    except Exception:  # every library has its own way to say that it doesn't take this
        return False
