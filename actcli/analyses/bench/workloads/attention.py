"""Additive attention of a query over positions, and a gate on what it found."""

from __future__ import annotations

from typing import Any

from actcli.analyses.bench.workloads.gates import naive_sigmoid, sigmoid, tanh
from actcli.analyses.bench.workloads.softmax import naive_softmax, naive_softmax_backward, softmax, softmax_backward
from actcli.analyses.bench.workloads.space import Space
from actcli.analyses.bench.workloads.workload import Argument, Arrays, Code, Output, TorchCode, Workload, normal

HIDDEN, POSITIONS = 256, 32


def _forward(space: Space, arguments: Arrays, keep: bool) -> tuple[list[Any], Any]:
    h, s, W_h, W_s, v, W_g = arguments
    xp, (rows, positions, width) = space.xp, h.shape
    flat = (rows * positions, width)
    keys = xp.matmul(h.reshape(flat), W_h, out=space.array("keys", flat)).reshape(h.shape)
    query = xp.matmul(s, W_s, out=space.array("query", s.shape))
    slopes = space.array("slopes", h.shape) if keep else None
    weights = space.array("weights", (rows, positions))
    joined = space.array("joined", (rows, 2 * width))

    def compute(block: slice) -> None:
        part = keys[block]
        part += query[block, None, :]
        tanh(part, None if slopes is None else slopes[block], xp)
        softmax(part @ v, weights[block], xp)
        joined[block, :width] = s[block]
        xp.matmul(weights[block, None, :], h[block], out=joined[block, None, width:])

    space.by_rows(compute, rows, positions * width)
    gates = xp.matmul(joined, W_g, out=space.array("gates", s.shape))
    bends = space.array("gate slopes", s.shape) if keep else None
    sigmoid(gates, bends, xp)
    out = xp.multiply(gates, joined[:, width:], out=space.array("out", s.shape))
    return [out], (keys, slopes, weights, joined, gates, bends)


def _backward(space: Space, arguments: Arrays, kept: Any, cotangents: Arrays) -> list[Any]:
    h, s, W_h, W_s, v, W_g = arguments
    keys, slopes, weights, joined, gates, bends = kept
    (by_out,) = cotangents
    xp, (rows, positions, width) = space.xp, h.shape
    bends *= by_out
    bends *= joined[:, width:]
    W_g_grad = xp.matmul(joined.T, bends, out=space.array("by W_g", W_g.shape))
    by_joined = xp.matmul(bends, W_g.T, out=space.array("by joined", joined.shape))
    s_grad, context = by_joined[:, :width], by_joined[:, width:]
    gates *= by_out
    context += gates
    by_scores, by_query = space.array("by scores", weights.shape), space.array("by query", s.shape)

    def compute(block: slice) -> None:
        part = weights[block]
        by_weights = (h[block] @ context[block, :, None])[..., 0]
        softmax_backward(part, by_weights, by_scores[block], xp)
        # The slopes become the gradients by the pre-activations.
        slope = slopes[block]
        slope *= by_scores[block, :, None]
        slope *= v
        xp.sum(slope, axis=1, out=by_query[block])

    space.by_rows(compute, rows, positions * width)
    flat = (rows * positions, width)
    v_grad = xp.matmul(by_scores.reshape(-1), keys.reshape(flat), out=space.array("by v", v.shape))
    W_h_grad = xp.matmul(h.reshape(flat).T, slopes.reshape(flat), out=space.array("by W_h", W_h.shape))
    W_s_grad = xp.matmul(s.T, by_query, out=space.array("by W_s", W_s.shape))
    s_grad += by_query @ W_s.T
    h_grad = xp.matmul(slopes.reshape(flat), W_h.T, out=space.array("by h", flat)).reshape(h.shape)

    def add(block: slice) -> None:
        h_grad[block] += weights[block, :, None] * context[block, None, :]

    space.by_rows(add, rows, positions * width)
    return [h_grad, s_grad, W_h_grad, W_s_grad, v_grad, W_g_grad]


def _textbook_forward(space: Space, arguments: Arrays, keep: bool) -> tuple[list[Any], Any]:
    h, s, W_h, W_s, v, W_g = arguments
    xp = space.xp
    t = xp.tanh(h @ W_h + (s @ W_s)[:, None, :])
    weights = naive_softmax(t @ v, xp)
    context = xp.sum(weights[:, :, None] * h, axis=1)
    joined = xp.concatenate([s, context], axis=1)
    gate = naive_sigmoid(joined @ W_g, xp)
    return [gate * context], (t, weights, context, joined, gate)


def _textbook_backward(space: Space, arguments: Arrays, kept: Any, cotangents: Arrays) -> list[Any]:
    h, s, W_h, W_s, v, W_g = arguments
    t, weights, context, joined, gate = kept
    (by_out,) = cotangents
    xp, width = space.xp, s.shape[1]
    by_gate = by_out * context * gate * (1 - gate)
    by_joined = by_gate @ W_g.T
    by_context = by_out * gate + by_joined[:, width:]
    by_weights = xp.sum(h * by_context[:, None, :], axis=2)
    by_scores = naive_softmax_backward(weights, by_weights, xp)
    by_z = by_scores[:, :, None] * v * (1 - t**2)
    by_query = by_z.sum(axis=1)
    return [
        weights[:, :, None] * by_context[:, None, :] + by_z @ W_h.T,
        by_joined[:, :width] + by_query @ W_s.T,
        xp.tensordot(h, by_z, axes=([0, 1], [0, 1])),
        s.T @ by_query,
        xp.tensordot(by_scores, t, axes=([0, 1], [0, 1])),
        joined.T @ by_gate,
    ]


def _torch_forward(torch: Any, arguments: Arrays) -> list[Any]:
    h, s, W_h, W_s, v, W_g = arguments
    scores = torch.tanh(h @ W_h + (s @ W_s)[:, None, :]) @ v
    weights = torch.softmax(scores, dim=-1)
    context = (weights[:, None, :] @ h)[:, 0, :]
    gate = torch.sigmoid(torch.cat([s, context], dim=1) @ W_g)
    return [gate * context]


_TEXTBOOK = Code(_textbook_forward, _textbook_backward)
_SPREAD = HIDDEN**-0.5

ATTENTION = Workload(
    name="attention",
    what="e = v·tanh(hW_h + sW_s), a = softmax(e), c = Σah over 32 positions of 256 units, out = c·σ([s, c]W_g)",
    source="Bahdanau, Cho & Bengio 2015 (additive scores), with a gate on the context",
    dimensions={"T": POSITIONS, "H": HIDDEN, "J": 2 * HIDDEN},
    arguments=(
        Argument("h", "N T H"),
        Argument("s", "N H"),
        Argument("W_h", "H H", normal(_SPREAD)),
        Argument("W_s", "H H", normal(_SPREAD)),
        Argument("v", "H", normal(2 * _SPREAD)),
        Argument("W_g", "J H", normal((2 * HIDDEN) ** -0.5)),
    ),
    outputs=(Output("out", "N H"),),
    multiplies=True,
    own=Code(_forward, _backward),
    textbook=_TEXTBOOK,
    torch=TorchCode(_torch_forward),
    reference=_TEXTBOOK,
)
