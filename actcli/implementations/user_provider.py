"""A user's own code as an implementation of one of the project's functions: what an audit of a kernel takes."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from actcli.core.device import Device, get_device
from actcli.errors import MissingError, UsageError, suggestion
from actcli.implementations.peers import Task
from actcli.implementations.provider import Array, Implementation, Provider, address, require
from actcli.implementations.timed import Ready, Threads, Timed, one_thread, ready
from actcli.implementations.user_code import find_code

if TYPE_CHECKING:
    from actcli.activations.registry import AnyFunction
    from actcli.core.formats import Format

ARRAYS = ("numpy", "torch", "jax", "cupy")
"""What a user's function may take."""

DIFFERENTIABLE = {"torch": "autograd", "jax": "jax.grad"}
"""The arrays whose library differentiates a function, and how."""


def provider(text: str, gradient: str = "", array: str = "") -> Provider:
    """Return the provider of the code that `module:function` or `file.py:function` names.

    It is offered for whatever function it's held against. `gradient` names the code of the first derivative; without
    it, functions of torch and jax arrays are differentiated. `array` is what both take; by default torch for a Module
    of PyTorch and else numpy. Raises UsageError and MissingError like `find_code`.
    """
    if array and array not in ARRAYS:
        raise UsageError(f"unknown --array {array!r}{suggestion(array, list(ARRAYS))}; there are {', '.join(ARRAYS)}")
    if array:
        _need(array)
    with _ALONE, _off_stdout():
        code = _code(_anywhere(text))
        if gradient:
            _code(_anywhere(gradient))
    user = _User(text, gradient, array or ("torch" if _is_module(code) else "numpy"))
    hint = "" if gradient else "give --impl-gradient module:function"
    devices = ("cuda",) if user.array == "cupy" else ("cpu", "cuda")
    return Provider(text, user.find, hint=hint, timed=user.timed, devices=devices)


@dataclass(frozen=True, slots=True)
class _User:
    text: str
    gradient: str
    array: str

    def find(self, function: AnyFunction, order: int, format: Format, device: Device) -> list[Implementation]:
        where = self._where(device)
        if order == 1 and self.gradient:
            text, differentiated, note = self.gradient, 0, self.gradient
        elif order == 0 or self.array in DIFFERENTIABLE:
            text, differentiated, note = self.text, order, DIFFERENTIABLE[self.array] if order else ""
        else:
            return []
        call = partial(_run, _anywhere(text), self.array, differentiated, address(where))
        return [Implementation(self.text, function.name, order, format.name, call, where.name, note)]

    def timed(self, function: AnyFunction, orders: tuple[int, ...], format: Format, device: Device) -> list[Timed]:
        found = [each for order in orders for each in self.find(function, order, format, device)]
        if len(found) < len(orders):
            return []
        where = self._where(device)
        codes = tuple(_anywhere(text) for text in (self.text, self.gradient) if text)
        prepare = partial(_prepare, codes, self.array, orders, address(where))
        threads = _threads(self.array) if where.kind == "cpu" else one_thread
        return [Timed(self.text, function.name, orders, format.name, where.name, found[-1].note, threads, prepare)]

    def _where(self, device: Device) -> Device:
        return get_device("gpu") if self.array == "cupy" and device.kind == "cpu" else device


def _run(text: str, array: str, order: int, device: str, x: Array) -> Array:
    # Standard output is one for the whole process, and nobody has said that the code may run in several threads.
    with _ALONE, _off_stdout():
        code = _code(text)
        return _CALLS[array](code, order, device, x)


_ALONE = threading.Lock()


@contextmanager
def _off_stdout() -> Iterator[None]:
    """Send what code prints to standard error, also past Python: by C's printf, or to the file descriptor."""
    import ctypes

    flush = getattr(ctypes.pythonapi, "fflush", lambda stream: None)
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        flush(None)  # C holds back what it prints
        os.dup2(kept, 1)
        os.close(kept)


def _numpy(code: Callable[[Any], Any], order: int, device: str, x: Array) -> Array:
    answer: Array = code(x)
    return answer


def _torch(code: Callable[[Any], Any], order: int, device: str, x: Array) -> Array:
    from actcli.implementations.torch import derivative

    return derivative(code, order, device, x)


def _jax(code: Callable[[Any], Any], order: int, device: str, x: Array) -> Array:
    from actcli.implementations.jax import compiled, compute

    return compute(compiled(code, (order,), x.ndim == 2) if order else code, x)


def _cupy(code: Callable[[Any], Any], order: int, device: str, x: Array) -> Array:
    where = get_device(device)
    with where.active():
        answer = code(where.array(x))
        require(answer, where.xp.ndarray, "CuPy array")
        return where.to_numpy(answer)


_CALLS = {"numpy": _numpy, "torch": _torch, "jax": _jax, "cupy": _cupy}


def _prepare(
    codes: tuple[str, ...],
    array: str,
    orders: tuple[int, ...],
    device: str,
    x: Array,
    out: bool,
    threads: int | None,
) -> Ready:
    """Bind the code to arrays of its library; it isn't called as yet."""
    with _ALONE, _off_stdout():
        functions = [_code(text) for text in codes]
    if len(functions) > max(orders) > 0:  # the derivative is code, too
        function, orders = _together([functions[order] for order in orders]), (0,)
    else:
        function = functions[0]
    return _bound(function, array, Task("", {}, orders, device, x, out, threads))


def _together(functions: list[Callable[[Any], Any]]) -> Callable[[Any], Any]:
    return functions[0] if len(functions) == 1 else lambda x: tuple(function(x) for function in functions)


def _bound(function: Callable[[Any], Any], array: str, task: Task) -> Ready:
    if array == "torch":
        from actcli.implementations import torch

        found = torch.bind(function, task)
    elif array == "jax":
        from actcli.implementations import jax

        differentiated = jax.compiled(function, task.orders, task.x.ndim == 2) if task.orders != (0,) else function
        found = jax.bind(differentiated, task)
    else:
        where = get_device(task.device)
        found = ready(partial(function, where.array(task.x)), where, allocates=True)
    return replace(found, active=partial(_silent, found))


@contextmanager
def _silent(found: Ready) -> Iterator[None]:
    with _off_stdout(), found.active():
        yield


def _threads(array: str) -> Threads:
    """Threads of NumPy code are its own affair: NumPy's functions take one."""
    if array == "torch":
        from actcli.implementations.torch import threads_of

        return threads_of
    if array == "jax":
        from actcli.implementations.jax import every_core

        return every_core
    return one_thread


@cache
def _code(text: str) -> Callable[..., Any]:
    return find_code(text)


def _anywhere(text: str) -> str:
    """Name a file so that another process finds it, wherever it runs."""
    place, _, name = text.rpartition(":")
    return f"{Path(place).expanduser().resolve()}:{name}" if place.endswith(".py") else text


def _is_module(code: object) -> bool:
    """Tell whether code is PyTorch's, which the code itself has imported then."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(code, torch.nn.Module)


def _need(array: str) -> None:
    from actcli.implementations.resolve import providers

    if array != "numpy" and (missing := providers()[array].missing()):
        raise MissingError(f"--array {array}: {missing}")
