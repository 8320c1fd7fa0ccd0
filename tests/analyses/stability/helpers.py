"""Small implementations to audit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from actcli.activations.function import Function
from actcli.activations.registry import DEFAULT
from actcli.core.formats import FLOAT32, Format
from actcli.implementations.provider import Implementation

Array = np.ndarray[Any, Any]


def function(text: str) -> Function:
    found = DEFAULT.get(text)
    assert isinstance(found, Function)
    return found


def made(call: Callable[[Array], Any], format: Format = FLOAT32, name: str = "code:f") -> Implementation:
    return Implementation(name, "sigmoid", 0, format.name, call)


def sigmoid(x: Array) -> Array:
    """Correctly rounded in float32, but for a handful of numbers."""
    with np.errstate(over="ignore"):
        return (1 / (1 + np.exp(-x.astype(np.float64)))).astype(x.dtype)
