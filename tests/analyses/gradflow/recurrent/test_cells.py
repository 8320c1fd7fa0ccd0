"""Cells, forward and backward: against their textbook equations, differences, and autograd."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
import pytest

from actcli.analyses.gradflow.network.inits import gaussian_init
from actcli.analyses.gradflow.recurrent.cells import CELLS, Cell, Gru, Lstm, State
from actcli.analyses.gradflow.recurrent.net import Plan, Unrolled
from tests.analyses.gradflow.functions import function

Array = np.ndarray[Any, Any]
STEPS, WIDTH, BATCH = 5, 4, 3
ACTIVATIONS = ["tanh", "elu", "gelu", "sin(x)"]


def unrolled(text: str, arch: str) -> Unrolled:
    (net,) = Plan(function(text), gaussian_init(1.5, 0.5), arch, STEPS, WIDTH, BATCH).nets(seed=3, trials=1)
    return net


def sigma(z: Array) -> Array:
    return 1 / (1 + np.exp(-z))


def textbook(cell: Cell, x: Array, state: State) -> State:
    """Return the next state by the equations as they are printed."""
    phi, h = cell.function, state[0]
    z = {name: x @ block.w.T + h @ block.u.T + block.b for name, block in cell.blocks.items()}
    if isinstance(cell, Lstm):
        c = sigma(z["forget"]) * state[1] + sigma(z["input"]) * phi(z["candidate"])
        return sigma(z["output"]) * phi(c), c
    if isinstance(cell, Gru):
        reset, update, last = sigma(z["reset"]), sigma(z["update"]), cell.blocks["candidate"]
        n = phi(x @ last.w.T + last.b + reset * (h @ last.u.T))
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

    by_weights: dict[tuple[str, str], Any] = defaultdict(float)
    for time, x, step, by_state, gradients, exponent in back:
        scale = 2.0**exponent
        for name in net.cell.names:
            by_weights[name, "w"] += gradients.by_input[name].T @ x * scale
            by_weights[name, "u"] += gradients.by_recurrent[name].T @ step.before[0] * scale
            by_weights[name, "b"] += gradients.by_input[name].sum(axis=0) * scale
        for array, gradient in zip(states[time + 1], by_state, strict=True):
            direction = rng.standard_normal(array.shape)
            expected = slope(array, time + 1, states[time + 1], direction)
            assert float((gradient * direction).sum()) * scale == pytest.approx(expected, rel=1e-7, abs=1e-9)
    for (name, part), gradient in by_weights.items():
        array = getattr(net.cell.blocks[name], part)
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
    blocks = [net.cell.blocks[name] for name in order[arch]]
    theirs = getattr(torch.nn, arch.upper())(WIDTH, WIDTH, dtype=torch.float64)
    for name, arrays in (
        ("weight_ih_l0", [block.w for block in blocks]),
        ("weight_hh_l0", [block.u for block in blocks]),
        ("bias_ih_l0", [block.b for block in blocks]),
    ):
        getattr(theirs, name).data = torch.tensor(np.concatenate(arrays))
    theirs.bias_hh_l0.data.zero_()
    states = [net.start(), *(step.state for _, step in net.forward())]
    back = list(net.backward(states[:-1]))
    outputs, _ = theirs(torch.tensor(np.array([net.x(time) for time in range(STEPS)])))
    np.testing.assert_allclose(outputs.detach().numpy(), [state[0] for state in states[1:]], rtol=1e-12)
    outputs[-1].backward(torch.tensor(back[0][3][0]))
    by_w, by_u = (
        np.concatenate([sum(2.0 ** each[5] * by(name, *each[1:5]) for each in back) for name in order[arch]])
        for by in (
            lambda name, x, step, by_state, gradients: gradients.by_input[name].T @ x,
            lambda name, x, step, by_state, gradients: gradients.by_recurrent[name].T @ step.before[0],
        )
    )
    np.testing.assert_allclose(by_w, theirs.weight_ih_l0.grad.numpy(), rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(by_u, theirs.weight_hh_l0.grad.numpy(), rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize(("arch", "keeper"), [("lstm", "forget"), ("gru", "update")])
def test_the_forget_bias_is_that_of_the_gate_that_keeps(arch: str, keeper: str) -> None:
    def biases(forget_bias: float | None) -> dict[str, list[float]]:
        plan = Plan(function("tanh"), gaussian_init(1, 1), arch, STEPS, WIDTH, BATCH, forget_bias)
        return {name: block.b.tolist() for name, block in next(plan.nets(seed=3, trials=1)).cell.blocks.items()}

    drawn = biases(None)
    assert 2 not in drawn[keeper]
    assert biases(2.0) == drawn | {keeper: [2] * WIDTH}
