"""A formula computed as a reader would type it in NumPy: plain IEEE operations, nothing rearranged.

What NumPy has is NumPy's own: tanh. Other functions of the catalogue are typed out too, by their definitions, unless
the formula is to be computed with right ones; Φ and φ are (1 + erf(x/√2))/2 and exp(−x²/2)/√(2π).
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np

from actcli.core.device import CPU
from actcli.core.formats import Format
from actcli.expressions.evaluate import Program, StepByName, run
from actcli.expressions.nodes import Known

Array = np.ndarray[Any, Any]

_NUMPY = {"where", "maximum", "minimum", "abs", "sign", "exp", "expm1", "log", "log1p", "sqrt", "sin", "cos", "sinh",
          "cosh", "tanh", "add", "subtract", "multiply", "divide", "power", "negative",
          "less", "less_equal", "greater", "greater_equal", "equal", "not_equal"}  # fmt: skip


class NaiveAlgebra(StepByName):
    """Arrays of one dtype; every operation is NumPy's own. Functions of the catalogue are `typed_out`, or right."""

    def __init__(self, dtype: np.dtype[Any], *, typed_out: bool) -> None:
        self.dtype, self.typed_out = dtype, typed_out

    def number(self, value: Fraction) -> Any:
        return self.dtype.type(float(value))

    def constant(self, name: str) -> Any:
        return self.dtype.type(getattr(math, name))

    def integer_power(self, base: Any, exponent: int) -> Any:
        return np.power(base, self.dtype.type(exponent))

    def known(self, function: Known, argument: Any) -> Any:
        if self.typed_out:
            return np.tanh(argument) if function.name == "tanh" else run(function.program, self, {"x": argument})
        value = function.derivatives_of(np.atleast_1d(np.asarray(argument, dtype=np.float64)), 0, CPU)[0]
        return value.astype(self.dtype)

    def erf(self, u: Any) -> Any:
        return self._by_libm(math.erf, u)

    def erfc(self, u: Any) -> Any:
        return self._by_libm(math.erfc, u)

    def _by_libm(self, function: Any, u: Any) -> Any:
        return np.array([function(float(each)) for each in np.atleast_1d(u)], dtype=self.dtype)

    def Phi(self, u: Any) -> Any:
        return (1 + self.erf(u / np.sqrt(self.dtype.type(2)))) / 2

    def phi(self, u: Any) -> Any:
        return np.exp(-u * u / 2) / np.sqrt(2 * self.constant("pi"))

    def __getattr__(self, name: str) -> Any:
        """Return NumPy's function of that name."""
        if name not in _NUMPY:
            raise AttributeError(name)
        return getattr(np, name)


def naively(program: Program, x: Array, format: Format, *, typed_out: bool) -> Array:
    """Return what a formula in x gives in a format (float32 or float64), as float64."""
    with np.errstate(all="ignore"):
        value = run(program, NaiveAlgebra(format.dtype, typed_out=typed_out), {"x": x.astype(format.dtype)})
        return np.broadcast_to(np.asarray(value, dtype=np.float64), x.shape)
