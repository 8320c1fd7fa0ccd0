"""Signal and gradient layer by layer: closed forms, the plain recursion, great depth, what batch norm does to it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from actcli.analyses.gradflow.meanfield.moments import moments
from actcli.analyses.gradflow.meanfield.propagation import propagate
from actcli.analyses.gradflow.meanfield.residual import coherence
from actcli.analyses.gradflow.meanfield.signal import theory
from actcli.errors import UsageError
from tests.analyses.gradflow.meanfield.exact import function

Array = np.ndarray[Any, Any]
WIDE = 10**60
"""The width at which a depth of a hundred layers adds nothing to the plain recursion."""


def test_he_keeps_relu_as_it_is() -> None:
    found = propagate(function("relu"), math.sqrt(2), 0.0, 50, 100)
    np.testing.assert_allclose(found.q, 2.0)
    np.testing.assert_allclose(found.log_gradient, math.log(0.5) / 2)
    assert found.log_variance == pytest.approx(49 * 5 / 100)  # Hanin 2018: 5/n a layer


def test_residual_relu_doubles() -> None:
    found = propagate(function("relu"), math.sqrt(2), 0.0, 6, WIDE, arch="residual")
    # q = 2·p, and p grows by M·m(q) and E f² = p.
    square, mean, q = 1.0, 0.0, []
    for _ in range(6):
        q.append(2 * square)
        average = math.sqrt(q[-1] / (2 * math.pi))
        square, mean = square + 2 * mean * average + q[-1] / 2, mean + average
    np.testing.assert_allclose(found.q, q)
    np.testing.assert_allclose(
        found.log_gradient, [((6 - layer) * math.log(2) + math.log(0.5)) / 2 for layer in range(1, 7)], atol=1e-15
    )


@pytest.mark.parametrize("arch", ["mlp", "residual"])
@pytest.mark.parametrize("norm", ["none", "layer", "rms"])
@pytest.mark.parametrize("name", ["tanh", "gelu"])
def test_the_plain_recursion(name: str, norm: str, arch: str) -> None:
    sigma_w, sigma_b, depth, f = 1.3, 0.2, 100, function(name)
    found = propagate(f, sigma_w, sigma_b, depth, WIDE, arch=arch, norm=norm)
    square, mean, q, gain = 1.0, 0.0, [], []
    for _ in range(depth):
        variance = sigma_w**2 * square + sigma_b**2
        divisor = 1.0 if norm == "none" else variance + 1e-5
        at = moments(f, variance / divisor)
        q.append(variance / divisor)
        gain.append(at.derivative_second_moment.value / divisor)
        if arch == "mlp":
            square = at.second_moment.value
        else:
            square, mean = square + 2 * mean * at.mean.value + at.second_moment.value, mean + at.mean.value
    gradient = [gain[-1]] if arch == "mlp" else [1.0]
    for each in reversed(gain[:-1] if arch == "mlp" else gain[1:]):
        gradient.append(gradient[-1] * (sigma_w**2 * each + (arch == "residual")))
    squares = np.array(gradient[::-1]) * (1 if arch == "mlp" else np.array(gain))
    np.testing.assert_allclose(found.q, q, rtol=1e-11)
    np.testing.assert_allclose(found.log_gradient, np.log(squares) / 2, rtol=1e-10, atol=1e-10)


def test_great_depth_follows_chi() -> None:
    f = function("tanh")
    found, limit = propagate(f, 1.2, 0.2, 10_000, 256), theory(f, 1.2, 0.2)
    assert found.q[-1] == pytest.approx(limit.q_star, rel=1e-12)
    assert found.log_gradient[6000] - found.log_gradient[7000] == pytest.approx(500 * math.log(limit.chi_1), rel=1e-11)


def test_interpolated_layers_agree_with_direct_ones() -> None:
    f, q = function("tanh"), 1.0
    found = propagate(f, 1.0, 0.0, 600, 256)
    for layer in range(600):
        assert found.q[layer] == pytest.approx(q, rel=1e-11)
        q = moments(f, q).second_moment.value


@pytest.mark.parametrize("name", ["gelu", "tanh", "relu2"])
def test_a_deep_residual_net_may_overflow_in_peace(name: str) -> None:
    found = propagate(function(name), 1.4, 0.1, 3000, 256, arch="residual")
    assert np.all(np.diff(found.q[np.isfinite(found.q)]) > 0)
    assert not np.isnan(found.q).any()
    assert np.isfinite(found.log_gradient).all() or name == "relu2"


def test_no_slope_no_gradient() -> None:
    assert np.all(np.isneginf(propagate(function("sign"), 1.0, 0.0, 5, 10).log_gradient))


def test_batch_norm_has_no_line() -> None:
    found = propagate(function("relu"), 1.0, 0.0, 5, 10, norm="batch")
    assert np.isnan(found.q).all()
    assert np.isnan(found.log_gradient).all()


def test_finite_width_fluctuations_of_gaussian_nets() -> None:
    """Deep tanh nets, their gradients carried by fresh random matrices: the variance of ln gradient² is as said."""
    rng, width, depth, trials = np.random.default_rng(5), 48, 12, 400
    f = function("tanh")
    ratios = []
    for _ in range(trials):
        x, slopes, weights = rng.standard_normal(width), [], []
        for _ in range(depth):
            matrix = rng.standard_normal((width, width)) * 1.2 / math.sqrt(width)
            x, slope = f.derivatives(matrix @ x)
            weights.append(matrix)
            slopes.append(slope)
        delta = rng.standard_normal(width) * slopes[-1]
        last = delta @ delta
        for slope, matrix in zip(slopes[-2::-1], weights[:0:-1], strict=True):
            delta = slope * (matrix.T @ delta)
        ratios.append(math.log(delta @ delta / last))
    expected = propagate(f, 1.2, 0.0, depth, width).log_variance
    assert np.var(ratios) == pytest.approx(expected, rel=0.35)


def residual_ratios(name: str, sigmas: tuple[float, float], depth: int, width: int, trials: int) -> Array:
    """Return gradient²(layer 1)/gradient²(layer L) of 32 examples each in so many nets x + f(W x + b)."""
    rng, f, found = np.random.default_rng(9), function(name), []
    for _ in range(trials):
        x, layers = rng.standard_normal((32, width)), []
        for _ in range(depth):
            weights = rng.standard_normal((width, width)) * sigmas[0] / math.sqrt(width)
            value, slope = f.derivatives(x @ weights.T + sigmas[1] * rng.standard_normal(width))
            x = x + value
            layers.append((weights, slope))
        g = rng.standard_normal(x.shape)
        g /= np.linalg.norm(g, axis=1, keepdims=True)
        squares = []
        for weights, slope in reversed(layers):
            squares.append(((slope * g) ** 2).sum(axis=1))
            g = g + (slope * g) @ weights
        found.append(squares[-1] / squares[0])
    return np.array(found)


@pytest.mark.parametrize(
    ("name", "sigmas", "depth", "width"),
    [
        ("relu", (math.sqrt(2), 0.0), 10, 64),
        ("relu", (math.sqrt(2), 0.0), 50, 64),
        ("gelu", (math.sqrt(2), 0.5), 20, 64),
        ("gelu", (math.sqrt(2), 0.0), 20, 200),
        ("softplus", (1.0, 0.3), 20, 64),
        ("tanh", (1.0, 0.0), 50, 64),
        ("sigmoid", (1.0, 0.5), 30, 64),
    ],
)
def test_residual_nets_follow_theory(name: str, sigmas: tuple[float, float], depth: int, width: int) -> None:
    found = propagate(function(name), *sigmas, depth, width, arch="residual")
    ratios = residual_ratios(name, sigmas, depth, width, 12)
    means = ratios.mean(axis=1)
    expected = 2 * (found.log_gradient[0] - found.log_gradient[-1])
    # The recursion leaves out what the fluctuations of the signal do, of order 1/width at each layer.
    slack = 0.4 * depth / width
    assert abs(math.log(means.mean()) - expected) < 4 * means.std() / means.mean() / math.sqrt(12) + slack
    logs = np.log(ratios).mean(axis=1) / 2
    assert abs(expected / 2 - logs.mean() - found.log_shortfall) < 4 * logs.std() / math.sqrt(12) + slack / 2


def test_the_mean_direction_matters_less_the_wider_a_residual_net_is() -> None:
    ratios = [
        float(found.log_gradient[0] - found.log_gradient[-1])
        for found in (
            propagate(function("relu"), math.sqrt(2), 0.0, 20, width, arch="residual")
            for width in (10**2, 10**4, 10**9)
        )
    ]
    plain = 19 * math.log(2) / 2
    assert ratios[0] > plain + 1 > ratios[1] > plain + 0.01 > ratios[2] > plain


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_logarithms_of_what_one_random_number_carries(share: float) -> None:
    nodes = np.linspace(-9, 9, 400_000)  # 0, where the logarithm is infinite, is not one of them
    weights = np.exp(-(nodes**2) / 2)
    logs = np.log(1 - share + share * nodes**2)
    mean = float(np.average(logs, weights=weights))
    assert coherence(share) == pytest.approx((mean, float(np.average((logs - mean) ** 2, weights=weights))), rel=1e-3)
    if share == 1:  # the logarithm of χ² with one degree of freedom
        assert coherence(share) == pytest.approx((-np.euler_gamma - math.log(2), math.pi**2 / 2), rel=1e-6)


@pytest.mark.parametrize(("name", "words"), [("exp(x**2)", "infinite"), ("log(x)", "has no value")])
def test_what_has_no_moments_is_refused(name: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        propagate(function(name), 1.0, 0.0, 5, 10)


def test_other_architectures_are_refused() -> None:
    with pytest.raises(UsageError, match="no theory of 'rnn'"):
        propagate(function("tanh"), 1.0, 0.0, 5, 10, arch="rnn")
