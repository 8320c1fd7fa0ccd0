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
from actcli.core.device import Device, get_device
from actcli.implementations.provider import Array, Implementation, address
from actcli.implementations.timed import Ready, Threads, Timed, one_thread, ready, touched

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
class Task:
    """What is to be timed: derivatives of `orders` at `x`, written into arrays that are there if `out`."""

    activation: str
    parameters: Mapping[str, float]
    orders: tuple[int, ...]
    device: str
    x: Array
    out: bool
    threads: int | None


Bind = Callable[[Task], Ready]
"""Convert what has to be converted, once; a module-level function."""


@dataclass(frozen=True, slots=True)
class Library:
    """A library's functions, how to run them, how to bind them to arrays, and how many threads they then use.

    `notes` says for each order that it offers how that comes about.
    """

    name: str
    table: Table
    run: Run
    bind: Bind
    notes: Sequence[str] = ("",)
    devices: Sequence[str] = ("cpu",)
    threads: Threads = one_thread

    def find(self, function: AnyFunction, order: int, format: Format, device: Device) -> list[Implementation]:
        """Return the library's implementation, if it has the function in this format without converting it."""
        activation = function.record.name
        compute = self.table.get(activation)
        if compute is None or order >= len(self.notes) or device.kind not in self.devices:
            return []
        parameters = parameters_for(compute, function)
        if parameters is None:
            return []
        call = partial(self.run, activation, parameters, order, address(device))
        if not _is_native(call, format, isinstance(function, VectorFunction)):
            return []
        note = self.notes[order]
        return [Implementation(self.name, function.name, order, format.name, call, device.name, note)]

    def timed(self, function: AnyFunction, orders: tuple[int, ...], format: Format, device: Device) -> list[Timed]:
        """Return the same function on arrays of the library's own, if it has every order."""
        activation = function.record.name
        found = [each for order in orders for each in self.find(function, order, format, device)]
        if len(found) < len(orders) or (parameters := parameters_for(self.table[activation], function)) is None:
            return []
        prepare = partial(_prepare, self.bind, activation, parameters, orders, address(device))
        threads = self.threads if device.kind == "cpu" else one_thread
        return [Timed(self.name, function.name, orders, format.name, device.name, found[-1].note, threads, prepare)]


def _prepare(
    bind: Bind,
    activation: str,
    parameters: Mapping[str, float],
    orders: tuple[int, ...],
    device: str,
    x: Array,
    out: bool,
    threads: int | None,
) -> Ready:
    return bind(Task(activation, parameters, orders, device, x, out, threads))


def parameters_for(compute: Compute, function: AnyFunction) -> dict[str, float] | None:
    """Return the parameters of a function that `compute` takes.

    None where it lacks one that isn't at its default: what it computes is another function then.
    """
    if not isinstance(function, Function):
        return {}
    defaults = {parameter.name: Fraction(parameter.default) for parameter in function.record.parameters}
    taken = [name for name in inspect.signature(compute).parameters if name in defaults]
    if any(value != defaults[name] for name, value in function.parameters.items() if name not in taken):
        return None
    return {name: float(function.parameters[name]) for name in taken}


def takes(compute: Compute, name: str) -> bool:
    """Tell whether a function of a table takes an argument, such as `out`, an array to write into."""
    return name in inspect.signature(compute).parameters


def bind_arrays(compute: Compute, task: Task) -> Ready:
    """Return what is timed of a library that computes on NumPy's arrays or CuPy's, and may write into `out`."""
    where = get_device(task.device)
    given, keywords = where.array(task.x), dict[str, Any](task.parameters)
    if task.out and takes(compute, "out"):
        keywords["out"] = touched(given, where)
    return ready(partial(compute, where.xp, given, **keywords), where, allocates="out" not in keywords)


def _is_native(call: Callable[[Array], Array], format: Format, rows: bool) -> bool:
    """Tell whether an answer to numbers of a format is of that format."""
    probe = np.ones((1, 2) if rows else 2, dtype=format.dtype)
    try:
        with np.errstate(all="ignore"):
            return bool(call(probe).dtype == probe.dtype)
    except Exception:  # every library has its own way to say that it doesn't take this
        return False
