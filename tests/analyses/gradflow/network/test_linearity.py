"""Which nets are one linear map, and which may be rescaled."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from actcli.activations.function import Function
from actcli.activations.registry import DEFAULT
from actcli.analyses.gradflow.network.linearity import collapses, scales
from actcli.implementations.user import load
from tests.analyses.gradflow.network.nets import function

LINES = [
    "identity",
    "x",
    "2*x + pi",
    "x**2/x",
    "leaky_relu(1)",
    "relu(x) - relu(-x)",
    "x*(x + 1) - x**2",
    "max(x, x)",
    "3",
]
RAYS = ["relu", "leaky_relu", "prelu", "identity", "abs(x)", "max(0, x)", "where(x > 0, x, 0.3*x)", "pi*relu(x)"]


@pytest.mark.parametrize("text", LINES)
def test_a_net_of_straight_lines_collapses(text: str) -> None:
    assert collapses(function(text))


@pytest.mark.parametrize("text", RAYS)
def test_rays_from_0_scale(text: str) -> None:
    assert scales(function(text))


@pytest.mark.parametrize(
    "text",
    [
        "clip(x, -1e300, 1e300)",
        "max(x, x**2/1e300)",
        "relu(x) + 1e-300*sin(x)",
        "relu(x - 1)",
        "log(x)",
        "tanh(1e8*x)",
        "sigmoid(1e9*x)",
        "erf(1e9*x)",
        "sign(x)",
    ],
)
def test_what_only_looks_straight_is_neither(text: str) -> None:
    assert not collapses(function(text))
    assert not scales(function(text))


@pytest.mark.parametrize("text", ["1/0", "x/0", "log(-1)", "exp(1e9)"])
def test_what_has_no_finite_value_is_no_line(text: str) -> None:
    assert not collapses(function(text))
    assert not scales(function(text))


@pytest.mark.parametrize("record", DEFAULT.records, ids=lambda record: record.name)
def test_every_activation_that_does_not_scale_is_seen_to(record: object) -> None:
    phi = DEFAULT.get(record.name)  # type: ignore[attr-defined]
    if not isinstance(phi, Function):
        return
    x = np.array([-1e3, -7.0, -0.3, 0.2, 3.0, 1e3])
    assert scales(phi) == np.array_equal(phi(4 * x), 4 * phi(x))
    line = np.polyfit(x, phi(x), 1) if np.isfinite(phi(x)).all() else [np.nan, np.nan]
    assert collapses(phi) == np.allclose(np.polyval(line, x), phi(x), atol=1e-9)


def test_nobody_knows_the_formula_of_a_users_code(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("def line(x):\n    return 2 * x\n")
    mine = load(f"{tmp_path / 'mine.py'}:line")
    assert not collapses(mine)
    assert not scales(mine)
