"""Critical points: classes, closed forms, published figures, exact conditions; and the phase diagram they bound."""

from __future__ import annotations

import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from flint import arb

from actcli.activations.registry import DEFAULT
from actcli.analyses.gradflow.meanfield.criticality import _GRID, Critical, _zeros, critical
from actcli.analyses.gradflow.meanfield.moments import Moments
from actcli.analyses.gradflow.meanfield.phase import phase
from actcli.analyses.gradflow.meanfield.signal import theory
from actcli.core.gaussian import Estimate
from actcli.errors import UsageError
from tests.analyses.gradflow.meanfield.exact import exact_moments, function
from tests.analyses.gradflow.meanfield.test_moments import RECORDS

CLASSES = {
    "relu": "scale-invariant", "leaky_relu": "scale-invariant", "prelu": "scale-invariant", "identity": "scale-invariant",
    "abs(x)": "scale-invariant", "tanh": "K*=0", "softsign": "K*=0", "hard_tanh": "K*=0", "sin(x)": "K*=0",
    "elu": "K*=0", "selu": "K*=0", "gelu": "half-stable", "gelu_tanh": "half-stable", "silu": "half-stable",
    "mish": "half-stable", "hard_swish": "half-stable", "quick_gelu": "half-stable", "sigmoid": "none",
    "hard_sigmoid": "none", "softplus": "none", "log_sigmoid": "none", "relu2": "none", "sign": "none",
    "binary_step": "none", "exp(x**2)": "none", "logit": "none",
}  # fmt: skip


@pytest.mark.parametrize(("name", "kind"), CLASSES.items())
def test_the_class(name: str, kind: str) -> None:
    best = critical(function(name))[0]
    assert best.kind == kind
    assert best.reason
    assert (kind == "none") == math.isnan(best.sigma_w)


def test_every_record_has_a_class() -> None:
    assert all(critical(function(name)) for name in RECORDS)


def test_gelu_in_closed_form() -> None:
    best = critical(function("gelu"))[0]
    assert best.q_star == pytest.approx((3 + math.sqrt(17)) / 2, rel=1e-12)
    assert best.sigma_w**2 == pytest.approx(1.983058257438, abs=6e-13)
    assert best.sigma_b**2 == pytest.approx(0.172922390756, abs=6e-13)
    assert best.stable is None
    assert best.gain == best.sigma_w


def test_published_figures() -> None:
    assert critical(function("silu"))[0].sigma_w ** 2 == pytest.approx(1.988004678269, abs=6e-13)
    (tanh,) = critical(function("tanh"), math.sqrt(0.05))
    assert tanh.sigma_w**2 == pytest.approx(1.760954639607, abs=6e-13)
    assert tanh.stable is True


def test_scale_invariant_points() -> None:
    (point,) = critical(function("leaky_relu(0.2)"))
    assert point.sigma_w**2 == pytest.approx(2 / 1.04, rel=1e-14)
    assert point.stable is True
    (none,) = critical(function("relu"), 0.1)
    assert none.kind == "none"
    assert "grows without bound" in none.reason


def exact_conditions(name: str, point: Critical) -> tuple[float, float]:
    """Return χ₁ − 1 and the move of q at a point, in exact arithmetic."""
    exact = exact_moments(function(name), Fraction(point.q_star))
    w, b = (
        arb(Fraction(each).numerator) ** 2 / Fraction(each).denominator ** 2 for each in (point.sigma_w, point.sigma_b)
    )
    moved = w * exact["second_moment"] + b - arb(point.q_star)
    return float(w * exact["derivative_second_moment"] - 1), float(moved)


@pytest.mark.parametrize("name", [name for name, kind in CLASSES.items() if kind == "half-stable"])
def test_half_stable_points_fulfil_their_conditions(name: str) -> None:
    best, at_zero = critical(function(name))
    chi, moved = exact_conditions(name, best)
    assert abs(chi) < 4e-15
    assert abs(moved) < 4e-15 * best.q_star
    exact = exact_moments(function(name), Fraction(best.q_star))
    assert float(exact["growth"] / exact["derivative_second_moment"]) == pytest.approx(1, abs=1e-14)
    assert max(best.errors[each] for each in ("sigma_w", "gain")) < 1e-13
    assert best.errors["q_star"] < 1e-10 * best.q_star
    assert "drawn" in best.reason
    assert (at_zero.kind, at_zero.stable) == ("K*=0", False)


@pytest.mark.parametrize("sigma_b", [0.05, 0.2, 0.5])
@pytest.mark.parametrize("name", ["tanh", "gelu", "silu", "selu", "sigmoid", "hard_tanh", "where(x > 0.3, x, 0.3)"])
def test_points_at_a_given_bias_fulfil_their_conditions(name: str, sigma_b: float) -> None:
    for point in critical(function(name), sigma_b):
        if point.kind == "none":
            assert point.reason
            continue
        chi, moved = exact_conditions(name, point)
        assert abs(chi) < 1e-13
        assert abs(moved) < 1e-12 * point.q_star
        assert point.sigma_b == sigma_b
        assert point.stable == (point.chi_parallel <= 1)


@pytest.mark.parametrize("name", ["silu", "gelu"])
def test_unstable_points_are_flagged(name: str) -> None:
    (point,) = critical(function(name), 0.2)
    assert point.stable is False
    assert point.chi_parallel > 1
    assert "drifts away" in point.reason
    # And indeed the fixed point that is reached is another one, or none.
    assert theory(function(name), point.sigma_w, 0.2).q_star != pytest.approx(point.q_star, rel=1e-3)


def test_a_stable_point_is_critical_to_the_theory_too() -> None:
    (point,) = critical(function("tanh"), 0.3)
    found = theory(function("tanh"), point.sigma_w, point.sigma_b)
    assert found.verdict == "critical"
    assert found.q_star == pytest.approx(point.q_star, rel=1e-13)


def test_every_figure_is_within_its_error() -> None:
    best = critical(function("gelu"))[0]
    with mpmath.workdps(30):
        root = mpmath.sqrt(17)
        truth = {"q_star": (3 + root) / 2, "chi_parallel": mpmath.mpf(1)}
    for name, value in truth.items():
        assert abs(getattr(best, name) - value) <= best.errors[name]
    for name, value in (("sigma_w", "1.983058257438"), ("sigma_b", "0.172922390756")):
        assert abs(getattr(best, name) ** 2 - float(value)) < 6e-13 + 2 * best.errors[name]
    (relu,) = critical(function("relu"))
    assert abs(relu.q_star - 2) <= relu.errors["q_star"]


def test_a_zero_on_the_grid_is_one() -> None:
    def of(at: Moments) -> Estimate:
        return Estimate(math.log(at.q / _GRID[40]), 1e-9)

    (zero,) = _zeros(function("tanh"), of)
    assert zero == pytest.approx(_GRID[40], rel=1e-8)


def test_sigmoid_would_need_a_negative_bias_variance() -> None:
    assert "-4" in critical(function("sigmoid"))[0].reason


def test_vectors_are_refused() -> None:
    with pytest.raises(UsageError, match="no function of one number"):
        critical(DEFAULT.get("softmax"))  # type: ignore[arg-type]


def test_the_critical_line_and_contours_of_tanh() -> None:
    drawn = phase(function("tanh"), (0.0, 4.0), (0.0, 1.0))
    weights, biases = (each[np.isfinite(each)] for each in drawn.line)
    assert weights.size > 20
    assert np.all(np.diff(weights) > 0)
    middle = weights.size // 2
    found = theory(function("tanh"), math.sqrt(weights[middle]), math.sqrt(biases[middle]))
    assert found.chi_1 == pytest.approx(1, abs=1e-10)
    sides = set()
    for xi, w, b in drawn.contours:
        inside = np.flatnonzero(np.isfinite(w))
        for k in inside[:: max(1, inside.size // 3)]:
            found = theory(function("tanh"), math.sqrt(w[k]), math.sqrt(b[k]))
            assert found.xi_c == pytest.approx(xi, rel=1e-4)
            sides.add(found.chi_1 > 1)
    assert sides == {True, False}


@pytest.mark.parametrize(("name", "points", "unstable"), [("gelu", 40, 40), ("mish", 40, 30), ("silu", 0, 40)])
def test_the_critical_line_is_where_nets_are_critical(name: str, points: int, unstable: int) -> None:
    drawn = phase(function(name), (0.0, 6.0), (0.0, 0.5))
    for line, fewest in ((drawn.line, points), (drawn.unstable, unstable)):
        inside = np.flatnonzero(np.isfinite(line[0]))
        assert inside.size >= fewest
        for k in inside[:: max(1, inside.size // 4)]:
            found = theory(function(name), math.sqrt(line[0][k]), math.sqrt(line[1][k]))
            assert (abs(found.chi_1 - 1) < 1e-10) == (line is drawn.line)


def test_the_phase_of_relu_is_a_vertical_line() -> None:
    drawn = phase(function("relu"), (0.0, 4.0), (0.0, 1.0))
    np.testing.assert_allclose(drawn.line[0], 2.0, rtol=1e-14)
    np.testing.assert_array_equal(drawn.line[1], [0.0, 1.0])
