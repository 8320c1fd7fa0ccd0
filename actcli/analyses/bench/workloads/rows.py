"""Workloads as rows of a benchmark: the project's own code, the textbook's, and PyTorch's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from actcli.analyses.bench.workloads.catalogue import get_workload
from actcli.analyses.bench.workloads.space import Space, own_threads
from actcli.analyses.bench.workloads.workload import Array, Arrays, Code, Workload
from actcli.core.apply import THREADED_FROM
from actcli.core.blas import blas_threads, limited
from actcli.core.device import CPU, Device, get_device
from actcli.core.formats import Format, get_format
from actcli.errors import UsageError
from actcli.implementations.provider import address
from actcli.implementations.resolve import Warn, choose
from actcli.implementations.timed import Ready, Timed, answering

ORDERS = ((0,), (0, 1))
"""Forward; forward and backward."""

_FORMATS = ("float32", "float64")


def timed_workloads(
    name: str,
    names: Sequence[str],
    size: int,
    formats: Sequence[Format],
    *,
    orders: Sequence[tuple[int, ...]] = ORDERS,
    device: Device = CPU,
    warn: Warn = lambda message: None,
) -> list[Timed]:
    """Return the rows of a workload that names of implementations stand for: orders by orders, format by format.

    Order 0 is the forward pass and (0, 1) forward and backward: the gradients of Σ cotangent·output by every argument
    that is differentiated, for cotangents that are always the same. `prepare` takes the elements of the first argument;
    those that don't fill a row are left out. Its results are the outputs, then the gradients. `warn` hears of
    implementations that have no workloads. Raises UsageError for an unknown workload, a size below one row, an order
    or a format that there is no such row for, and when no implementation is left; MissingError for a library that was
    asked for by name and isn't there.
    """
    workload = get_workload(name)
    workload.rows(size)
    _check(workload, orders, formats)
    chosen = [provider.name for provider in choose(names, warn=warn)]
    lacking = [each for each in chosen if each not in _ENGINES]
    if len(lacking) == len(chosen):
        raise UsageError(f"{lacking[0]} has no {workload.name}; there are {', '.join(_ENGINES)}")
    for each in lacking:
        warn(f"{each} has no {workload.name}; there are {', '.join(_ENGINES)}")
    return [
        _row(workload, each, order, format.name, device)
        for order in orders
        for format in formats
        for each in chosen
        if each in _ENGINES
    ]


def _check(workload: Workload, orders: Sequence[tuple[int, ...]], formats: Sequence[Format]) -> None:
    for order in orders:
        if order not in ORDERS:
            raise UsageError(f"--workload {workload.name} has --order 0 (forward) and 0+1 (forward and backward)")
    for format in formats:
        if format.name not in _FORMATS:
            raise UsageError(f"--workload {workload.name} is for {' and '.join(_FORMATS)}, not {format.name}")


def _row(workload: Workload, name: str, orders: tuple[int, ...], dtype: str, device: Device) -> Timed:
    prepare, threads = _ENGINES[name]
    return Timed(
        name=name,
        activation=workload.name,
        orders=orders,
        dtype=dtype,
        device=device.name,
        note=_NOTES.get((name, orders), ""),
        threads=partial(threads, workload.name, device.kind),
        prepare=partial(prepare, workload.name, orders, address(device)),
    )


def arrays_of(workload: Workload, x: Array) -> tuple[list[Array], list[Array]]:
    """Return the arguments, the first of them from the elements of an array, and the cotangents of the outputs."""
    given, cotangents = workload.given(x.size, get_format(x.dtype.name))
    shape = workload.shapes(x.size)[workload.arguments[0].name]
    return [x.reshape(-1)[: workload.elements(x.size)].reshape(shape).copy(), *given], cotangents


def compute(code: Code, space: Space, arguments: Arrays, cotangents: Arrays | None) -> tuple[Any, ...]:
    """Return the outputs, and the gradients where there are cotangents."""
    outputs, kept = code.forward(space, arguments, cotangents is not None)
    return tuple(outputs) if cotangents is None else (*outputs, *code.backward(space, arguments, kept, cotangents))


def _prepare_code(
    own: bool, name: str, orders: tuple[int, ...], where: str, x: Array, out: bool, threads: int | None
) -> Ready:
    workload, device = get_workload(name), get_device(where)
    code = workload.own if own else workload.textbook
    arguments, cotangents = arrays_of(workload, x)
    space = Space(device, x.dtype, keeps=own and out, threads=threads)
    given = [device.array(np.ascontiguousarray(each)) for each in code.pack(arguments)]
    upstream = [device.array(each) for each in cotangents] if 1 in orders else None

    def run() -> tuple[Any, ...]:
        return compute(code, space, given, upstream)

    def finish() -> None:
        if device.kind != "cpu":
            device.xp.cuda.get_current_stream().synchronize()

    def active() -> AbstractContextManager[object]:
        stack = ExitStack()
        stack.enter_context(np.errstate(all="ignore"))
        stack.enter_context(limited(threads))
        stack.enter_context(device.active())
        return stack

    ready = answering(run, device.to_numpy, finish, allocates=not (own and out), active=active)
    return _unpacking(ready, len(workload.outputs), code.unpack)


def _prepare_torch(name: str, orders: tuple[int, ...], where: str, x: Array, out: bool, threads: int | None) -> Ready:
    import torch

    from actcli.implementations.torch import threaded, to_numpy, to_tensor

    workload = get_workload(name)
    arguments, cotangents = arrays_of(workload, x)
    differentiated = [each.differentiated for each in workload.arguments] + [True] * len(arguments)  # a packed one more
    given = [to_tensor(np.ascontiguousarray(each), where) for each in workload.torch.pack(arguments)]
    leaves = [tensor for tensor, wanted in zip(given, differentiated, strict=False) if wanted]
    upstream = [to_tensor(each, where) for each in cotangents]

    def forward() -> tuple[Any, ...]:
        with torch.inference_mode():
            return tuple(workload.torch.forward(torch, given))

    def both() -> tuple[Any, ...]:
        outputs = workload.torch.forward(torch, given)
        return (*outputs, *torch.autograd.grad(outputs, leaves, upstream))

    if 1 in orders:
        for leaf in leaves:
            leaf.requires_grad_()

    def finish() -> None:
        if where != "cpu":
            torch.cuda.synchronize(where)

    ready = answering(both if 1 in orders else forward, to_numpy, finish, active=partial(threaded, threads))
    return _unpacking(ready, len(workload.outputs), workload.torch.unpack)


def _unpacking(ready: Ready, outputs: int, unpack: Callable[[Arrays], list[Any]]) -> Ready:
    """Have the answer's gradients in the form that the workload declares."""

    def answer() -> tuple[Array, ...]:
        results = ready.answer()
        gradients = results[outputs:]
        return (*results[:outputs], *(unpack(gradients) if gradients else ()))

    return replace(ready, answer=answer)


def _own(name: str, kind: str, asked: int | None, size: int = THREADED_FROM) -> int:
    if kind != "cpu":
        return 1
    rows = own_threads(asked, size)
    return max(rows, blas_threads(asked)) if get_workload(name).multiplies else rows


def _textbook(name: str, kind: str, asked: int | None, size: int = THREADED_FROM) -> int:
    return blas_threads(asked) if kind == "cpu" and get_workload(name).multiplies else 1


def _torch(name: str, kind: str, asked: int | None, size: int = THREADED_FROM) -> int:
    import torch

    return (asked or int(torch.get_num_threads())) if kind == "cpu" else 1


_ENGINES: dict[str, tuple[Callable[..., Ready], Callable[..., int]]] = {
    "actcli": (partial(_prepare_code, True), _own),
    "textbook": (partial(_prepare_code, False), _textbook),
    "torch": (_prepare_torch, _torch),
}
_NOTES: dict[tuple[str, tuple[int, ...]], str] = {("torch", (0, 1)): "autograd"}
