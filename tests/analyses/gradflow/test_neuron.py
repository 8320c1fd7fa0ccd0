"""One unit over a data set."""

from __future__ import annotations

import numpy as np
import pytest

from actcli.analyses.gradflow.neuron import neuron
from actcli.errors import UsageError
from tests.analyses.gradflow.functions import function, own

DATA = [[1, 1], [2, 2]]


def test_a_relu_that_no_example_activates_is_dead() -> None:
    found = neuron(function("relu"), [-2, -3], 1, DATA)
    np.testing.assert_array_equal(found.z, [-4, -9])
    np.testing.assert_array_equal(found.value, [0, 0])
    np.testing.assert_array_equal(found.slope, [0, 0])
    assert found.dead
    assert found.active == 0


def test_one_example_keeps_it_alive() -> None:
    found = neuron(function("relu"), [-2, -3], 1, [*DATA, [0, 0]])
    assert not found.dead
    assert found.active == pytest.approx(1 / 3)


@pytest.mark.parametrize("text", ["leaky_relu", "tanh", "gelu", "elu", "max(0.01*x, x)"])
def test_others_are_alive_where_relu_is_dead(text: str) -> None:
    assert not neuron(function(text), [-2, -3], 1, DATA).dead


def test_own_code() -> None:
    assert neuron(own(lambda x: np.maximum(x, 0)), [-2, -3], 1, DATA).dead


@pytest.mark.parametrize(
    ("weights", "data"), [([1, 2, 3], DATA), ([1, 2], [1, 2]), ([[1, 2]], DATA), ([1, 2], np.zeros((0, 2)))]
)
def test_shapes_that_do_not_fit_are_refused(weights: list[float], data: list[float]) -> None:
    with pytest.raises(UsageError, match="shape"):
        neuron(function("relu"), weights, 0, data)


@pytest.mark.parametrize(("weights", "bias"), [([1e308, 1e308], 1e308), ([1e308, -1e308], 0)])
def test_a_sum_beyond_float64_is_refused(weights: list[float], bias: float) -> None:
    with pytest.raises(UsageError, match="example 2 overflows"):
        neuron(function("relu"), weights, bias, [[0, 0.5], [10, 10]])
