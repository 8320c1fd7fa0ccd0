"""Paths and layers that die, against mpmath."""

from __future__ import annotations

import math

import mpmath
import pytest

from actcli.analyses.gradflow.paths import cut_paths, log_layer_dies, paths
from tests.analyses.gradflow.functions import function


def test_four_tenths_cut_leave_almost_nothing_of_a_hundred_layers() -> None:
    found = cut_paths(0.4, depth=100, width=10)
    assert found.surviving == pytest.approx(6.533186235000709e-23, rel=1e-13)
    assert found.log_surviving / math.log(10) == pytest.approx(100 * math.log10(0.6), rel=1e-14)


def test_half_of_the_units_of_relu_let_nothing_through() -> None:
    found = paths(function("relu"), depth=20, width=3)
    assert found.cut == 0.5
    assert found.surviving == pytest.approx(2.0**-20)
    assert found.layer_dies == pytest.approx(1 - (1 - 2.0**-3) ** 20, rel=1e-14)


@pytest.mark.parametrize("cut", [1e-9, 0.1, 0.5, 1 - 1e-9])
@pytest.mark.parametrize("width", [1, 3, 64, 100_000])
@pytest.mark.parametrize("depth", [1, 20, 10_000])
def test_the_probability_that_a_layer_dies(cut: float, width: int, depth: int) -> None:
    with mpmath.workdps(60):
        one = mpmath.mpf(cut) ** width
        exact = mpmath.log(-mpmath.expm1(depth * mpmath.log1p(-one)))
        assert log_layer_dies(cut, depth, width) == pytest.approx(float(exact), rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("text", ["tanh", "gelu", "x"])
def test_where_no_slope_is_0_every_path_survives(text: str) -> None:
    found = paths(function(text), depth=1000, width=1)
    assert (found.surviving, found.layer_dies) == (1.0, 0.0)


def test_where_every_slope_is_0_none_does() -> None:
    found = paths(function("0*x"), depth=2, width=5)
    assert (found.surviving, found.layer_dies) == (0.0, 1.0)
