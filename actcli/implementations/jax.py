"""JAX: `jax.nn` under `jax.jit`, derivatives by automatic differentiation."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache, partial
from typing import Any

import numpy as np

from actcli.core.apply import usable_cores
from actcli.implementations.peers import Library, Table, Task
from actcli.implementations.provider import Array, Provider, require
from actcli.implementations.timed import Ready, answering

TABLE: Table = {
    "identity": lambda nn, x: nn.identity(x),
    "sigmoid": lambda nn, x: nn.sigmoid(x),
    "tanh": lambda nn, x: nn.tanh(x),
    "softsign": lambda nn, x: nn.soft_sign(x),
    "relu": lambda nn, x: nn.relu(x),
    "leaky_relu": lambda nn, x, negative_slope: nn.leaky_relu(x, negative_slope),
    "relu6": lambda nn, x: nn.relu6(x),
    "elu": lambda nn, x, alpha: nn.elu(x, alpha),
    "selu": lambda nn, x: nn.selu(x),
    "celu": lambda nn, x, alpha: nn.celu(x, alpha),
    "gelu": lambda nn, x: nn.gelu(x, approximate=False),
    "gelu_tanh": lambda nn, x: nn.gelu(x, approximate=True),
    "silu": lambda nn, x: nn.silu(x),
    "mish": lambda nn, x: nn.mish(x),
    "softplus": lambda nn, x: nn.softplus(x),
    "log_sigmoid": lambda nn, x: nn.log_sigmoid(x),
    "hard_sigmoid": lambda nn, x: nn.hard_sigmoid(x),
    "hard_swish": lambda nn, x: nn.hard_swish(x),
    "hard_tanh": lambda nn, x: nn.hard_tanh(x),
    "softmax": lambda nn, x: nn.softmax(x, axis=-1),
    "log_softmax": lambda nn, x: nn.log_softmax(x, axis=-1),
    "glu": lambda nn, x: nn.glu(x, axis=-1),
}


def _run(activation: str, parameters: Mapping[str, float], order: int, device: str, x: Array) -> Array:
    return compute(_compiled(activation, tuple(parameters.items()), (order,), x.ndim == 2), x, device)


@cache
def _compiled(activation: str, parameters: tuple[tuple[str, float], ...], orders: tuple[int, ...], rows: bool) -> Any:
    from jax import nn

    return compiled(lambda x: TABLE[activation](nn, x, **dict(parameters)), orders, rows)


def compute(function: Callable[[Any], Any], x: Array, device: str = "cpu") -> Array:
    """Return what a function of JAX arrays answers for an array; float64 stays float64."""
    import jax

    with _active(x.dtype, device):
        answer = function(jax.numpy.asarray(x))
        require(answer, jax.Array, "Array")
        return np.array(answer)


@contextmanager
def _active(dtype: np.dtype[Any], device: str) -> Iterator[None]:
    kind, _, number = device.partition(":")
    if kind != "cpu":  # JAX would take three quarters of the device's memory when it first computes there
        os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    import jax

    where = jax.local_devices(backend=kind)[int(number or 0)]
    with jax.default_device(where), jax.enable_x64(dtype.itemsize == 8):
        yield


@cache
def compiled(function: Callable[[Any], Any], orders: tuple[int, ...], rows: bool) -> Any:
    """Return the compiled derivatives of some orders of a function of arrays, at the elements of an array or its rows.

    Of rows they are the diagonal of the Jacobian: the derivative of each answer by the number in its place. Of several
    orders, what they share is computed once, and the answer is a tuple.
    """
    import jax

    functions = [function]
    for _ in range(max(orders)):
        functions.append(_slope_of_row(functions[-1]) if rows else jax.grad(functions[-1]))
    mapped = [jax.vmap(functions[order]) if rows or order else function for order in orders]
    return jax.jit(mapped[0] if len(mapped) == 1 else lambda x: tuple(each(x) for each in mapped))


def _slope_of_row(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    import jax

    return lambda row: jax.numpy.diagonal(jax.jacrev(function)(row))


def _bind(task: Task) -> Ready:
    parameters = tuple(task.parameters.items())
    return bind(_compiled(task.activation, parameters, task.orders, task.x.ndim == 2), task)


def bind(function: Callable[[Any], Any], task: Task) -> Ready:
    """Return what is timed of a compiled function of JAX arrays.

    It goes on computing after it has returned. On the CPU a call waits, lest several be computed at once.
    """
    import jax

    active = partial(_active, task.x.dtype, task.device)
    with active():
        given = jax.block_until_ready(jax.numpy.asarray(task.x))
    if task.device == "cpu":
        return answering(lambda: jax.block_until_ready(function(given)), np.asarray, active=active)
    last = [given]

    def run() -> Any:
        last[0] = function(given)
        return last[0]

    return answering(run, np.asarray, lambda: jax.block_until_ready(last[0]), active=active, own_stream=True)


def every_core(asked: int | None, size: int = 0) -> int:
    """Return all cores: the threads of XLA are set when the process starts, if at all."""
    return usable_cores()


_NOTES = ("jit", "jit, grad", "jit, grad twice")
_LIBRARY = Library("jax", TABLE, _run, _bind, _NOTES, ("cpu", "cuda"), every_core)
PROVIDER = Provider("jax", _LIBRARY.find, ("jax",), ("jax",), timed=_LIBRARY.timed)
