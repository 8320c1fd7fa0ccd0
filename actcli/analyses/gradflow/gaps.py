"""Where an activation has no value: sqrt and log left of 0, and what a user's own code leaves out."""

from __future__ import annotations

from typing import Any

import numpy as np

from actcli.activations.function import Function

Array = np.ndarray[Any, Any]

_POINTS = np.linspace(-64, 64, (1 << 12) + 1)
_HALVINGS = 60


def gap(function: Function) -> str:
    """Return in words where a function has no value, the first such place; an empty text if it has one everywhere."""
    missing = _missing(function, _POINTS)
    if not missing.any():
        return ""
    if missing.all():
        return f"{function.name} has no value anywhere"
    first = int(missing.argmax())
    after = first + int(np.argmin(missing[first:]))  # `first` itself where no value comes after
    low = "" if first == 0 else f"{_end(function, _POINTS[first], _POINTS[first - 1])} < "
    high = "" if after == first else f" < {_end(function, _POINTS[after - 1], _POINTS[after])}"
    where = f"x{high}" if not low else f"{low}x{high}" if high else f"x > {low[:-3]}"
    return f"{function.name} has no value for {where}"


def _missing(function: Function, x: Array) -> Array:
    return np.asarray(np.isnan(np.asarray(function(x))))


def _end(function: Function, missing: float, there: float) -> str:
    """Return where values begin, between a point without one and a point with one."""
    for _ in range(_HALVINGS):
        middle = (missing + there) / 2
        if _missing(function, np.array([middle]))[0]:
            missing = middle
        else:
            there = middle
    return f"{round(there, 9):g}"
