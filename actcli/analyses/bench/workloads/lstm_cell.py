"""One step of a long short-term memory: forget, input and output gate, candidate."""

from __future__ import annotations

from typing import Any

import numpy as np

from actcli.analyses.bench.workloads.gates import at, kept_pair, naive_sigmoid, parts, sigmoid, tanh
from actcli.analyses.bench.workloads.space import Space
from actcli.analyses.bench.workloads.workload import Argument, Arrays, Code, Output, TorchCode, Workload, normal

HIDDEN = 256


def _forward(space: Space, arguments: Arrays, keep: bool) -> tuple[list[Any], Any]:
    x, h, c, W, b = arguments
    xp, (rows, width) = space.xp, h.shape
    joined = xp.concatenate([x, h], axis=1, out=space.array("joined", (rows, 2 * width)))
    sums = xp.matmul(joined, W, out=space.array("sums", (rows, 4 * width)))
    h_new, c_new = space.array("h", h.shape), space.array("c", c.shape)
    # Gate by gate, and tanh(c) fifth: columns of a wider matrix take NumPy half as long again.
    values, slopes = kept_pair(space, 5, h.shape, keep)

    def compute(block: slice) -> None:
        f, i, o, g = (
            xp.add(part, bias, out=at(values, k, block))
            for k, (part, bias) in enumerate(zip(parts(sums[block], 4), parts(b, 4), strict=True))
        )
        for k, gate in enumerate((f, i, o)):
            sigmoid(gate, at(slopes, k, block), xp)
        tanh(g, at(slopes, 3, block), xp)
        state = xp.multiply(f, c[block], out=c_new[block])
        state += i * g
        t = xp.add(state, 0, out=at(values, 4, block))
        tanh(t, at(slopes, 4, block), xp)
        xp.multiply(o, t, out=h_new[block])

    space.by_rows(compute, rows, width)
    return [h_new, c_new], (joined, sums, values, slopes)


def _backward(space: Space, arguments: Arrays, kept: Any, cotangents: Arrays) -> list[Any]:
    _, _, c, W, b = arguments
    joined, sums, values, slopes = kept
    by_h, by_c = cotangents
    xp, (rows, width) = space.xp, c.shape
    c_grad = space.array("by c", c.shape)

    def compute(block: slice) -> None:
        f, i, o, g, t = values[:, block]
        state = slopes[4, block]  # becomes the gradient by the new state
        state *= by_h[block]
        state *= o
        state += by_c[block]
        xp.multiply(state, f, out=c_grad[block])
        outer = (state, state, by_h[block], state)
        # The gradients by the pre-activations take the place of those.
        for slope, upstream, other, out in zip(
            slopes[:4, block], outer, (c[block], g, t, i), parts(sums[block], 4), strict=True
        ):
            slope *= upstream
            xp.multiply(slope, other, out=out)

    space.by_rows(compute, rows, width)
    joined_grad = xp.matmul(sums, W.T, out=space.array("by joined", joined.shape))
    W_grad = xp.matmul(joined.T, sums, out=space.array("by W", W.shape))
    b_grad = xp.sum(sums, axis=0, out=space.array("by b", b.shape))
    return [joined_grad[:, :width], joined_grad[:, width:], c_grad, W_grad, b_grad]


def _textbook_forward(space: Space, arguments: Arrays, keep: bool) -> tuple[list[Any], Any]:
    x, h, c, Wf, Wi, Wo, Wc, bf, bi, bo, bc = arguments
    xp = space.xp
    combined = xp.concatenate([x, h], axis=1)
    f = naive_sigmoid(combined @ Wf + bf, xp)
    i = naive_sigmoid(combined @ Wi + bi, xp)
    o = naive_sigmoid(combined @ Wo + bo, xp)
    candidate = xp.tanh(combined @ Wc + bc)
    c_new = f * c + i * candidate
    h_new = o * xp.tanh(c_new)
    return [h_new, c_new], (combined, f, i, o, candidate, c_new)


def _textbook_backward(space: Space, arguments: Arrays, kept: Any, cotangents: Arrays) -> list[Any]:
    _, h, c, Wf, Wi, Wo, Wc, *_ = arguments
    combined, f, i, o, candidate, c_new = kept
    by_h, by_c = cotangents
    t = space.xp.tanh(c_new)
    by_c = by_c + by_h * o * (1 - t**2)
    by_f = by_c * c * f * (1 - f)
    by_i = by_c * candidate * i * (1 - i)
    by_o = by_h * t * o * (1 - o)
    by_candidate = by_c * i * (1 - candidate**2)
    by_combined = by_f @ Wf.T + by_i @ Wi.T + by_o @ Wo.T + by_candidate @ Wc.T
    gates = (by_f, by_i, by_o, by_candidate)
    split = h.shape[1]
    inputs = [by_combined[:, :split], by_combined[:, split:], by_c * f]
    return [*inputs, *(combined.T @ each for each in gates), *(each.sum(axis=0) for each in gates)]


def _split(arguments: Arrays) -> list[Any]:
    x, h, c, W, b = arguments
    return [x, h, c, *map(np.ascontiguousarray, np.split(W, 4, axis=1)), *np.split(b, 4)]


def _join(gradients: Arrays) -> list[Any]:
    return [*gradients[:3], np.concatenate(gradients[3:7], axis=1), np.concatenate(gradients[7:])]


def _torch_forward(torch: Any, arguments: Arrays) -> list[Any]:
    x, h, c, W_x, W_h, b, zero = arguments
    return list(torch.lstm_cell(x, (h, c), W_x, W_h, b, zero))


def _to_torch(arguments: Arrays) -> list[Any]:
    """PyTorch has a row a unit, the gates in the order input, forget, candidate, output, and two biases."""
    x, h, c, W, b = arguments
    f, i, o, g = np.split(W, 4, axis=1)
    W = np.concatenate([i, f, g, o], axis=1).T
    f, i, o, g = np.split(b, 4)
    b = np.concatenate([i, f, g, o])
    split = x.shape[1]
    return [x, h, c, W[:, :split], W[:, split:], b, np.zeros_like(b)]


def _from_torch(gradients: Arrays) -> list[Any]:
    x, h, c, W_x, W_h, b, _ = gradients
    i, f, g, o = np.split(np.concatenate([W_x, W_h], axis=1).T, 4, axis=1)
    W = np.concatenate([f, i, o, g], axis=1)
    i, f, g, o = np.split(b, 4)
    return [x, h, c, W, np.concatenate([f, i, o, g])]


_TEXTBOOK = Code(_textbook_forward, _textbook_backward, _split, _join)

LSTM_CELL = Workload(
    name="lstm_cell",
    what="f, i, o = σ([x, h]W + b), c̃ = tanh([x, h]W + b), c = f·c + i·c̃, h = o·tanh(c); one step of 256 units",
    source="Hochreiter & Schmidhuber 1997; Gers, Schmidhuber & Cummins 2000 (the forget gate)",
    dimensions={"H": HIDDEN, "J": 2 * HIDDEN, "G": 4 * HIDDEN},
    arguments=(
        Argument("x", "N H"),
        Argument("h", "N H", normal(0.5)),
        Argument("c", "N H"),
        Argument("W", "J G", normal((2 * HIDDEN) ** -0.5)),
        Argument("b", "G", normal(0.1)),
    ),
    outputs=(Output("h", "N H"), Output("c", "N H")),
    multiplies=True,
    own=Code(_forward, _backward),
    textbook=_TEXTBOOK,
    torch=TorchCode(_torch_forward, _to_torch, _from_torch),
    reference=_TEXTBOOK,
)
