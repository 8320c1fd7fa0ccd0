"""Flat stretches: where slopes are exactly 0, and the share of Gaussian pre-activations that fall there."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest

from actcli.analyses.gradflow.flat import flat_probability, flat_stretches
from tests.analyses.gradflow.functions import function, own

TANH = "(exp(x) - exp(-x))/(exp(x) + exp(-x))"


@pytest.mark.parametrize(
    ("text", "stretches"),
    [
        ("relu", [(-9.0, 0.0)]),
        ("relu6", [(-9.0, 0.0), (6.0, 9.0)]),
        ("max(0, x)", [(-9.0, 0.0)]),
        ("where(abs(x) > 0.5, x, 0)", [(-0.5, 0.5)]),
        ("max(x - 0.25, 0) - max(x - 0.26, 0)", [(-9.0, 0.25), (0.26, 9.0)]),
        ("0*x", [(-9.0, 9.0)]),
        ("where(abs(x - 0.011) < 0.0004, 0, x)", [(0.0106, 0.0114)]),
        ("leaky_relu", []),
        ("tanh", []),
        ("x**3", []),
        ("x*max(x, 0)", [(-9.0, 0.0)]),
    ],
)
def test_the_ends_of_stretches(text: str, stretches: list[tuple[float, float]]) -> None:
    found = np.array(flat_stretches(function(text), -9.0, 9.0))
    np.testing.assert_allclose(found, np.array(stretches).reshape(found.shape), rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("text", [TANH, "exp(-x**2)", "x*exp(-exp(x))"])
def test_a_slope_that_float64_takes_for_0_is_not_flat(text: str) -> None:
    far = 30.0
    assert (function(text).derivatives(np.linspace(far - 1, far, 2000))[1] == 0).any()
    assert flat_stretches(function(text), -far, far) == ()


@pytest.mark.parametrize(
    ("text", "q", "expected"),
    [
        ("relu", 1.0, 0.5),
        ("relu", 7.0, 0.5),
        ("leaky_relu(0)", 1.0, 0.5),
        ("relu6", 1.0, 0.5 + mpmath.ncdf(-6)),
        ("relu6", 4.0, 0.5 + mpmath.ncdf(-3)),
        ("hard_tanh", 1.0, 2 * mpmath.ncdf(-1)),
        ("where(x < -12, 0, x)", 1.0, mpmath.ncdf(-12)),
        ("where(abs(x) > 0.5, x, 0)", 0.25, 1 - 2 * mpmath.ncdf(-1)),
        ("tanh", 1.0, 0.0),
        ("sigmoid", 1e4, 0.0),
        ("gelu", 1.0, 0.0),
        ("0*x", 1.0, 1.0),
    ],
)
def test_the_share_of_gaussian_pre_activations(text: str, q: float, expected: object) -> None:
    assert flat_probability(function(text), q) == pytest.approx(float(expected), rel=1e-12, abs=0)  # type: ignore[arg-type]


def test_without_variance_the_slope_at_0_decides() -> None:
    assert flat_probability(function("relu"), 0.0) == 1.0
    assert flat_probability(function("tanh"), 0.0) == 0.0


def test_zeros_of_own_code_count() -> None:
    assert flat_probability(own(lambda x: np.maximum(x, 0))) == pytest.approx(0.5, abs=1e-5)
    assert flat_probability(own(lambda x: x)) == 0.0
    assert math.isclose(flat_probability(own(np.zeros_like)), 1.0)
