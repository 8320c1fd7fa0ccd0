"""JAX: compiled, differentiated both ways, and as good without jax_enable_x64 as with it."""

from __future__ import annotations

import numpy as np
import pytest

from actcli.core.formats import FLOAT32
from tests.analyses.emit.cases import (
    CATALOGUE,
    FORMULAS,
    check,
    check_formula,
    formula_points,
    functions,
    namespace,
    points,
)

jax = pytest.importorskip("jax", reason="jax is not installed")

XLA_ULP = (4.0, 2.0, 3.0)
"""XLA's tanh is up to 7 units from the truth."""


@pytest.mark.parametrize("text", CATALOGUE)
def test_the_catalogue_is_within_its_budget(text: str) -> None:
    with jax.enable_x64(True):
        check(
            text, [jax.jit(f)(points(text)) for f in functions(namespace(text, "jax"))], flushes=True, library=XLA_ULP
        )


@pytest.mark.parametrize("text", CATALOGUE)
def test_float32_is_correct_without_the_switch(text: str) -> None:
    assert not jax.config.jax_enable_x64
    x = points(text, FLOAT32).astype(np.float32)
    results = [jax.jit(f)(x) for f in functions(namespace(text, "jax"))]
    assert all(result.dtype == np.float32 for result in results)
    check(text, results, FLOAT32, flushes=True)


@pytest.mark.parametrize("text", FORMULAS)
def test_typed_formulas_agree_with_their_own_kernel(text: str) -> None:
    with jax.enable_x64(True):
        check_formula(text, [jax.jit(f)(formula_points()) for f in functions(namespace(text, "jax"))])


@pytest.mark.parametrize("text", ["gelu", "sigmoid", "leaky_relu", "x*exp(-x**2)"])
def test_derivatives_of_every_kind_are_the_kernels_own(text: str) -> None:
    f, slope, curvature = functions(namespace(text, "jax"))
    x = np.linspace(-3.0, 3.0, 8).astype(np.float32)
    np.testing.assert_array_equal(jax.vmap(jax.grad(f))(x), slope(x))
    np.testing.assert_array_equal(np.diag(jax.jacfwd(f)(x)), slope(x))
    np.testing.assert_array_equal(np.diag(jax.jacrev(f)(x)), slope(x))
    np.testing.assert_allclose(jax.jit(jax.vmap(jax.grad(jax.grad(f))))(x), curvature(x), rtol=1e-6)


def test_other_dtypes_are_kept() -> None:
    f = functions(namespace("silu", "jax", 1))[0]
    for dtype in (jax.numpy.bfloat16, jax.numpy.float16, jax.numpy.float32):
        assert f(jax.numpy.ones(3, dtype)).dtype == dtype
    assert f(1).dtype == np.float32
