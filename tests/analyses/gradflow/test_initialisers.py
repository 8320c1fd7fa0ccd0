"""Code that initialises a layer does what its figures say, in the libraries that are there."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from actcli.analyses.gradflow.initialisers import initialisers

SIGMA_W, SIGMA_B = 1.4, 0.3
FAN_IN, UNITS = 400, 500


def code(framework: str, parameter: str, sigma_b: float = SIGMA_B) -> str:
    (found,) = [line for name, what, line in initialisers(SIGMA_W, sigma_b) if (name, what) == (framework, parameter)]
    return found


def check(weights: Any, biases: Any) -> None:
    """Compare standard deviations within five standard errors, and see that no tail is cut."""
    weights, biases = np.asarray(weights), np.asarray(biases)
    scaled = weights * math.sqrt(FAN_IN) / SIGMA_W
    assert abs(scaled.std() - 1) < 5 / math.sqrt(2 * scaled.size)
    assert np.abs(scaled).max() > 3.5
    assert abs(biases.std() / SIGMA_B - 1) < 5 / math.sqrt(2 * biases.size)


def test_pytorch() -> None:
    torch = pytest.importorskip("torch")
    torch.manual_seed(1)
    layer = torch.nn.Linear(FAN_IN, UNITS)
    model = torch.nn.Sequential(layer, torch.nn.Tanh())
    for parameter in ("weights", "biases"):
        exec(code("pytorch", parameter), {"torch": torch, "model": model})
    check(layer.weight.detach().numpy(), layer.bias.detach().numpy())
    exec(code("pytorch", "biases", 0.0), {"torch": torch, "model": model})
    assert not layer.bias.detach().numpy().any()


@pytest.mark.parametrize("sigma_b", [SIGMA_B, 0.0])
def test_pytorchs_lines_run_as_pasted_on_the_linear_layers_of_a_model(sigma_b: float) -> None:
    """Stand in for PyTorch, which need not be there."""
    linear = type("Linear", (), {"weight": "weight", "bias": "bias", "in_features": FAN_IN})
    done: list[tuple[Any, ...]] = []
    init = SimpleNamespace(
        normal_=lambda tensor, std: done.append((tensor, std)), zeros_=lambda tensor: done.append((tensor, 0.0))
    )
    torch = SimpleNamespace(nn=SimpleNamespace(Linear=linear, init=init))
    model = SimpleNamespace(modules=lambda: [object(), linear(), linear()])
    for parameter in ("weights", "biases"):
        exec(code("pytorch", parameter, sigma_b), {"torch": torch, "model": model})
    weights = ("weight", pytest.approx(SIGMA_W / math.sqrt(FAN_IN)))
    assert done == [weights, weights, ("bias", sigma_b), ("bias", sigma_b)]


def test_keras(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("jax")
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    keras = pytest.importorskip("keras")
    keras.utils.set_random_seed(1)
    weights, biases, zeros = (
        eval(code("keras", *which), {"keras": keras}) for which in (("weights",), ("biases",), ("biases", 0.0))
    )
    check(keras.ops.convert_to_numpy(weights((FAN_IN, UNITS))), keras.ops.convert_to_numpy(biases((UNITS,))))
    assert not keras.ops.convert_to_numpy(zeros((UNITS,))).any()


def test_jax() -> None:
    jax = pytest.importorskip("jax")
    weights, biases, zeros = (
        eval(code("jax", *which), {"jax": jax}) for which in (("weights",), ("biases",), ("biases", 0.0))
    )
    key = jax.random.key(1)
    check(weights(key, (FAN_IN, UNITS)), biases(key, (UNITS,)))
    assert not np.asarray(zeros(key, (UNITS,))).any()


def test_every_line_is_python_and_holds_the_figures() -> None:
    lines = list(initialisers(SIGMA_W, SIGMA_B))
    assert [framework for framework, _, _ in lines] == ["pytorch"] * 2 + ["keras"] * 2 + ["jax"] * 2
    for framework, parameter, line in lines:
        compile(line, framework, "exec" if framework == "pytorch" else "eval")
        figure = SIGMA_B if parameter == "biases" else SIGMA_W if framework == "pytorch" else SIGMA_W**2
        assert repr(float(f"{figure:.12g}")) in line
