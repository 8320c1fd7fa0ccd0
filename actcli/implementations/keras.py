"""Keras: `keras.activations` on the backend that is set, or else on JAX or PyTorch; derivatives are the backend's."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache, partial
from importlib.util import find_spec
from typing import Any

import numpy as np

from actcli.core.apply import usable_cores
from actcli.implementations.peers import Library, Table, Task
from actcli.implementations.provider import Array, Provider
from actcli.implementations.timed import Ready, answering

TABLE: Table = {
    "identity": lambda activations, x: activations.linear(x),
    "sigmoid": lambda activations, x: activations.sigmoid(x),
    "tanh": lambda activations, x: activations.tanh(x),
    "softsign": lambda activations, x: activations.softsign(x),
    "relu": lambda activations, x: activations.relu(x),
    "leaky_relu": lambda activations, x, negative_slope: activations.leaky_relu(x, negative_slope),
    "relu6": lambda activations, x: activations.relu6(x),
    "elu": lambda activations, x, alpha: activations.elu(x, alpha),
    "selu": lambda activations, x: activations.selu(x),
    "celu": lambda activations, x, alpha: activations.celu(x, alpha),
    "gelu": lambda activations, x: activations.gelu(x),
    "gelu_tanh": lambda activations, x: activations.gelu(x, approximate=True),
    "silu": lambda activations, x: activations.silu(x),
    "mish": lambda activations, x: activations.mish(x),
    "softplus": lambda activations, x: activations.softplus(x),
    "log_sigmoid": lambda activations, x: activations.log_sigmoid(x),
    "hard_sigmoid": lambda activations, x: activations.hard_sigmoid(x),
    "hard_swish": lambda activations, x: activations.hard_swish(x),
    "hard_tanh": lambda activations, x: activations.hard_tanh(x),
    "softmax": lambda activations, x: activations.softmax(x, axis=-1),
    "log_softmax": lambda activations, x: activations.log_softmax(x, axis=-1),
    "glu": lambda activations, x: activations.glu(x, axis=-1),
}


def _run(activation: str, parameters: Mapping[str, float], order: int, device: str, x: Array) -> Array:
    keras = _keras()
    function = partial(_call, activation, parameters)
    if keras.backend.backend() == "jax":
        from actcli.implementations.jax import compute

        return compute(_compiled(activation, tuple(parameters.items()), (order,), x.ndim == 2), x)
    if keras.backend.backend() == "torch":
        from actcli.implementations.torch import derivative

        return derivative(function, order, "cpu", x)
    if order:
        raise NotImplementedError(f"derivatives on the backend {keras.backend.backend()}")
    return np.array(keras.ops.convert_to_numpy(function(keras.ops.convert_to_tensor(x, dtype=x.dtype.name))))


def _call(activation: str, parameters: Mapping[str, float], x: Any) -> Any:
    return TABLE[activation](_keras().activations, x, **parameters)


@cache
def _compiled(activation: str, parameters: tuple[tuple[str, float], ...], orders: tuple[int, ...], rows: bool) -> Any:
    from actcli.implementations.jax import compiled

    return compiled(partial(_call, activation, dict(parameters)), orders, rows)


def _keras() -> Any:
    if "KERAS_BACKEND" not in os.environ and find_spec("tensorflow") is None:
        # Keras would ask for TensorFlow.
        os.environ["KERAS_BACKEND"] = "jax" if find_spec("jax") is not None else "torch"
    os.environ.setdefault("KERAS_TORCH_DEVICE", "cpu")
    import keras

    return keras


def _no_backend() -> str:
    if any(find_spec(name) is not None for name in ("tensorflow", "jax", "torch")):
        return ""
    return "keras has no backend to compute with: pip install jax"


def _bind(task: Task) -> Ready:
    keras = _keras()
    function = partial(_call, task.activation, task.parameters)
    if keras.backend.backend() == "jax":
        from actcli.implementations import jax

        parameters = tuple(task.parameters.items())
        return jax.bind(_compiled(task.activation, parameters, task.orders, task.x.ndim == 2), task)
    if keras.backend.backend() == "torch":
        from actcli.implementations import torch

        return torch.bind(function, task)
    given = keras.ops.convert_to_tensor(task.x, dtype=task.x.dtype.name)
    return answering(partial(function, given), lambda tensor: np.array(keras.ops.convert_to_numpy(tensor)))


def _threads(asked: int | None, size: int = 0) -> int:
    if _keras().backend.backend() == "torch":
        from actcli.implementations.torch import threads_of

        return threads_of(asked)
    return usable_cores()


_NOTES = ("", "the backend's", "the backend's, twice")
_LIBRARY = Library("keras", TABLE, _run, _bind, _NOTES, threads=_threads)
PROVIDER = Provider("keras", _LIBRARY.find, ("keras",), ("keras",), _no_backend, timed=_LIBRARY.timed)
