"""What users pass in, as arrays; and results back in the shape of what they passed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from actcli.errors import UsageError


def unwrap(x: Any) -> tuple[Any, Callable[[Any], Any]]:
    """Return x as a NumPy or CuPy array, and a function that gives a result the type of x.

    Numbers and lists give NumPy results; a pandas Series or DataFrame keeps its index and names. Raises UsageError when
    x can't be an array of numbers.
    """
    module = type(x).__module__.partition(".")[0]
    if module == "cupy":
        return x, lambda result: result
    if module == "pandas":
        labels = {key: getattr(x, key) for key in ("index", "columns", "name") if key in _PANDAS[type(x).__name__]}
        return x.to_numpy(), lambda result: type(x)(result, **labels)
    try:
        array = np.asarray(x)
    except ValueError as error:
        raise UsageError(f"can't read the input as an array: {error}") from None
    if array.ndim == 0:
        return array, lambda result: result[()]
    return array, lambda result: result


_PANDAS = {"Series": ("index", "name"), "DataFrame": ("index", "columns"), "Index": ("name",)}
