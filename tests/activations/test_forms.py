"""Every form a record states, canonical, careful or in terms of the output, is the function's own derivative."""

from __future__ import annotations

from fractions import Fraction

import pytest

from actcli.activations.builders import Builders
from actcli.activations.function import Function
from actcli.activations.record import Activation, VectorActivation
from actcli.activations.registry import DEFAULT, builtin_records
from actcli.core.agreement import agreement
from actcli.core.exact import Reference
from actcli.core.formats import FLOAT64
from actcli.errors import UsageError
from actcli.expressions.nodes import Node, Operation, Symbol, substitute, symbols
from actcli.expressions.parse import parse
from tests.activations.test_accuracy import NAMES, VARIANTS

X = Symbol("x")
VECTORS = [record for record in builtin_records() if isinstance(record, VectorActivation)]


def bound(text: str) -> Function:
    found = DEFAULT.get(text)
    assert isinstance(found, Function)
    return found


def derivative(tree: Node, order: int, variable: str = "x") -> Node:
    for _ in range(order):
        tree = Operation("derivative", (tree, Symbol(variable)))
    return tree


def with_values(function: Function, form: Node) -> Node:
    return substitute(form, function.parameter_values)


def kinks(function: Function) -> set[Fraction]:
    return {Fraction(at) for at, _ in function.kinks()}


@pytest.mark.parametrize("text", [*NAMES, *VARIANTS])
def test_known_and_careful_forms_are_the_derivatives(text: str) -> None:
    function = bound(text)
    forms = [*enumerate(function.derivative_forms, start=1), *enumerate(function.careful_forms)]
    for order, form in forms:
        if form is not None:
            found = agreement(derivative(function.tree, order), with_values(function, form), avoid=kinks(function))
            assert found.holds, (order, found)


@pytest.mark.parametrize("text", [*NAMES, *VARIANTS])
def test_the_gradient_from_the_output_is_the_derivative(text: str) -> None:
    function = bound(text)
    if (form := function.output_form) is not None:
        slope = substitute(with_values(function, form), {"y": function.tree})
        found = agreement(derivative(function.tree, 1), slope, avoid=kinks(function))
        assert found.holds, found


@pytest.mark.parametrize("text", [*NAMES, *VARIANTS])
def test_forms_follow_the_conventions_at_kinks(text: str) -> None:
    function = bound(text)
    for at, _ in function.kinks():
        stated = function.reference.at(Fraction(at), 2, FLOAT64)
        forms = [*enumerate(function.derivative_forms, start=1), *enumerate(function.careful_forms)]
        for order, form in forms:
            if form is not None:
                got = Reference(with_values(function, form)).at(Fraction(at), 0, FLOAT64)[0]
                assert got.number == stated[order].number, (order, at)


@pytest.mark.parametrize("name", NAMES)
def test_first_and_second_derivative_are_known_in_x_and_the_parameters(name: str) -> None:
    function = bound(name)
    assert len(function.derivative_forms) == 2
    for form in (*function.derivative_forms, *function.careful_forms):
        assert form is None or set(symbols(form)) <= {"x", *function.parameters}
    assert set(symbols(function.symbolic_tree)) == {"x", *function.parameters}


def test_a_typed_formula_has_no_known_forms() -> None:
    assert bound("x*tanh(x)").derivative_forms == ()
    assert bound("x*tanh(x)").careful_forms == ()
    assert bound("x*tanh(x)").output_form is None


def test_a_derivative_may_call_the_function_itself() -> None:
    form = bound("sigmoid").derivative_forms[0]
    assert form == parse("sigmoid(x)*(1 - sigmoid(x))", Builders(DEFAULT, {}))


def test_functions_are_equal_when_record_and_parameters_are() -> None:
    assert bound("leaky_relu(0.2)") == bound("leaky_relu:0.2")
    assert hash(bound("leaky_relu(0.2)")) == hash(bound("leaky_relu:0.2"))
    assert bound("leaky_relu(0.2)") != bound("leaky_relu")


@pytest.mark.parametrize("record", VECTORS, ids=lambda record: record.name)
def test_partials_are_those_of_the_model(record: VectorActivation) -> None:
    functions = Builders(DEFAULT, {})
    model = parse(record.model, functions)
    names = {symbol: parse(text, functions) for symbol, text in record.names}
    positive = {"rest": [Fraction(1, 3), Fraction(2), Fraction(7)]} if "rest" in symbols(model) else {}
    assert {partial.variable for partial in record.partials} == set(symbols(model)) - {"rest"}
    for partial in record.partials:
        for order, text in enumerate(partial.forms, start=1):
            form = substitute(parse(text, functions), names)
            found = agreement(derivative(model, order, partial.variable), form, positive)
            assert found.holds, (partial, found)


@pytest.mark.parametrize("name", NAMES)
def test_conventions_at_kinks_name_kinks_of_the_record(name: str) -> None:
    function = bound(name)
    record = function.record
    assert isinstance(record, Activation)
    for convention in record.conventions:
        assert bool(convention.at) == bool(convention.slope)
        assert {Fraction(function.quantity(at)) for at in convention.at} <= kinks(function)
        if convention.slope:
            stated = {function.quantity(kink.slope) for _, kink in function.kinks()}
            assert {function.quantity(convention.slope)} != stated, "that is what this project takes"


def test_a_slope_that_the_output_does_not_decide() -> None:
    assert bound("leaky_relu(-0.5)").output_form is None
    with pytest.raises(UsageError, match="not a function of the output"):
        bound("leaky_relu(-0.5)").gradient_from_output(0.5)
