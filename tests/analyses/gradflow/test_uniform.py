"""Averages of φ′ and ln |φ′| over an interval, against mpmath and closed forms."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest

from actcli.activations.function import Function
from actcli.activations.record import REALS
from actcli.activations.registry import DEFAULT, builtin_records
from actcli.analyses.gradflow.uniform import averages
from tests.analyses.gradflow.functions import function, own

EVERYWHERE = [
    found
    for record in builtin_records()
    if isinstance(found := DEFAULT.get(record.name), Function) and found.record.domain == REALS
]


def gelu_slope(x: mpmath.mpf) -> mpmath.mpf:
    return mpmath.ncdf(x) + x * mpmath.npdf(x)


SLOPES = {
    "sigmoid": (lambda x: mpmath.sech(x / 2) ** 2 / 4, [-2, 2]),
    "tanh": (lambda x: mpmath.sech(x) ** 2, [-2, 2]),
    "gelu": (gelu_slope, [-2, mpmath.findroot(gelu_slope, -0.75), 2]),
    "softplus": (lambda x: 1 / (1 + mpmath.exp(-x)), [-2, 2]),
    "leaky_relu": (lambda x: mpmath.mpf(1) if x > 0 else mpmath.mpf("0.01"), [-2, 0, 2]),
    "elu": (lambda x: mpmath.mpf(1) if x > 0 else mpmath.exp(x), [-2, 0, 2]),
    "x**3": (lambda x: 3 * x**2, [-2, 0, 2]),
    "max(x, -x/3)": (lambda x: mpmath.mpf(1) if x > 0 else -mpmath.mpf(1) / 3, [-2, 0, 2]),
}


@pytest.mark.parametrize("text", SLOPES)
def test_they_agree_with_mpmath(text: str) -> None:
    slope, places = SLOPES[text]
    found = averages(function(text), -2.0, 2.0)
    with mpmath.workdps(25):
        assert found.slope == pytest.approx(float(mpmath.quad(slope, places) / 4), rel=2e-15)
        expected = float(mpmath.quad(lambda x: mpmath.log(abs(slope(x))), places) / 4)
    assert found.log_slope == pytest.approx(expected, rel=1e-13)
    assert not found.reason


@pytest.mark.parametrize("each", EVERYWHERE, ids=lambda each: each.name)
def test_the_mean_slope_is_the_rise_but_for_jumps(each: Function) -> None:
    found = averages(each, -2.0, 2.0)
    low, high = each(np.array([-2.0, 2.0]))
    jumps = each.record.smoothness is None
    assert found.slope == pytest.approx(0 if jumps else (high - low) / 4, rel=1e-12)
    assert not math.isnan(found.log_slope)


@pytest.mark.parametrize(
    ("text", "low", "high", "slope"),
    [
        ("where(x > 0, x + 1, x)", -2.0, 2.0, 1.0),  # a jump isn't slope
        ("where(abs(x) > 0.5, x, 0)", -2.0, 2.0, 0.75),
        ("sqrt(x)", 0.0, 4.0, 0.5),
        ("exp(-x**2)", -2.0, 2.0, 0.0),
        ("log(x)", 1.0, 3.0, math.log(3) / 2),
    ],
)
def test_other_slopes(text: str, low: float, high: float, slope: float) -> None:
    assert averages(function(text), low, high).slope == pytest.approx(slope, rel=1e-12, abs=0)


def test_a_flat_stretch_takes_the_logarithm_to_minus_infinity() -> None:
    assert averages(function("relu"), -2.0, 2.0).log_slope == -math.inf
    assert averages(function("relu"), 0.5, 2.0).log_slope == 0.0


@pytest.mark.parametrize(
    ("text", "low", "high", "lost"),
    [
        ("1/x", -2.0, 2.0, "no E φ′ on"),
        ("log(x)", -2.0, 2.0, "no E φ′ or E ln |φ′| on"),
        ("exp(-x**2)", -60.0, 60.0, "no E ln |φ′| on"),  # the slope underflows, and isn't 0
    ],
)
def test_what_does_not_exist_is_nan_with_a_reason(text: str, low: float, high: float, lost: str) -> None:
    found = averages(function(text), low, high)
    assert found.reason.startswith(lost)
    assert math.isnan(found.slope) == ("φ′ o" in lost)
    assert math.isnan(found.log_slope) == ("ln" in lost)


def test_a_stretch_narrower_than_the_grid_is_seen() -> None:
    found = averages(function("where(abs(x - 0.011) < 0.00004, 0, x)"), -2.0, 2.0)
    assert found.slope == pytest.approx(1 - 0.00008 / 4, rel=1e-12)
    assert found.log_slope == -math.inf


def test_own_code_is_averaged_as_well_as_its_differences_go() -> None:
    found, exact = averages(own(np.tanh), -2.0, 2.0), averages(function("tanh"), -2.0, 2.0)
    assert found.slope == pytest.approx(exact.slope, rel=1e-12)
    assert found.log_slope == pytest.approx(exact.log_slope, rel=1e-8)
