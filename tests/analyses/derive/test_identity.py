"""Identities: what is proved, what is only compared, and where false ones fail."""

from __future__ import annotations

import sys
from fractions import Fraction
from typing import Any

import pytest
import sympy
from hypothesis import given, settings

from actcli.activations.builders import Builders
from actcli.activations.registry import DEFAULT, get
from actcli.analyses.derive.identities.branches import TooHardError
from actcli.analyses.derive.identities.budget import Budget
from actcli.analyses.derive.identities.check import check, split
from actcli.analyses.derive.identities.proof import proved
from actcli.core.agreement import agreement
from actcli.errors import UsageError
from actcli.expressions.parse import parse
from actcli.report import Report
from tests.expressions.formulas import FORMULAS


def row(report: Report) -> dict[str, Any]:
    (batch,) = report.tables["check"].rows([])
    assert set(batch) == {column.name for column in report.tables["check"].columns}
    return {name: cells[0] for name, cells in batch.items()}


@pytest.mark.parametrize(
    "equation",
    [
        "tanh(x) = 2*sigmoid(2*x) - 1",
        "sigmoid(x) = (tanh(x/2) + 1)/2",
        "sigmoid(-x) = 1 - sigmoid(x)",
        "tanh(x) = (exp(2*x) - 1)/(exp(2*x) + 1)",
        "sigmoid(x) = exp(x)/(exp(x) + 1)",
        "softmax(a, b)[0] = sigmoid(a - b)",
        "softmax(a + k, b + k)[1] = softmax(a, b)[1]",
        "softmax(a, b, c)[0] + softmax(a, b, c)[1] + softmax(a, b, c)[2] = 1",
        "log_softmax(a, b)[1] = -softplus(a - b)",
        "glu(a, b) = a*sigmoid(b)",
        "swiglu(a, b)[0] = silu(a)*b",
        "silu'(x) = sigmoid(x)*(1 + x*(1 - sigmoid(x)))",
        "silu'(x) = sigmoid(x) + silu(x)*(1 - sigmoid(x))",
        "softplus'(x) = sigmoid(x)",
        "softplus''(x) = sigmoid'(x)",
        "logit(sigmoid(x)) = x",
        "tanh'(x) = 4*sigmoid(2*x)*(1 - sigmoid(2*x))",
        "tanh'(x) = 4σ(2x)(1 − σ(2x))",
        "tanh'(x) = 1 − tanh²(x)",
        "tanh'(x) = 1/cosh(x)**2",
        "log_sigmoid(x) = -softplus(-x)",
        "gelu(x) = x/2*(1 + erf(x/sqrt(2)))",
        "gelu'(x) = Phi(x) + x*phi(x)",
        "gelu″(x) = phi(x)*(2 - x**2)",
        "mish'(x) = tanh(softplus(x)) + x*sigmoid(x)*(1 - tanh(softplus(x))**2)",
        "swish(x, beta=2) = x*sigmoid(2*x)",
        "relu(x) = (x + abs(x))/2",
        "relu6(x) = min(max(x, 0), 6)",
        "hard_swish(x) = x*hard_sigmoid(x)",
        "softsign'(x) = 1/(1 + abs(x))**2",
        "sin(2*x) = 2*sin(x)*cos(x)",
        "sin''(2*x) = -sin(2*x)",
        "cosh(x)**2 - sinh(x)**2 = 1",
        "tanh(a + b) = (tanh(a) + tanh(b))/(1 + tanh(a)*tanh(b))",
        "(sqrt(sqrt(x) + 1))**4 = x + 1 + 2*sqrt(x)",
        "log(6) = log(2) + log(3)",
        "quick_gelu(x) = x/(1 + exp(-1.702*x))",
        "logit(sigmoid(1.702*x)) = 1.702*x",
        "exp(x/7)**7 = exp(x/5)**5",
        "gelu_tanh(x) = x*sigmoid(2*sqrt(2/pi)*(x + 0.044715*x**3))",
        "log(phi(x)) = -x**2/2 - log(2*pi)/2",
        "log(sqrt(2)*exp(x)/3) = x + log(2)/2 - log(3)",
    ],
)
def test_identities_are_proved(equation: str) -> None:
    report = check(equation, DEFAULT)
    found = row(report)
    assert found["verdict"] == "identity", found
    assert found["counterexample"] is None
    assert not report.failed


@pytest.mark.parametrize(
    ("equation", "without"),
    [
        ("sigmoid(logit(p)) = p", "at p = 1 only the right side has one"),
        ("log(x**2) = 2*log(x)", "at x = -1 only the left side has one"),
        ("sqrt(x)**2 = x", "at x = -1 only the right side has one"),
        ("0 = 0*log(x)", "at x = -1 only the left side has one"),
        ("x/x = 1", "at x = 0 only the right side has one"),
        ("x*0 = 0/x", "at x = 0 only the left side has one"),
        ("x**y = exp(y*log(x))", "at x = 0, y = 1/2 only the left side has one"),
        ("tanh'(x) = tanh'(x)*x/x", "at x = 0 only the left side has one"),
    ],
)
def test_identities_hold_where_both_sides_have_values(equation: str, without: str) -> None:
    report = check(equation, DEFAULT)
    assert row(report)["verdict"] == "identity"
    assert f"wherever both sides have values: {without}" in row(report)["reason"]


def test_what_is_not_proved_is_compared() -> None:
    report = check("exp(log(x)/2) = sqrt(x)", DEFAULT)
    found = row(report)
    assert (found["verdict"], found["points"], found["digits"]) == ("agrees", 86, 1000)
    assert "no proof was found" in found["reason"]
    assert not report.failed


@pytest.mark.parametrize(
    ("equation", "at", "left", "right"),
    [
        ("tanh(x) = sigmoid(x)", "x = 1", 0.7615941559557649, 0.7310585786300049),
        ("sigmoid(x) = sigmoid(x)**2", "x = 1", 0.7310585786300049, 0.534446645388523),
        ("relu(x) = x", "x = -1", 0, -1),
        ("where(x > 0, 1, 0) = where(x >= 0, 1, 0)", "x = 0", 0, 1),
        ("softmax(a, b)[0] = sigmoid(b - a)", "a = 1, b = 1/2", 0.6224593312018546, 0.3775406687981454),
        ("tanh'(x) = 1 - tanh(x)", "x = 1", 0.4199743416140261, 0.2384058440442351),
        ("x + 10**-30 = x", "x = 1", 1, 1),
    ],
)
def test_false_equations_have_a_counterexample(equation: str, at: str, left: float, right: float) -> None:
    report = check(equation, DEFAULT)
    found = row(report)
    assert (found["verdict"], found["counterexample"]) == ("false", at)
    assert (found["left_value"], found["right_value"]) == pytest.approx((left, right), rel=1e-14)
    assert f"at {at} " in report.failed


def test_nearly_equal_values_are_shown_to_where_they_differ() -> None:
    reason = row(check("x + 10**-30 = x", DEFAULT))["reason"]
    assert "1.000000000000000000000000000001" in reason


@pytest.mark.parametrize(
    ("equation", "largest", "at", "words"),
    [
        ("gelu(x) = gelu_tanh(x)", 4.7323552e-4, 2.69894139, "at x = ±2.7"),
        ("gelu(x) = x*sigmoid(1.702*x)", 0.020334872, 2.27039772, "at x = ±2.27"),
    ],
)
def test_approximations_say_how_far_they_are_off(equation: str, largest: float, at: float, words: str) -> None:
    found = row(check(equation, DEFAULT))
    assert found["verdict"] == "false"
    assert found["largest_difference"] == pytest.approx(largest, rel=1e-7)
    assert abs(found["largest_at"]) == pytest.approx(at, rel=1e-7)
    assert words in found["reason"]


@pytest.mark.parametrize("equation", ["exp(x) = 1 + x", "1/x = 2/x", "relu(x) = x"])
def test_a_difference_that_grows_has_no_largest(equation: str) -> None:
    assert row(check(equation, DEFAULT))["largest_difference"] is None


def test_an_equation_without_variables() -> None:
    assert row(check("log(e) = 1", DEFAULT))["verdict"] == "identity"
    assert row(check("pi = 3.14159", DEFAULT))["reason"].startswith("the left side is 3.14159265")


def test_sides_without_values_are_undecided() -> None:
    report = check("1/(x - x) = 2", DEFAULT)
    assert row(report)["verdict"] == "undecided"
    assert report.failed


def test_kinks_of_derivatives_are_left_out() -> None:
    found = row(check("relu'(x) = (1 + sign(x))/2", DEFAULT))
    assert found["verdict"] == "identity"
    assert "at kinks a slope is a convention" in found["reason"]
    found = row(check("relu'(x) = where(x >= 0, 1, 0)", DEFAULT))
    assert "at x = 0 the left side takes 0, the right side 1" in found["reason"]


@pytest.mark.parametrize(
    ("equation", "at"),
    [
        ("max(x - 50, 0) = 0", "x = 51"),
        ("where(x > 100, x, 0) = 0", "x = 101"),
        ("relu(x - 1e6) = 0", "x = 1000001"),
        ("clip(x, -50, 50) = x", "x = 51"),
        ("abs(x - 1000) = 1000 - x", "x = 1001"),
        ("hardtanh(x/100) = x/100", "x = 101"),
        ("where(x == 1/3, 1, 0) = 0", "x = 1/3"),
        ("where(x == 17.23, 1, 0) = 0", "x = 1723/100"),
        ("exp(where(x == 1/3, 1, 0)) = 1", "x = 1/3"),
        ("sign(x - 1/7)**2 = 1", "x = 1/7"),
        ("where(x == y, 1, 0) = 0", "x = 2/11, y = 2/11"),
        ("where(x > 50, where(y > 50, 7, 0), 0) = 0", "x = 51, y = 51"),
        ("where(x**2 > 10000, 1, 0) = 0", "x = 130"),
    ],
)
def test_every_breakpoint_is_looked_at(equation: str, at: str) -> None:
    found = row(check(equation, DEFAULT))
    assert (found["verdict"], found["counterexample"]) == ("false", at)


def test_what_no_point_reaches_is_undecided() -> None:
    for equation, case in (("where(x**2 > 1e30, 1, 0) = 0", "x² > 10³⁰"), ("where(x**2 == 2, 1, 0) = 0", "x² = 2")):
        found = row(check(equation, DEFAULT))
        assert (found["verdict"], found["reason"]) == (
            "undecided",
            f"no point was compared on one of the sides of {case}",
        )
    assert row(check("abs(exp(x) + x**2) = exp(x) + x**2", DEFAULT))["verdict"] == "agrees", "it is never negative"


def test_borders_that_are_not_known_are_said() -> None:
    found = row(check("where(x**3 - x > 0, 1, 0) = where(x*(x - 1)*(x + 1) > 0, 1, 0)", DEFAULT))
    assert found["verdict"] == "agrees"
    assert "where the case x³ − x > 0 begins isn't known" in found["reason"]


@pytest.mark.parametrize(
    ("equation", "words"),
    [
        ("tanh(x) = tanh(x) + 1e-60*x", "the left side is 0.761594156, the right side differs from it by 1e-60"),
        ("tanh(x) = tanh(x) + 1e-200", "at x = 0 the left side is 0, the right side 1e-200"),
        ("pi = 3.14159265358979323846264338327950288419716939937510", "937511, the right side 3.14"),
    ],
)
def test_no_difference_is_too_small(equation: str, words: str) -> None:
    found = row(check(equation, DEFAULT))
    assert found["verdict"] == "false"
    assert words in found["reason"]
    assert found["difference"] != 0


def test_the_same_formula_twice_is_an_identity() -> None:
    found = row(check("sqrt(x - 1000) = sqrt(x - 1000)", DEFAULT))
    assert found["verdict"] == "identity"
    assert found["points"] >= 16
    assert row(check("log(-x**2) = log(-x**2)", DEFAULT))["reason"].endswith("no point was found where it has a value")


@pytest.mark.parametrize(
    "equation", ["2*log(sqrt(x - 1000)) = log(x - 1000)", "sqrt(x)*sqrt(1e-6 - x) = sqrt(x*(1e-6 - x))"]
)
def test_points_are_looked_for_where_the_formulas_live(equation: str) -> None:
    assert row(check(equation, DEFAULT))["verdict"] == "agrees"


@pytest.mark.parametrize(
    ("equation", "words"),
    [
        ("sqrt(-1) = 2", "the left side has no value"),
        ("sqrt(-1) = log(-1)", "neither side has a value"),
        ("1/(x - x) = 2", "the left side has no value at any of the points tried"),
        ("sqrt(x) = log(-x - 1)", "there is no value of both sides at any of the points tried"),
    ],
)
def test_sides_without_values_are_named(equation: str, words: str) -> None:
    found = row(check(equation, DEFAULT))
    assert (found["verdict"], found["reason"]) == ("undecided", words)


@pytest.mark.parametrize(
    "equation", ["tanh'(x) = sech(x)**2", "coth'(x) = -csch²(x)", "sech'(x) = -sech(x)*tanh(x)", "coth(x) = 1/tanh(x)"]
)
def test_textbooks_have_names_for_reciprocals(equation: str) -> None:
    assert row(check(equation, DEFAULT))["verdict"] == "identity"


def test_people_see_no_empty_columns() -> None:
    table = check("tanh(x) = 2*sigmoid(2*x) - 1", DEFAULT).tables["check"]
    assert [column.name for column in table.columns_for("people")] == ["left", "right", "verdict", "points"]
    assert len(table.columns_for("machines")) == len(table.columns)


def test_f_is_the_activation() -> None:
    report = check("f'(2*x) = f(2*x)*(1 - f(2*x))", DEFAULT, {}, get("sigmoid"))
    assert row(report)["verdict"] == "identity"
    assert row(check("f(a, b)[0] = sigmoid(a - b)", DEFAULT, {}, get("softmax")))["verdict"] == "identity"


def test_parameters_are_numbers_and_other_names_variables() -> None:
    assert row(check("swish(x, b) = x*sigmoid(b*x)", DEFAULT, {"b": Fraction(2)}))["verdict"] == "identity"
    assert row(check("b*x = 2*x", DEFAULT, {"b": Fraction(2)}))["verdict"] == "identity"
    assert row(check("b*x = 2*x", DEFAULT))["verdict"] == "false"
    with pytest.raises(UsageError, match="there is no c in"):
        check("x = x", DEFAULT, {"c": Fraction(2)})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("tanh(x)", "none here"),
        ("x = y = z", "2 of them"),
        ("x == y", "a single ="),
        ("= x", "the left side is empty"),
        ("x =", "the right side is empty"),
        ("swish(x, beta=2)", "none here"),
    ],
)
def test_what_is_no_equation(text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        split(text)


def test_comparisons_and_named_arguments_are_no_equals_sign() -> None:
    assert split("where(x == 1, 2, x) <= 3 = swish(x, beta=2)") == ("where(x == 1, 2, x) <= 3", "swish(x, beta=2)")


BUILDERS = Builders(DEFAULT, {})


@settings(max_examples=25, deadline=None)
@given(FORMULAS, FORMULAS)
def test_proofs_are_sound(first: str, second: str) -> None:
    left = parse(first, BUILDERS)
    others = [second, f"-({first})", f"abs({first})", f"exp(log({first}))", first.replace("sigmoid", "tanh")]
    for text in others:
        right = parse(text, BUILDERS)
        if proved(left, right):
            assert agreement(left, right).counterexample is None, text


def test_proofs_watch_no_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "setprofile", lambda _: pytest.fail("a proof is refused beforehand, never interrupted"))
    assert proved(parse("tanh(x)", BUILDERS), parse("2*sigmoid(2*x) - 1", BUILDERS))


def test_a_budget_runs_out_before_the_work_begins() -> None:
    x, y = sympy.symbols("x y")
    budget = Budget()
    assert budget.expand((x + y) ** 3).terms == 4
    assert budget.expand(x / (x + 1) + y / (x + 1)).below == {x + 1: 1}
    with pytest.raises(TooHardError):
        budget.expand((x + y + x * y) ** 300)
    with pytest.raises(TooHardError):
        Budget().factor((x + y + 1) ** 20)


@pytest.mark.parametrize(
    "text",
    [
        "*".join(f"(x + {k})**60" for k in range(60)),
        "(((x + 1)**60)**60)**60",
        "+".join(f"max(x, {k})" for k in range(70)),
        "gelu(" * 30 + "x" + ")" * 30,
        "where(x**2 > 1, x, 1)",
        "where(x > y, x, y)",
    ],
)
def test_what_is_too_hard_is_not_proved(text: str) -> None:
    assert not proved(parse(text, BUILDERS), parse(f"{text} + 0*x", BUILDERS))
