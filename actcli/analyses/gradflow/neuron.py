"""One unit over a data set: its pre-activation, value and slope for every example, and whether it can still learn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from actcli.activations.function import Function
from actcli.errors import UsageError

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class Response:
    """z = w·x + b, φ(z) and φ′(z), one entry an example."""

    z: Array
    value: Array
    slope: Array

    @property
    def active(self) -> float:
        """The share of the examples that pass a gradient on."""
        return float((self.slope != 0).mean())

    @property
    def dead(self) -> bool:
        """Whether the slope is 0 for every example, so that no weight of the unit ever changes."""
        return not (self.slope != 0).any()


def neuron(function: Function, weights: Sequence[float] | Array, bias: float, data: Sequence[Any] | Array) -> Response:
    """Return what a unit does with data of shape (examples, features).

    Raises UsageError when weights don't fit, and where z is beyond float64.
    """
    w, x = np.asarray(weights, dtype=np.float64), np.asarray(data, dtype=np.float64)
    if w.ndim != 1 or x.ndim != 2 or x.shape[1] != w.size or not x.size:
        raise UsageError(f"weights of shape {w.shape} don't fit data of shape {x.shape}: give (examples, features)")
    with np.errstate(all="ignore"):
        z = x @ w + bias
    if not np.isfinite(z).all():
        raise UsageError(f"z = w·x + b of example {int(np.argmin(np.isfinite(z))) + 1} overflows float64")
    value, slope = function.derivatives(z)
    return Response(z, value, slope)
