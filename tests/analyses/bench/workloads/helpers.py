"""The workloads once more, in the plainest code there is, and their rows ready to be asked."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from actcli.analyses.bench.workloads import Workload, get_workload, timed_workloads
from actcli.analyses.bench.workloads.rows import arrays_of
from actcli.core.formats import get_format
from actcli.implementations.timed import Timed

Array = np.ndarray[Any, Any]
FORWARD, BOTH = (0,), (0, 1)


def one_row(name: str, implementation: str, orders: tuple[int, ...], dtype: str = "float64") -> Timed:
    """The row of a workload, made for the smallest size."""
    size = get_workload(name).row
    (row,) = timed_workloads(name, [implementation], size, [get_format(dtype)], orders=[orders])
    return row


def answers(row: Timed, x: Array, *, out: bool = False) -> tuple[Array, ...]:
    ready = row.prepare(x, out, None)
    with ready.active():
        return ready.answer()


def normals(workload: Workload, rows: int, dtype: str = "float64", scale: float = 1.0) -> Array:
    return (scale * np.random.default_rng(5).standard_normal(rows * workload.row)).astype(dtype)


def arguments(workload: Workload, x: Array) -> tuple[list[Array], list[Array]]:
    """The arguments and the cotangents that a row uses with x, as float64."""
    given, cotangents = arrays_of(workload, x)
    return [each.astype(np.float64) for each in given], [each.astype(np.float64) for each in cotangents]


def _sigmoid(x: Array) -> Array:
    return np.array([0.5 * (1 + math.tanh(0.5 * each)) for each in x.reshape(-1)]).reshape(x.shape)


def _lstm_cell(x: Array, h: Array, c: Array, W: Array, b: Array) -> list[Array]:
    new_h, new_c = [], []
    for row in range(len(x)):
        sums = np.array([*x[row], *h[row]]) @ W + b
        f, i, o = (_sigmoid(part) for part in np.split(sums, 4)[:3])
        state = f * c[row] + i * np.tanh(np.split(sums, 4)[3])
        new_c.append(state)
        new_h.append(o * np.tanh(state))
    return [np.array(new_h), np.array(new_c)]


def _gru_cell(x: Array, h: Array, W: Array, U: Array, b: Array) -> list[Array]:
    (Wr, Wz, Wn), (Ur, Uz, Un), (br, bz, bn) = np.split(W, 3, 1), np.split(U, 3, 1), np.split(b, 3)
    r, z = _sigmoid(x @ Wr + h @ Ur + br), _sigmoid(x @ Wz + h @ Uz + bz)
    return [(1 - z) * np.tanh(x @ Wn + bn + r * (h @ Un)) + z * h]


def _attention(h: Array, s: Array, W_h: Array, W_s: Array, v: Array, W_g: Array) -> list[Array]:
    found = []
    for positions, query in zip(h, s, strict=True):
        scores = np.array([v @ np.tanh(W_h.T @ each + W_s.T @ query) for each in positions])
        (weights,) = _softmax(scores[None, :])[0]
        context = sum(weight * each for weight, each in zip(weights, positions, strict=True))
        found.append(context * _sigmoid(W_g.T @ np.array([*query, *context])))
    return [np.array(found)]


def _softmax(x: Array) -> list[Array]:
    return [np.array([[1 / math.fsum(np.exp(row - each)) for each in row] for row in x])]


def _bce(z: Array, y: Array) -> list[Array]:
    """The loss is -log σ(z) for a label of 1 and -log σ(-z) for one of 0."""
    margins = np.where(y == 1, z, -z)
    return [np.array([math.log1p(math.exp(-m)) if m > 0 else math.log1p(math.exp(m)) - m for m in margins])]


PLAIN: dict[str, Callable[..., list[Array]]] = {
    "lstm_cell": _lstm_cell,
    "gru_cell": _gru_cell,
    "attention": _attention,
    "softmax": _softmax,
    "bce": _bce,
}
