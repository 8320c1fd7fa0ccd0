"""Singular values of Jacobians: plainly computed ones, and theory's spread."""

from __future__ import annotations

import math

import numpy as np
import pytest

from actcli.analyses.gradflow.network.inits import gaussian_init, get_init
from actcli.analyses.gradflow.network.jacobian import spectrum
from actcli.analyses.gradflow.network.net import Net, forward
from actcli.analyses.gradflow.network.weights import Weights
from actcli.core.device import CPU
from tests.analyses.gradflow.network.nets import function


def test_it_is_the_decomposition_of_the_plain_product() -> None:
    phi = function("tanh")
    init = get_init("pytorch", phi)
    drawn, ends = np.random.SeedSequence(5).spawn(1)[0].spawn(2)
    net = Net(phi, Weights(init, [20] * 4, drawn, CPU, keep=True))
    passed = forward(net, np.random.default_rng(ends).standard_normal((1, 20)))
    product = np.eye(20)
    for (weights, _), slope in zip(net.layers, passed.slopes, strict=True):
        product = np.diag(slope[0]) @ weights @ product
    squares = np.linalg.svd(product, compute_uv=False) ** 2
    found = spectrum(phi, init, depth=3, width=20, trials=1, seed=5)
    assert found.log_mean == pytest.approx(math.log(squares.mean()))
    assert found.log_largest == pytest.approx(math.log(squares.max()) / 2)
    assert found.log_smallest == pytest.approx(math.log(squares.min()) / 2)
    assert found.spread == pytest.approx(squares.var() / squares.mean() ** 2)
    assert math.isnan(found.spread_error)


@pytest.mark.parametrize(
    ("activation", "init"),
    [("tanh", "lecun"), ("tanh", "orthogonal"), ("relu", "he"), ("relu", "orthogonal"), ("tanh", "glorot_uniform")],
)
def test_the_spread_is_that_of_theory(activation: str, init: str) -> None:
    phi = function(activation)
    found = spectrum(phi, get_init(init, phi), depth=4, width=200, trials=12, seed=6)
    # The spread of a matrix 200 wide is off by order 1/200 a layer.
    assert found.spread == pytest.approx(found.theory_spread, abs=4 * found.spread_error + 0.02 * found.theory_spread)
    assert found.log_mean == pytest.approx(found.theory_log_mean, abs=0.15)


def test_orthogonal_weights_alone_have_no_spread() -> None:
    phi = function("identity")
    found = spectrum(phi, get_init("orthogonal", phi), depth=10, width=50, trials=3, seed=7)
    assert found.spread == pytest.approx(0, abs=1e-20)
    assert found.theory_spread == pytest.approx(0, abs=1e-12)
    assert (found.log_largest, found.log_smallest) == (pytest.approx(0, abs=1e-12), pytest.approx(0, abs=1e-12))


def test_deep_products_stay_in_range() -> None:
    found = spectrum(function("identity"), gaussian_init(1e-3, 0.0), depth=300, width=10, trials=2, seed=8)
    assert found.log_mean < 300 * 2 * math.log(1e-3) + 100
    assert found.log_smallest == -math.inf
