"""Forward and backward: against differences, against autograd, against plain products, at great depth."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from actcli.analyses.gradflow.network.linearity import collapses
from actcli.analyses.gradflow.network.net import Array, Net, backward, forward, log_norm, log_norms, scaled, together
from tests.analyses.gradflow.network.nets import function, plain, random_net

ACTIVATIONS = [
    "tanh",
    "sigmoid",
    "gelu",
    "silu",
    "softsign",
    "selu",
    "leaky_relu",
    "relu",
    "x*sigmoid(1.7*x)",
    "sin(x)",
]
ARCHS = ["mlp", "residual"]
NORMS = ["none", "batch", "layer", "rms"]


def gradients(net: Net, x: Array, cotangent: Array) -> tuple[Array, Array]:
    """Return (layers, batch, units) gradients by z and (layers, units, units) by the weights, rescaled back."""
    passed = forward(net, x)
    by_z = {layer: delta * 2.0**exponent for layer, delta, exponent in backward(net, passed, cotangent)}
    deltas = [by_z[layer] for layer in range(len(net.layers))]
    inputs = [each * 2.0**exponent for each, exponent in zip(passed.x, passed.exponents, strict=True)]
    return np.array(deltas), np.array([delta.T @ each for delta, each in zip(deltas, inputs, strict=False)])


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("arch", ARCHS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_gradient_is_that_of_differences(activation: str, arch: str, norm: str) -> None:
    net = random_net(activation, arch, norm)
    rng = np.random.default_rng(7)
    x, cotangent = rng.standard_normal((2, 5, 6))
    deltas, by_weights = gradients(net, x, cotangent)
    step, none = 1e-6, np.zeros(deltas.shape)
    for layer in range(len(net.layers)):
        direction = np.zeros_like(none)
        direction[layer] = rng.standard_normal(x.shape)
        outputs = [plain(net, x, sign * step * direction) for sign in (1, -1)]
        slope = float(((outputs[0] - outputs[1]) * cotangent).sum()) / (2 * step)
        assert float((deltas * direction).sum()) == pytest.approx(slope, rel=1e-7, abs=1e-8 * np.abs(deltas).max())

        by_hand = []
        change = rng.standard_normal((6, 6))
        for sign in (1, -1):
            layers = list(net.layers)
            weights, biases = layers[layer]
            layers[layer] = (weights + sign * step * change, biases)
            by_hand.append(float((plain(replace(net, layers=layers), x, none) * cotangent).sum()))
        slope = (by_hand[0] - by_hand[1]) / (2 * step)
        assert float((by_weights[layer] * change).sum()) == pytest.approx(
            slope, rel=1e-7, abs=1e-8 * np.abs(by_weights).max()
        )


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("arch", ARCHS)
@pytest.mark.parametrize("activation", ["tanh", "gelu", "silu", "relu", "elu", "mish"])
def test_the_gradient_is_that_of_autograd(activation: str, arch: str, norm: str) -> None:
    torch = pytest.importorskip("torch")
    net = random_net(activation, arch, norm, depth=6, width=16)
    x, cotangent = np.random.default_rng(8).standard_normal((2, 9, 16))
    layers = [tuple(torch.tensor(each, requires_grad=True) for each in layer) for layer in net.layers]
    phi = getattr(torch.nn.functional, activation)
    signal, between = torch.tensor(x), []
    for weights, biases in layers:
        z = torch.nn.functional.linear(signal, weights, biases)
        z.retain_grad()
        between.append(z)
        if norm == "batch":
            z = torch.nn.functional.batch_norm(z, None, None, training=True, eps=1e-5)
        if norm == "layer":
            z = torch.nn.functional.layer_norm(z, z.shape[1:], eps=1e-5)
        if norm == "rms":
            z = torch.nn.functional.rms_norm(z, z.shape[1:], eps=1e-5)
        signal = phi(z) + signal if arch == "residual" else phi(z)
    signal.backward(torch.tensor(cotangent))
    deltas, by_weights = gradients(net, x, cotangent)
    np.testing.assert_allclose(deltas, [z.grad.numpy() for z in between], rtol=1e-10, atol=1e-13)
    np.testing.assert_allclose(by_weights, [weights.grad.numpy() for weights, _ in layers], rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("scales", [False, True])
def test_rescaling_changes_nothing_that_plain_numbers_can_hold(scales: bool) -> None:
    net = replace(random_net("leaky_relu", "residual", "none", depth=8), scales=scales)
    x, cotangent = np.random.default_rng(9).standard_normal((2, 5, 6))
    deltas, _ = gradients(net, x, cotangent)
    signal, inputs, slopes = x, [x], []
    for weights, biases in net.layers:
        z = signal @ weights.T + biases
        slopes.append(np.where(z > 0, 1, 0.01))
        signal = signal + np.where(z > 0, z, 0.01 * z)
        inputs.append(signal)
    gradient = cotangent
    for layer in reversed(range(8)):
        np.testing.assert_allclose(deltas[layer], gradient * slopes[layer], rtol=1e-12)
        gradient = gradient + (gradient * slopes[layer]) @ net.layers[layer][0]
    passed = forward(net, x)
    for got, exponent, want in zip(passed.x, passed.exponents, inputs, strict=True):
        np.testing.assert_allclose(got * 2.0**exponent, want, rtol=1e-12)


def test_ten_layers_of_ten_sigmoids_as_in_textbooks() -> None:
    random = np.random.RandomState(42)
    layers = [(random.randn(10, 10) * 0.5, None) for _ in range(10)]
    x = random.randn(1, 10)
    signals = [x]
    for weights, _ in layers:
        signals.append(1 / (1 + np.exp(-(signals[-1] @ weights.T))))
    delta, norms = np.ones((1, 10)), []
    for layer in reversed(range(10)):
        delta = delta * signals[layer + 1] * (1 - signals[layer + 1])
        norms.append(float(np.linalg.norm(delta)))
        delta = delta @ layers[layer][0]
    net = Net(function("sigmoid"), layers)
    got = [
        math.exp(log_norms(each, exponent, np)[0])
        for _, each, exponent in backward(net, forward(net, x), np.ones((1, 10)))
    ]
    assert got == pytest.approx(norms, rel=1e-12)
    assert got[-1] < 1e-3 * got[0]


@pytest.mark.parametrize(("factor", "activation"), [(0.5, "tanh"), (0.5, "relu"), (3.0, "relu"), (0.5, "identity")])
def test_ten_thousand_layers_neither_underflow_nor_overflow(factor: float, activation: str) -> None:
    # At 0.5^l the slope of tanh is 1 − 0.25^l …: the product of all of them is a number near 1.
    depth = 10_000
    net = Net(function(activation), [(np.array([[factor]]), None)] * depth, scales=activation != "tanh")
    x, z, correction = np.array([[0.1]]), 0.1, 0.0
    logs = {
        layer: float(log_norms(delta, exponent, np)[0])
        for layer, delta, exponent in backward(net, forward(net, x), np.array([[1.0]]))
    }
    if activation == "tanh":
        for _ in range(200):
            z = math.tanh(factor * z)
            correction += math.log1p(-(z**2))
    assert logs[0] == pytest.approx((depth - 1) * math.log(factor) + correction, rel=1e-12)
    assert sorted(logs) == list(range(depth))


def test_a_net_of_straight_lines_is_one_matrix() -> None:
    for text in ("identity", "2*x", "x*(x + 1) - x**2"):
        phi = function(text)
        assert collapses(phi)
        net = random_net(text, "mlp", "none", depth=30, width=5)
        net = replace(net, layers=[(weights, None) for weights, _ in net.layers])
        x = np.random.default_rng(1).standard_normal((4, 5))
        product = np.linalg.multi_dot([weights * phi(1.0) for weights, _ in reversed(net.layers)])
        np.testing.assert_allclose(forward(net, x).x[-1], x @ product.T, rtol=1e-10)


def test_scaling_is_by_powers_of_two() -> None:
    array = np.array([[3.0, -5e200], [0.0, 1e190]])
    reduced, exponent = scaled(array, np)
    assert 1 <= np.abs(reduced).max() < 2
    np.testing.assert_array_equal(reduced * 2.0**exponent, array)
    for edge in (0.0, math.inf, math.nan):
        with np.errstate(all="ignore"):
            np.testing.assert_array_equal(scaled(np.array([edge, 1.0 if edge else 0.0]), np)[0][0], edge)


@pytest.mark.parametrize("size", [1e-310, 1e-200, 1.0, 1e200])
def test_the_logarithm_of_a_norm_holds_any_size(size: float) -> None:
    assert float(log_norm(np.full((2, 8), size), np)) == pytest.approx(math.log(size) + math.log(4), rel=1e-14)


def test_every_example_has_a_scale_of_its_own() -> None:
    rows = np.array([[3.0, 4.0], [3e-200, 4e-200], [0.0, 0.0]])
    with np.errstate(divide="ignore"):
        logs = log_norms(rows, np.array([[0.0], [-2000.0], [9.0]]), np)
    assert logs[:2].tolist() == pytest.approx([math.log(5), math.log(5) - 200 * math.log(10) - 2000 * math.log(2)])
    assert logs[2] == -math.inf
    with np.errstate(divide="ignore"):
        reduced, exponent = together(rows[[0, 2]], np.array([[-5000.0], [0.0]]), np)
    np.testing.assert_array_equal(reduced * 4, rows[[0, 2]])
    assert exponent == -4998


def test_examples_of_different_fate_go_down_together() -> None:
    # One example loses a factor of 1000 a layer beside the other: 300 layers are far beyond float64.
    depth = 300
    phi = function("where(x > 0, x, 0.001*x)")
    net = Net(phi, [(np.eye(1), None)] * depth, scales=False)
    passed = forward(net, np.array([[1.0], [-1e-3]]))
    passed.slopes[:] = [np.array([[1.0], [1e-3]])] * depth
    logs = {layer: log_norms(delta, exponent, np) for layer, delta, exponent in backward(net, passed, np.ones((2, 1)))}
    assert logs[0].tolist() == pytest.approx([0.0, depth * math.log(1e-3)], abs=1e-9)
