"""Jets against Arb series, on formulas made at random; kinks, overflow and domains on chosen ones."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actcli.activations.function import Function
from actcli.activations.registry import DEFAULT
from actcli.core.device import CPU
from actcli.core.exact import Reference
from actcli.core.formats import FLOAT64
from actcli.expressions.algebras.jets import jets
from actcli.expressions.algebras.scalars import scalar
from actcli.expressions.evaluate import flatten
from actcli.expressions.parse import parse


def function(text: str) -> Function:
    found = DEFAULT.get(text)
    assert isinstance(found, Function)
    return found


_LEAVES = st.sampled_from(["x", "x", "x", "0.5", "2", "pi", "(1/3)", "1.702"])


def _grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    unary = st.sampled_from(
        [
            "tanh",
            "sin",
            "cos",
            "erf",
            "erfc",
            "phi",
            "Phi",
            "sigmoid",
            "gelu",
            "silu",
            "softplus",
            "mish",
            "abs",
            "sign",
        ]
    )
    return st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*"]), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        st.tuples(unary, inner).map(lambda t: f"{t[0]}({t[1]})"),
        inner.map(lambda t: f"exp(-({t})**2)"),
        inner.map(lambda t: f"1/(1 + ({t})**2)"),
        inner.map(lambda t: f"log1p(({t})**2)"),
        inner.map(lambda t: f"sqrt(1 + ({t})**2)"),
        st.tuples(inner, inner).map(lambda t: f"max({t[0]}, {t[1]})"),
        st.tuples(inner, inner).map(lambda t: f"where({t[0]} > {t[1]}, {t[0]}, -({t[1]}))"),
    )


FORMULAS = st.recursive(_LEAVES, _grown, max_leaves=6)


@settings(max_examples=150, deadline=None, derandomize=True)  # a comparison may fall either way within rounding
@given(FORMULAS, st.floats(-3, 3, allow_subnormal=False))
def test_jets_agree_with_arb(text: str, x: float) -> None:
    program = flatten(parse(text, DEFAULT_BUILDERS))
    with np.errstate(all="ignore"):
        found, _ = jets(program, np.array([x]), 2, CPU)
    exact = Reference(parse(text, DEFAULT_BUILDERS)).at(x, 2, FLOAT64)
    for order, (got, want) in enumerate(zip(found, exact, strict=True)):
        if math.isnan(want.number):
            continue
        # Cancellation is the formula's own; what is tested is that the rules are right.
        assert got[0] == pytest.approx(want.number, rel=1e-6, abs=1e-6), f"order {order}"


DEFAULT_BUILDERS = function("x + 0*sigmoid(x)")._functions


@pytest.mark.parametrize(
    ("text", "x", "slope"),
    [
        ("max(0, x)", 0, 0),
        ("abs(x)", 0, 0),
        ("where(x > 0, x, 0.01*x)", 0, 0.01),
        ("where(x >= 0, 2*x, 3*x)", 0, 2),
        ("max(0, x) - max(0, -x)", 0, 1),  # the identity: both sides agree on 1
        ("clip(x, -1, 1)", 1, 0),
        ("x*clip(x/6 + 1/2, 0, 1)", 3, 1),
        ("max(-2*x, 3*x)", 0, 0),
        ("where(x >= 0, 1, 0)", 0, 0),
        ("abs(x - 1) + abs(x + 1)", 1, 0),
        ("max(x**2, x**3)", 0, 0),
        ("relu(x) - relu(-x)", 0, 1),
        ("leaky_relu(x) + 0*x", 0, 0.01),
        ("sigmoid(relu(x) - relu(-x))", 0, 0.25),
    ],
)
def test_at_a_kink_the_slope_is_the_least_one_sided_one(text: str, x: float, slope: float) -> None:
    f = function(text)
    assert f.derivatives(np.array([float(x)]))[1][0] == pytest.approx(slope)
    assert f.reference.at(float(x), 1, FLOAT64)[1].number == pytest.approx(slope)


@pytest.mark.parametrize(
    ("text", "x"),
    [
        ("1/(1+exp(-x))", -1000.0),
        ("exp(x)/(1+exp(x))", 1000.0),
        ("x*exp(x)/(1+exp(x))", 800.0),
        ("sqrt(x*x + 1)", 1e200),
        ("(exp(x)-exp(-x))/(exp(x)+exp(-x))", -1e5),
        ("log(1+exp(x))", 1e4),
    ],
)
def test_accidents_of_overflow_are_repaired(text: str, x: float) -> None:
    f = function(text)
    for got, want in zip(f.derivatives(np.array([x]), 2), f.reference.at(x, 2, FLOAT64), strict=True):
        assert got[0] == pytest.approx(want.number, rel=1e-12, abs=0)


def test_outside_its_domain_a_formula_is_nan() -> None:
    for text in ("log(x)", "sqrt(x)", "x**0.3", "log1p(x - 5)"):
        assert np.isnan(function(text)(np.array([-1.0, -5.0]))).all(), text
    assert function("where(x > 0, log(x), 0)")(np.array([-1.0]))[0] == 0
    assert np.isnan(function("log(-1) + x").derivatives(np.array([1.0]))[1][0]), "no value, no slope"


@pytest.mark.parametrize("count", [1, 2000])
def test_a_branch_that_is_not_taken_cannot_spoil_the_value(count: int) -> None:
    cardinal = function("where(x != 0, sin(x)/x, 1)").derivatives(np.zeros(count), 1)
    assert (cardinal[0] == 1).all()
    assert function("where(x > 0, sqrt(x), x)")(np.full(count, -np.inf))[0] == -np.inf
    assert function("where(x > 0, x**1.5, 0)")(np.full(count, -2.0))[0] == 0


@pytest.mark.parametrize("count", [1, 2000])
def test_poles_are_infinite(count: int) -> None:
    assert function("log(x)")(np.zeros(count))[0] == -np.inf
    assert function("1/x")(np.zeros(count))[0] == np.inf
    assert np.isnan(function("x/0*0")(np.ones(count)))[0]


def test_powers_of_zero_keep_the_derivatives_they_have() -> None:
    value, slope, _ = function("x**1.5").derivatives(np.zeros(1), 2)
    assert (value[0], slope[0]) == (0, 0)


def test_short_arrays_of_a_formula_are_exact() -> None:
    # As written, in float64, the first has no digit left here.
    value = function("0.5*x*(1+erf(x/sqrt(2)))")(np.array([-10.0]))[0]
    assert value == pytest.approx(-7.619853024160526e-23, rel=1e-15)


@pytest.mark.parametrize(
    ("text", "left", "right"),
    [
        ("1/(1+exp(-x))", 0, 1),
        ("x/(1+abs(x))", -1, 1),
        ("max(0, x)", 0, math.inf),
        ("x*exp(x)", 0, math.inf),
        ("x**2", math.inf, math.inf),
        ("sqrt(x*x+1) - abs(x)", 0, 0),
        ("log(1+x*x)", math.inf, math.inf),
        ("sin(x)", math.nan, math.nan),
        ("3", 3, 3),
        ("x/(x+1e150)", 1, 1),
        ("exp(-x/1e300)", math.inf, 0),
        ("exp(exp(x))", 1, math.inf),
    ],
)
def test_limits_of_typed_formulas(text: str, left: float, right: float) -> None:
    values = function(text)(np.array([-np.inf, np.inf]))
    assert values == pytest.approx([left, right], nan_ok=True)


def test_scalars_stay_exact_where_they_can() -> None:
    symbols = {"offset": Fraction(1, 2), "slope": Fraction(1, 6)}
    assert scalar(parse("-offset/slope"), symbols) == Fraction(-3)
    assert scalar(parse("where(slope > 0, -inf, 0)"), symbols) == -math.inf
    assert isinstance(scalar(parse("sqrt(2)"), {}), float)


def test_a_symbol_without_a_value_is_named() -> None:
    with pytest.raises(ValueError, match="beta has no value"):
        scalar(parse("beta + 1"), {})
