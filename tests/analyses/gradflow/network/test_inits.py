"""Initialisations: the variances that their papers and frameworks state, orthogonality, names."""

from __future__ import annotations

import math

import numpy as np
import pytest

from actcli.activations.function import Function
from actcli.activations.registry import DEFAULT
from actcli.analyses.gradflow.network.inits import NAMES, default_init, gaussian_init, get_init
from actcli.errors import UsageError


def function(text: str) -> Function:
    found = DEFAULT.get(text)
    assert isinstance(found, Function)
    return found


FAN_IN, FAN_OUT = 300, 500
GLOROT = 2 / (FAN_IN + FAN_OUT)


@pytest.mark.parametrize(
    ("name", "activation", "variance", "bias_variance", "is_uniform"),
    [
        ("xavier", "tanh", GLOROT, 0, False),
        ("glorot_normal", "tanh", GLOROT, 0, False),
        ("glorot_uniform", "tanh", GLOROT, 0, True),
        ("keras", "relu", GLOROT, 0, True),
        ("he", "relu", 2 / FAN_IN, 0, False),
        ("kaiming_normal", "relu", 2 / FAN_IN, 0, False),
        ("kaiming_uniform", "gelu", 2 / FAN_IN, 0, True),
        ("he", "leaky_relu(0.5)", 2 / 1.25 / FAN_IN, 0, False),
        ("he", "prelu", 2 / 1.0625 / FAN_IN, 0, False),
        ("lecun", "selu", 1 / FAN_IN, 0, False),
        ("orthogonal", "tanh", 1 / FAN_OUT, 0, False),
        ("normal:0.5", "tanh", 0.25, 0, False),
        ("pytorch", "tanh", 1 / 3 / FAN_IN, 1 / 3 / FAN_IN, True),
    ],
)
def test_variances(name: str, activation: str, variance: float, bias_variance: float, is_uniform: bool) -> None:
    init = get_init(name, function(activation))
    weights, biases = init.draw(np.random.default_rng(1), FAN_IN, FAN_OUT)
    assert weights.shape == (FAN_OUT, FAN_IN)
    assert biases.shape == (FAN_OUT,)
    assert init.sigma_w(FAN_IN, FAN_OUT) == pytest.approx(math.sqrt(FAN_IN * variance))
    assert init.sigma_b(FAN_IN) == pytest.approx(math.sqrt(bias_variance))
    # Five standard errors: Var(s²) = σ⁴·(kurtosis − 1)/n, at most 2σ⁴/n.
    assert weights.var() == pytest.approx(variance, rel=5 * math.sqrt(2 / weights.size))
    assert abs(weights.mean()) < 5 * math.sqrt(variance / weights.size)
    assert biases.var() == pytest.approx(bias_variance, rel=5 * math.sqrt(2 / biases.size))
    if name != "orthogonal":
        assert bool(np.abs(weights).max() <= math.sqrt(3 * variance)) is is_uniform


@pytest.mark.parametrize(("fan_in", "fan_out"), [(40, 40), (30, 70), (70, 30)])
def test_orthogonal_weights_are(fan_in: int, fan_out: int) -> None:
    weights, _ = get_init("orthogonal", function("tanh")).draw(np.random.default_rng(2), fan_in, fan_out)
    product = weights.T @ weights if fan_out >= fan_in else weights @ weights.T
    np.testing.assert_allclose(product, np.eye(min(fan_in, fan_out)), atol=1e-13)


def test_orthogonal_weights_are_uniform_over_rotations() -> None:
    # The trace of a Haar matrix has mean 0 and variance 1; QR without its signs has a mean far from 0.
    init, rng = get_init("orthogonal", function("tanh")), np.random.default_rng(3)
    traces = np.array([np.trace(init.draw(rng, 10, 10)[0]) for _ in range(2000)])
    assert abs(traces.mean()) < 4 / math.sqrt(2000)
    assert traces.var() == pytest.approx(1, rel=4 * math.sqrt(2 / 2000))


def test_a_point_of_the_plane() -> None:
    init = gaussian_init(1.5, 0.25)
    weights, biases = init.draw(np.random.default_rng(4), FAN_IN, FAN_OUT)
    assert (init.sigma_w(FAN_IN, FAN_OUT), init.sigma_b(FAN_IN)) == (pytest.approx(1.5), pytest.approx(0.25))
    assert weights.std() * math.sqrt(FAN_IN) == pytest.approx(1.5, rel=0.02)
    assert biases.std() == pytest.approx(0.25, rel=0.2)
    with pytest.raises(UsageError, match="--sigma-w"):
        gaussian_init(-1, 0)
    with pytest.raises(UsageError, match="--sigma-b"):
        gaussian_init(1, math.nan)


def test_critical_is_the_edge_of_chaos() -> None:
    init = get_init("critical", function("tanh"))
    assert (init.sigma_w(100, 100), init.sigma_b(100)) == (pytest.approx(1), 0)
    assert get_init("critical", function("relu")).sigma_w(100, 100) == pytest.approx(math.sqrt(2))
    with pytest.raises(UsageError, match="sigmoid has no critical point"):
        get_init("critical", function("sigmoid"))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("xaviar", "did you mean xavier"),
        ("", "unknown initialisation"),
        ("normal:", "normal:0.5"),
        ("normal:-1", "normal:0.5"),
        ("normal:inf", "normal:0.5"),
        ("normal:x", "normal:0.5"),
    ],
)
def test_what_is_no_initialisation(name: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        get_init(name, function("tanh"))


def test_names_are_as_people_write_them() -> None:
    assert get_init(" Xavier ", function("tanh")).name == "xavier"
    assert get_init("kaiming-normal", function("relu")).name == "kaiming_normal"
    assert {"xavier", "he", "pytorch", "critical", "normal:S"} < set(NAMES)


HE = "relu leaky_relu prelu relu6 elu celu gelu gelu_tanh quick_gelu silu swish mish softplus hard_swish max(0,x)"
XAVIER = "tanh sigmoid selu softsign hard_tanh hard_sigmoid identity log_sigmoid sign x**2 logit"


@pytest.mark.parametrize(("activations", "init"), [(HE, "he"), (XAVIER, "xavier")])
def test_the_default_depends_on_the_family(activations: str, init: str) -> None:
    assert {default_init(function(each)) for each in activations.split()} == {init}
