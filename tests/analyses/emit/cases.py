"""What is emitted in these tests, where it is evaluated, and how far it may be from the truth."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from actcli.activations.function import Function
from actcli.activations.registry import DEFAULT
from actcli.analyses.emit import emit
from actcli.core.formats import FLOAT32, FLOAT64, Format
from actcli.core.ulp import errors
from tests.activations.points import directed, random_bits
from tests.activations.test_accuracy import FLOAT32_BUDGET, FLOAT64_BUDGET, NAMES, VARIANTS

CATALOGUE = [*NAMES, *VARIANTS]
FORMULAS = [
    "x*sigmoid(1.702*x)", "x*exp(-x**2)", "max(0, x)", "abs(x)", "clip(x, -1, 2)", "relu(x) - relu(-x)", "x*gelu(2*x)",
    "where(x > 1, x**2, 2*x - 1)", "log(x) + sqrt(x)", "x**1.5", "sin(x)/x", "x**3/(1 + x**2)", "min(x, sqrt(x))",
    "abs(x**2 - 1)", "erf(x) + erfc(x/2)", "sign(x)*log1p(abs(x))", "Phi(x)*cosh(x)", "elu(x, 2) + 1", "exp(sinh(x))",
    "x**x", "max(gelu(x), x/2)",
]  # fmt: skip
"""Typed ones: kinks of all sorts, functions that have no value somewhere, overflow on the way."""

LIBRARY_ULP = (1.0, 2.0, 3.0)
"""What another mathematics library may add to f, f′, f″: its exp, log1p or tanh differ from NumPy's in the last bit."""

Results = list[np.ndarray[Any, Any]]


def function(text: str) -> Function:
    found = DEFAULT.get(text)
    assert isinstance(found, Function)
    return found


@cache
def points(text: str, format: Format = FLOAT64) -> np.ndarray[Any, Any]:
    """Return numbers of the format as float64, the edges included."""
    chosen = [directed(function(text), format), random_bits(format, 400, 7), [0.0, -0.0, 1.0, np.inf, -np.inf, np.nan]]
    return np.concatenate(chosen)


@cache
def truth(text: str, format: Format) -> list[tuple[Any, Any]]:
    return function(text).reference.values(points(text, format), 2, format)


def check(
    text: str,
    results: Results,
    format: Format = FLOAT64,
    *,
    flushes: bool = False,
    library: Sequence[float] = LIBRARY_ULP,
) -> None:
    """Compare f, f′, … at `points` with the exact values; where subnormals are flushed, leave them out."""
    x = points(text, format)
    tiny = np.ldexp(1.0, format.lowest + format.precision + 2)
    for order, (got, (exact, rest)) in enumerate(zip(results, truth(text, format), strict=False)):
        got = np.asarray(got, dtype=np.float64)
        found = errors(got, exact, rest, format)
        left_out = flushes & ((np.abs(exact) < tiny) | (np.abs(x) < tiny))
        for mask in (found.wrong_nan, found.wrong_infinity, found.wrong_sign, found.flushed):
            wrong = mask & ~left_out
            assert not wrong.any(), f"{text} order {order} at {x[wrong][:5]}: {got[wrong][:5]}, not {exact[wrong][:5]}"
        ulp = np.where(left_out, 0.0, found.ulp)
        worst = int(np.nanargmax(ulp))
        budget = FLOAT32_BUDGET if format is FLOAT32 else FLOAT64_BUDGET[order] + library[order]
        assert ulp[worst] <= budget, f"{text} order {order}: {ulp[worst]:.2f} ULP at {x[worst]!r}"


def check_formula(text: str, results: Results) -> None:
    """Compare with the formula's own kernel, as far as that doesn't resort to exact arithmetic."""
    x = formula_points()
    with np.errstate(all="ignore"):
        for order, (got, due) in enumerate(zip(results, function(text).derivatives(x, 2), strict=False)):
            np.testing.assert_allclose(got, due, rtol=1e-9, atol=1e-300, err_msg=f"{text} order {order}")


def formula_points() -> np.ndarray[Any, Any]:
    return np.array([*np.linspace(-6.0, 6.0, 2049), np.inf, -np.inf, np.nan, 1e-9, -1e-9])


def namespace(text: str, language: str, order: int = 2) -> dict[str, Any]:
    """Return what the emitted Python file defines."""
    defined: dict[str, Any] = {}
    exec(compile(emit(function(text), language, order), f"{text}.{language}", "exec"), defined)
    return defined


def functions(defined: dict[str, Any]) -> list[Any]:
    """Return f, f′, … of an emitted file."""
    base = min((name for name in defined if name.startswith("actcli_")), key=len)
    return [defined[name] for name in (base, f"{base}_d1", f"{base}_d2") if name in defined]


def together(defined: dict[str, Any]) -> Any:
    """Return the function of an emitted file that computes everything at once."""
    return next(value for name, value in defined.items() if name.startswith("actcli_") and "_with_d" in name)
