"""Clipping scales every layer alike."""

from __future__ import annotations

import math

import numpy as np
import pytest

from actcli.analyses.gradflow.network.clipping import clip
from actcli.errors import UsageError
from tests.analyses.gradflow.test_measured import measured


def test_an_explosion_is_tamed_and_its_ratio_stays() -> None:
    found = clip(measured([[math.log(4e10), math.log(3e10), math.log(12e10)]]), 2.0)
    assert found.log_norm == pytest.approx(math.log(13e10))
    assert math.exp(found.log_factor) == pytest.approx(2 / 13e10)
    assert found.last_after - found.first_after == pytest.approx(found.last - found.first) == pytest.approx(math.log(3))
    assert np.logaddexp.reduce(2 * np.array([found.first_after, found.last_after])) < 2 * math.log(2)


def test_small_gradients_are_left_alone() -> None:
    found = clip(measured([[-2000.0, -1.0], [-math.inf, -1.0]]), 1.0)
    assert found.log_factor == 0
    assert (found.first, found.first_after, found.last_after) == (-math.inf, -math.inf, -1)


def test_the_whole_norm_fits_at_any_size() -> None:
    assert clip(measured([[5000.0, 5000.0]])).log_norm == pytest.approx(5000 + math.log(2) / 2)


def test_of_gradients_that_nobody_knows_there_is_no_norm() -> None:
    found = clip(measured([[math.nan, math.nan, math.nan]]))
    assert math.isnan(found.log_norm)
    assert math.isnan(found.log_factor)


@pytest.mark.parametrize("threshold", [0.0, -1.0, math.inf, math.nan])
def test_the_threshold_is_positive(threshold: float) -> None:
    with pytest.raises(UsageError, match="above 0"):
        clip(measured([[0.0]]), threshold)
