"""Marking derivatives: right in any order, right in another form, and the slips that have a name."""

from __future__ import annotations

from typing import Any

import pytest

from actcli.activations.function import Function
from actcli.activations.registry import builtin_records, get
from actcli.analyses.derive.answers.arranged import arranged
from actcli.analyses.derive.answers.mark import mark
from actcli.analyses.derive.answers.slips import FUNCTIONS, SLIPS, candidates
from actcli.core.agreement import agreement
from actcli.errors import UsageError
from actcli.expressions.direct import by_name, taken
from actcli.expressions.parse import parse
from actcli.report import Report


def row(report: Report) -> dict[str, Any]:
    (batch,) = report.tables["answer"].rows([])
    assert list(batch) == [column.name for column in report.tables["answer"].columns]
    return {name: cells[0] for name, cells in batch.items()}


ELEMENT_WISE = [record.name for record in builtin_records() if isinstance(get(record.name), Function)]


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("name", ELEMENT_WISE)
def test_the_known_forms_are_right(name: str, order: int) -> None:
    function = get(name)
    assert isinstance(function, Function)
    report = mark(function, function.record.derivatives[order - 1], order)
    assert row(report)["verdict"] == "right"
    assert not report.failed
    assert not report.notes, "the known form has the conventions of the record"


@pytest.mark.parametrize(
    ("name", "answer", "verdict"),
    [
        ("sigmoid", "(1 - sigmoid(x))*sigmoid(x)", "right"),
        ("sigmoid", "y*(1 - y)", "right"),
        ("sigmoid", "f(x) - f(x)**2", "equivalent"),
        ("sigmoid", "exp(-x)/(1 + exp(-x))**2", "right"),
        ("sigmoid", "exp(x)/(1 + exp(x))**2", "equivalent"),
        ("tanh", "1 − tanh²(x)", "right"),
        ("tanh", "1/cosh(x)**2", "equivalent"),
        ("silu", "sigmoid(x) + x*sigmoid(x)*(1 - sigmoid(x))", "right"),
        ("leaky_relu:0.2", "where(x > 0, 1, 0.2)", "right"),
        ("leaky_relu:0.2", "where(x > 0, 1, negative_slope)", "right"),
        ("exp(-x**2)", "-2x*exp(-x**2)", "right"),
        ("log(1 + exp(x))", "sigmoid(x)", "equivalent"),
        ("x**2/2", "x**2/x", "right"),
        ("x**2/2", "(x**2 - x)/(x - 1)", "equivalent"),
        ("swish", "sigmoid(beta*x) + beta*x*sigmoid(beta*x)*(1 - sigmoid(beta*x))", "right"),
        ("swish", "beta*y + sigmoid(beta*x)*(1 - beta*y)", "equivalent"),
        ("swish", "sigmoid(x) + x*sigmoid(x)*(1 - sigmoid(x))", "right"),
        ("elu", "where(x > 0, 1, f(x) + alpha)", "equivalent"),
        ("relu6", "where(x > 0, where(x < cap, 1, 0), 0)", "right"),
        ("log(x)", "1/abs(x)", "equivalent"),
        ("tanh", "sech²(x)", "equivalent"),
        ("exp(x)", "(exp(x/3))**3", "equivalent"),
    ],
)
def test_right_answers(name: str, answer: str, verdict: str) -> None:
    report = mark(get(name), answer)
    found = row(report)
    assert found["verdict"] == verdict, found
    assert found["slip"] is found["x"] is None
    assert not report.failed


SLIPPED = [
    ("tanh(2*x)", "1 - tanh(2*x)**2", "inner_derivative"),
    ("quick_gelu", "sigmoid(1.702*x) + x*sigmoid(1.702*x)*(1 - sigmoid(1.702*x))", "inner_derivative"),
    ("exp(2*x)*x", "exp(2*x) + x*exp(2*x)", "inner_derivative"),
    ("(1 + x**2)**3", "3*(1 + x**2)**2", "inner_derivative"),
    ("1/(1 + x**2)", "-1/(1 + x**2)**2", "inner_derivative"),
    ("sin(x**2)", "cos(x**2)*x**2", "inner_function"),
    ("silu", "sigmoid(x)*(1 - sigmoid(x))", "product_rule"),
    ("gelu", "phi(x)", "product_rule"),
    ("x**5*exp(-x)", "5*x**4*exp(-x)", "product_term"),
    ("gelu", "Phi(x) + phi(x)", "product_factor"),
    ("x*exp(x)", "exp(x) - x*exp(x)", "product_sign"),
    ("sin(x)/x", "(sin(x) - x*cos(x))/x**2", "quotient_order"),
    ("sin(x)/x", "(x*cos(x) + sin(x))/x**2", "quotient_sign"),
    ("sin(x)/x", "(x*cos(x) - sin(x))/x", "quotient_square"),
    ("sin(x)/(1 + x**2)", "cos(x)/(2*x)", "quotient_rule"),
    ("1/(1 + x**2)", "2*x/(1 + x**2)**2", "reciprocal_sign"),
    ("1/(1 + x**2)", "log(1 + x**2)", "reciprocal_logarithm"),
    ("x**3", "3*x**3", "power_not_lowered"),
    ("x**3", "x**2", "power_factor"),
    ("x**3", "x**4/4", "power_raised"),
    ("exp(2*x)", "2*x*exp(2*x - 1)", "exponential_as_power"),
    ("2**x", "x*2**(x - 1)", "exponential_as_power"),
    ("3*2**x", "3*2**x", "not_derived"),
    ("2**x + x**2", "2**x + 2*x", "logarithm_factor"),
    ("x**3 + 5", "3*x**2 + 5", "constant_kept"),
    ("cos(x)", "sin(x)", "sign"),
    ("exp(-x**2)", "2*x*exp(-x**2)", "factor"),
    ("tanh", "1 - tanh(x)", "square"),
    ("tanh", "tanh(x)*(1 - tanh(x))", "known_derivative"),
    ("sigmoid", "sigmoid(x)*(1 + sigmoid(x))", "sign"),
    ("sigmoid", "1 - sigmoid(x)**2", "known_derivative"),
    ("sigmoid", "sigmoid(x)", "not_derived"),
    ("sigmoid", "sigmoid(x)*(1 - sigmoid(x))*(1 - 2*sigmoid(x))", "order"),
    ("sigmoid", "sigmoid(x)*(1 - sigmoid(x))/2", "factor"),
    ("erf(x)", "exp(-x**2)", "factor"),
    ("sqrt(x)", "1/sqrt(x)", "square_root"),
    ("relu", "where(x > 0, 0, 1)", "branches"),
    ("gelu_tanh", "sin(x)", None),
    ("tanh", "0", None),
]


@pytest.mark.parametrize(("name", "answer", "slip"), SLIPPED)
def test_slips_have_a_name(name: str, answer: str, slip: str | None) -> None:
    report = mark(get(name), answer)
    found = row(report)
    assert (found["verdict"], found["slip"]) == ("wrong", slip), found
    assert found["expected"] != found["got"]
    assert found["x"] in (1, -1)
    assert found["reason"] in report.failed


@pytest.mark.parametrize(
    ("name", "answer", "slip", "words"),
    [
        ("swish", "sigmoid(beta*x) + x*sigmoid(beta*x)*(1 - sigmoid(beta*x))", "inner_derivative", "beta = 3/2"),
        ("softplus", "beta*sigmoid(beta*x)", "factor", "beta = 3/2"),
        ("elu", "where(x > 0, 1, alpha**3*exp(x))", "branch", "alpha = 3/2"),
        ("x*sigmoid(b*x)", "sigmoid(b*x) + x*sigmoid(b*x)*(1 - sigmoid(b*x))", "inner_derivative", "b = 3/2"),
    ],
)
def test_an_answer_in_parameters_holds_for_all_their_values(name: str, answer: str, slip: str, words: str) -> None:
    function = get(name, b=1) if "b*x" in name else get(name)
    found = row(mark(function, answer))
    assert (found["verdict"], found["slip"]) == ("wrong", slip), found
    assert words in found["reason"]


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("relu", "where(x > 0.0001, 1, 0)"),
        ("relu", "where(x > -1e-9, 1, 0)"),
        ("relu", "where(x > 30, 2, where(x > 0, 1, 0))"),
        ("x", "where(x > 25, 0, 1)"),
        ("relu", "where(x == 17.23, 5, where(x > 0, 1, 0))"),
        ("tanh", "1 - tanh(x)**2 + 1e-200"),
        ("tanh", "where(x**2 > 10000, 17, 1 - tanh(x)**2)"),
    ],
)
def test_answers_are_looked_at_everywhere(name: str, answer: str) -> None:
    assert row(mark(get(name), answer))["verdict"] == "wrong"


def test_an_answer_that_no_point_reaches_is_undecided() -> None:
    found = row(mark(get("tanh"), "where(x**2 > 1e30, 17, 1 - tanh(x)**2)"))
    assert (found["verdict"], "x² > 10³⁰" in found["reason"]) == ("undecided", True)


@pytest.mark.parametrize(("at_kink", "is_right"), [("17", False), ("-0.1", False), ("0.5", True), ("1", True)])
def test_any_slope_between_those_beside_a_kink_is_right(at_kink: str, is_right: bool) -> None:
    report = mark(get("relu"), f"where(x > 0, 1, where(x == 0, {at_kink}, 0))")
    assert (row(report)["verdict"] == "equivalent") is is_right
    assert ("at the kink x = 0 any slope from 0 to 1 is right" in report.verdict) is not is_right
    assert bool(report.notes) is is_right


@pytest.mark.parametrize(
    ("name", "answer", "wrt", "words"),
    [
        ("leaky_relu:0.1", "where(x > 0, 1, 0)", "x", "for x ≤ 0 the derivative of x/10 is 0.1"),
        ("prelu", "where(x > 0, 0, negative_slope)", "negative_slope",
         "for x ≤ 0 the derivative of negative_slope·x is x"),
        ("hard_sigmoid", "where(x < -3, 0, where(x < 3, 1/3, 0))", "x", "for x > −3 and x < 3 the derivative is 1/6"),
        ("relu", "1", "x", "for x ≤ 0 the derivative is 0"),
    ],
)  # fmt: skip
def test_a_wrong_branch_is_named(name: str, answer: str, wrt: str, words: str) -> None:
    found = row(mark(get(name), answer, wrt=wrt))
    assert (found["verdict"], found["slip"]) == ("wrong", "branch")
    assert found["reason"].endswith(words)


@pytest.mark.parametrize(
    ("name", "answer", "words"),
    [
        ("silu", "sigmoid(x)*(1 + x*(1 - sigmoid(x))) + 1e-30", "975408, the answer 0.927670511871486731788583975409"),
        ("relu", "sigmoid(1e9*x)", "the derivative is 0, the answer 1.249534272e-434294482"),
    ],
)
def test_values_are_shown_to_where_they_differ(name: str, answer: str, words: str) -> None:
    assert words in row(mark(get(name), answer))["reason"]


def test_people_see_no_empty_columns() -> None:
    table = mark(get("tanh"), "1 - tanh(x)**2").tables["answer"]
    assert [column.name for column in table.columns_for("people")] == ["answer", "verdict"]
    assert len(table.columns_for("machines")) == len(table.columns)


def test_the_sentence_names_what_was_forgotten() -> None:
    assert "multiply 1 − tanh²(2x) by (2x)′" in mark(get("tanh(2*x)"), "1 - tanh(2*x)**2").verdict
    assert "u = x, v = σ(x)" in mark(get("silu"), "sigmoid(x)*(1 - sigmoid(x))").verdict


@pytest.mark.parametrize(
    ("answer", "verdict", "slip"),
    [
        ("-2*tanh(x)*(1 - tanh(x)**2)", "right", None),
        ("1 - tanh(x)**2", "wrong", "order"),
        ("-2*tanh(x)", "wrong", "inner_derivative"),
    ],
)
def test_second_derivatives(answer: str, verdict: str, slip: str | None) -> None:
    found = row(mark(get("tanh"), answer, order=2))
    assert (found["verdict"], found["slip"]) == (verdict, slip)


def test_derivatives_by_a_parameter() -> None:
    swish = get("swish")
    assert row(mark(swish, "x**2*sigmoid(beta*x)*(1 - sigmoid(beta*x))", wrt="beta"))["verdict"] == "right"
    found = row(mark(swish, "x*sigmoid(beta*x)*(1 - sigmoid(beta*x))", wrt="beta"))
    assert (found["verdict"], found["slip"]) == ("wrong", "inner_derivative")
    assert row(mark(get("prelu"), "min(x, 0)", wrt="negative_slope"))["verdict"] == "equivalent"


def test_partial_derivatives_of_vectors() -> None:
    softmax = get("softmax")
    assert row(mark(softmax, "s_i*(1 - s_i)", wrt="x_i"))["verdict"] == "right"
    found = row(mark(softmax, "s_i*s_j", wrt="x_j"))
    assert (found["verdict"], found["slip"], found["x"]) == ("wrong", "reciprocal_sign", None)


def test_an_answer_that_differs_at_a_kink_is_right() -> None:
    report = mark(get("relu"), "where(x >= 0, 1, 0)")
    assert row(report)["verdict"] == "equivalent"
    assert report.notes == ("at the kink x = 0 this project takes 0, a convention; the answer gives 1",)
    (note,) = mark(get("abs(x)"), "x/abs(x)").notes
    assert note.endswith("the answer has no value")


def test_an_answer_without_values_is_wrong() -> None:
    found = row(mark(get("x**2"), "exp(log(2*x))"))
    assert found["verdict"] == "wrong"
    assert "no value at x = -1" in found["reason"]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("f'(x)", "hands the question back"),
        ("sigmoid'(x)", "hands the question back"),
        ("b*x", "b is none of x, y; write the answer in these"),
    ],
)
def test_answers_that_cannot_be_marked(answer: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        mark(get("sigmoid"), answer)


def test_every_slip_can_happen() -> None:
    formulas = [
        "x*exp(3*x) + 5", "sin(2*x)/(1 + x**2)", "2/cos(2*x) - 3*x**4", "2**(3*x)", "where(x > 1, x**2, 3*x)", "(1 + x**2)**3",
        "sqrt(3*x)", "log(3*x)", "cosh(2*x)", "tanh(3*x)", "sigmoid(3*x)", "erf(2*x)", "Phi(2*x)", "phi(2*x)",
        "softplus(2*x)", "abs(2*x)",
    ]  # fmt: skip
    met = set()
    for formula in formulas:
        function = get(formula)
        assert isinstance(function, Function)
        right = taken(function.tree, "x", by_name)
        for candidate in candidates([function.tree], "x", [by_name]):
            assert "{" not in candidate.sentence
            if agreement(candidate.tree, right).counterexample is not None:
                met.add(candidate.template)
    sentences = {slip.sentence for slip in SLIPS} | {slip[2] for slips in FUNCTIONS.values() for slip in slips}
    assert sentences <= met


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("a*b + c", "c + b*a", True),
        ("a/b*c", "c*a/b", True),
        ("a - b - c", "a - (b + c)", True),
        ("exp(a + b)*2", "2*exp(b + a)", True),
        ("a - b", "b - a", False),
        ("a/b", "b/a", False),
        ("(a + b)**2", "a**2 + 2*a*b + b**2", False),
    ],
)
def test_order_does_not_matter(first: str, second: str, same: bool) -> None:
    assert (arranged(parse(first)) == arranged(parse(second))) is same
