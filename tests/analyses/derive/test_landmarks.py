"""Landmarks of the whole catalogue against the exact reference, and of formulas whose landmarks are known."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from flint import arb, ctx

from actcli.activations.function import Function
from actcli.activations.record import Activation
from actcli.activations.registry import builtin_records, get
from actcli.analyses.derive.landmarks.closed_form import closed_form
from actcli.analyses.derive.landmarks.landmark import KINDS, Landmark
from actcli.analyses.derive.landmarks.survey import landmarks, survey
from actcli.core.exact import arb_context
from actcli.core.formats import FLOAT64

NAMES = [record.name for record in builtin_records() if isinstance(record, Activation)]
FOUND: dict[str, list[Landmark]] = {}


def function(text: str) -> Function:
    found = get(text)
    assert isinstance(found, Function)
    return found


def of(text: str, *kinds: str) -> list[Landmark]:
    if text not in FOUND:
        FOUND[text] = landmarks(function(text))
    return [each for each in FOUND[text] if not kinds or each.kind in kinds]


def sign_near(text: str, order: int, x: float, step: float) -> int:
    value = function(text).reference.at(Fraction(x) + Fraction(step), order, FLOAT64)[order].number
    return (value > 0) - (value < 0)


@pytest.mark.parametrize("name", NAMES)
def test_signs_change_as_the_kind_says(name: str) -> None:
    for mark in of(name, "minimum", "maximum", "inflection"):
        order = 2 if mark.kind == "inflection" else 1
        before, after = (sign_near(name, order, mark.x, step) for step in (-1e-9, 1e-9))
        assert before * after == -1
        if mark.kind != "inflection":
            assert after == (1 if mark.kind == "minimum" else -1)


@pytest.mark.parametrize("name", NAMES)
def test_values_are_those_of_the_exact_reference(name: str) -> None:
    for mark in of(name, "zero", "minimum", "maximum", "inflection", "kink"):
        value = function(name).reference.at(mark.x, 0, FLOAT64)[0].number
        assert mark.value == pytest.approx(value, rel=1e-14, abs=1e-14)
        assert float(mark.x_text) == pytest.approx(mark.x, rel=1e-14)
        assert float(mark.value_text) == pytest.approx(mark.value, rel=1e-14)


@pytest.mark.parametrize("name", NAMES)
def test_the_largest_slope_is_that_of_the_record(name: str) -> None:
    stated = function(name).largest_slope
    found = of(name, "largest slope")
    if name == "identity" or stated == 0:
        assert found == []
    else:
        assert [mark.value for mark in found] == [pytest.approx(stated, rel=1e-15)]


@pytest.mark.parametrize("name", NAMES)
def test_kinks_and_limits_are_those_of_the_record(name: str) -> None:
    stated = {float(at) for at, _ in function(name).kinks()}
    assert {mark.x for mark in of(name, "kink", "jump")} == stated
    limits = {end: values[0] for end, values in function(name).edges.items()}
    assert {mark.x: mark.value for mark in of(name, "limit")} == {end: float(value) for end, value in limits.items()}


@pytest.mark.parametrize("name", NAMES)
def test_kinds_come_in_order(name: str) -> None:
    keys = [(KINDS.index(mark.kind), mark.x) for mark in of(name)]
    assert keys == sorted(keys)


def forms(text: str, *kinds: str) -> list[str]:
    return [mark.closed_form for mark in of(text, *kinds)]


def test_sigmoid() -> None:
    assert forms("sigmoid", "zero", "minimum", "maximum", "kink") == []
    assert forms("sigmoid", "inflection") == ["x = 0, f = 1/2"]
    assert forms("sigmoid", "largest slope") == ["x = 0, max |f′| = 1/4"]
    assert forms("sigmoid", "asymptote") == ["y = 0", "y = 1"]


def test_gelu() -> None:
    assert forms("gelu", "zero") == ["x = 0"]
    assert [(mark.x, mark.value) for mark in of("gelu", "minimum")] == [(-0.7517915246935645, -0.16997120747990366)]
    assert forms("gelu", "inflection") == ["x = -√2", "x = √2"]
    assert forms("gelu", "largest slope") == ["x = √2, max |f′| = (1 + erf(1))/2 + e⁻¹/√π"]
    assert [(mark.x, mark.closed_form) for mark in of("gelu", "asymptote")] == [
        (-math.inf, "y = 0"),
        (math.inf, "y = x"),
    ]


def test_silu() -> None:
    assert forms("silu", "minimum") == ["x = -1 - W(1/e), f = -W(1/e)"]
    assert [mark.x_text for mark in of("silu", "inflection")] == ["-2.39935728051547", "2.39935728051547"]
    assert forms("swish(2)", "minimum") == ["x = -1/2 - W(1/e)/2, f = -W(1/e)/2"]


def test_piecewise_functions() -> None:
    assert [mark.note for mark in of("relu", "flat", "kink")] == ["f′ jumps from 0 to 1", "f = 0 for x < 0"]
    assert [mark.note for mark in of("softsign", "kink")] == ["f″ jumps from 2 to -2"]
    assert forms("hard_swish", "minimum") == ["x = -3/2, f = -3/8"]
    assert forms("hard_sigmoid", "kink") == ["x = -3, f = 0", "x = 3, f = 1"]
    assert [mark.note for mark in of("binary_step", "jump")] == ["f jumps from 0 to 1"]
    assert forms("max(x**2, 2)", "kink", "flat") == ["x = -√2, f = 2", "x = √2, f = 2", "-√2 < x < √2"]
    assert [mark.kind for mark in of("abs(x)", "zero", "minimum", "kink")] == ["zero", "minimum", "kink"]


def test_straight_lines_have_hardly_any() -> None:
    assert [mark.kind for mark in of("identity")] == ["zero", "limit", "limit"]
    assert forms("3", "flat") == ["all x"]


def test_where_a_domain_ends() -> None:
    assert forms("logit", "asymptote") == ["x = 0", "x = 1"]
    assert [(mark.x, mark.value) for mark in of("logit", "limit")] == [(0.0, -math.inf), (1.0, math.inf)]
    assert forms("1/x", "asymptote") == ["y = 0", "x = 0", "y = 0"]
    assert forms("1/(x**2 - 2)", "asymptote") == ["y = 0", "x = -√2", "x = √2", "y = 0"]
    assert of("1/(x**2 - 2)", "largest slope")[0].value == math.inf
    assert forms("sqrt(x)", "zero") == ["x = 0"]
    assert of("log(-x**2)") == []


def test_formulas() -> None:
    assert forms("x**2", "zero", "minimum") == ["x = 0", "x = 0, f = 0"]
    assert forms("x*exp(-x**2)", "minimum", "maximum") == ["x = -1/√2, f = -1/√(2e)", "x = 1/√2, f = 1/√(2e)"]
    assert len(of("sin(x)", "zero")) == 41
    assert forms("sin(x)", "zero")[-1] == "x = 20π"
    assert forms("sqrt(x**2 + 1)", "asymptote") == ["y = -x", "y = x"]
    assert forms("x*log(x)", "minimum") == ["x = 1/e, f = -1/e"]
    zeros = of("(x**2 - 2)**2", "zero")
    assert [(mark.closed_form, mark.note) for mark in zeros] == [
        ("x = -√2", "f is 0 to 100 digits"),
        ("x = √2", "f is 0 to 100 digits"),
    ]


def test_the_range_is_stated() -> None:
    found = survey(function("silu"))
    assert (found.low, found.high, found.reach) == (-64, 64, None)
    assert survey(function("hard_sigmoid(0.001)")).high == 1000
    reach = survey(function("gelu_tanh")).reach
    assert reach is not None
    assert reach > 5


@pytest.mark.parametrize(
    ("formula", "form"),
    [
        (lambda: arb(1) / 2, "1/2"),
        (lambda: -arb(3) / 8, "-3/8"),
        (lambda: -arb(2).sqrt(), "-√2"),
        (lambda: 1 / arb(2).sqrt(), "1/√2"),
        (lambda: (1 + arb(5).sqrt()) / 2, "1/2 + √5/2"),
        (lambda: 2 * arb.pi() / 3, "2π/3"),
        (lambda: arb(2).log(), "log 2"),
        (lambda: -(2 + arb(3).sqrt()).log(), "-log(2 + √3)"),
        (lambda: 2 / arb.pi().sqrt(), "2/√π"),
        (lambda: (2 / arb.pi()).sqrt(), "√(2/π)"),
        (lambda: 1 / (2 * arb.pi()).sqrt(), "1/√(2π)"),
        (lambda: -1 / (3 * arb.const_e()), "-1/(3e)"),
        (lambda: arb(0), "0"),
        (lambda: arb(7).sin(), ""),
        (lambda: arb(1, 1e-20), ""),
    ],
)
def test_closed_forms(formula: object, form: str) -> None:
    assert callable(formula)
    with arb_context():
        ctx.prec = 448
        assert closed_form(formula()) == form
