"""One step of a gated recurrent unit: reset and update gate, candidate."""

from __future__ import annotations

from typing import Any

import numpy as np

from actcli.analyses.bench.workloads.gates import at, kept_pair, naive_sigmoid, parts, sigmoid, tanh
from actcli.analyses.bench.workloads.space import Space
from actcli.analyses.bench.workloads.workload import Argument, Arrays, Code, Output, TorchCode, Workload, normal

HIDDEN = 256


def _forward(space: Space, arguments: Arrays, keep: bool) -> tuple[list[Any], Any]:
    x, h, W, U, b = arguments
    xp, (rows, width) = space.xp, h.shape
    sums = xp.matmul(x, W, out=space.array("sums", (rows, 3 * width)))
    carried = xp.matmul(h, U, out=space.array("carried", sums.shape))
    h_new = space.array("h", h.shape)
    # Gate by gate: columns of a wider matrix take NumPy half as long again.
    values, slopes = kept_pair(space, 3, h.shape, keep)

    def compute(block: slice) -> None:
        r, z, n = (
            xp.add(part, bias, out=at(values, k, block))
            for k, (part, bias) in enumerate(zip(parts(sums[block], 3), parts(b, 3), strict=True))
        )
        carried_r, carried_z, carried_n = parts(carried[block], 3)
        r += carried_r
        z += carried_z
        sigmoid(r, at(slopes, 0, block), xp)
        sigmoid(z, at(slopes, 1, block), xp)
        n += r * carried_n
        tanh(n, at(slopes, 2, block), xp)
        # (1 - z)n + zh = n + z(h - n)
        new = xp.subtract(h[block], n, out=h_new[block])
        new *= z
        new += n

    space.by_rows(compute, rows, width)
    return [h_new], (sums, carried, values, slopes)


def _backward(space: Space, arguments: Arrays, kept: Any, cotangents: Arrays) -> list[Any]:
    x, h, W, U, b = arguments
    sums, carried, values, slopes = kept
    (by_h,) = cotangents
    xp, (rows, width) = space.xp, h.shape
    passed = space.array("by h, passed on", h.shape)

    def compute(block: slice) -> None:
        r, z, n = values[:, block]
        by_r, by_z, by_n = slopes[:, block]  # the slopes become the gradients by the pre-activations
        upstream = by_h[block]
        by_z *= upstream
        by_z *= h[block] - n
        by_n *= upstream - xp.multiply(upstream, z, out=passed[block])
        carried_r, carried_z, carried_n = parts(carried[block], 3)
        by_r *= by_n
        by_r *= carried_n
        # They take the place of those, and beside them of what was carried.
        for gradient, out in zip((by_r, by_z, by_n), parts(sums[block], 3), strict=True):
            out[...] = gradient
        carried_r[...] = by_r
        carried_z[...] = by_z
        xp.multiply(by_n, r, out=carried_n)

    space.by_rows(compute, rows, width)
    x_grad = xp.matmul(sums, W.T, out=space.array("by x", x.shape))
    h_grad = xp.matmul(carried, U.T, out=space.array("by h", h.shape))
    h_grad += passed
    W_grad = xp.matmul(x.T, sums, out=space.array("by W", W.shape))
    U_grad = xp.matmul(h.T, carried, out=space.array("by U", U.shape))
    b_grad = xp.sum(sums, axis=0, out=space.array("by b", b.shape))
    return [x_grad, h_grad, W_grad, U_grad, b_grad]


def _textbook_forward(space: Space, arguments: Arrays, keep: bool) -> tuple[list[Any], Any]:
    x, h, Wr, Wz, Wn, Ur, Uz, Un, br, bz, bn = arguments
    r = naive_sigmoid(x @ Wr + h @ Ur + br, space.xp)
    z = naive_sigmoid(x @ Wz + h @ Uz + bz, space.xp)
    carried = h @ Un
    n = space.xp.tanh(x @ Wn + bn + r * carried)
    return [(1 - z) * n + z * h], (r, z, n, carried)


def _textbook_backward(space: Space, arguments: Arrays, kept: Any, cotangents: Arrays) -> list[Any]:
    x, h, Wr, Wz, Wn, Ur, Uz, Un, *_ = arguments
    r, z, n, carried = kept
    (by_h,) = cotangents
    by_n = by_h * (1 - z) * (1 - n**2)
    by_z = by_h * (h - n) * z * (1 - z)
    by_r = by_n * carried * r * (1 - r)
    by_carried = by_n * r
    x_grad = by_r @ Wr.T + by_z @ Wz.T + by_n @ Wn.T
    h_grad = by_h * z + by_r @ Ur.T + by_z @ Uz.T + by_carried @ Un.T
    by_x, by_state = (by_r, by_z, by_n), (by_r, by_z, by_carried)
    return [x_grad, h_grad, *(x.T @ g for g in by_x), *(h.T @ g for g in by_state), *(g.sum(axis=0) for g in by_x)]


def _split(arguments: Arrays) -> list[Any]:
    x, h, W, U, b = arguments
    return [
        x,
        h,
        *(np.ascontiguousarray(part) for each in (W, U) for part in np.split(each, 3, axis=1)),
        *np.split(b, 3),
    ]


def _join(gradients: Arrays) -> list[Any]:
    x, h, *weights = gradients
    W, U = np.concatenate(weights[:3], axis=1), np.concatenate(weights[3:6], axis=1)
    return [x, h, W, U, np.concatenate(weights[6:])]


def _torch_forward(torch: Any, arguments: Arrays) -> list[Any]:
    x, h, W, U, b, zero = arguments
    return [torch.gru_cell(x, h, W, U, b, zero)]


def _to_torch(arguments: Arrays) -> list[Any]:
    """PyTorch has a row a unit, the gates in the same order, and two biases."""
    x, h, W, U, b = arguments
    return [x, h, W.T, U.T, b, np.zeros_like(b)]


def _from_torch(gradients: Arrays) -> list[Any]:
    x, h, W, U, b, _ = gradients
    return [x, h, W.T, U.T, b]


_TEXTBOOK = Code(_textbook_forward, _textbook_backward, _split, _join)

GRU_CELL = Workload(
    name="gru_cell",
    what="r, z = σ(xW + hU + b), n = tanh(xW + b + r·(hU)), h = (1 - z)·n + z·h; one step of 256 units",
    source="Cho et al. 2014, the reset gate after the product as in cuDNN, PyTorch and Keras",
    dimensions={"H": HIDDEN, "G": 3 * HIDDEN},
    arguments=(
        Argument("x", "N H"),
        Argument("h", "N H", normal(0.5)),
        Argument("W", "H G", normal((2 * HIDDEN) ** -0.5)),
        Argument("U", "H G", normal((2 * HIDDEN) ** -0.5)),
        Argument("b", "G", normal(0.1)),
    ),
    outputs=(Output("h", "N H"),),
    multiplies=True,
    own=Code(_forward, _backward),
    textbook=_TEXTBOOK,
    torch=TorchCode(_torch_forward, _to_torch, _from_torch),
    reference=_TEXTBOOK,
)
