"""PyTorch: `torch.nn.functional`, first derivatives by autograd, second ones by differentiating those."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np

from actcli.implementations.peers import Library, Table, Task, takes
from actcli.implementations.provider import Array, Provider, require
from actcli.implementations.timed import Ready, answering, nothing

TABLE: Table = {
    "identity": lambda torch, x: x.clone(),
    "sigmoid": lambda torch, x, out=None: torch.sigmoid(x, out=out),
    "tanh": lambda torch, x, out=None: torch.tanh(x, out=out),
    "softsign": lambda torch, x: torch.nn.functional.softsign(x),
    "logit": lambda torch, x, out=None: torch.logit(x, out=out),
    "relu": lambda torch, x: torch.nn.functional.relu(x),
    "leaky_relu": lambda torch, x, negative_slope: torch.nn.functional.leaky_relu(x, negative_slope),
    "prelu": lambda torch, x, negative_slope: torch.nn.functional.prelu(x, x.new_tensor([negative_slope])),
    "relu6": lambda torch, x: torch.nn.functional.relu6(x),
    "elu": lambda torch, x, alpha: torch.nn.functional.elu(x, alpha),
    "selu": lambda torch, x: torch.nn.functional.selu(x),
    "celu": lambda torch, x, alpha: torch.nn.functional.celu(x, alpha),
    "gelu": lambda torch, x, out=None: torch.nn.functional.gelu(x, out=out),
    "gelu_tanh": lambda torch, x, out=None: torch.nn.functional.gelu(x, approximate="tanh", out=out),
    "silu": lambda torch, x: torch.nn.functional.silu(x),
    "mish": lambda torch, x: torch.nn.functional.mish(x),
    "softplus": lambda torch, x, beta, out=None: torch.nn.functional.softplus(x, beta, out=out),
    "log_sigmoid": lambda torch, x, out=None: torch.nn.functional.logsigmoid(x, out=out),
    "hard_sigmoid": lambda torch, x: torch.nn.functional.hardsigmoid(x),
    "hard_swish": lambda torch, x: torch.nn.functional.hardswish(x),
    "hard_tanh": lambda torch, x: torch.nn.functional.hardtanh(x),
    "sign": lambda torch, x, out=None: torch.sign(x, out=out),
    "binary_step": lambda torch, x, out=None: torch.heaviside(x, x.new_tensor(1.0), out=out),
    "softmax": lambda torch, x, out=None: torch.softmax(x, dim=-1, out=out),
    "log_softmax": lambda torch, x, out=None: torch.log_softmax(x, dim=-1, out=out),
    "glu": lambda torch, x: torch.nn.functional.glu(x, dim=-1),
    "bce_with_logits": lambda torch, x, target: torch.nn.functional.binary_cross_entropy_with_logits(
        x, x.new_full(x.shape, target), reduction="none"
    ),
}


def _run(activation: str, parameters: Mapping[str, float], order: int, device: str, x: Array) -> Array:
    import torch

    return derivative(partial(TABLE[activation], torch, **parameters), order, device, x)


def derivative(function: Callable[[Any], Any], order: int, device: str, x: Array) -> Array:
    """Return the derivative of an order of a function of tensors, at the elements of an array or its rows.

    Of rows it's the diagonal of the Jacobian: the derivative of each answer by the number in its place.
    """
    tensor = to_tensor(x, device)
    (answer,) = _passes(function, (order,), tensor.requires_grad_(order > 0))
    return to_numpy(answer)


def _passes(function: Callable[[Any], Any], orders: tuple[int, ...], tensor: Any, ones: Any = None) -> tuple[Any, ...]:
    """Return derivatives of some orders; the graph is kept only for those that need it, as it is in training.

    `ones` are what is multiplied by the derivative, if they are there already.
    """
    results = [function(tensor)]
    require(results[0], type(tensor), "Tensor")
    for order in range(1, max(orders) + 1):
        results.append(_slope(results[-1], tensor, ones, again=order < max(orders)))
    return tuple(results[order] for order in orders)


def _slope(y: Any, x: Any, ones: Any, *, again: bool) -> Any:
    """Return the derivative, one that can be differentiated `again` or not."""
    import torch

    if not y.requires_grad:  # what autograd knows to be constant
        return torch.zeros_like(y)
    if x.ndim == 1:
        return _gradient(y, x, ones, again)
    return torch.stack([_gradient(y[:, i], x, None, True)[:, i] for i in range(y.shape[1])], dim=1)


def _gradient(y: Any, x: Any, ones: Any, again: bool) -> Any:
    import torch

    ones = torch.ones_like(y) if ones is None else ones
    # The graph is kept for a second derivative, and where every column of y needs it.
    (slope,) = torch.autograd.grad(y, x, ones, create_graph=again, materialize_grads=True)
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


def _bind(task: Task) -> Ready:
    import torch

    compute = TABLE[task.activation]
    return bind(partial(compute, torch, **task.parameters), task, takes(compute, "out"))


def bind(function: Callable[..., Any], task: Task, takes_out: bool = False) -> Ready:
    """Return what is timed of a function of tensors; derivatives are those of `derivative`, forward and backward."""
    import torch

    tensor = to_tensor(task.x, task.device).requires_grad_(max(task.orders) > 0)
    writes = takes_out and task.out and task.orders == (0,)
    if writes:
        function = partial(function, out=torch.ones_like(tensor))
    if task.orders == (0,):
        run = partial(function, tensor)
    else:
        run = partial(_passes, function, task.orders, tensor, torch.ones_like(tensor, requires_grad=False))
    finish = torch.cuda.synchronize if tensor.is_cuda else nothing
    return answering(run, to_numpy, finish, allocates=not writes, active=partial(threaded, task.threads))


@contextmanager
def threaded(threads: int | None) -> Iterator[None]:
    """Give PyTorch so many threads, if it's told how many, and afterwards as many as before."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(threads or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def threads_of(asked: int | None, size: int = 0) -> int:
    """Return how many threads PyTorch takes on the CPU for large arrays; for small ones it takes fewer."""
    import torch

    return asked or torch.get_num_threads()


_NOTES = ("", "autograd", "autograd, twice")
_LIBRARY = Library("torch", TABLE, _run, _bind, _NOTES, ("cpu", "cuda"), threads_of)
PROVIDER = Provider("torch", _LIBRARY.find, ("torch",), ("torch",), timed=_LIBRARY.timed)
