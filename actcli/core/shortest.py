"""The shortest decimal text that reads back bit-identical, in the number's own precision.

One style everywhere, Python's `repr`: `0.1`, `5.0`, `1e-07`, `1e+16`, `-0.0`, `inf`, `nan`; integers plain, booleans
`true` and `false`. `texts` needs NumPy alone up to `MANY` values; beyond, and in `arrow_texts`, PyArrow formats whole
columns and the few ranges where its style differs are rewritten.
"""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa

    Array = np.ndarray[Any, np.dtype[Any]]

MANY = 50_000
"""From here on, what PyArrow saves is more than what its import costs."""

_SAFE_DIGITS = {"bfloat16": 2, "float16": 3, "float32": 6}
"""Decimals of so many digits always survive a trip through a normal number of the format."""

_quiet = np.errstate(invalid="ignore")  # signalling NaNs are numbers to print, not accidents


@_quiet
def texts(array: Array) -> list[str]:
    """Return the shortest texts of a 1-D array of float16, bfloat16, float32, float64, integers or booleans.

    Raises TypeError for any other dtype.
    """
    array = _native(array)
    if array.size >= MANY:
        many: list[str] = arrow_texts(array).to_pylist()
        return many
    if array.dtype.kind == "b":
        return ["true" if flag else "false" for flag in array.tolist()]
    if array.dtype.kind in "iu":
        return [str(number) for number in array.tolist()]
    if array.dtype.name != "float64":
        return [repr(number) for number in _shortest_decimals(array)]
    return [repr(number) for number in array.tolist()]


@_quiet
def arrow_texts(array: Array) -> pa.StringArray:
    """Return the same texts as `texts`, as one PyArrow column; meant for large arrays.

    Raises TypeError for a dtype that `texts` doesn't know.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    array = _native(array)
    if array.dtype.name in ("float16", "bfloat16"):
        return _all_texts(array.dtype).take(pa.array(array.view(np.uint16)))
    text = pc.cast(pa.array(array), pa.string())
    return _as_repr(array, text) if array.dtype.kind == "f" else text


def _as_repr(array: Array, text: pa.StringArray) -> pa.StringArray:
    """Rewrite PyArrow's texts where they differ from `repr`: `5`, `1e-7`, `0.00001`, `1e+10`.

    Bounds are compared in the array's own precision, because the text of float32(1e-4) is `0.0001` too.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    size = np.abs(array)
    whole = (size < 1e10) & (array == np.trunc(array))
    if whole.any():
        text = pc.if_else(pa.array(whole), pc.binary_join_element_wise(text, ".0", ""), text)
    short_exponent = (size >= 1e-9) & (size < 1e-6)
    if short_exponent.any():
        mask = pa.array(short_exponent)
        padded = pc.replace_substring_regex(text.filter(mask), r"e-(\d)$", r"e-0\1")
        text = pc.replace_with_mask(text, mask, padded)
    other_notation = ((size >= 1e-6) & (size < 1e-4)) | ((size >= 1e10) & (size < 1e16))
    if other_notation.any():
        mask = pa.array(other_notation)
        # The text, not the number: float32's digits must survive the way through float64.
        numbers = pc.cast(text.filter(mask), pa.float64()).to_pylist()
        text = pc.replace_with_mask(text, mask, pa.array([repr(number) for number in numbers], pa.string()))
    return text


def _native(array: Array) -> Array:
    array = np.ascontiguousarray(array)
    known = array.dtype.kind in "biu" or array.dtype.name in (*_SAFE_DIGITS, "float64")
    if not known:
        raise TypeError(f"no decimal text for an array of {array.dtype.name}")
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


@cache
def _all_texts(dtype: np.dtype[Any]) -> pa.StringArray:
    """Return the text of every bit pattern of a 16-bit format, in order."""
    import pyarrow as pa

    positive = [repr(number) for number in _shortest_decimals(np.arange(1 << 15, dtype=np.uint16).view(dtype))]
    return pa.array(positive + [text if text == "nan" else f"-{text}" for text in positive], pa.string())


def _shortest_decimals(array: Array) -> list[float]:
    """Return, for numbers of less than float64's precision, the float64 whose `repr` is their shortest text."""
    safe = _SAFE_DIGITS[array.dtype.name]
    exact = _float64(array)
    size = np.abs(exact)
    sign_bit = {2: 0x8000, 4: 0x80000000}[array.dtype.itemsize]
    bits = array.view(f"u{array.dtype.itemsize}") & ~np.array(sign_bit, f"u{array.dtype.itemsize}")
    below = _float64((bits - (bits > 0)).view(array.dtype))
    above = _float64((bits + np.isfinite(exact)).astype(bits.dtype).view(array.dtype))
    # There is nothing above the largest number: what rounds to it lies symmetrically around it.
    above = np.where(np.isinf(above) & np.isfinite(exact), 2 * size - below, above)
    low, high = (below + size) / 2, (size + above) / 2
    subnormal = size < float(np.ldexp(1.0, {"float16": -14}.get(array.dtype.name, -126)))
    power_of_two = (size - below) != (above - size)
    even = (bits & 1) == 0
    shortest = [
        _shortest_decimal(*row) if 0 < row[0] < float("inf") else row[0]
        for row in zip(
            size.tolist(),
            low.tolist(),
            high.tolist(),
            even.tolist(),
            np.where(subnormal, 1, safe).tolist(),
            power_of_two.tolist(),
            strict=True,
        )
    ]
    signed: list[float] = np.copysign(shortest, exact).tolist()
    return signed


def _shortest_decimal(size: float, low: float, high: float, even: bool, digits: int, lopsided: bool) -> float:
    """Return the decimal of fewest digits between `low` and `high`, the halfway points (which round to even)."""
    for precision in range(digits - 1, 17):
        text = f"{size:.{precision}e}"
        candidates = [float(text)]
        if lopsided:
            # Below a power of two the numbers lie closer, so the nearest decimal may miss where the next one up hits.
            decimal = Decimal(text)
            candidates.append(float(decimal + Decimal(1).scaleb(decimal.adjusted() - precision)))
        for candidate in candidates:
            if low < candidate < high or (even and candidate in (low, high)):
                return candidate
    return size


def _float64(array: Array) -> Array:
    """Return the same numbers as float64, without needing ml_dtypes to be imported for bfloat16."""
    if array.dtype.name == "bfloat16":
        array = (array.view(np.uint16).astype(np.uint32) << 16).view(np.float32)
    return array.astype(np.float64)
