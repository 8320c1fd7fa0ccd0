"""Gaussian moments: against ball arithmetic at 40 digits, the published figures, and what doesn't exist."""

from __future__ import annotations

import math
import re
from fractions import Fraction
from pathlib import Path

import mpmath
import pytest
from flint import arb

from actcli.activations.function import Function
from actcli.activations.registry import DEFAULT
from actcli.analyses.gradflow.meanfield.moments import moments
from actcli.errors import UsageError
from actcli.implementations.user import load
from tests.analyses.gradflow.meanfield.exact import NAMES, exact_moments, function

RECORDS = [
    record.name
    for record in DEFAULT.records
    if isinstance(DEFAULT.get(record.name), Function) and record.name != "logit"
]
FORMULAS = ["where(x > 0.3, x, 0.1*x)", "max(x, 0.3) - x**2/9", "x*sigmoid(1.702*x)", "sin(3*x)", "sign(x) + x"]


@pytest.mark.parametrize("variance", ["1", "1/1000", "25"])
@pytest.mark.parametrize("name", [*RECORDS, *FORMULAS])
def test_every_figure_is_within_its_error_of_the_exact_one(name: str, variance: str) -> None:
    q = Fraction(variance)
    found = moments(function(name), float(q))
    # A variance that is no float64 is off by a rounding, and so are its moments.
    exact = exact_moments(function(name), Fraction(float(q)))
    for key in NAMES:
        estimate = getattr(found, key)
        assert abs(float(exact[key] - arb(estimate.value))) <= estimate.error, key
    for key in NAMES[1:5]:
        estimate = getattr(found, key)
        assert estimate.error <= 1e-13 * max(abs(estimate.value), math.sqrt(found.derivative_second_moment.value)), key


@pytest.mark.parametrize(
    ("name", "second", "slope", "mean"),
    [
        ("tanh", 0.394294490398, 0.464402902448, 0),
        ("relu", 0.5, 0.5, 0.398942280401),
        ("gelu", 0.425221482570, 0.455850865649, 0.282094791774),
        ("sigmoid", 0.293379035858, 0.044836241350, 0.5),
    ],
)
def test_published_figures(name: str, second: float, slope: float, mean: float) -> None:
    found = moments(function(name), 1.0)
    assert found.second_moment.value == pytest.approx(second, abs=5.1e-13)
    assert found.derivative_second_moment.value == pytest.approx(slope, abs=5.1e-13)
    assert found.mean.value == pytest.approx(mean, abs=5.1e-13)


@pytest.mark.parametrize("q", [1e-12, 0.3, 7.0, 1e9])
def test_closed_forms_at_tiny_and_large_variances(q: float) -> None:
    relu = moments(function("relu"), q)
    assert relu.second_moment.value == pytest.approx(q / 2, rel=1e-14)
    assert relu.growth.value == pytest.approx(0.5, rel=1e-14)
    # Williams 1998: E erf(√q z)² = 2/π·asin(2q/(1 + 2q)).
    erf = moments(function("erf(x)"), q)
    assert erf.second_moment.value == pytest.approx(2 / math.pi * math.asin(2 * q / (1 + 2 * q)), rel=1e-11)
    assert erf.derivative_second_moment.value == pytest.approx(4 / math.pi / math.sqrt(1 + 4 * q), rel=1e-13)


def test_at_variance_0_a_kink_counts_by_halves() -> None:
    selu = moments(function("elu(alpha=0.5)"), 0.0)
    assert selu.derivative_second_moment.value == pytest.approx((1 + 0.25) / 2, rel=1e-14)
    assert moments(function("tanh"), 0.0).growth.value == pytest.approx(1, rel=1e-14)


@pytest.mark.parametrize(
    "name", ["sign", "binary_step", "where(x > 0.37, 1, 0)", "where(abs(x) < 1, 1, 0)", "sign(x) + x"]
)
def test_jumps_are_seen(name: str) -> None:
    assert moments(function(name), 1.0).jumps


@pytest.mark.parametrize("name", ["relu", "hard_tanh", "where(x > 0.3, x, 0.3)", "sqrt(abs(x))"])
def test_kinks_are_no_jumps(name: str) -> None:
    assert not moments(function(name), 1.0).jumps


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("exp(x**2)", "infinite"),
        ("1/x", "infinite"),
        ("exp(x**2/3)", "E f², E f′, E f′², E f′⁴|E f², E f′², E f′⁴"),
        ("sqrt(abs(x))", "E f′², E f′⁴ of .* are infinite"),
        ("log(x)", "has no value for some x"),
        ("logit", "has no value for some x"),
    ],
)
def test_what_does_not_exist_is_said_in_words(name: str, words: str) -> None:
    found = moments(function(name), 1.0)
    assert not found.derivative_second_moment.is_known
    assert re.search(words, found.reason), found.reason


def bump_moments(steep: int) -> float:
    """Return E f′² of x + exp(−(steep·(x − 0.3217))²)."""
    with mpmath.workdps(30):
        at = mpmath.mpf("0.3217")
        ends = [at + k / mpmath.mpf(steep) for k in (-12, -4, -2, -1, 0, 1, 2, 4, 12)]

        def more(x: mpmath.mpf) -> mpmath.mpf:
            u = steep * (x - at)
            slope = -2 * steep * u * mpmath.exp(-u * u)
            return (2 * slope + slope * slope) * mpmath.npdf(x)

        return float(1 + mpmath.quad(more, ends))


@pytest.mark.parametrize("steep", [30, 1000, 10**6])
def test_detail_between_the_nodes_of_formulas_is_found(steep: int) -> None:
    found = moments(function(f"x + exp(-({steep}*(x - 0.3217))**2)"), 1.0).derivative_second_moment
    assert abs(found.value - bump_moments(steep)) <= found.error < 1e-8 * found.value


def test_detail_at_a_kink_is_found() -> None:
    # A slope of 1 but for 1e-6 around 0, where it is larger by up to 0.1 on either side.
    found = moments(function("x*sigmoid(1000000*x)"), 1.0).derivative_second_moment
    with mpmath.workdps(30):

        def slope2(u: mpmath.mpf) -> mpmath.mpf:
            s = 1 / (1 + mpmath.exp(-u))
            return (s + u * s * (1 - s)) ** 2

        more = mpmath.quad(lambda u: slope2(u) - 1 + slope2(-u), [0, 1, 3, 10, 30, 80]) / 1000000 * mpmath.npdf(0)
    assert abs(found.value - float(0.5 + more)) <= found.error < 1e-12


@pytest.mark.parametrize("power", ["0.6", "0.75"])
def test_slopes_whose_square_can_be_integrated(power: str) -> None:
    found = moments(function(f"abs(x)**{power}"), 1.0).derivative_second_moment
    a = float(power)
    truth = a * a * 2 ** (a - 1) * math.gamma(a - 0.5) / math.sqrt(math.pi)
    assert abs(found.value - truth) <= found.error < 1e-8


@pytest.mark.parametrize("q", [math.inf, math.nan, -1.0])
def test_variances_that_are_none_are_refused(q: float) -> None:
    with pytest.raises(UsageError, match="the variance of a pre-activation is a finite number from 0 on"):
        moments(function("tanh"), q)


def test_vectors_are_refused() -> None:
    with pytest.raises(UsageError, match="softmax is no function of one number"):
        moments(DEFAULT.get("softmax"), 1.0)  # type: ignore[arg-type]


@pytest.fixture
def code(tmp_path: Path) -> Path:
    path = tmp_path / "mine.py"
    path.write_text(
        "import numpy as np\n"
        "def smooth(x): return np.tanh(x)\n"
        "def kinked(x): return np.maximum(x - 0.3, 0)\n"
        "def bent(x): return np.maximum(x, 0) * np.tanh(x)\n"
        "def jumping(x): return np.where(x > 0.37, 1.0, 0.0)\n"
    )
    return path


@pytest.mark.parametrize(
    ("name", "same"), [("smooth", "tanh"), ("kinked", "max(x - 0.3, 0)"), ("bent", "max(x, 0)*tanh(x)")]
)
def test_differences_are_as_good_as_they_say(code: Path, name: str, same: str) -> None:
    found, exact = moments(load(f"{code}:{name}"), 1.0), moments(function(same), 1.0)
    for key in NAMES:
        estimate = getattr(found, key)
        assert abs(estimate.value - getattr(exact, key).value) <= estimate.error, key
        assert estimate.error < 1e-5
    assert found.second_moment.error < 1e-14
    assert found.growth.error < 1e-14
    assert not found.jumps


def test_differences_across_a_jump_are_not_trusted(code: Path) -> None:
    found = moments(load(f"{code}:jumping"), 1.0)
    assert found.second_moment.value == pytest.approx(0.5 * math.erfc(0.37 / math.sqrt(2)), rel=1e-14)
    assert found.jumps
    assert not found.derivative_second_moment.is_known
    assert "difference quotients" in found.reason
