"""PyTorch: `torch.nn.functional`, first derivatives by autograd, second ones by differentiating those."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from actcli.implementations.peers import Library, Table
from actcli.implementations.provider import Array, Provider, require

TABLE: Table = {
    "identity": lambda F, x: x.clone(),
    "sigmoid": lambda F, x: F.sigmoid(x),
    "tanh": lambda F, x: F.tanh(x),
    "softsign": lambda F, x: F.softsign(x),
    "logit": lambda F, x: x.logit(),
    "relu": lambda F, x: F.relu(x),
    "leaky_relu": lambda F, x, negative_slope: F.leaky_relu(x, negative_slope),
    "prelu": lambda F, x, negative_slope: F.prelu(x, x.new_tensor([negative_slope])),
    "relu6": lambda F, x: F.relu6(x),
    "elu": lambda F, x, alpha: F.elu(x, alpha),
    "selu": lambda F, x: F.selu(x),
    "celu": lambda F, x, alpha: F.celu(x, alpha),
    "gelu": lambda F, x: F.gelu(x),
    "gelu_tanh": lambda F, x: F.gelu(x, approximate="tanh"),
    "silu": lambda F, x: F.silu(x),
    "mish": lambda F, x: F.mish(x),
    "softplus": lambda F, x, beta: F.softplus(x, beta),
    "log_sigmoid": lambda F, x: F.logsigmoid(x),
    "hard_sigmoid": lambda F, x: F.hardsigmoid(x),
    "hard_swish": lambda F, x: F.hardswish(x),
    "hard_tanh": lambda F, x: F.hardtanh(x),
    "sign": lambda F, x: x.sign(),
    "binary_step": lambda F, x: x.heaviside(x.new_tensor(1.0)),
    "softmax": lambda F, x: F.softmax(x, dim=-1),
    "log_softmax": lambda F, x: F.log_softmax(x, dim=-1),
    "glu": lambda F, x: F.glu(x, dim=-1),
    "bce_with_logits": lambda F, x, target: F.binary_cross_entropy_with_logits(
        x, x.new_full(x.shape, target), reduction="none"
    ),
}


def _run(activation: str, parameters: Mapping[str, float], order: int, device: str, x: Array) -> Array:
    from torch.nn import functional

    return derivative(lambda tensor: TABLE[activation](functional, tensor, **parameters), order, device, x)


def derivative(function: Callable[[Any], Any], order: int, device: str, x: Array) -> Array:
    """Return the derivative of an order of a function of tensors, at the elements of an array or its rows.

    Of rows it's the diagonal of the Jacobian: the derivative of each answer by the number in its place.
    """
    tensor = to_tensor(x, device).requires_grad_(order > 0)
    answer = function(tensor)
    require(answer, type(tensor), "Tensor")
    for _ in range(order):
        answer = _slope(answer, tensor)
    return to_numpy(answer)


def _slope(y: Any, x: Any) -> Any:
    import torch

    if not y.requires_grad:  # what autograd knows to be constant
        return torch.zeros_like(y)
    if x.ndim == 1:
        return _gradient(y, x)
    return torch.stack([_gradient(y[:, i], x)[:, i] for i in range(y.shape[1])], dim=1)


def _gradient(y: Any, x: Any) -> Any:
    import torch

    # The graph is kept for a second derivative, and because every column of y needs it.
    (slope,) = torch.autograd.grad(y, x, torch.ones_like(y), create_graph=True, materialize_grads=True)
    return slope


def to_tensor(x: Array, device: str = "cpu") -> Any:
    """Return a tensor with the numbers of an array, which shares its memory on the CPU."""
    import torch

    if x.dtype.name == "bfloat16":
        return torch.from_numpy(x.view(np.int16)).view(torch.bfloat16).to(device)
    return torch.from_numpy(x).to(device)


def to_numpy(tensor: Any) -> Array:
    """Return the numbers of a tensor as an array of its format."""
    import torch

    tensor = tensor.detach().cpu().contiguous()
    if tensor.dtype == torch.bfloat16:
        import ml_dtypes

        bits: Array = tensor.view(torch.int16).numpy()
        return bits.view(ml_dtypes.bfloat16)
    numbers: Array = tensor.numpy()
    return numbers


_LIBRARY = Library("torch", TABLE, _run, ("", "autograd", "autograd, twice"), ("cpu", "cuda"))
PROVIDER = Provider("torch", _LIBRARY.find, ("torch",), ("torch",))
