"""Keras: `keras.activations` on the backend that is set, or else on JAX or PyTorch; derivatives are the backend's."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache, partial
from importlib.util import find_spec
from typing import Any

import numpy as np

from actcli.implementations.peers import Library, Table
from actcli.implementations.provider import Array, Provider

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

        return compute(_compiled(activation, tuple(parameters.items()), order, x.ndim == 2), x)
    if keras.backend.backend() == "torch":
        from actcli.implementations.torch import derivative

        return derivative(function, order, "cpu", x)
    if order:
        raise NotImplementedError(f"derivatives on the backend {keras.backend.backend()}")
    return np.array(keras.ops.convert_to_numpy(function(keras.ops.convert_to_tensor(x, dtype=x.dtype.name))))


def _call(activation: str, parameters: Mapping[str, float], x: Any) -> Any:
    return TABLE[activation](_keras().activations, x, **parameters)


@cache
def _compiled(activation: str, parameters: tuple[tuple[str, float], ...], order: int, rows: bool) -> Any:
    from actcli.implementations.jax import compiled

    return compiled(partial(_call, activation, dict(parameters)), order, rows)


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


_LIBRARY = Library("keras", TABLE, _run, ("", "the backend's", "the backend's, twice"))
PROVIDER = Provider("keras", _LIBRARY.find, ("keras",), ("keras",), _no_backend)
