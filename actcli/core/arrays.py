"""What users pass in, as arrays; and results back in the shape of what they passed."""

from __future__ import annotations

import sys
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
    if module == "pandas" and hasattr(x, "to_numpy"):
        return _unwrap_pandas(x)
    try:
        array = np.asarray(x)
    except ValueError as error:
        raise UsageError(f"can't read the input as an array: {error}") from None
    # Whoever made a masked array has imported the module; importing it here would cost every start 10 ms.
    masked = sys.modules.get("numpy.ma")
    if masked is not None and isinstance(x, masked.MaskedArray):
        return array, lambda result: masked.array(result, mask=x.mask)
    if array.ndim == 0:
        return array, lambda result: result[()]
    return array, lambda result: result


def _unwrap_pandas(x: Any) -> tuple[Any, Callable[[Any], Any]]:
    labels = {key: getattr(x, key) for key in ("index", "columns") if hasattr(x, key)}
    if not labels:  # an Index has no other place for its results than an array
        return np.asarray(x), lambda result: result
    if "columns" not in labels:
        labels["name"] = x.name
    try:
        values = x.to_numpy()
        if values.dtype.kind not in "biuf":
            values = x.to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise UsageError(f"can't read the input as numbers: {error}") from None
    return values, lambda result: type(x)(result, **labels)
