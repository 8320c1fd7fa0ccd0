"""Vector functions against exact arithmetic, along every axis, at infinities."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from flint import arb, ctx, fmpq
from hypothesis import given, settings
from hypothesis import strategies as st

import actcli
from actcli.errors import UsageError

ROWS = st.lists(st.floats(-700, 700), min_size=1, max_size=8)


def ball(value: float) -> Any:
    return arb(fmpq(*value.as_integer_ratio()))


@settings(deadline=None)
@given(ROWS)
def test_softmax_and_its_logarithm_are_within_four_ulp(row: list[float]) -> None:
    ctx.prec = 4000
    total = sum((ball(value).exp() for value in row), arb(0))
    probabilities, logarithms = actcli.get("softmax")(np.array(row)), actcli.get("log_softmax")(np.array(row))
    for value, probability, logarithm in zip(row, probabilities, logarithms, strict=True):
        exact = ball(value).exp() / total
        for got, want in ((probability, exact), (logarithm, exact.log())):
            unit = max(math.ulp(float(want)), 5e-324)
            assert abs(float((ball(float(got)) - want) / unit)) <= 4


@given(ROWS)
def test_softmax_is_a_distribution_and_ignores_a_shift(row: list[float]) -> None:
    softmax = actcli.get("softmax")
    assert sum(softmax(np.array(row))) == pytest.approx(1)
    assert softmax(np.array(row) + 5) == pytest.approx(softmax(np.array(row)), rel=1e-9)


def test_softmax_of_two_is_the_sigmoid_of_the_difference() -> None:
    a, b = 1.7, -0.4
    assert actcli.get("softmax")([a, b])[0] == pytest.approx(actcli.get("sigmoid")(a - b), rel=1e-15)


def test_diagonals_agree_with_differences() -> None:
    x = np.array([0.3, -1.2, 2.0, 0.9])
    for name in ("softmax", "log_softmax", "glu", "swiglu", "geglu"):
        function = actcli.get(name)
        value, slope, bend = function.derivatives(x, 2)
        step = 1e-5
        for k in range(len(value)):
            shifted = [function.derivatives(x + d * step * np.eye(4)[k], 2) for d in (-1, 1)]
            assert slope[k] == pytest.approx((shifted[1][0][k] - shifted[0][0][k]) / (2 * step), abs=1e-8), name
            assert bend[k] == pytest.approx((shifted[1][1][k] - shifted[0][1][k]) / (2 * step), abs=1e-8), name


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("axis", [-1, 0, 1, 2])
def test_any_axis(axis: int, dtype: Any) -> None:
    x = np.random.default_rng(0).standard_normal((3, 4, 6)).astype(dtype)
    result = actcli.get(f"softmax(axis={axis})")(x)
    assert result.dtype == dtype
    assert result.astype(np.float64).sum(axis=axis) == pytest.approx(np.ones(result.sum(axis=axis).shape), rel=3e-3)
    if x.shape[axis] % 2 == 0:
        gated = actcli.get(f"glu(axis={axis})")(x)
        assert gated.shape[axis] == x.shape[axis] // 2


def test_long_rows_and_many_of_them() -> None:
    x = np.random.default_rng(1).standard_normal((200, 1000))
    expected = np.exp(x) / np.exp(x).sum(axis=1, keepdims=True)
    assert actcli.get("softmax")(x) == pytest.approx(expected, rel=1e-12)


def test_infinities_as_in_every_framework() -> None:
    softmax = actcli.get("softmax")
    assert list(softmax([0.0, -np.inf])) == [1, 0]
    assert np.isnan(softmax([-np.inf, -np.inf])).all()
    assert np.isnan(softmax([np.nan, 1.0])).any()
    assert np.isfinite(softmax([1e308, -1e308])).all()


@pytest.mark.parametrize(
    ("text", "x"), [("glu", [1, 2, 3]), ("softmax", []), ("softmax(axis=1)", [1, 2]), ("softmax", 3.0)]
)
def test_shapes_that_do_not_fit(text: str, x: Any) -> None:
    with pytest.raises(UsageError):
        actcli.get(text)(np.array(x, dtype=float))
