"""Identities: what is proved, what is only compared, and where false ones fail."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings

from actcli.activations.builders import Builders
from actcli.activations.registry import DEFAULT, get
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
        ("sigmoid(logit(p)) = p", "the left side has no value at p = 2"),
        ("log(x**2) = 2*log(x)", "the right side has no value at x = -1"),
        ("sqrt(x)**2 = x", "the left side has no value at x = -1"),
        ("x**y*x = x**(y + 1)", ""),
    ],
)
def test_identities_hold_where_both_sides_have_values(equation: str, without: str) -> None:
    report = check(equation, DEFAULT)
    assert row(report)["verdict"] == "identity"
    assert without in " ".join(report.notes)


def test_what_is_not_proved_is_compared() -> None:
    report = check("exp(log(x)/2) = sqrt(x)", DEFAULT)
    found = row(report)
    assert (found["verdict"], found["points"], found["digits"]) == ("agrees", 64, 50)
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
    report = check("relu'(x) = (1 + sign(x))/2", DEFAULT)
    assert row(report)["verdict"] == "identity"
    assert "kinks" in " ".join(report.notes)


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
