"""Expectations over a normal number: closed forms, errors that hold, kinks and jumps nobody named, divergence."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actcli.core.gaussian import Estimate, expectation, expectations, resolving_edges

Array = np.ndarray[Any, Any]


def close(estimate: Estimate, truth: float, relative: float = 1e-14) -> None:
    assert abs(estimate.value - truth) <= estimate.error
    assert estimate.error <= relative * max(abs(truth), 1e-3)


@pytest.mark.parametrize("power", range(0, 13, 2))
def test_powers_are_double_factorials(power: int) -> None:
    close(expectation(lambda z: z**power), math.prod(range(power - 1, 0, -2)), 3e-14)


@pytest.mark.parametrize("rate", [0.0, 0.5, 1.0, 3.0, -4.0])
def test_exponentials_that_grow(rate: float) -> None:
    close(expectation(lambda z: np.exp(rate * z)), math.exp(rate * rate / 2), 4e-14)


@settings(max_examples=25, deadline=None)
@given(st.floats(-5, 5), st.floats(0.01, 30))
def test_a_gate_of_any_place_and_steepness(place: float, steepness: float) -> None:
    found = expectation(lambda z: np.tanh(steepness * (z - place)), breaks=[place])
    with mpmath.workdps(25):
        width = 4 / mpmath.mpf(steepness)
        points = sorted({-14, -5, 5, 14, *(place + k * width for k in (-4, -2, -1, 0, 1, 2, 4))})
        truth = mpmath.quad(lambda z: mpmath.tanh(steepness * (z - place)) * mpmath.npdf(z), points)
    assert abs(found.value - truth) <= found.error
    assert found.error < 1e-13


@pytest.mark.parametrize("place", [0.0, 0.1, 1 / 3, -2.7, 6.1])
def test_a_kink_and_a_jump_nobody_named(place: float) -> None:
    with mpmath.workdps(40):
        above = mpmath.ncdf(-mpmath.mpf(place))
        mean = float(mpmath.npdf(place) - place * above)
    close(expectation(lambda z: np.maximum(z - place, 0)), mean)
    close(expectation(lambda z: np.where(z > place, 1.0, 0.0)), float(above))


@pytest.mark.parametrize(
    ("integrand", "truth"),
    [
        (lambda z: np.log(np.abs(z)), -(0.5772156649015329 + math.log(2)) / 2),
        (lambda z: np.sqrt(np.abs(z)), 2**0.25 * math.gamma(0.75) / math.sqrt(math.pi)),
        (lambda z: np.abs(z) ** -0.5, 2**-0.25 * math.gamma(0.25) / math.sqrt(math.pi)),
    ],
)
def test_singularities_that_can_be_integrated(integrand: Callable[[Array], Array], truth: float) -> None:
    close(expectation(integrand), truth, 1e-11)


@pytest.mark.parametrize("power", [0.3, 0.56, 0.7, 0.8, 0.9, 0.95])
def test_poles_that_can_be_integrated(power: float) -> None:
    truth = 2 ** (-power / 2) * math.gamma((1 - power) / 2) / math.sqrt(math.pi)
    found = expectation(lambda z: np.abs(z) ** -power)
    assert abs(found.value - truth) <= found.error < truth / 100
    half = expectation(lambda z: np.where(z > 0, np.abs(z) ** -power, 0))
    assert abs(half.value - truth / 2) <= half.error < truth / 100


@pytest.mark.parametrize("power", [0.5, 0.8])
def test_poles_that_are_no_float64(power: float) -> None:
    found = expectation(lambda z: np.abs(z - 0.3) ** -power)
    with mpmath.workdps(25):
        k = 1 / (1 - mpmath.mpf(power))  # u = |z − 0.3|^(1/k) takes the pole away
        ends = [0, 0.2, 0.5, 1, 1.5, 2, 5, 60 ** (1 - power)]
        truth = mpmath.quad(lambda u: k * (mpmath.npdf(0.3 + u**k) + mpmath.npdf(0.3 - u**k)), ends)
    assert abs(found.value - truth) <= found.error < truth / 100


def test_a_bump_far_narrower_than_where_poles_are_looked_for_is_none() -> None:
    steep = 1e9
    breaks = [side * 2.0**k / steep for side in (-1, 1) for k in range(-1, 30)]
    found = expectation(lambda z: steep / (1 + (steep * z) ** 2), breaks=breaks)
    close(found, math.sqrt(math.pi / 2) * math.exp(0.5 / steep**2) * math.erfc(math.sqrt(0.5) / steep))


def test_rounding_the_place_counts_where_the_integrand_is_steep() -> None:
    found = expectation(lambda z: (1 + 1000 / np.cosh(1000 * (z - 1.618)) ** 2) ** 2, breaks=[1.618])
    with mpmath.workdps(30):
        at, steep = mpmath.mpf("1.618"), 1000
        ends = [-14, 0, *(at + k / mpmath.mpf(steep) for k in (-100, -20, -5, -2, 0, 2, 5, 20, 100)), 14]
        truth = mpmath.quad(lambda z: (1 + steep * mpmath.sech(steep * (z - at)) ** 2) ** 2 * mpmath.npdf(z), ends)
    assert abs(found.value - truth) <= found.error < 1e-11 * truth


@pytest.mark.parametrize(
    "integrand",
    [
        lambda z: np.exp(z * z),
        lambda z: np.exp(z * z / 2),
        lambda z: np.exp(z**4 / 100),
        lambda z: 1 / np.abs(z),
        lambda z: 1 / (z * z),
        lambda z: 1 / np.abs(z - 0.3),
        lambda z: np.abs(z) ** -1.05,
        lambda z: np.cosh(30 * z) ** 2,
    ],
)
def test_what_diverges_or_overflows_is_infinite(integrand: Callable[[Array], Array]) -> None:
    assert expectation(integrand) == Estimate(math.inf, math.inf)


@pytest.mark.parametrize("rate", [0.3, 0.45, 0.49])
def test_what_just_converges_does(rate: float) -> None:
    found = expectation(lambda z: np.exp(rate * z * z))
    assert abs(found.value - 1 / math.sqrt(1 - 2 * rate)) <= found.error < found.value


@pytest.mark.parametrize("place", [13.0, 22.0, 31.0, 37.0, 1000.0])
def test_what_begins_far_out_is_tiny(place: float) -> None:
    found = expectation(lambda z: np.where(z > place, 1.0, 0.0), breaks=[place])
    with mpmath.workdps(40):
        assert abs(found.value - mpmath.ncdf(-mpmath.mpf(place))) <= max(found.error, 1e-300)
    assert found.error < 1e-50


def test_what_has_no_value_somewhere_is_nan() -> None:
    found = expectation(np.log)
    assert math.isnan(found.value)
    assert not found.is_known


def test_one_bad_integrand_leaves_the_others_alone() -> None:
    one, log, square = expectations(lambda z: np.stack([np.ones_like(z), np.log(z), z * z]))
    close(one, 1)
    assert not log.is_known
    close(square, 1)


def test_noise_ends_in_the_error_and_not_in_endless_halving() -> None:
    calls = 0

    def noisy(z: Array) -> Array:
        nonlocal calls
        calls += 1
        rng = np.random.default_rng(calls)
        return np.asarray(np.cos(z) * (1 + 1e-9 * rng.uniform(-1, 1, z.shape)))

    found = expectation(noisy, noise=1e-9)
    assert abs(found.value - math.exp(-0.5)) <= found.error < 1e-8
    assert calls < 5
    calls = 0
    unannounced = expectation(noisy)
    assert abs(unannounced.value - math.exp(-0.5)) <= unannounced.error < 1e-8
    assert calls < 20


def test_what_oscillates_too_fast_says_so() -> None:
    found = expectation(lambda z: np.sin(1e6 * z) ** 2)
    assert found.error > 1e-6
    assert abs(found.value - 0.5) <= found.error


def test_resolving_edges_crowd_at_a_kink() -> None:
    edges = resolving_edges(lambda z: np.maximum(z - 0.3, 0)[None])
    assert np.all(np.diff(edges) > 0)
    assert np.min(np.abs(edges - 0.3)) < 1e-7
