"""What NumPy has of activations, each as one of its own functions."""

from __future__ import annotations

from collections.abc import Mapping

from actcli.core.device import get_device
from actcli.implementations.peers import Library, Table
from actcli.implementations.provider import Array, Provider

TABLE: Table = {
    "identity": lambda xp, x: xp.positive(x),
    "tanh": lambda xp, x: xp.tanh(x),
    "relu": lambda xp, x: xp.maximum(x, 0),
    "relu6": lambda xp, x, cap: xp.clip(x, x.dtype.type(0), x.dtype.type(cap)),
    "hard_tanh": lambda xp, x: xp.clip(x, x.dtype.type(-1), x.dtype.type(1)),
    "softplus": lambda xp, x: xp.logaddexp(x.dtype.type(0), x),
    "log_sigmoid": lambda xp, x: -xp.logaddexp(x.dtype.type(0), -x),
    "sign": lambda xp, x: xp.sign(x),
    "binary_step": lambda xp, x: xp.heaviside(x, x.dtype.type(1)),
}


def _run(activation: str, parameters: Mapping[str, float], order: int, device: str, x: Array) -> Array:
    result: Array = TABLE[activation](get_device(device).xp, x, **parameters)
    return result


PROVIDER = Provider("numpy", Library("numpy", TABLE, _run).find, ("numpy",), ("numpy",))
