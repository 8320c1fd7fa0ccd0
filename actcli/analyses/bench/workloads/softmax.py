"""Softmax over rows: classes of a classifier, or positions of an attention."""

from __future__ import annotations

from typing import Any

import numpy as np

from actcli.activations.vectors import softmax as careful_softmax
from actcli.analyses.bench.workloads.space import Space
from actcli.analyses.bench.workloads.workload import Argument, Arrays, Code, Output, TorchCode, Workload

CLASSES = 256


def softmax(x: Any, out: Any, xp: Any) -> None:
    """Write the softmax of each row into `out`, in the precision of the array.

    A row is shifted by its maximum only where it must be: the digits that the difference loses would be lost to exp.
    When the terms add up to a finite number from 1 on, none has overflowed, and what vanished is as small in the end.
    The careful kernel does the others.
    """
    xp.exp(x, out=out)
    total = out @ xp.ones(x.shape[1], x.dtype)  # less than half the time of a sum, and as many roundings
    out /= total[:, None]
    rest = ~((total >= 1) & (total < xp.inf))
    if rest.any():
        out[rest] = next(careful_softmax(x[rest].astype(np.float64), xp))


def softmax_backward(y: Any, by_y: Any, out: Any, xp: Any) -> None:
    """Write the gradient by the logits into `out`, given y and the gradient by y.

    In y(g - Σgy) an entry that has nearly the whole of the row has no digits left: there g is the sum. In such rows
    everything is seen from the cotangent of that entry.
    """
    xp.subtract(by_y, _dots(by_y, y, xp), out=out)
    certain = (_dots(y, y, xp) > 0.25)[:, 0]  # no entry of the others is above ½
    if certain.any():
        y_here, by_y_here = y[certain], by_y[certain]
        top = xp.argmax(y_here, axis=-1)[:, None]
        relative = by_y_here - xp.take_along_axis(by_y_here, top, axis=-1)
        out[certain] = relative - _dots(relative, y_here, xp)
    out *= y


def _dots(a: Any, b: Any, xp: Any) -> Any:
    """Return the products of the rows of two matrices, as a column."""
    return xp.matmul(a[:, None, :], b[:, :, None])[:, 0]


def _forward(space: Space, arguments: Arrays, keep: bool) -> tuple[list[Any], Any]:
    (x,) = arguments
    y = space.array("y", x.shape)

    def compute(block: slice) -> None:
        softmax(x[block], y[block], space.xp)

    space.by_rows(compute, *x.shape)
    return [y], y


def _backward(space: Space, arguments: Arrays, kept: Any, cotangents: Arrays) -> list[Any]:
    y, (by_y,) = kept, cotangents
    x_grad = space.array("by x", y.shape)

    def compute(block: slice) -> None:
        softmax_backward(y[block], by_y[block], x_grad[block], space.xp)

    space.by_rows(compute, *y.shape)
    return [x_grad]


def naive_softmax(x: Any, xp: Any) -> Any:
    """Return exp(x) / Σ exp(x) of each row, the formula of the books."""
    terms = xp.exp(x)
    return terms / xp.sum(terms, axis=-1, keepdims=True)


def naive_softmax_backward(y: Any, by_y: Any, xp: Any) -> Any:
    """Return y(g - Σgy), the formula of the books."""
    return y * (by_y - xp.sum(by_y * y, axis=-1, keepdims=True))


def _textbook_forward(space: Space, arguments: Arrays, keep: bool) -> tuple[list[Any], Any]:
    y = naive_softmax(arguments[0], space.xp)
    return [y], y


def _textbook_backward(space: Space, arguments: Arrays, kept: Any, cotangents: Arrays) -> list[Any]:
    return [naive_softmax_backward(kept, cotangents[0], space.xp)]


def _shifted_forward(space: Space, arguments: Arrays, keep: bool) -> tuple[list[Any], Any]:
    (x,) = arguments
    y = naive_softmax(x - space.xp.max(x, axis=-1, keepdims=True), space.xp)
    return [y], y


def _relative_backward(space: Space, arguments: Arrays, kept: Any, cotangents: Arrays) -> list[Any]:
    gradient = space.xp.empty_like(kept)
    softmax_backward(kept, cotangents[0], gradient, space.xp)
    return [gradient]


def _torch_forward(torch: Any, arguments: Arrays) -> list[Any]:
    return [torch.softmax(arguments[0], dim=-1)]


SOFTMAX = Workload(
    name="softmax",
    what="y = exp(x) / Σ exp(x) over rows of 256",
    source="Bridle 1990",
    dimensions={"K": CLASSES},
    arguments=(Argument("x", "N K"),),
    outputs=(Output("y", "N K", elementwise=True),),
    own=Code(_forward, _backward),
    textbook=Code(_textbook_forward, _textbook_backward),
    torch=TorchCode(_torch_forward),
    reference=Code(_shifted_forward, _relative_backward),
)
