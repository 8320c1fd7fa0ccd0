"""Functions of the form x·gate(x): GELU and its approximations, SiLU, Mish."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from actcli.core.device import device_of
from actcli.implementations.textbook.sigmoids import naive_sigmoid
from actcli.implementations.textbook.variant import Variant, number


def _erf(x: Any) -> Any:
    """Return SciPy's erf in x's format: it knows float32 and float64 only."""
    wide = x if x.dtype.itemsize > 2 else x.astype(np.float32)
    result: Any = device_of(x).xp.special.erf(wide).astype(x.dtype, copy=False)
    return result


def gelu_erf(x: Any, out: Any = None) -> Any:
    """Return ½x(1 + erf(x/√2))."""
    return np.multiply(x / 2, 1 + _erf(x / number(x, math.sqrt(2))), out=out)


def _gelu_erf_slope(x: Any, out: Any = None) -> Any:
    cdf = (1 + _erf(x / number(x, math.sqrt(2)))) / 2
    return np.add(cdf, x * np.exp(-(x**2) / 2) / number(x, math.sqrt(2 * math.pi)), out=out)


def _gelu_inner(x: Any) -> Any:
    return np.tanh(number(x, math.sqrt(2 / math.pi)) * (x + number(x, 0.044715) * x**3))


def _gelu_tanh(x: Any, out: Any = None) -> Any:
    return np.multiply(x / 2, 1 + _gelu_inner(x), out=out)


def _gelu_tanh_slope(x: Any, out: Any = None) -> Any:
    t = _gelu_inner(x)
    inner = number(x, math.sqrt(2 / math.pi)) * (1 + number(x, 3 * 0.044715) * x**2)
    return np.add((1 + t) / 2, x / 2 * (1 - t**2) * inner, out=out)


def _swish(x: Any, beta: Any, out: Any = None) -> Any:
    return np.multiply(x, naive_sigmoid(beta * x), out=out)


def _swish_slope(x: Any, beta: Any, out: Any = None) -> Any:
    s = naive_sigmoid(beta * x)
    return np.multiply(s, 1 + beta * x * (1 - s), out=out)


def _quick(compute: Callable[..., Any]) -> Callable[..., Any]:
    return lambda x, out=None: compute(x, number(x, 1.702), out)


def _mish(x: Any, out: Any = None) -> Any:
    return np.multiply(x, np.tanh(np.log(1 + np.exp(x))), out=out)


def _mish_slope(x: Any, out: Any = None) -> Any:
    e = np.exp(x)
    omega = 4 * (x + 1) + 4 * e**2 + e**3 + e * (4 * x + 6)
    delta = 2 * e + e**2 + 2
    return np.divide(e * omega, delta**2, out=out)


_TANH = "½x(1 + tanh(√(2/π)(x + 0.044715x³)))"
_QUICK = "x·σ(1.702x)"
VARIANTS: tuple[Variant, ...] = (
    Variant("gelu", 0, "erf", gelu_erf, "½x(1 + erf(x/√2))"),
    Variant("gelu", 0, "tanh", _gelu_tanh, f"approximation: {_TANH}"),
    Variant("gelu", 0, "sigmoid", _quick(_swish), f"approximation: {_QUICK}"),
    Variant("gelu", 1, "erf", _gelu_erf_slope, "½(1 + erf(x/√2)) + x·exp(-x²/2)/√(2π)"),
    Variant("gelu", 1, "tanh", _gelu_tanh_slope, f"approximation: the derivative of {_TANH}"),
    Variant("gelu", 1, "sigmoid", _quick(_swish_slope), f"approximation: the derivative of {_QUICK}"),
    Variant("gelu_tanh", 0, "tanh", _gelu_tanh, _TANH),
    Variant("gelu_tanh", 1, "tanh", _gelu_tanh_slope, f"the derivative of {_TANH}"),
    Variant("quick_gelu", 0, "sigmoid", _quick(_swish), _QUICK),
    Variant("quick_gelu", 1, "sigmoid", _quick(_swish_slope), f"the derivative of {_QUICK}"),
    Variant("silu", 0, "naive", lambda x, out=None: np.multiply(x, naive_sigmoid(x), out=out), "x·σ(x)"),
    Variant("silu", 1, "naive", lambda x, out=None: _swish_slope(x, number(x, 1), out), "σ(x)(1 + x(1 - σ(x)))"),
    Variant("swish", 0, "naive", _swish, "x·σ(βx)"),
    Variant("swish", 1, "naive", _swish_slope, "σ(βx)(1 + βx(1 - σ(βx)))"),
    Variant("mish", 0, "naive", _mish, "x·tanh(log(1 + exp(x)))"),
    Variant("mish", 1, "naive", _mish_slope, "exp(x)·ω/δ² of Misra, Mish, 2019"),
)
