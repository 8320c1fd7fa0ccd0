"""Applying kernels: shapes, memory orders, dtypes, edges, `out=`, threads."""

from __future__ import annotations

import math
from typing import Any

import ml_dtypes
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import actcli
from actcli.core import apply as apply_module
from actcli.errors import UsageError

SIGMOID = actcli.get("sigmoid")
DTYPES = [np.float16, ml_dtypes.bfloat16, np.float32, np.float64]


def expected(x: Any) -> np.ndarray[Any, Any]:
    return np.asarray(1 / (1 + np.exp(-np.asarray(x, dtype=np.float64))))


@pytest.mark.parametrize("dtype", DTYPES)
def test_floats_keep_their_dtype(dtype: Any) -> None:
    x = np.linspace(-3, 3, 7).astype(dtype)
    assert SIGMOID(x).dtype == dtype


@pytest.mark.parametrize("dtype", [np.int8, np.int64, np.uint16, bool])
def test_integers_compute_in_float64(dtype: Any) -> None:
    result = SIGMOID(np.array([0, 1], dtype=dtype))
    assert result.dtype == np.float64
    assert result == pytest.approx(expected([0, 1]))


@pytest.mark.parametrize("dtype", [complex, object, "U3", "M8[s]"])
def test_what_is_not_real_is_refused(dtype: Any) -> None:
    with pytest.raises(UsageError, match="dtype"):
        SIGMOID(np.zeros(2, dtype=dtype))


LAYOUTS = {
    "c": lambda a: a,
    "fortran": np.asfortranarray,
    "transposed": lambda a: a.transpose(2, 0, 1),
    "strided": lambda a: a[::2, :, ::-1],
    "reversed": lambda a: a[::-1],
    "broadcast": lambda a: np.broadcast_to(a[:1], (5, *a.shape[1:])),
    "empty": lambda a: a[:0],
    "scalar": lambda a: a[0, 0, 0],
    "zero-dimensional": lambda a: np.asarray(a[0, 0, 0]),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_any_shape_and_memory_order(layout: str) -> None:
    x = LAYOUTS[layout](np.random.default_rng(0).standard_normal((4, 3, 5)))
    before = np.array(x)
    value, slope = SIGMOID.derivatives(x)
    assert np.shape(value) == np.shape(x)
    assert value == pytest.approx(expected(x), rel=1e-14)
    assert slope == pytest.approx(expected(x) * (1 - expected(x)), rel=1e-12)
    assert (np.asarray(x) == before).all()


@pytest.mark.parametrize("layout", ["c", "fortran", "transposed", "strided", "reversed"])
def test_out_is_filled_in_any_layout(layout: str) -> None:
    out = LAYOUTS[layout](np.full((4, 3, 5), np.nan))
    argument = np.random.default_rng(2).standard_normal(out.shape)
    result = SIGMOID(argument, out=out)
    assert result is out
    assert out == pytest.approx(expected(argument), rel=1e-14)


def test_out_that_does_not_fit_is_refused() -> None:
    with pytest.raises(UsageError, match="shape"):
        SIGMOID(np.zeros(3), out=np.zeros(4))
    with pytest.raises(UsageError, match="dtype"):
        SIGMOID(np.zeros(3), out=np.zeros(3, dtype=np.float32))


def test_the_input_may_be_its_own_output() -> None:
    x = np.linspace(-5, 5, 100_000)
    want = expected(x)
    SIGMOID(x, out=x)
    assert x == pytest.approx(want, rel=1e-14)


def test_overlapping_input_and_output() -> None:
    memory = np.linspace(-5, 5, 300_001)
    want = expected(memory[:-1])
    SIGMOID(memory[:-1], out=memory[1:])
    assert memory[1:] == pytest.approx(want, rel=1e-14)


def test_more_that_is_refused() -> None:
    frozen = np.zeros(3)
    frozen.flags.writeable = False
    for wrong in (lambda: SIGMOID(np.zeros(3), out=frozen), lambda: SIGMOID(np.zeros(3), out=[0, 0, 0]),
                  lambda: SIGMOID(np.zeros(3), threads=0), lambda: SIGMOID.backward(np.zeros(3), np.zeros(2)),
                  lambda: SIGMOID.derivatives(0.0, 1.5), lambda: actcli.get(3), lambda: actcli.get("swish", beta=None)):  # fmt: skip
        with pytest.raises(UsageError):
            wrong()


def test_masks_stay() -> None:
    masked = np.ma.array([0.0, 1.0], mask=[False, True])
    assert list(SIGMOID(masked).mask) == [False, True]


def test_scalars_and_lists() -> None:
    assert isinstance(SIGMOID(0.0), float)
    assert SIGMOID(0) == 0.5
    assert list(SIGMOID([0, 0.0])) == [0.5, 0.5]
    with pytest.raises(UsageError, match="array"):
        SIGMOID([[1, 2], [3]])


def test_pandas_keeps_its_labels() -> None:
    series = pd.Series([0.0, 1.0], index=["a", "b"], name="z")
    result = SIGMOID(series)
    assert isinstance(result, pd.Series)
    assert list(result.index) == ["a", "b"]
    assert result.name == "z"
    frame = SIGMOID(pd.DataFrame({"u": [0.0], "v": [1.0]}))
    assert list(frame.columns) == ["u", "v"]
    assert isinstance(SIGMOID(pd.RangeIndex(2)), np.ndarray)
    assert np.isnan(SIGMOID(pd.Series([0, None], dtype="Int64")).iloc[1])


@pytest.mark.parametrize("threads", [1, 2, 5])
@pytest.mark.parametrize("size", [0, 1, apply_module.BLOCK - 1, apply_module.BLOCK + 1, 3 * apply_module.BLOCK + 7])
def test_blocks_and_threads_change_nothing(size: int, threads: int) -> None:
    x = np.random.default_rng(3).standard_normal(size)
    x[::17] = np.inf
    assert (SIGMOID(x, threads=threads) == SIGMOID(x, threads=1)).all()


def test_no_warning_escapes_from_threads() -> None:
    x = np.full(4 * apply_module.BLOCK, -1e4)
    actcli.get("exp(-x)")(x, threads=3)


@given(st.floats())
def test_nan_in_nan_out_and_limits_at_infinity(x: float) -> None:
    value, slope = SIGMOID.derivatives(np.array([x]))
    if math.isnan(x):
        assert np.isnan(value[0])
        assert np.isnan(slope[0])
    elif math.isinf(x):
        assert (value[0], slope[0]) == (float(x > 0), 0)
    else:
        assert 0 <= value[0] <= 1


def test_odd_functions_keep_minus_zero() -> None:
    for name in ("tanh", "softsign", "identity", "hard_tanh", "sign"):
        assert np.signbit(actcli.get(name)(np.array([-0.0])))[0], name


def test_backward_and_the_gradient_from_the_output() -> None:
    x, g = np.linspace(-4, 4, 9), np.arange(9.0)
    slope = SIGMOID.derivatives(x)[1]
    assert SIGMOID.backward(x, g) == pytest.approx(g * slope)
    assert SIGMOID.gradient_from_output(SIGMOID(x)) == pytest.approx(slope)
    assert actcli.get("tanh").gradient_from_output(np.float32(0.5)).dtype == np.float32
    assert list(actcli.get("relu").gradient_from_output(np.array([0.0, np.inf]))) == [0, 1]
    assert SIGMOID.backward(x.astype(np.float16), g).dtype == np.float16
    with pytest.raises(UsageError, match="not a function of the output"):
        actcli.get("gelu").gradient_from_output(x)


def test_orders_beyond_two_are_refused() -> None:
    with pytest.raises(UsageError, match="order must be 0, 1 or 2"):
        SIGMOID.derivatives(0.0, 3)
