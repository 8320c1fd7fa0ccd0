"""The formulas of the books as kernels for a GPU: written once with NumPy, traced, then said in C or to `cupy.fuse`.

A formula is computed on a stand-in for its array, which remembers what is done to it. So every way to write the same
thing in CuPy comes from the one table of formulas.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

OPERATIONS = {
    "add": "({} + {})", "subtract": "({} - {})", "multiply": "({} * {})", "divide": "({} / {})", "negative": "(-{})",
    "less": "({} < {})", "less_equal": "({} <= {})", "greater": "({} > {})", "greater_equal": "({} >= {})",
    "bitwise_and": "({} && {})", "where": "({} ? {} : {})", "astype": "({} ? 1 : 0)", "absolute": "abs({})",
    "maximum": "({0} < {1} ? {1} : {0})", "minimum": "({0} > {1} ? {1} : {0})", "square": "({0} * {0})",
}  # fmt: skip
"""What C writes otherwise than `name(operand)`. NaN goes through NumPy's maximum, and not through C's."""


@dataclass(frozen=True, eq=False, slots=True)
class Traced(np.lib.mixins.NDArrayOperatorsMixin):
    """What a formula did: an operation and its operands, which are traced, or numbers; `x` is the input."""

    dtype: np.dtype[Any]
    operation: str = "x"
    operands: Sequence[Any] = ()

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *operands: Any, **options: Any) -> Any:
        if method != "__call__" or any(option is not None for option in options.get("out", ())):
            return NotImplemented
        return Traced(self.dtype, ufunc.__name__, operands)

    def __array_function__(self, function: Any, types: Any, operands: Any, options: Any) -> Any:
        return Traced(self.dtype, function.__name__, operands) if function is np.where else NotImplemented

    def astype(self, dtype: Any, copy: bool = True) -> Traced:
        """Remember a conversion to the input's format, the only one that formulas make."""
        return Traced(self.dtype, "astype", (self,)) if self.operation in _CONDITIONS else self


_CONDITIONS = ("less", "less_equal", "greater", "greater_equal", "bitwise_and")


def trace(compute: Callable[..., Any], dtype: np.dtype[Any]) -> Traced | None:
    """Return what a formula does to an array of a dtype; None where it does more than one expression can say."""
    try:
        found = compute(Traced(dtype))
    except TypeError:  # indexed by a mask, summed along an axis
        return None
    return found if isinstance(found, Traced) else None


def in_c(traced: object, type: str = "T") -> str:
    """Return a traced formula as an expression in C, computed in a type; T is that of the input x."""
    if not isinstance(traced, Traced):
        assert isinstance(traced, int | float | np.number)
        return f"{type}({float(traced)!r})"
    if traced.operation == "x":
        return f"{type}(x)"
    operands = [in_c(each, type) for each in traced.operands]
    if traced.operation == "power":  # formulas have small whole exponents, for which people write products
        return f"({' * '.join(operands[:1] * int(traced.operands[1]))})"
    return OPERATIONS.get(traced.operation, f"{traced.operation}({{}})").format(*operands)


def replay(traced: object, x: Any, xp: Any) -> Any:
    """Compute a traced formula with the functions of another library."""
    if not isinstance(traced, Traced):
        return traced
    if traced.operation == "x":
        return x
    operands = [replay(each, x, xp) for each in traced.operands]
    if traced.operation == "astype":
        return operands[0].astype(traced.dtype)
    function = getattr(xp.special if traced.operation == "erf" else xp, traced.operation)
    return function(*operands)
