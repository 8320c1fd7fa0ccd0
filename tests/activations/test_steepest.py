"""The largest slope of a typed formula: found where it is narrow, ∞ where there is a singularity."""

from __future__ import annotations

import math

import pytest

from actcli.activations.function import Function
from actcli.activations.record import Activation
from actcli.activations.registry import DEFAULT
from actcli.activations.steepest import search_largest_slope


def largest_slope(text: str) -> float:
    found = DEFAULT.get(text)
    assert isinstance(found, Function)
    return found.largest_slope


@pytest.mark.parametrize(
    "text",
    [
        "1/x",
        "log(x)",
        "log(abs(x))",
        "log(abs(x - 0.1))",
        "log(abs(x**2 - 2))",
        "x*log(abs(x))",
        "sqrt(abs(x - 0.1))",
        "abs(x - 0.3)**0.999",
        "sin(x)/cos(x)",
        "1/(x - 63.9)",
        "1000*tanh(x) + log(abs(x - 0.1))",
        "where(x > 0.1, log(x - 0.1), x)",
        "x**2",
    ],
)
def test_a_singularity_has_no_largest_slope(text: str) -> None:
    assert largest_slope(text) == math.inf


@pytest.mark.parametrize(
    ("text", "slope"),
    [
        ("1/(1 + exp(-3*x))", 0.75),
        ("1/(1 + exp(-20*x))", 5),
        ("log(1 + exp(20*x))", 20),
        ("tanh(1e8*x)", 1e8),
        ("tanh(1e8*(x - 0.1))", 1e8),
        ("tanh(1e13*(x - sqrt(2)))", 1e13),
        ("exp(-1e14*x**2)", math.sqrt(2 / math.e) * 1e7),
        ("sin(1000*x)", 1000),
        ("x + sign(x - 0.1)", 1),
        ("max(x, 0)", 1),
        ("x*(x + 1) - x**2", 1),
        ("3", 0),
    ],
)
def test_a_narrow_peak_has_its_height(text: str, slope: float) -> None:
    assert largest_slope(text) == pytest.approx(slope, rel=1e-12)


@pytest.mark.parametrize("text", ["1/0", "log(-1)"])
def test_where_there_is_no_value_there_is_no_slope(text: str) -> None:
    assert math.isnan(largest_slope(text))


@pytest.mark.parametrize("record", DEFAULT.records, ids=lambda record: record.name)
def test_what_records_state_is_found(record: Activation) -> None:
    found = DEFAULT.get(record.name)
    if isinstance(found, Function) and math.inf in found.edges:
        assert search_largest_slope(found) == pytest.approx(found.largest_slope, rel=1e-12)
