"""Fixed points, χ, correlations and depth scales: closed forms, exact arithmetic, published figures, the cases."""

from __future__ import annotations

import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from flint import arb

from actcli.activations.registry import DEFAULT
from actcli.analyses.gradflow.meanfield.correlation import correlation, expansion
from actcli.analyses.gradflow.meanfield.criticality import critical
from actcli.analyses.gradflow.meanfield.moments import moments
from actcli.analyses.gradflow.meanfield.pairs import drift
from actcli.analyses.gradflow.meanfield.propagation import propagate
from actcli.analyses.gradflow.meanfield.signal import theory
from actcli.core.gaussian import Estimate
from tests.analyses.gradflow.meanfield.exact import exact_moments, function
from tests.analyses.gradflow.meanfield.test_moments import RECORDS


def test_published_figures() -> None:
    found = theory(function("tanh"), math.sqrt(1.5), math.sqrt(0.05))
    assert found.q_star == pytest.approx(0.418037200533, abs=6e-13)
    assert found.chi_1 == pytest.approx(0.938636268199, abs=6e-13)
    assert found.xi_q == pytest.approx(1.682828388706, abs=6e-13)
    assert found.xi_c == pytest.approx(15.790994034123, abs=6e-13)
    assert found.c_star == 1
    assert found.trainable_depth == pytest.approx(6 * found.xi_c)
    assert found.verdict == "vanishing"
    assert "94 %" in found.reason
    selu = theory(function("selu"), 1, 0)
    assert selu.q_star == pytest.approx(1, abs=1e-13)
    assert selu.chi_1 == pytest.approx(1.071574992456, abs=6e-13)


SETTLING = [name for name in RECORDS if name not in ("relu2",)]


@pytest.mark.parametrize("name", SETTLING)
def test_q_and_both_chi_are_within_their_errors_of_the_exact_ones(name: str) -> None:
    sigma_w, sigma_b = 1.25, 0.5
    found = theory(function(name), sigma_w, sigma_b)
    if math.isinf(found.q_star):
        sigma_w = 0.75
        found = theory(function(name), sigma_w, sigma_b)
    weights, biases = Fraction(sigma_w) ** 2, Fraction(sigma_b) ** 2
    # One step of Newton's method in exact arithmetic squares the error.
    q = Fraction(found.q_star)
    here = exact_moments(function(name), q)
    w, b = arb(weights.numerator) / weights.denominator, arb(biases.numerator) / biases.denominator
    off = (w * here["second_moment"] + b - arb(found.q_star)) / (1 - w * here["growth"])
    assert abs(float(off)) <= found.errors["q_star"]
    assert found.errors["q_star"] <= 2e-12 * found.q_star
    true_q = q + Fraction(float(off))
    there = exact_moments(function(name), true_q)
    for key, moment in (("chi_1", "derivative_second_moment"), ("chi_parallel", "growth")):
        assert abs(float(w * there[moment] - arb(getattr(found, key)))) <= found.errors[key]
        assert found.errors[key] <= 1e-12
    parallel = float(w * there["growth"])
    if parallel > 1e-12:
        assert found.xi_q == pytest.approx(-1 / math.log(parallel), rel=1e-11)


def erf_map(c: mpmath.mpf, q: mpmath.mpf, weights: mpmath.mpf, biases: mpmath.mpf) -> mpmath.mpf:
    """Williams 1998, equation 11."""
    return weights * 2 / mpmath.pi * mpmath.asin(2 * q * c / (1 + 2 * q)) + biases


@pytest.mark.parametrize(("sigma_w", "sigma_b"), [(1.5, 0.25), (2.5, 0.5), (1.25, 0.125), (4.0, 0.0)])
def test_erf_in_closed_form(sigma_w: float, sigma_b: float) -> None:
    found = theory(function("erf(x)"), sigma_w, sigma_b)
    with mpmath.workdps(30):
        w, b = mpmath.mpf(sigma_w) ** 2, mpmath.mpf(sigma_b) ** 2
        q = mpmath.findroot(lambda q: erf_map(1, q, w, b) - q, found.q_star)
        chi = w * 4 / mpmath.pi / mpmath.sqrt(1 + 4 * q)
        assert chi > 1
        c = mpmath.findroot(lambda c: erf_map(c, q, w, b) / q - c, found.c_star) if sigma_b else mpmath.mpf(0)
        slope = mpmath.diff(lambda c: erf_map(c, q, w, b) / q, c)
        truth = {"q_star": q, "chi_1": chi, "c_star": c, "xi_c": -1 / mpmath.log(slope)}
    for key, value in truth.items():
        assert abs(getattr(found, key) - value) <= found.errors[key], key
        assert found.errors[key] <= 1e-11 * max(1, float(value)), key
    assert found.verdict == "exploding"


@pytest.mark.parametrize(("sigma_w", "sigma_b"), [(1.0, 0.25), (2.0, 0.5)])
def test_sign_in_closed_form(sigma_w: float, sigma_b: float) -> None:
    found = theory(function("sign"), sigma_w, sigma_b)
    w, b = sigma_w**2, sigma_b**2
    assert found.q_star == pytest.approx(w + b, rel=1e-14)
    assert found.chi_1 == 0
    assert found.verdict == "vanishing"
    c = found.c_star
    assert (w * 2 / math.pi * math.asin(c) + b) / (w + b) == pytest.approx(c, abs=1e-13)
    slope = w / (w + b) * 2 / math.pi / math.sqrt(1 - c * c)
    assert found.xi_c == pytest.approx(-1 / math.log(slope), rel=1e-11)


@pytest.mark.parametrize("c", [0.0, 0.1, 0.5, 0.9, 0.99, 1.0])
def test_the_expansion_of_relu_is_the_arc_cosine_kernel(c: float) -> None:
    # Cho & Saul 2009.
    q, angle = 1.7, math.acos(c)
    product = q / (2 * math.pi) * (math.sin(angle) + (math.pi - angle) * c)
    slope = q / (2 * math.pi) * (math.pi - angle)
    for order in (128, 2048):
        terms = expansion(function("relu"), q, order)
        found, found_slope = terms.product(c), terms.slope(c)
        assert abs(found.value - product) <= found.error
        assert abs(found_slope.value - slope) <= found_slope.error
        if c <= 0.5:
            assert found.error < 1e-13
            assert found_slope.error < 1e-12


def test_a_correlation_agrees_with_a_double_integral() -> None:
    found = theory(function("tanh"), 1.6, 0.3)
    nodes, weights = np.polynomial.hermite_e.hermegauss(150)
    weights = weights / weights.sum()
    c, q = found.c_star, found.q_star
    first = np.sqrt(q) * nodes[:, None]
    second = c * first + math.sqrt(q * (1 - c * c)) * nodes[None]
    product = weights @ (np.tanh(first) * np.tanh(second)) @ weights
    assert (1.6**2 * product + 0.3**2) / q == pytest.approx(c, abs=1e-11)
    slope = 1.6**2 * (weights @ (np.cosh(first) ** -2 * np.cosh(second) ** -2) @ weights)
    assert found.xi_c == pytest.approx(-1 / math.log(slope), rel=1e-9)


@pytest.mark.parametrize(
    ("name", "sigma_w", "sigma_b", "q", "verdict", "words"),
    [
        ("tanh", 1.0, 0.0, 0.0, "critical", "q falls to 0"),
        ("tanh", 0.9, 0.0, 0.0, "vanishing", "keeps 81 %"),
        ("relu", math.sqrt(2), 0.0, 2.0, "critical", "every q is a fixed point, and q stays at 2"),
        ("identity", 1.0, 0.0, 1.0, "critical", "every q"),
        ("relu", 1.5, 0.0, math.inf, "none", "grows without bound; each layer multiplies the squared gradient by 1.125"),
        ("relu", math.sqrt(2), 0.1, math.inf, "none", "grows without bound"),
        ("exp(x)", 1.0, 0.0, math.inf, "none", "grows without bound"),
        ("tanh", 1.8, 0.1, None, "exploding", "squared gradient by 1."),
        ("selu", 1.0, 0.0, None, "exploding", "adds 7.2 %"),
        ("sign", 1.0, 0.0, 1.0, "vanishing", "slope is 0 almost everywhere"),
        ("tanh", 0.0, 0.1, 0.01, "vanishing", "weights are 0"),
        ("tanh", 0.0, 0.0, 0.0, "vanishing", "weights are 0"),
        ("exp(-x**2)", 4.0, 0.1, None, "exploding", "multiplies"),
        ("exp(x**2)", 1.0, 0.0, math.nan, "none", "infinite at variance 1"),
        ("log(x)", 1.0, 0.0, math.nan, "none", "has no value"),
        ("sqrt(abs(x))", 1.0, 0.0, 2 / math.pi, "none", "E f′², E f′⁴ of sqrt"),
    ],
)  # fmt: skip
def test_cases(name: str, sigma_w: float, sigma_b: float, q: float | None, verdict: str, words: str) -> None:
    found = theory(function(name), sigma_w, sigma_b)
    assert found.verdict == verdict
    assert words in found.reason
    if q is not None:
        assert found.q_star == pytest.approx(q, rel=1e-12, nan_ok=True)


def test_a_variance_that_overshoots_still_settles() -> None:
    found = theory(function("exp(-x**2)"), 4.0, 0.1)
    assert found.chi_parallel < 0
    assert 16 / math.sqrt(1 + 4 * found.q_star) + 0.01 == pytest.approx(found.q_star, rel=1e-13)


@pytest.mark.parametrize(
    "name", ["exp(-x**2)", "3*cos(x)", "x*exp(-x**2)*9", "where(abs(x) < 1, 2, 0)", "tanh", "gelu"]
)
def test_it_is_where_the_plain_iteration_arrives(name: str) -> None:
    f, q = function(name), 1.0
    for _ in range(300):
        q = 1.3**2 * moments(f, q).second_moment.value + 0.2**2
    assert theory(f, 1.3, 0.2).q_star == pytest.approx(q, rel=1e-12)


@pytest.mark.parametrize(
    ("name", "sigma_w", "words"),
    [
        ("gelu", 1.5, "2.25, lies above the unstable fixed point 1.40178; from below it q goes elsewhere"),
        ("gelu", 1.45, "2.1025, lies below the unstable fixed point 3.04392; from above it q goes elsewhere"),
        ("gelu", 1.3, ""),
        ("silu", 1.6, "lies above the unstable fixed point"),
        ("relu", 1.3, ""),
    ],
)
def test_the_first_layer_decides_between_fixed_points(name: str, sigma_w: float, words: str) -> None:
    f = function(name)
    found, deep = theory(f, sigma_w, 0.0), propagate(f, sigma_w, 0.0, 3000, 100).q[-1]
    assert (found.q_star == 0) == (deep < 1e-20)
    assert (found.q_star == math.inf) == (deep > 1e20)
    assert words in found.reason
    assert ("unstable" in found.reason) == bool(words)


def test_another_start_may_lead_elsewhere() -> None:
    assert theory(function("gelu"), 1.5, 0.0).q_star == math.inf
    assert theory(function("gelu"), 1.5, 0.0, start=1.0).q_star == 0


def test_the_error_of_q_is_in_those_that_follow_from_it() -> None:
    # Biases of 1e-9 leave erf at c* that depends on q* by far more than rounding.
    f, sigma_w, sigma_b = function("erf(x)"), 1.5, 0.25
    q = Estimate(theory(f, sigma_w, sigma_b).q_star, 1e-6)
    c, slope = correlation(f, sigma_w**2, sigma_b**2, q)
    moved = [correlation(f, sigma_w**2, sigma_b**2, Estimate(q.value + side * q.error, 0.0)) for side in (-1, 1)]
    for each in moved:
        assert 1e-9 < abs(each[0].value - c.value) <= c.error < 1e-4
        assert 1e-9 < abs(each[1].value - slope.value) <= slope.error < 1e-4


def test_fine_detail_takes_no_minutes() -> None:
    found = theory(function("x + tanh(1000*(x - 1.618))"), 0.5, 0.1)
    assert found.verdict == "exploding"
    assert found.errors["c_star"] < 1e-3


def test_the_fixed_point_is_the_one_reached_from_the_first_layer() -> None:
    # GELU at its half-stable point has a second fixed point below, which is where σw² + σb² leads.
    point = critical(function("gelu"))[0]
    found = theory(function("gelu"), point.sigma_w, point.sigma_b)
    assert found.q_star == pytest.approx(3.0349814, abs=1e-6)
    assert found.chi_parallel < 1
    q = point.sigma_w**2 + point.sigma_b**2
    for _ in range(400):
        q = point.sigma_w**2 * moments(function("gelu"), q).second_moment.value + point.sigma_b**2
    assert 2 < q < found.q_star


def test_every_record_has_an_answer_and_a_reason() -> None:
    for record in DEFAULT.records:
        activation = DEFAULT.get(record.name)
        if hasattr(activation, "kink_points"):
            found = theory(activation, 1.0, 0.1)  # type: ignore[arg-type]
            assert found.verdict in ("vanishing", "critical", "exploding", "none")
            assert found.reason


@pytest.mark.parametrize("d", [1e-6, 0.001, 0.1, 0.5, 1.0])
def test_the_drift_of_relu_is_the_arc_cosine_kernel(d: float) -> None:
    q = 1.7
    apart, slope = drift(function("relu"), q, d)
    with mpmath.workdps(30):
        angle = mpmath.acos(1 - mpmath.mpf(d))
        true_slope = (mpmath.pi - angle) / (2 * mpmath.pi)
        truth = 0.5 - (mpmath.sin(angle) / (2 * mpmath.pi) + true_slope * (1 - mpmath.mpf(d)))
    assert abs(apart.value - truth) <= apart.error
    assert abs(slope.value - true_slope) <= slope.error
    assert apart.error < 1e-11 * truth
    assert slope.error < 1e-13


@pytest.mark.parametrize(("name", "sigma_w", "sigma_b"), [("elu", 1.41, 0.0), ("hard_tanh", 1.3, 0.6)])
def test_kinks_next_to_the_edge_of_chaos_keep_their_digits(name: str, sigma_w: float, sigma_b: float) -> None:
    found = theory(function(name), sigma_w, sigma_b)
    assert 0.97 < found.c_star < 1
    assert found.errors["c_star"] < 1e-12
    assert found.errors["xi_c"] < 1e-10 * found.xi_c
    terms = expansion(function(name), found.q_star, 4096)
    product, slope = terms.product(found.c_star), terms.slope(found.c_star)
    mapped = (sigma_w**2 * product.value + sigma_b**2) / found.q_star
    assert mapped == pytest.approx(found.c_star, abs=1e-9)
    assert found.xi_c == pytest.approx(-1 / math.log(sigma_w**2 * slope.value / found.q_star), rel=1e-5)
