"""JAX: `jax.nn` under `jax.jit`, derivatives by automatic differentiation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np

from actcli.implementations.peers import Library, Table
from actcli.implementations.provider import Array, Provider, require

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
    return compute(_compiled(activation, tuple(parameters.items()), order, x.ndim == 2), x)


@cache
def _compiled(activation: str, parameters: tuple[tuple[str, float], ...], order: int, rows: bool) -> Any:
    from jax import nn

    return compiled(lambda x: TABLE[activation](nn, x, **dict(parameters)), order, rows)


def compute(function: Callable[[Any], Any], x: Array) -> Array:
    """Return what a function of JAX arrays answers for an array, on the CPU; float64 stays float64."""
    import jax

    with jax.default_device(jax.local_devices(backend="cpu")[0]), jax.enable_x64(x.dtype.itemsize == 8):
        answer = function(jax.numpy.asarray(x))
        require(answer, jax.Array, "Array")
        return np.array(answer)


def compiled(function: Callable[[Any], Any], order: int, rows: bool) -> Any:
    """Return the compiled derivative of an order of a function of arrays, at the elements of an array or its rows.

    Of rows it's the diagonal of the Jacobian: the derivative of each answer by the number in its place.
    """
    import jax

    for _ in range(order):
        function = _slope_of_row(function) if rows else jax.grad(function)
    return jax.jit(jax.vmap(function) if rows or order else function)


def _slope_of_row(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    import jax

    return lambda row: jax.numpy.diagonal(jax.jacrev(function)(row))


_LIBRARY = Library("jax", TABLE, _run, ("jit", "jit, grad", "jit, grad twice"))
PROVIDER = Provider("jax", _LIBRARY.find, ("jax",), ("jax",))
