"""The rules against Arb series, line by line; the shape of derivations that books print."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from actcli.activations.builders import Builders
from actcli.activations.function import Function
from actcli.activations.registry import DEFAULT
from actcli.core.agreement import agreement, value
from actcli.errors import UsageError
from actcli.expressions.differentiate import (
    ELEMENTARY,
    RULES,
    Rewrite,
    elementary_derivative,
    opened,
    pending,
    rewrites,
)
from actcli.expressions.display import text
from actcli.expressions.factor import factored
from actcli.expressions.nodes import Node, Operation, Symbol, walk
from actcli.expressions.parse import parse
from actcli.expressions.tidy import size, tidy
from tests.expressions.formulas import FORMULAS


def tree(formula: str) -> Node:
    return parse(formula, Builders(DEFAULT, {}))


def disagrees(left: Node, right: Node) -> str:
    """Say where two expressions differ, if a point shows it; too few comparable points are no difference."""
    found = agreement(left, right)
    return f"{found.reason}: {found.left} {found.right}" if found.counterexample else ""


def lines(formula: str) -> list[tuple[str, str]]:
    return [(each.rule, text(each.whole)) for each in rewrites(tree(formula))]


# every line equals the one before it


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(FORMULAS)
def test_every_rewrite_keeps_the_value(formula: str) -> None:
    before = pending(tree(formula), "x")
    for step in rewrites(tree(formula)):
        assert not disagrees(before, step.whole), f"{formula}: {step.rule}: {text(step.whole)}"
        before = step.whole
    assert not any(isinstance(node, Operation) and node.name == "derivative" for node in walk(before))


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(FORMULAS)
def test_tidying_keeps_the_value_and_is_done_in_one_go(formula: str) -> None:
    before = tree(formula)
    after = tidy(before)
    assert not disagrees(before, after), f"{formula} → {text(after)}"
    assert size(after) <= size(before) + 8
    assert tidy(after) == after


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(FORMULAS)
def test_factoring_keeps_the_value(formula: str) -> None:
    before = tree(formula)
    assert not disagrees(before, factored(before)), f"{formula} → {text(factored(before))}"


ELEMENTWISE = [function for record in DEFAULT.records if isinstance(function := DEFAULT.get(record.name), Function)]


@pytest.mark.parametrize("function", ELEMENTWISE, ids=lambda function: function.name)
def test_every_definition_can_be_derived(function: Function) -> None:
    for formula in (function.tree, opened(function.tree)):
        *_, last = rewrites(formula)
        assert not disagrees(pending(function.tree, "x"), last.whole)


@pytest.mark.parametrize("name", ELEMENTARY)
def test_the_table_of_elementary_derivatives(name: str) -> None:
    assert ELEMENTARY[name][0] in RULES
    assert agreement(pending(Operation(name, (Symbol("x"),)), "x"), elementary_derivative(name)).holds


# rules by name


@pytest.mark.parametrize(
    ("formula", "rules"),
    [
        ("7", ["constant"]),
        ("x", ["variable"]),
        ("3*x", ["constant_multiple"]),
        ("x**5", ["power"]),
        ("x + x**2", ["sum", "variable", "power"]),
        ("x*exp(x)", ["product", "variable", "exponential"]),
        ("exp(x)/x", ["quotient", "exponential", "variable"]),
        ("1/(1 + exp(-x))", ["reciprocal", "sum", "constant", "chain", "constant_multiple"]),
        ("2**x", ["exponential_base"]),
        ("x**x", ["general_power", "variable"]),
        ("log(x)", ["logarithm"]),
        ("erf(x)", ["erf"]),
        ("x*Phi(x)", ["product", "variable", "normal_distribution"]),
        ("abs(x)", ["absolute_value"]),
        ("sign(x)", ["known_function"]),
        ("max(0, x)", ["cases", "piecewise", "variable", "constant"]),
        ("where(x > 0, x, 0)", ["piecewise", "variable", "constant"]),
        ("x*sigmoid(x)", ["product", "variable", "known_function"]),
        ("tanh(softplus(x))", ["known_function", "known_function"]),
    ],
)
def test_rules_have_stable_names(formula: str, rules: list[str]) -> None:
    found = [rule for rule, _ in lines(formula)]
    assert found == rules
    assert set(found) <= set(RULES)


def test_without_a_catalogue_names_mean_the_elementary_functions() -> None:
    assert [step.rule for step in rewrites(parse("sign(x) + tanh(x)"))] == ["sum", "sign", "tanh"]


def test_expanding_opens_known_functions_up() -> None:
    assert text(opened(tree("x*sigmoid(2*x) + Phi(x)"))) == "x·(1/(1 + e⁻²ˣ)) + (1 + erf(x/√2))/2"


def test_the_derivation_of_the_logistic_function_reads_as_in_a_book() -> None:
    assert lines("1/(1 + exp(-x))") == [
        ("reciprocal", "−d/dx[1 + e⁻ˣ]/(1 + e⁻ˣ)²"),
        ("sum", "−(d/dx[1] + d/dx[e⁻ˣ])/(1 + e⁻ˣ)²"),
        ("constant", "−d/dx[e⁻ˣ]/(1 + e⁻ˣ)²"),
        ("chain", "−e⁻ˣ·d/dx[−x]/(1 + e⁻ˣ)²"),
        ("constant_multiple", "e⁻ˣ/(1 + e⁻ˣ)²"),
    ]


def test_a_rewrite_says_what_it_matched_and_who_left_it_to_be_taken() -> None:
    steps = list(rewrites(tree("x*tanh(x)")))
    assert [step.parent for step in steps] == [None, 0, 0]
    assert {letter: text(node) for letter, node in steps[0].matched.items()} == {"u": "x", "v": "tanh(x)"}
    assert isinstance(steps[0], Rewrite)
    assert text(steps[0].before) == "d/dx[x·tanh(x)]"
    assert text(steps[0].after) == "d/dx[x]·tanh(x) + x·d/dx[tanh(x)]"


def test_a_derivative_by_a_parameter() -> None:
    *_, last = rewrites(tree("x*sigmoid(beta*x)"), "beta")
    assert text(last.whole) == "x²·σ(β·x)·(1 − σ(β·x))"


def test_a_derivative_beyond_reading_is_refused() -> None:
    formula = "*".join(f"sin({k}*x)" for k in range(1, 60))
    with pytest.raises(UsageError, match="too long to write down"):
        list(rewrites(tree(formula)))


# tidy and factored


@pytest.mark.parametrize(
    ("formula", "shown"),
    [
        ("0*x + 1*x", "x"),
        ("x + x", "2x"),
        ("x - x", "0"),
        ("x*x*x/x", "x²"),
        ("-(-x)", "x"),
        ("2*(3*x)/4", "3x/2"),
        ("-1*x*(-1)", "x"),
        ("sqrt(x)*sqrt(x)", "x"),
        ("sqrt(x**2)", "√(x²)"),
        ("exp(-x)*exp(-x)", "(e⁻ˣ)²"),
        ("where(x > 0, 1, 1)", "1"),
        ("-x + 1", "1 − x"),
        ("x/3 + x/6", "x/2"),
        ("1.702*x*2", "3.404x"),
        ("log(1) + exp(0)", "1"),
        ("x**0", "1"),
    ],
)
def test_tidy(formula: str, shown: str) -> None:
    assert text(tidy(tree(formula))) == shown


@pytest.mark.parametrize(
    ("formula", "shown"),
    [
        ("sigmoid(x) - sigmoid(x)**2", "σ(x)·(1 − σ(x))"),
        ("1 - 2*x + x**2", "(1 − x)²"),
        ("tanh(x)**2 - 1", "tanh²(x) − 1"),
        ("exp(-x**2) - 2*x**2*exp(-x**2)", "exp(−x²)·(1 − 2x²)"),
        ("x*sigmoid(1.702*x)*1.702 + sigmoid(1.702*x)", "σ(1.702x)·(1 + 1.702x)"),
        ("sin(x)", "sin(x)"),
        ("where(x > 0, x - x**2, x + x)", "{x·(1 − x) if x > 0; 2x otherwise}"),
    ],
)
def test_factored(formula: str, shown: str) -> None:
    assert text(factored(tree(formula))) == shown


def test_values_with_undefined_points_are_left_alone() -> None:
    assert value(tidy(tree("1/(x - x)")), {"x": 1}) is None  # type: ignore[dict-item] # an int will do as a Fraction
