"""What `scipy.special` has of activations, and what people put together from it."""

from __future__ import annotations

from collections.abc import Mapping

from actcli.core.device import get_device
from actcli.implementations.peers import Library, Table, Task, bind_arrays
from actcli.implementations.provider import Array, Provider
from actcli.implementations.timed import Ready

TABLE: Table = {
    "sigmoid": lambda xp, x, out=None: xp.special.expit(x, out=out),
    "logit": lambda xp, x, out=None: xp.special.logit(x, out=out),
    "log_sigmoid": lambda xp, x, out=None: xp.special.log_expit(x, out=out),
    "softplus": lambda xp, x, out=None: xp.negative(xp.special.log_expit(-x), out=out),
    "silu": lambda xp, x, out=None: xp.multiply(x, xp.special.expit(x), out=out),
    "gelu": lambda xp, x, out=None: xp.multiply(x, xp.special.ndtr(x), out=out),
    "quick_gelu": lambda xp, x, out=None: xp.multiply(x, xp.special.expit(x.dtype.type(1.702) * x), out=out),
    "softmax": lambda xp, x: xp.special.softmax(x, axis=-1),
    "log_softmax": lambda xp, x: xp.special.log_softmax(x, axis=-1),
}


def _run(activation: str, parameters: Mapping[str, float], order: int, device: str, x: Array) -> Array:
    result: Array = TABLE[activation](get_device(device).xp, x, **parameters)
    return result


def _bind(task: Task) -> Ready:
    return bind_arrays(TABLE[task.activation], task)


_LIBRARY = Library("scipy", TABLE, _run, _bind)
PROVIDER = Provider("scipy", _LIBRARY.find, ("scipy",), ("scipy",), timed=_LIBRARY.timed)
