"""What a formula of the books is to us, and how it comes by its constants.

The formulas are NumPy code as a reader types it, in the arithmetic of the input's own format. None guards against
anything that its author didn't guard against: what they raise and lose is what they are here for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, slots=True)
class Variant:
    """One formula for one derivative (order 0 is f) of one activation: `compute(x, **parameters)`.

    It may take `out`, an array for the result, where the last operation can write into one, and `y`, the output of f,
    where the derivative is a function of it.
    """

    activation: str
    order: int
    name: str
    compute: Callable[..., Any]
    source: str


def number(x: Any, value: float) -> Any:
    """Return a constant in x's format: bfloat16 becomes float32 as soon as it meets a Python float."""
    return x.dtype.type(value)


def between(x: Any, low: float, high: float, out: Any = None) -> Any:
    """Return clip(x, low, high) in x's format; np.clip makes float32 of bfloat16."""
    return minimum(maximum(x, low), high, out)


def maximum(x: Any, low: float, out: Any = None) -> Any:
    """Return max(x, low) in x's format."""
    return np.maximum(x, number(x, low), out=out)


def minimum(x: Any, high: float, out: Any = None) -> Any:
    """Return min(x, high) in x's format."""
    return np.minimum(x, number(x, high), out=out)
