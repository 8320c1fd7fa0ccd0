"""Integrals over a length: closed forms, poles, jumps; the errors hold."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from actcli.core.quadrature import Estimate, resolved

Array = np.ndarray[Any, Any]


def integral(integrand: Callable[[Array], Array], low: float, high: float) -> Estimate:
    return resolved(lambda x: integrand(x)[None], np.array([low, high])).estimate(0)


@pytest.mark.parametrize(
    ("integrand", "low", "high", "truth", "error"),
    [
        (np.exp, 0.0, 1.0, math.e - 1, 1e-14),
        (lambda x: np.abs(x - 0.3), 0.0, 1.0, (0.09 + 0.49) / 2, 1e-14),
        (lambda x: np.where(x > 1 / 3, 1.0, 0.0), 0.0, 1.0, 2 / 3, 1e-14),
        (np.log, 0.0, 2.0, 2 * math.log(2) - 2, 1e-13),
        (lambda x: np.log(np.abs(x - 0.3)), 0.0, 1.0, 0.3 * math.log(0.3) + 0.7 * math.log(0.7) - 1, 1e-12),
        (lambda x: x**-0.5, 0.0, 4.0, 4.0, 1e-13),
        (lambda x: x**-0.9, 0.0, 1.0, 10.0, 1e-3),
        (lambda x: 1 / (1e-4 + (x - 0.3) ** 2), 0.0, 1.0, 100 * (math.atan(70) + math.atan(30)), 1e-10),
    ],
)
def test_the_truth_is_within_the_error(
    integrand: Callable[[Array], Array], low: float, high: float, truth: float, error: float
) -> None:
    found = integral(integrand, low, high)
    assert abs(found.value - truth) <= found.error <= error


@pytest.mark.parametrize("power", [1.0, 1.2, 2.0, 5.0])
@pytest.mark.parametrize("place", [0.0, 0.3, 0.5])
def test_poles_without_an_integral_are_infinite(power: float, place: float) -> None:
    assert integral(lambda x: np.abs(x - place) ** -power, 0.0, 1.0) == Estimate(math.inf, math.inf)


def test_two_poles_are_told_apart() -> None:
    found = integral(lambda x: np.abs(x - 0.25) ** -0.7 + np.abs(x - 0.75) ** -0.5, 0.0, 1.0)
    truth = (0.25**0.3 + 0.75**0.3) / 0.3 + (0.75**0.5 + 0.25**0.5) / 0.5
    assert abs(found.value - truth) <= found.error < 1e-2
    assert not integral(lambda x: np.abs(x - 0.25) ** -0.7 + 1 / np.abs(x - 0.75), 0.0, 1.0).is_known


def test_integrands_have_their_own_noise() -> None:
    panels = resolved(lambda x: np.stack([x, x]), np.array([0.0, 1.0]), noise=(0.0, 1e-6))
    exact, noisy = panels.estimate(0), panels.estimate(1)
    assert exact.error < 1e-14
    assert 1e-7 < noisy.error < 1e-5
