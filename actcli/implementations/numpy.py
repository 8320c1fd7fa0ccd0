"""What NumPy has of activations, each as one of its own functions."""

from __future__ import annotations

from collections.abc import Mapping

from actcli.core.device import get_device
from actcli.implementations.peers import Library, Table, Task, bind_arrays
from actcli.implementations.provider import Array, Provider
from actcli.implementations.timed import Ready

TABLE: Table = {
    "identity": lambda xp, x, out=None: xp.positive(x, out=out),
    "tanh": lambda xp, x, out=None: xp.tanh(x, out=out),
    "relu": lambda xp, x, out=None: xp.maximum(x, 0, out=out),
    "relu6": lambda xp, x, cap, out=None: xp.clip(x, x.dtype.type(0), x.dtype.type(cap), out=out),
    "hard_tanh": lambda xp, x, out=None: xp.clip(x, x.dtype.type(-1), x.dtype.type(1), out=out),
    "softplus": lambda xp, x, out=None: xp.logaddexp(x.dtype.type(0), x, out=out),
    "log_sigmoid": lambda xp, x, out=None: xp.negative(xp.logaddexp(x.dtype.type(0), -x), out=out),
    "sign": lambda xp, x, out=None: xp.sign(x, out=out),
    "binary_step": lambda xp, x, out=None: xp.heaviside(x, x.dtype.type(1), out=out),
}


def _run(activation: str, parameters: Mapping[str, float], order: int, device: str, x: Array) -> Array:
    result: Array = TABLE[activation](get_device(device).xp, x, **parameters)
    return result


def _bind(task: Task) -> Ready:
    return bind_arrays(TABLE[task.activation], task)


_LIBRARY = Library("numpy", TABLE, _run, _bind)
PROVIDER = Provider("numpy", _LIBRARY.find, ("numpy",), ("numpy",), timed=_LIBRARY.timed)
