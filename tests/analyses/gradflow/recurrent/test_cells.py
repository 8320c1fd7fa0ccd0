"""Cells, forward and backward: against their textbook equations, differences, and autograd."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
import pytest

from actcli.analyses.gradflow.network.inits import gaussian_init
from actcli.analyses.gradflow.recurrent.cell import Cell, State
from actcli.analyses.gradflow.recurrent.cells import CELLS
from actcli.analyses.gradflow.recurrent.gru import Gru
from actcli.analyses.gradflow.recurrent.lstm import Lstm
from actcli.analyses.gradflow.recurrent.net import Plan, Unrolled
from tests.analyses.gradflow.functions import function

Array = np.ndarray[Any, Any]
STEPS, WIDTH, BATCH = 5, 4, 3
ACTIVATIONS = ["tanh", "elu", "gelu", "sin(x)"]


def unrolled(text: str, arch: str) -> Unrolled:
    return Plan(function(text), gaussian_init(1.5, 0.5), arch, STEPS, WIDTH, BATCH).net(np.random.SeedSequence(3))


def weights(cell: Cell, name: str) -> tuple[Array, Array, Array]:
    """Return W, U and b of a block."""
    k = cell.names.index(name)
    return cell.blocks.w[k], cell.blocks.u[k], cell.blocks.b[k]


def sigma(z: Array) -> Array:
    return 1 / (1 + np.exp(-z))


def textbook(cell: Cell, x: Array, state: State) -> State:
    """Return the next state by the equations as they are printed."""
    phi, h = cell.function, state[0]
    blocks = {name: weights(cell, name) for name in cell.names}
    z = {name: x @ w.T + h @ u.T + b for name, (w, u, b) in blocks.items()}
    if isinstance(cell, Lstm):
        c = sigma(z["forget"]) * state[1] + sigma(z["input"]) * phi(z["candidate"])
        return sigma(z["output"]) * phi(c), c
    if isinstance(cell, Gru):
        reset, update, (w, u, b) = sigma(z["reset"]), sigma(z["update"]), blocks["candidate"]
        n = phi(x @ w.T + b + reset * (h @ u.T))
        return ((1 - update) * n + update * h,)
    return (phi(z["hidden"]),)


@pytest.mark.parametrize("arch", CELLS)
@pytest.mark.parametrize("text", ACTIVATIONS)
def test_steps_are_those_of_the_textbook(text: str, arch: str) -> None:
    net = unrolled(text, arch)
    state = net.start()
    for x, step in net.forward():
        state = textbook(net.cell, x, state)
        for mine, theirs in zip(step.state, state, strict=True):
            np.testing.assert_allclose(mine, theirs, rtol=1e-12, atol=1e-15)
    assert step.gates.keys() == set(net.cell.names[:-1])


@pytest.mark.parametrize("arch", CELLS)
@pytest.mark.parametrize("text", ACTIVATIONS)
def test_gradients_are_those_of_differences(text: str, arch: str) -> None:
    net = unrolled(text, arch)
    rng = np.random.default_rng(5)
    states = [net.start(), *(step.state for _, step in net.forward())]
    back = list(net.backward(states[:-1]))
    output = back[0][3][0]  # the cotangent of h at the end
    np.testing.assert_allclose(np.linalg.norm(output, axis=1), 1, rtol=1e-15)

    def end(state: State, start: int) -> float:
        for time in range(start, STEPS):
            state = textbook(net.cell, net.x(time), state)
        return float((output * state[0]).sum())

    def slope(array: Array, start: int, state: State, direction: Array) -> float:
        kept, ends = array.copy(), []
        for sign in (1, -1):
            array[...] = kept + sign * 1e-6 * direction
            ends.append(end(state, start))
        array[...] = kept
        return (ends[0] - ends[1]) / 2e-6

    by_weights: dict[tuple[int, str], Any] = defaultdict(float)
    for time, x, step, by_state, gradients, exponent in back:
        scale = 2.0**exponent
        for k in range(len(net.cell.names)):
            by_weights[k, "w"] += (gradients.by_input[k] * scale).T @ x
            by_weights[k, "u"] += (gradients.by_recurrent[k] * scale).T @ step.before[0]
            by_weights[k, "b"] += (gradients.by_input[k] * scale).sum(axis=0)
        for array, gradient in zip(states[time + 1], by_state, strict=True):
            direction = rng.standard_normal(array.shape)
            expected = slope(array, time + 1, states[time + 1], direction)
            assert float((gradient * scale * direction).sum()) == pytest.approx(expected, rel=1e-7, abs=1e-9)
    for (k, part), gradient in by_weights.items():
        array = getattr(net.cell.blocks, part)[k]
        direction = rng.standard_normal(array.shape)
        assert float((gradient * direction).sum()) == pytest.approx(slope(array, 0, net.start(), direction), rel=1e-6)


def test_the_gradient_by_the_cell_counts_what_h_takes_from_it() -> None:
    net = unrolled("tanh", "lstm")
    states = [net.start(), *(step.state for _, step in net.forward())]
    _, _, step, by_state, _, _ = next(net.backward(states[:-1]))
    c, gate = step.state[1], step.gates["output"].value
    np.testing.assert_allclose(step.by_cell(by_state), by_state[0] * gate / np.cosh(c) ** 2, rtol=1e-12)


@pytest.mark.parametrize("arch", CELLS)
def test_gradients_are_those_of_autograd(arch: str) -> None:
    torch = pytest.importorskip("torch")
    order = {
        "rnn": ["hidden"],
        "lstm": ["input", "forget", "candidate", "output"],
        "gru": ["reset", "update", "candidate"],
    }
    net = unrolled("tanh", arch)
    blocks = [weights(net.cell, name) for name in order[arch]]
    columns = [net.cell.names.index(name) for name in order[arch]]
    theirs = getattr(torch.nn, arch.upper())(WIDTH, WIDTH, dtype=torch.float64)
    for name, arrays in (
        ("weight_ih_l0", [w for w, _, _ in blocks]),
        ("weight_hh_l0", [u for _, u, _ in blocks]),
        ("bias_ih_l0", [b for _, _, b in blocks]),
    ):
        getattr(theirs, name).data = torch.tensor(np.concatenate(arrays))
    theirs.bias_hh_l0.data.zero_()
    states = [net.start(), *(step.state for _, step in net.forward())]
    back = list(net.backward(states[:-1]))
    outputs, _ = theirs(torch.tensor(np.array([net.x(time) for time in range(STEPS)])))
    np.testing.assert_allclose(outputs.detach().numpy(), [state[0] for state in states[1:]], rtol=1e-12)
    outputs[-1].backward(torch.tensor(back[0][3][0]))
    by_w, by_u = (
        np.concatenate([sum(by(k, *each[1:]) for each in back) for k in columns])
        for by in (
            lambda k, x, step, by_state, gradients, exponent: (gradients.by_input[k] * 2.0**exponent).T @ x,
            lambda k, x, step, by_state, gradients, exponent: (
                (gradients.by_recurrent[k] * 2.0**exponent).T @ step.before[0]
            ),
        )
    )
    np.testing.assert_allclose(by_w, theirs.weight_ih_l0.grad.numpy(), rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(by_u, theirs.weight_hh_l0.grad.numpy(), rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize(("arch", "keeper"), [("lstm", "forget"), ("gru", "update")])
def test_the_forget_bias_is_that_of_the_gate_that_keeps(arch: str, keeper: str) -> None:
    def biases(forget_bias: float | None) -> dict[str, list[float]]:
        plan = Plan(function("tanh"), gaussian_init(1, 1), arch, STEPS, WIDTH, BATCH, forget_bias)
        cell = plan.net(np.random.SeedSequence(3)).cell
        return dict(zip(cell.names, cell.blocks.b.tolist(), strict=True))

    drawn = biases(None)
    assert 2 not in drawn[keeper]
    assert biases(2.0) == drawn | {keeper: [2] * WIDTH}
