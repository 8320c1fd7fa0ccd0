"""Workings as books print them, and their last lines against the exact reference."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actcli.activations.function import Function
from actcli.activations.registry import DEFAULT
from actcli.analyses.derive.worked.working import worked
from actcli.core.formats import FLOAT64
from actcli.expressions.display.text import text
from tests.activations.test_accuracy import NAMES


def bound(name: str) -> Function:
    found = DEFAULT.get(name)
    assert isinstance(found, Function)
    return found


def printed(name: str, x: str, order: int = 0, digits: int = 4) -> list[str]:
    function = bound(name)
    tree = [function.symbolic_tree, *function.derivative_forms][order]
    lines = worked(tree, Fraction(x), digits, function.parameter_values).lines
    return [text(line.tree) + (f"   {line.note}" if line.note else "") for line in lines]


@pytest.mark.parametrize(
    ("name", "x", "order", "lines"),
    [
        ("sigmoid", "3", 0, ["1/(1 + e⁻³)", "1/(1 + 0.0498)", "1/1.0498", "0.9526"]),
        ("sigmoid", "3", 1, ["σ(3)·(1 − σ(3))", "0.9526·(1 − 0.9526)", "0.9526·0.0474", "0.0452"]),
        ("sigmoid", "-2", 0, ["1/(1 + e²)", "1/(1 + 7.3891)", "1/8.3891", "0.1192"]),
        ("sigmoid", "0", 1, ["σ(0)·(1 − σ(0))", "0.5·(1 − 0.5)", "0.5·0.5", "0.25"]),
        ("gelu", "1.5", 0, ["1.5·Φ(1.5)", "1.5·0.9332", "1.3998"]),
        ("gelu", "-2", 1, ["Φ(−2) − 2·φ(−2)", "0.0228 − 2·0.0540", "0.0228 − 0.1080", "−0.0852"]),
        ("tanh", "0.5", 1, ["1 − tanh²(0.5)", "1 − 0.4621²", "1 − 0.2136", "0.7864"]),
        ("relu", "-2", 0, ["max(0, −2)", "0"]),
        ("softplus", "-20", 0, ["log(1 + e⁻²⁰)", "log(1 + 2.061·10⁻⁹)", "log(1.0000)", "2.061·10⁻⁹"]),
        ("leaky_relu", "-2", 0, ["{−2 if −2 > 0; 0.01·(−2) otherwise}", "0.01·(−2)   since −2 ≤ 0", "−0.02"]),
        ("relu6", "8", 1, ["{0 if 8 ≤ 0; 1 if 8 < 6; 0 otherwise}",
                           "{1 if 8 < 6; 0 otherwise}   since 8 > 0", "0   since 8 ≥ 6"]),
        ("relu", "0", 1, ["{1 if 0 > 0; 0 otherwise}", "0   since 0 ≤ 0: at a kink, by convention"]),
        ("logit", "1.5", 0, ["log(1.5/(1 − 1.5))", "log(1.5/(−0.5))", "log(−3)   log(−3) is not defined"]),
        ("logit", "1", 1, ["1/(1·(1 − 1))", "1/(1·0)", "1/0   1/0 is not defined"]),
    ],
)  # fmt: skip
def test_as_books_print_it(name: str, x: str, order: int, lines: list[str]) -> None:
    assert printed(name, x, order) == lines


def test_digits() -> None:
    assert printed("sigmoid", "3", 0, digits=6)[-1] == "0.952574"
    assert printed("sigmoid", "1/3", 0, digits=2)[0] == "1/(1 + exp(−1/3))"


def test_a_condition_without_a_value() -> None:
    function = bound("where(log(x) > 0, 1, 2)")
    found = worked(function.tree, Fraction(-1))
    assert found.value is None
    assert found.lines[-1].note == "log(−1) > 0 can't be decided"


def test_the_definition_of_nothing() -> None:
    assert worked(bound("logit").tree, Fraction(2)).value is None
    assert worked(bound("x").tree, Fraction(2)).value == 2
    slope = worked(bound("logit").derivative_forms[0], Fraction(-1), of=bound("logit").tree)
    assert slope.value is None
    assert slope.lines[0].note == "the function is not defined at −1"


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=20, deadline=None)
@given(x=st.fractions(-12, 12, max_denominator=64))
def test_the_last_line_is_the_exact_value(name: str, x: Fraction) -> None:
    function = bound(name)
    for order, tree in enumerate((function.symbolic_tree, *function.derivative_forms)):
        found = worked(tree, x, 4, function.parameter_values, function.tree).value
        exact = function.reference.at(x, order, FLOAT64)[order].number
        assert (found is None) == math.isnan(exact)
        if found is not None:
            assert float(found) == pytest.approx(exact, rel=1e-15, abs=0)
