"""Formulas and random trees for the tests of every notation."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import strategies as st

from actcli.activations.builders import Builders
from actcli.activations.registry import DEFAULT
from actcli.expressions.nodes import COMPARISONS, Application, Constant, Node, Number, Operation, Symbol
from actcli.expressions.parse import parse

BUILDERS = Builders(DEFAULT, {})


def read(text: str) -> Node:
    return parse(text, BUILDERS)


def d(text: str, variable: str = "x") -> Node:
    return Operation("derivative", (read(text), Symbol(variable)))


def operation(name: str, *parts: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    return st.tuples(*parts).map(lambda operands: Operation(name, operands))


def one_of(names: list[str], *parts: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    return st.one_of([operation(name, *parts) for name in names])


numbers = st.one_of(
    st.integers(-12, 12).map(Fraction),
    st.fractions(-3, 3, max_denominator=12),
    st.sampled_from([Fraction("0.044715"), Fraction("-1.702"), Fraction("1e-20"), Fraction("2.5e30")]),
).map(Number)
symbols = st.sampled_from([Symbol("x"), Symbol("y")])
wholes = st.integers(-3, 4).map(lambda value: Number(Fraction(value)))


def arithmetic(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    return st.one_of(
        operation("negative", inner),
        one_of(["add", "subtract", "multiply", "divide"], inner, inner),
        operation("power", inner, wholes),
    )


def conditions(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    return one_of(list(COMPARISONS.values()), inner, inner)


def everything(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    known = st.sampled_from(["sigmoid(x)", "gelu(x)", "swish(x, beta=1/3)", "leaky_relu(x, 0.2)", "relu2(x)"]).map(read)
    return st.one_of(
        arithmetic(inner),
        one_of(["abs", "exp", "log", "sqrt", "erf", "Phi", "log1p"], inner),
        one_of(["maximum", "minimum"], inner, inner),
        operation("power", inner, symbols),
        operation("where", conditions(inner), inner, inner),
        st.tuples(known, inner).map(lambda pair: Application(pair[0].function, pair[1])),  # type: ignore[union-attr]
    )


leaves = st.one_of(numbers, symbols)
rational_trees = st.recursive(leaves, arithmetic, max_leaves=12)
trees = st.recursive(
    st.one_of(leaves, st.sampled_from([Constant("pi"), Constant("e"), Symbol("negative_slope")])),
    everything,
    max_leaves=12,
)
