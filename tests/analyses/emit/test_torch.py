"""PyTorch: values, gradients and gradients of gradients, as autograd itself checks them."""

from __future__ import annotations

import numpy as np
import pytest

from tests.analyses.emit.cases import (
    CATALOGUE,
    FORMULAS,
    check,
    check_formula,
    formula_points,
    function,
    functions,
    namespace,
    points,
)

torch = pytest.importorskip("torch", reason="torch is not installed")

SMOOTH = [
    "sigmoid",
    "tanh",
    "gelu",
    "silu",
    "mish",
    "softplus",
    "log_sigmoid",
    "swish(1.702)",
    "x*sigmoid(1.702*x)",
    "x*exp(-x**2)",
]
KINKED = ["relu", "leaky_relu", "elu", "hard_swish", "max(0, x)"]


@pytest.mark.parametrize("text", CATALOGUE)
def test_the_catalogue_is_within_its_budget(text: str) -> None:
    x = torch.from_numpy(points(text))
    check(text, [f(x).numpy() for f in functions(namespace(text, "torch"))])


@pytest.mark.parametrize("text", FORMULAS)
def test_typed_formulas_agree_with_their_own_kernel(text: str) -> None:
    x = torch.from_numpy(formula_points())
    check_formula(text, [f(x).numpy() for f in functions(namespace(text, "torch"))])


@pytest.mark.parametrize("text", [*SMOOTH, *KINKED])
def test_gradcheck_and_gradgradcheck(text: str) -> None:
    f = functions(namespace(text, "torch"))[0]
    x = torch.tensor([-4.0, -2.5, -1.3, -0.4, 0.3, 0.9, 1.7, 4.5], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(f, x)
    assert torch.autograd.gradgradcheck(f, x)


def test_the_gradient_is_the_kernels_own() -> None:
    f, slope = functions(namespace("sigmoid", "torch", 1))
    x = torch.tensor([40.0, -800.0, 0.5], dtype=torch.float64, requires_grad=True)
    f(x).sum().backward()
    assert torch.equal(x.grad, slope(x.detach()))
    assert x.grad[0] > 0  # what s(1 - s) rounds to 0


@pytest.mark.parametrize("text", ["gelu", "silu", "sigmoid", "softsign"])
def test_gradients_beyond_the_order_are_not_lost(text: str) -> None:
    f = functions(namespace(text, "torch", 1))[0]
    x = torch.tensor([-3.0, -0.7, 0.4, 2.0], dtype=torch.float64, requires_grad=True)
    (first,) = torch.autograd.grad(f(x).sum(), x, create_graph=True)
    (second,) = torch.autograd.grad(first.sum(), x)
    np.testing.assert_allclose(second.numpy(), function(text).derivatives(x.detach().numpy(), 2)[2], rtol=1e-9)


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
def test_other_dtypes_are_kept(dtype: str) -> None:
    f = functions(namespace("silu", "torch", 1))[0]
    x = torch.linspace(-3, 3, 7, dtype=getattr(torch, dtype), requires_grad=True)
    y = f(x)
    y.sum().backward()
    assert y.dtype == x.grad.dtype == x.dtype
    assert f(torch.arange(3)).dtype == torch.float64


def test_it_can_be_vectorised() -> None:
    f, slope = functions(namespace("mish", "torch", 1))
    x = torch.linspace(-3, 3, 7, dtype=torch.float64)
    gradients = torch.func.vmap(torch.func.grad(f))(x)
    np.testing.assert_array_equal(gradients.numpy(), slope(x).numpy())
