"""Floating-point formats: names, limits, bit patterns, and rounding float64 to any of them once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from actcli.errors import UsageError, suggestion


@dataclass(frozen=True, slots=True)
class Format:
    """A binary format: `precision` in bits with the implicit one, exponents of its largest and smallest numbers.

    `lowest` is the exponent of the smallest subnormal, so that every finite number is an integer times 2**lowest.
    """

    name: str
    bits: int
    precision: int
    highest: int
    lowest: int

    @property
    def dtype(self) -> np.dtype[Any]:
        """Return the NumPy dtype; bfloat16 comes from ml_dtypes, imported here only."""
        if self.name == "bfloat16":
            import ml_dtypes

            bfloat16: np.dtype[Any] = np.dtype(ml_dtypes.bfloat16)
            return bfloat16
        return np.dtype(self.name)

    @property
    def unsigned(self) -> np.dtype[Any]:
        """Return the unsigned integer of the same width."""
        return np.dtype(f"uint{self.bits}")

    def from_bits(self, patterns: Any) -> np.ndarray[Any, Any]:
        """Return the numbers that bit patterns encode."""
        return np.asarray(patterns, dtype=self.unsigned).view(self.dtype)

    def to_bits(self, numbers: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Return the bit patterns of numbers of this format."""
        return np.ascontiguousarray(numbers, dtype=self.dtype).view(self.unsigned)

    def every(self) -> np.ndarray[Any, Any]:
        """Return all 65,536 numbers of a 16-bit format, in the order of their encodings."""
        if self.bits != 16:
            raise ValueError(f"{self.name} has too many encodings to list")
        return self.from_bits(np.arange(1 << 16, dtype=np.uint16))


FLOAT16 = Format("float16", 16, 11, 15, -24)
BFLOAT16 = Format("bfloat16", 16, 8, 127, -133)
FLOAT32 = Format("float32", 32, 24, 127, -149)
FLOAT64 = Format("float64", 64, 53, 1023, -1074)

FORMATS = {each.name: each for each in (FLOAT16, BFLOAT16, FLOAT32, FLOAT64)}

_ALIASES = {
    "fp16": "float16", "half": "float16", "f16": "float16", "bf16": "bfloat16", "fp32": "float32", "f32": "float32",
    "single": "float32", "float": "float64", "fp64": "float64", "f64": "float64", "double": "float64",
}  # fmt: skip


def get_format(name: str) -> Format:
    """Return the format of a name such as `float32`, `fp32`, `half` or `bf16`. Raises UsageError."""
    key = name.strip().lower()
    key = _ALIASES.get(key, key)
    if key not in FORMATS:
        raise UsageError(f"unknown dtype {name!r}; there are {', '.join(FORMATS)}{suggestion(key, list(FORMATS))}")
    return FORMATS[key]


def format_of(dtype: np.dtype[Any]) -> Format | None:
    """Return the format of a NumPy dtype, or None for integers and everything else."""
    return FORMATS.get(dtype.name)


def round_to(values: Any, format: Format, xp: Any = np) -> Any:
    """Round float64 values once to a format, to nearest, ties to even."""
    if format.name == "float64":
        return values
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):  # too large a number becomes ∞
        return values.astype(format.name) if format.name != "bfloat16" else _round_to_bfloat16(values, format, xp)


def _round_to_bfloat16(values: Any, format: Format, xp: Any) -> Any:
    # ml_dtypes rounds float64 through float32, twice. Rounding to odd in the first step makes the second one exact
    # (Boldo & Melquiond, When double rounding is odd, 2005): an inexact float32 is truncated and its last bit set.
    single = values.astype(np.float32)
    back = single.astype(np.float64)
    pattern = single.view(np.uint32)
    pattern = xp.where(xp.abs(back) > xp.abs(values), pattern - np.uint32(1), pattern)
    pattern = xp.where((back != values) & xp.isfinite(values), pattern | np.uint32(1), pattern)
    return pattern.view(np.float32).astype(format.dtype)
