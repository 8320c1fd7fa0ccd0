"""From what a user types to a function: names, aliases, parameters, formulas, and the errors in between."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import actcli
from actcli.activations.registry import DEFAULT, Catalogue, Definition
from actcli.activations.words import split_list
from actcli.errors import UsageError


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("sigmoid", "sigmoid"),
        ("expit", "sigmoid"),
        ("σ", "sigmoid"),
        ("GELU", "gelu"),
        ("LeakyReLU", "leaky_relu"),
        ("hard-swish", "hard_swish"),
        ("torch.tanh", "tanh"),
        ("F.silu", "silu"),
        ("swish", "swish"),
        ("leaky_relu:0.2", "leaky_relu:0.2"),
        ("leaky_relu(0.2)", "leaky_relu(0.2)"),
        ("leaky_relu(negative_slope=0.2)", "leaky_relu(negative_slope=0.2)"),
        ("x*sigmoid(x)", "x*sigmoid(x)"),
        ("x", "x"),
    ],
)
def test_what_tables_call_it(text: str, name: str) -> None:
    assert DEFAULT.get(text).name == name


@pytest.mark.parametrize(
    "text", ["leaky_relu:0.2", "leaky_relu(0.2)", "leaky_relu(negative_slope=1/5)", "LeakyReLU(2e-1)"]
)
def test_parameters_are_exact_however_they_are_written(text: str) -> None:
    assert DEFAULT.get(text).parameters == {"negative_slope": Fraction(1, 5)}  # type: ignore[union-attr] # no vector function


def test_given_parameters() -> None:
    function = DEFAULT.get("leaky_relu", {"negative_slope": Fraction(1, 5)})
    assert function.name == "leaky_relu(negative_slope=0.2)"
    assert function(-1.0) == -0.2
    assert actcli.get("swish", beta=1.702)(-400.0) == actcli.get("quick_gelu")(-400.0)
    assert actcli.get("x*b", b=2)(3.0) == 6
    assert actcli.get("prelu(x, a)", a=0.5)(-2.0) == -1


def test_a_formula_uses_the_careful_functions() -> None:
    x = np.linspace(-30, 30, 601)
    assert actcli.get("x*sigmoid(1.702*x)")(x) == pytest.approx(actcli.get("quick_gelu")(x), rel=1e-13)
    assert actcli.get("leaky_relu(x, 0.2)")(x) == pytest.approx(np.where(x > 0, x, 0.2 * x))
    assert actcli.get("leaky_relu(x, negative_slope=0.2)")(-1.0) == -0.2


@pytest.mark.parametrize(
    ("text", "given", "words"),
    [
        ("sigmod", {}, "did you mean sigmoid?"),
        ("", {}, "empty"),
        ("leaky_relu(0.2, 0.3)", {}, "no more than 1 parameters; it has negative_slope"),
        ("leaky_relu(slope=0.2)", {}, "no parameter 'slope'; it has negative_slope"),
        ("leaky_relu(abc)", {}, "is not a number: 'abc'"),
        ("sigmoid(2)", {}, "takes no parameters"),
        ("torch.sigmoid(input)", {}, "the variable of a formula is called x"),
        ("sigmoid", {"beta": Fraction(1)}, "no parameter 'beta'; it has none"),
        ("softplus(0)", {}, "beta must lie in"),
        ("softplus(-1)", {}, "beta must lie in"),
        ("relu6(cap=inf)", {}, "must be a finite"),
        ("leaky_relu(1e400)", {}, "not a number"),
        ("leaky_relu(log(-1))", {}, "not a number"),
        ("leaky_relu(exp(10000))", {}, "not a number"),
        ("leaky_relu(0.2, negative_slope=0.3)", {}, "given twice"),
        ("leaky_relu(0.2)", {"negative_slope": Fraction(1)}, "also given by --param"),
        ("x*leaky_relu(x, 0.1, negative_slope=0.2)", {}, "given twice"),
        ("2x", {}, "operator is missing"),
        ("x*1e400", {}, "outside the range of float64"),
        ("softmax:0.5", {}, "whole number"),
        ("x*b + c", {}, "b, c have no value; give --param b=NUMBER --param c=NUMBER"),
        ("x*b", {"b": Fraction(2), "d": Fraction(1)}, "no parameter 'd'"),
        ("sigmoid(x", {}, "expected"),
        ("beta", {}, "unknown activation"),
    ],
)
def test_mistakes_are_named_in_one_line(text: str, given: dict[str, Fraction], words: str) -> None:
    with pytest.raises(UsageError) as caught:
        DEFAULT.get(text, given)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_lists_are_split_outside_parentheses() -> None:
    assert split_list("relu, leaky_relu(0.2) ,max(0, x)") == ["relu", "leaky_relu(0.2)", "max(0, x)"]
    with pytest.raises(UsageError, match="between two commas"):
        split_list("relu,,tanh")


def test_a_parameter_must_belong_to_one_of_the_list() -> None:
    functions = DEFAULT.get_all("relu,leaky_relu", {"negative_slope": Fraction(1, 2)})
    assert [function.name for function in functions] == ["relu", "leaky_relu(negative_slope=0.5)"]
    with pytest.raises(UsageError, match="no parameter 'q'"):
        DEFAULT.get_all("relu,tanh", {"q": Fraction(1)})


@given(st.text(max_size=30))
def test_any_text_resolves_or_is_refused(text: str) -> None:
    try:
        DEFAULT.get(text)
    except UsageError as error:
        assert len(str(error).splitlines()) == 1


def test_added_activations() -> None:
    catalogue = Catalogue({"mine": Definition("x*sigmoid(b*x)", {"b": "1.5"})})
    catalogue.check()
    assert catalogue.get("mine")(2.0) == pytest.approx(2 / (1 + np.exp(-3)))
    assert catalogue.get("mine(b=2)")(2.0) == pytest.approx(2 / (1 + np.exp(-4)))
    assert catalogue.get("1 - mine(x)")(0.0) == 1
    assert "mine" in catalogue.names()


@pytest.mark.parametrize(
    ("name", "definition", "words"),
    [
        ("relu", "x", "already"),
        ("bad name", "x", "letters"),
        ("mine", "x +", "too early"),
        ("mine", "a*x", "neither x nor"),
        ("mine", "mine(x)", "no function 'mine'"),
        ("exp", "x", "has a meaning"),
        ("x", "2", "has a meaning"),
    ],
)
def test_bad_added_activations(name: str, definition: str, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        Catalogue({name: Definition(definition, {})}).check()
    assert words in str(caught.value)
    assert f"[activations.{name}]" in str(caught.value)


def test_largest_slope_of_a_typed_formula_is_found() -> None:
    assert actcli.get("1/(1+exp(-3*x))").largest_slope == pytest.approx(0.75)  # type: ignore[union-attr] # no vector function
    assert actcli.get("x**2").largest_slope == np.inf  # type: ignore[union-attr] # no vector function


def test_added_activations_that_define_each_other_are_refused() -> None:
    with pytest.raises(UsageError, match="defined by itself"):
        Catalogue({"f": Definition("g(x)", {}), "g": Definition("f(x)", {})}).check()


@pytest.mark.parametrize("parameters", [{"b": "zz"}, {"b": "inf"}, {"b": "nan"}, {"x": "1"}, {"pi": "2"}, {"a b": "1"}])
def test_bad_parameters_of_added_activations(parameters: dict[str, str]) -> None:
    with pytest.raises(UsageError, match=r"\[activations.mine\]"):
        Catalogue({"mine": Definition("x", parameters)}).check()


def test_functions_are_found_however_code_spells_them() -> None:
    assert actcli.get("x * ReLU6(x + 3) / 6")(1.0) == pytest.approx(4 / 6)
    assert actcli.get("swish", beta=np.float32(0.1)).parameters == {"beta": Fraction(1, 10)}  # type: ignore[union-attr] # no vector function
