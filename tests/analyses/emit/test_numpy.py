"""NumPy: the very bits of our own kernels, in every floating dtype and shape."""

from __future__ import annotations

import numpy as np
import pytest

from tests.analyses.emit.cases import (
    CATALOGUE,
    FORMULAS,
    check_formula,
    formula_points,
    function,
    functions,
    namespace,
    points,
    together,
)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("text", CATALOGUE)
def test_the_catalogue_is_bit_identical_to_its_kernels(text: str, dtype: str) -> None:
    with np.errstate(over="ignore"):
        x = points(text).astype(dtype)
    defined = namespace(text, "numpy")
    for got, joint, due in zip(
        [f(x) for f in functions(defined)], together(defined)(x), function(text).derivatives(x, 2), strict=True
    ):
        assert got.dtype == due.dtype
        np.testing.assert_array_equal(got, due)
        np.testing.assert_array_equal(joint, due)


@pytest.mark.parametrize("text", FORMULAS)
def test_typed_formulas_agree_with_their_own_kernel(text: str) -> None:
    check_formula(text, [f(formula_points()) for f in functions(namespace(text, "numpy"))])


def test_shapes_and_dtypes_are_kept() -> None:
    f, slope = functions(namespace("silu", "numpy", 1))
    assert f(np.ones((2, 3), dtype=np.float16)).dtype == np.float16
    assert slope(np.ones((2, 3))).shape == (2, 3)
    assert isinstance(f(1.0), np.float64)
    assert f([1, 2]).dtype == np.float64
    assert functions(namespace("identity", "numpy", 1))[1](np.zeros((0, 2), dtype=np.float32)).shape == (0, 2)


def test_the_argument_is_left_as_it_is() -> None:
    x = np.array([1.0, 2.0])
    result = functions(namespace("identity", "numpy", 1))[0](x)
    result[0] = 5.0
    assert x.tolist() == [1.0, 2.0]
