"""The parser: what it reads, what it refuses, how fast, and where it points."""

from __future__ import annotations

import re
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actcli.activations.builders import Builders
from actcli.activations.derived import Derived
from actcli.activations.registry import DEFAULT
from actcli.activations.textbook import TextbookBuilders
from actcli.errors import FormulaError, UsageError
from actcli.expressions.algebras.scalars import scalar
from actcli.expressions.evaluate import flatten, operation_counts
from actcli.expressions.nodes import Application, Number, Operation, rational_value, symbols
from actcli.expressions.parse import MAX_LENGTH, parse

BUILDERS = Builders(DEFAULT, {})


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 2*3", 7),
        ("(1 + 2)*3", 9),
        ("2 - 3 - 4", -5),
        ("12/3/2", 2),
        ("-2**2", -4),
        ("2**-1", Fraction(1, 2)),
        ("2**3**2", 512),
        ("-2*-3", 6),
        ("+5", 5),
        ("0.1 + 0.2", Fraction(3, 10)),
        ("1e-3", Fraction(1, 1000)),
        (".5", Fraction(1, 2)),
        ("5.", 5),
        ("3²", 9),
        ("2⁻¹", Fraction(1, 2)),
        ("−3", -3),
        ("2·3×4÷8", 3),
        ("max(1, 3, 2)", 3),
        ("np.minimum(1, 2)", 1),
        ("clip(5, 0, 3)", 3),
        ("where(1 <= 2, 10, 20)", 10),
        ("where(1 ≥ 2, 10, 20)", 20),
        ("(2 > 1) + (1 > 2)", 1),
        ("torch.abs(-4)", 4),
    ],
)
def test_arithmetic_is_exact(text: str, value: Fraction) -> None:
    assert scalar(parse(text), {}) == value


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("σ(x)", "sigmoid(x)"),
        ("torch.sigmoid(x)", "sigmoid(x)"),
        ("F.gelu(x)", "gelu(x)"),
        ("x*Φ(x) + φ(x)", "x*Phi(x) + phi(x)"),
        ("√2 * x", "sqrt(2)*x"),
        ("√(2/π)*x", "sqrt(2/pi)*x"),
        ("x²", "x**2"),
        ("np.max(0, x)", "maximum(0, x)"),
        ("jax.nn.silu(x)", "silu(x)"),
        ("math.e**x", "e**x"),
        ("np.pi * x", "pi*x"),
        ("x * (x > 0)", "x*where(x > 0, 1, 0)"),
        ("torch.clamp(x, min=0)", "max(x, 0)"),
        ("torch.clamp(x, max=6)", "min(x, 6)"),
        ("np.clip(x, a_min=0, a_max=6)", "min(max(x, 0), 6)"),
    ],
)
def test_pasted_text_means_the_same(text: str, same: str) -> None:
    assert flatten(parse(text, BUILDERS)) == flatten(parse(same, BUILDERS))


def test_catalogue_functions_are_applied_not_opened() -> None:
    tree = parse("x*sigmoid(1.702*x)", BUILDERS)
    assert isinstance(tree, Operation)
    inner = tree.operands[1]
    assert isinstance(inner, Application)
    assert inner.function.name == "sigmoid"


def test_free_names_become_symbols() -> None:
    assert symbols(parse("a*x + b*a")) == ["a", "x", "b"]


@pytest.mark.parametrize(
    ("text", "position", "words"),
    [
        ("", 0, "empty"),
        ("2x", 1, "operator is missing"),
        ("x^2", 1, "write **"),
        ("x +* 2", 3, "unexpected '*'"),
        ("(x", 2, "expected ')'"),
        ("x)", 1, "without '('"),
        ("max(x", 5, "expected ',' or ')'"),
        ("tanhh(x)", 0, "did you mean tanh"),
        ("exp", 0, "write exp(x)"),
        ("exp(x, 2)", 0, "takes 1 argument"),
        ("x.real", 0, "attribute access"),
        ("os.system(x)", 0, "attribute access"),
        ("x[0]", 1, "subscripts"),
        ("lambda y: y", 8, "Python"),
        ("x if x > 0 else 0", 2, "where"),
        ("__import__('os')", 11, "quotes"),
        ("{x}", 0, "not part of a formula"),
        ("1 < x < 2", 6, "chained"),
        ("x = 3", 2, "compare with =="),
        ("9**9**9", 1, "exponent is too large"),
        ("x**2000", 1, "exponent is too large"),
        ("((9**1000)**1000)", 10, "too large a number"),
        ("1e99999", 0, "more than 400 digits"),
        ("1" * 500, 0, "more than 400 digits"),
        ("softmax(x)", 0, "whole vector"),
        ("clip(x)", 0, "a least and a largest"),
        ("clip(x, 0, min=1)", 0, "not 'min'"),
        ("sigmoid(x, 2)", 0, "sigmoid takes x, not 2"),
        ("leaky_relu(x, slope=1)", 0, "no parameter 'slope'"),
        ("leaky_relu(x, 1, 2)", 0, "takes x, negative_slope"),
    ],
)
def test_refusals_point_at_the_character(text: str, position: int, words: str) -> None:
    with pytest.raises(FormulaError) as caught:
        parse(text, BUILDERS)
    assert words in str(caught.value)
    assert caught.value.position == position
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    ["(" * 100_000, "(" * 2000 + "x" + ")" * 2000, "-" * 3000 + "x", "x+" * 1999 + "x", "9**9**9**9**9", "exp(" * 900,
     "((((9**999)**999)**999)**999)", "x**" * 1000 + "x", "max(" + "x," * 1500 + "x)", "√" * 3900 + "x"],
)  # fmt: skip
def test_hostile_text_is_refused_before_any_work(text: str) -> None:
    with pytest.raises(FormulaError):
        parse(text, BUILDERS)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_with_one_line(text: str) -> None:
    try:
        parse(text, BUILDERS)
    except UsageError as error:
        assert len(str(error).splitlines()) == 1


@given(
    st.lists(
        st.sampled_from("x 1 2.5 + - * / ** ( ) , exp( max( sigmoid( where( < >= √ ² = . np. [ ' ^".split()),
        max_size=25,
    )
)
def test_any_sequence_of_tokens_is_read_or_refused(words: list[str]) -> None:
    try:
        flatten(parse(" ".join(words), BUILDERS))
    except UsageError:
        pass


@given(st.decimals(allow_nan=False, allow_infinity=False, places=12, min_value=0, max_value=10**9))
def test_decimals_stay_exact(number: object) -> None:
    assert rational_value(parse(str(number))) == Fraction(str(number))


def test_common_subtrees_are_computed_once() -> None:
    assert operation_counts(parse("exp(x) / (1 + exp(x))")) == {"exp": 1, "add": 1, "divide": 1}


def test_numbers_are_folded_exactly() -> None:
    program = flatten(parse("x * (1/3 + 1/6)"))
    assert [step.fixed for step in program.steps if step.method == "number"] == [Fraction(1, 2)]
    assert parse("0.5") == Number(Fraction(1, 2))


def test_limits_are_generous_enough_for_people() -> None:
    polynomial = " + ".join(f"{k}.5*x**{k}" for k in range(60))
    assert len(polynomial) < MAX_LENGTH
    parse(polynomial)


TEXTBOOK = TextbookBuilders(DEFAULT, {}, DEFAULT.get("gelu"))


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("2x", "2*x"),
        ("2x²y", "2*x²*y"),
        ("4σ(2x)(1 − σ(2x))", "4*sigmoid(2*x)*(1 - sigmoid(2*x))"),
        ("-2x**2", "-2*x**2"),
        ("2**3x", "2**3*x"),
        ("(x + 1)(x - 1)/2", "(x + 1)*(x - 1)/2"),
        ("1 − tanh²(x)", "1 - tanh(x)**2"),
        ("f(2x)", "gelu(2*x)"),
        ("softmax(a, b)[0]", "exp(a)/(exp(a) + exp(b))"),
        ("log_softmax(a, b, c)[1]", "b - log(exp(a) + exp(b) + exp(c))"),
        ("glu(a, b)", "a/(1 + exp(-b))"),
        ("geglu(a, b, c, d)[1]", "b*d*Phi(b)"),
        ("softmax(a, b)[0]²x", "(exp(a)/(exp(a) + exp(b)))**2*x"),
    ],
)
def test_textbook_notation_is_shorthand(text: str, same: str) -> None:
    assert parse(text, TEXTBOOK, textbook=True) == parse(same, BUILDERS)
    with pytest.raises(FormulaError):
        parse(text, BUILDERS)


@pytest.mark.parametrize(
    ("text", "name", "order"),
    [
        ("tanh'(2x)", "tanh", 1),
        ("tanh’(2x)", "tanh", 1),
        ("F.gelu″(2*x)", "gelu", 2),
        ("sigmoid''(2*x)", "sigmoid", 2),
        ("leaky_relu'(2*x, 0.2)", "leaky_relu(negative_slope=0.2)", 1),
        ("exp‴(2*x)", "exp", 3),
        ("Φ′(2x)", "Phi", 1),
        ("f'(2x)", "gelu", 1),
    ],
)
def test_primes_are_derivatives_of_the_function(text: str, name: str, order: int) -> None:
    tree = parse(text, TEXTBOOK, textbook=True)
    assert isinstance(tree, Application)
    assert isinstance(tree.function, Derived)
    assert (tree.function.base.name, tree.function.order) == (name, order)
    assert tree.operand == parse("2*x")


@pytest.mark.parametrize(
    ("text", "position", "words"),
    [
        ("tanh'", 0, "write tanh'(x)"),
        ("g'(x)", 0, 'no function "g\'"'),
        ("max'(x, 2)", 0, "no function"),
        ("softmax(a, b)", 0, "say which: softmax(…)[0]"),
        ("softmax(a, b)[2]", 0, "has the entries 0 to 1"),
        ("softmax(a, b)[x]", 13, "a whole number in brackets"),
        ("softmax(a, b)[", 13, "a whole number in brackets"),
        ("softmax(a, b)[9999]", 14, "no such entry"),
        ("softmax'(a, b)[0]", 0, "more than one derivative"),
        ("softmax()[0]", 0, "needs an argument"),
        ("glu(a, b, c)", 0, "an even number"),
        ("sigmoid(x)[0]", 0, "has one value"),
        ("exp(x)[0]", 0, "has one value"),
        ("exp'(x, 2)", 0, "takes 1 argument"),
        ("f(x, 2)", 0, "takes one argument"),
        ("tanh" + 9 * "'" + "(x)", 0, "the limit is 8"),
        ("tanh⁻¹(x)", 0, "in two ways"),
        ("1/2x", 3, "in two ways"),
        ("y(1 - y)", 0, "a product is written y*(…)"),
        ("x y", 2, "an operator is missing"),
        ("x[0]", 1, "unexpected '['"),
        ("x'", 0, "x' is a function"),
        ("2x if x > 0 else 0", 3, "Python"),
    ],
)
def test_textbook_refusals(text: str, position: int, words: str) -> None:
    with pytest.raises(FormulaError, match=re.escape(words)) as caught:
        parse(text, TEXTBOOK, textbook=True)
    assert caught.value.position == position


def test_f_needs_an_activation() -> None:
    with pytest.raises(FormulaError, match="there is none"):
        parse("f(x)", TextbookBuilders(DEFAULT, {}), textbook=True)


@given(st.text(alphabet="x12+-*/()[]'′″=,.tanhsofmx²⁻σ ", max_size=30))
def test_textbook_text_is_read_or_refused(text: str) -> None:
    try:
        parse(text, TEXTBOOK, textbook=True)
    except UsageError as error:
        assert "\n" not in str(error)


@pytest.mark.parametrize("text", ["x + \x1b[31m$", "x\u200b + y", "\u202ex z\x00", "sin\x07(x)", "x $ \x9b"])
def test_errors_show_printable_characters_only(text: str) -> None:
    with pytest.raises(FormulaError) as caught:
        parse(text)
    assert str(caught.value).isprintable()
