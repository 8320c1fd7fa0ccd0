"""Statistics in logarithms against the plain ones, where plain numbers will do, and far beyond."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actcli.analyses.gradflow import logs
from actcli.analyses.gradflow.logs import Array, Signed

numbers = st.lists(st.one_of(st.just(0.0), st.floats(1e-9, 1e9), st.floats(-1e9, -1e-9)), min_size=2, max_size=30).map(
    np.array
)


def split(x: Array) -> tuple[Array, Array]:
    with np.errstate(divide="ignore"):
        return np.log(np.abs(x)), x < 0


def plain(number: Signed) -> float:
    return math.exp(number.log) * (-1 if number.negative else 1)


@given(numbers)
def test_they_are_the_plain_statistics(x: Array) -> None:
    scale = 1e-12 * float(np.abs(x).max())
    assert plain(logs.mean(*split(x))) == pytest.approx(x.mean(), rel=1e-9, abs=scale)
    assert plain(logs.median(*split(x))) == pytest.approx(np.median(x), rel=1e-9, abs=scale)
    error = math.exp(logs.standard_error(*split(x)))
    assert error == pytest.approx(x.std(ddof=1) / math.sqrt(x.size), rel=1e-9, abs=scale)
    squares = np.square(x).sum()
    expected = np.abs(x).sum() ** 2 / squares if squares else 0
    assert logs.effective_size(split(x)[0]) == pytest.approx(expected, rel=1e-9)
    assert logs.log_mean_square(split(x)[0]) == pytest.approx(math.log(squares / x.size) if squares else -math.inf)


@given(numbers, st.sampled_from([-40_000.0, -1000.0, 1000.0, 40_000.0]))
def test_a_common_factor_beyond_float64_only_shifts_them(x: Array, shift: float) -> None:
    sizes, negative = split(x)
    for statistic in (logs.mean, logs.median):
        near, far = statistic(sizes, negative), statistic(sizes + shift, negative)
        assert far.log == pytest.approx(near.log + shift, rel=1e-9) or near.log < math.log(np.abs(x).max() or 1) - 25
    assert logs.log_mean_square(sizes + shift) == pytest.approx(logs.log_mean_square(sizes) + 2 * shift, rel=1e-9)


def test_what_has_no_value_stays_without_one() -> None:
    assert math.isnan(logs.mean(np.array([0.0, np.nan]), np.zeros(2, dtype=bool)).log)
    assert math.isnan(logs.standard_error(np.zeros(1), np.zeros(1, dtype=bool)))
    assert logs.mean(np.array([0.0, np.inf]), np.zeros(2, dtype=bool)).log == math.inf


@pytest.mark.parametrize(("base", "exponent", "expected"), [(-0.5, 3, -0.125), (-0.5, 2, 0.25), (2.0, 10, 1024.0)])
def test_powers(base: float, exponent: int, expected: float) -> None:
    assert plain(logs.power(base, exponent)) == pytest.approx(expected, rel=1e-14)


def test_the_power_of_nothing_is_nothing() -> None:
    assert logs.power(0.0, 3) == Signed(-math.inf)
