"""What `scipy.special` has of activations, and what people put together from it."""

from __future__ import annotations

from collections.abc import Mapping

from actcli.core.device import get_device
from actcli.implementations.peers import Library, Table
from actcli.implementations.provider import Array, Provider

TABLE: Table = {
    "sigmoid": lambda xp, x: xp.special.expit(x),
    "logit": lambda xp, x: xp.special.logit(x),
    "log_sigmoid": lambda xp, x: xp.special.log_expit(x),
    "softplus": lambda xp, x: -xp.special.log_expit(-x),
    "silu": lambda xp, x: x * xp.special.expit(x),
    "gelu": lambda xp, x: x * xp.special.ndtr(x),
    "quick_gelu": lambda xp, x: x * xp.special.expit(x.dtype.type(1.702) * x),
    "softmax": lambda xp, x: xp.special.softmax(x, axis=-1),
    "log_softmax": lambda xp, x: xp.special.log_softmax(x, axis=-1),
}


def _run(activation: str, parameters: Mapping[str, float], order: int, device: str, x: Array) -> Array:
    result: Array = TABLE[activation](get_device(device).xp, x, **parameters)
    return result


PROVIDER = Provider("scipy", Library("scipy", TABLE, _run).find, ("scipy",), ("scipy",))
