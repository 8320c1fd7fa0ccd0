"""Landmarks of the whole catalogue against the exact reference, and of formulas whose landmarks are known."""

from __future__ import annotations

import math
from fractions import Fraction
from functools import cache

import pytest
from flint import arb, ctx

from actcli.activations.function import Function
from actcli.activations.record import Activation
from actcli.activations.registry import builtin_records, get
from actcli.analyses.derive.landmarks.closed_form import closed_form
from actcli.analyses.derive.landmarks.landmark import KINDS, MINUS, Landmark
from actcli.analyses.derive.landmarks.survey import Survey, landmarks, survey
from actcli.analyses.derive.landmarks.table import landmarks_table
from actcli.core.exact import arb_context
from actcli.core.formats import FLOAT64

NAMES = [record.name for record in builtin_records() if isinstance(record, Activation)]


def function(text: str) -> Function:
    found = get(text)
    assert isinstance(found, Function)
    return found


@cache
def surveyed(text: str) -> Survey:
    return survey(function(text))


def of(text: str, *kinds: str) -> list[Landmark]:
    return [each for each in surveyed(text).landmarks if not kinds or each.kind in kinds]


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
        assert float(mark.x_text.replace(MINUS, "-")) == pytest.approx(mark.x, rel=1e-14)
        assert float(mark.value_text.replace(MINUS, "-")) == pytest.approx(mark.value, rel=1e-14)


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
    assert [mark.x_text for mark in of("silu", "inflection")] == ["−2.39935728051547", "2.39935728051547"]
    assert forms("swish(2)", "minimum") == ["x = -1/2 - W(1/e)/2, f = -W(1/e)/2"]


def test_piecewise_functions() -> None:
    assert [mark.note for mark in of("relu", "flat", "kink")] == ["f′ jumps from 0 to 1", "f = 0 for x < 0"]
    assert [mark.note for mark in of("softsign", "kink")] == ["f″ jumps from 2 to −2"]
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
    found = surveyed("silu")
    assert landmarks(function("silu")) == list(found.landmarks)
    assert (found.low, found.high, found.reach) == (-64, 64, None)
    assert surveyed("hard_sigmoid(0.001)").high == 1000
    assert [surveyed(name).uncertain for name in ("silu", "tanh", "mish", "relu")] == [()] * 4
    assert surveyed("gelu(x)") == surveyed("gelu")
    found = surveyed("gelu_tanh")
    assert found.reach is not None
    assert found.reach > 5
    assert [mark.note for mark in found.uncertain] == [f"for |x| > {float(found.reach):.4g} some may be missing"]


def doubts(text: str) -> list[str]:
    return [mark.note for mark in surveyed(text).uncertain]


def test_extrema_at_simple_numbers_are_found() -> None:
    assert forms("x*exp(x)", "minimum") == ["x = -1, f = -1/e"]
    assert [mark.x for mark in of("phi(x)", "inflection")] == [-1, 1]


@pytest.mark.parametrize(
    ("text", "kink", "flat"),
    [
        ("max(x, 100)", 100, ["x < 100"]),
        ("max(x, 1e300)", 1e300, ["x < 1e+300"]),
        ("where(x > 100, x - 100, 0)", 100, ["x < 100"]),
        ("abs(x - 1000)", 1000, []),
        ("abs(x - 1e30)", 1e30, []),
        ("relu(x - 1e6)", 1e6, ["x < 1000000"]),
    ],
)
def test_kinks_far_out_are_found(text: str, kink: float, flat: list[str]) -> None:
    assert [mark.x for mark in of(text, "kink")] == [kink]
    assert forms(text, "flat") == flat
    assert doubts(text) == []


def test_nothing_is_claimed_beyond_the_range() -> None:
    assert [mark.note for mark in of("where(x**2 > 10000, x, 0)", "flat")] == ["f = 0 for −64 ≤ x ≤ 64"]
    assert forms("sign(sin(x))", "flat")[-1] == "20π < x ≤ 64"
    assert of("where(sin(x) > 0.5, x, 0)", "limit", "asymptote") == []
    for text in ("sin(x)", "sign(sin(x))", "where(sin(x) > 0.5, x, 0)", "x**2", "swish(0.001)"):
        assert doubts(text) == ["for |x| > 64 some may be missing"]
    assert doubts("log(x)") == ["for x > 64 some may be missing"]
    reach = surveyed("sin(100*x)").reach
    assert reach is not None
    assert max(abs(mark.x) for mark in of("sin(100*x)", "zero", "maximum", "minimum", "inflection")) <= reach


@pytest.mark.parametrize("text", ["sin(1/x)", "x*sin(x)", "x**x**x", "exp(-1/x**2)", "sin(x)"])
def test_the_largest_slope_is_not_claimed_where_the_search_was_cut_short(text: str) -> None:
    assert all("at least" in mark.note for mark in of(text, "largest slope"))
    assert doubts(text)


def test_vertical_asymptotes_are_zeros_of_what_must_not_be_zero() -> None:
    assert of("exp(exp(exp(x)))", "undefined") == []
    assert forms("exp(exp(exp(x)))", "asymptote") == ["y = 2.71828182845905"]
    assert forms("log(x**2 - 3)", "asymptote", "undefined") == ["x = -√3", "x = √3"]
    assert forms("log(log(x))", "asymptote", "undefined") == ["x = 1"]
    assert forms("exp(x)/(exp(x) - 2)", "asymptote")[1] == "x = log 2"


def test_values_at_single_points() -> None:
    found = of("where(x == 0, 1, x)", "zero", "jump")
    assert [(mark.kind, mark.value, mark.note) for mark in found] == [("jump", 1, "f = 1 there, but tends to 0")]
    assert of("where(x == 0, 0, exp(-1/x**2))", "jump", "kink", "undefined") == []
    assert [mark.x for mark in of("where(x == 0, 0, exp(-1/x**2))", "limit")] == [-math.inf, math.inf]
    assert math.isnan(of("sign(x**2 - 2)", "jump")[0].value)  # 0, which no ball can tell
    assert "whether f jumps there" in doubts("sign(x**2 - 2)**2")
    assert [(mark.kind, mark.note) for mark in of("x/x", "undefined", "flat")] == [
        ("undefined", ""),
        ("flat", "f = 1 for x < 0"),
        ("flat", "f = 1 for x > 0"),
    ]


@pytest.mark.parametrize(
    ("text", "at", "kind"),
    [
        ("sqrt(x**2)", 0, "minimum"),
        ("(x**2)**0.5", 0, "minimum"),
        ("sqrt((x - 1)**2)", 1, "minimum"),
        ("exp(-sqrt(x**2))", 0, "maximum"),
        ("(x**4)**0.25", 0, "minimum"),
    ],
)
def test_kinks_inside_roots(text: str, at: float, kind: str) -> None:
    assert [(mark.kind, mark.x) for mark in of(text, kind, "kink")] == [(kind, at), ("kink", at)]


def test_a_vertical_tangent_is_no_kink() -> None:
    found = of("where(x > 0, sqrt(x), -sqrt(-x))", "zero", "kink", "inflection", "uncertain")
    assert [(mark.kind, mark.x) for mark in found] == [("zero", 0), ("inflection", 0)]
    assert [mark.note for mark in of("abs(x)**0.5", "kink")] == ["f′ jumps from −∞ to ∞"]


def test_texts_for_people_have_the_true_minus_and_closed_forms_that_of_machines() -> None:
    for text in ("silu", "gelu", "max(x**2, 2)", "log(x**2 - 3)", "sign(sin(x))", "x - 1e30"):
        for mark in [*of(text), *surveyed(text).uncertain]:
            assert "-" not in mark.x_text + mark.value_text + mark.note
            assert MINUS not in mark.x_form + mark.value_form


def test_the_table_ends_with_what_is_uncertain() -> None:
    [rows] = landmarks_table(lambda: surveyed("cos(1000*x)")).rows(["kind", "note"])
    assert rows["kind"][-1] == "uncertain"
    assert rows["note"][-1] == "some may be missing"


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
