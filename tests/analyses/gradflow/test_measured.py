"""Intervals over trials, and what a vanished or overflowed trial does to them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from actcli.analyses.gradflow.measured import Measured, interval


def measured(log_gradient: list[list[float]], std: list[list[float]] | None = None) -> Measured:
    logs = np.array(log_gradient)
    zeros = np.zeros_like(logs)
    return Measured(zeros, np.ones_like(logs) if std is None else np.array(std), logs, zeros, zeros, zeros, logs)


def test_the_interval_is_students() -> None:
    # Table of t: 4.303 for two degrees of freedom.
    found = interval(np.array([1.0, 2.0, 3.0]))
    assert found.value == 2
    assert found.high - 2 == pytest.approx(4.30265272991 / math.sqrt(3), rel=1e-9)
    assert 2 - found.low == pytest.approx(found.high - 2)


def test_one_trial_has_no_interval() -> None:
    found = interval(np.array([-3.0]))
    assert found.value == -3
    assert math.isnan(found.low)
    assert math.isnan(found.high)


def test_the_ratio_is_the_geometric_mean_over_trials() -> None:
    ratio = measured([[-5.0, 0.0, 1.0], [-7.0, 0.0, 1.0]]).ratio()
    assert ratio.value == -7
    assert ratio.low < -8 < -6 < ratio.high


def test_a_gradient_of_zero_leaves_nothing() -> None:
    none = -math.inf
    assert measured([[none, 0.0], [-1.0, 0.0]]).ratio().value == none
    assert measured([[none, none], [-1.0, 0.0]]).ratio().value == none
    assert math.isnan(measured([[none, 0.0], [-1.0, 0.0]]).ratio().low)


def test_trials_that_overflow_give_no_ratio() -> None:
    more = math.inf
    for logs in ([[more, more], [0.0, 0.0]], [[more, 0.0], [-more, 0.0]], [[math.nan, 0.0], [0.0, 0.0]]):
        assert math.isnan(measured(logs).ratio().value)


def test_gradients_come_layer_by_layer() -> None:
    assert [each.value for each in measured([[-5.0, 0.0], [-7.0, 2.0]]).gradient()] == [-6, 1]


def test_the_layer_where_activations_overflow() -> None:
    logs = [[0.0, 0.0, 0.0]]
    assert measured(logs).overflow_layer is None
    assert measured(logs, [[1.0, math.inf, math.nan]]).overflow_layer == 2
