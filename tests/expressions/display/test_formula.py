"""Formula text reads back as the tree that was written."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given

from actcli.activations.builders import Builders
from actcli.activations.function import Function
from actcli.activations.registry import DEFAULT
from actcli.expressions.display import ascii
from actcli.expressions.nodes import Application, Node, Number, Operation
from actcli.expressions.parse import parse

from .trees import BUILDERS, d, read, trees


def as_parsed(node: Node) -> Node:
    """Negative numbers are read as negated ones, and those that have no decimal as quotients."""
    match node:
        case Number(value) if any(value.denominator % prime == 0 for prime in (3, 7, 11)):
            above, below = Number(Fraction(value.numerator)), Number(Fraction(value.denominator))
            return Operation("divide", (as_parsed(above), below))
        case Number(value) if value < 0:
            return Operation("negative", (Number(-value),))
        case Operation(name, parts):
            return Operation(name, tuple(as_parsed(part) for part in parts))
        case Application(function, operand):
            return Application(function, as_parsed(operand))
        case _:
            return node


@given(trees)
def test_a_formula_reads_back_as_the_same_tree(tree: Node) -> None:
    assert ascii(tree).isascii()
    assert read(ascii(tree)) == as_parsed(tree)


@pytest.mark.parametrize("name", [name for name in BUILDERS if DEFAULT.has(name)])
def test_every_record(name: str) -> None:
    function = DEFAULT.get(name)
    assert isinstance(function, Function) or not hasattr(function, "tree")
    if isinstance(function, Function):
        builders = Builders(DEFAULT, {}, function.record.name)
        assert parse(ascii(function.tree), builders) == as_parsed(function.tree)


@pytest.mark.parametrize(
    "text",
    [
        "x**(-1)",
        "-x**2",
        "(-x)**2",
        "-(x*y)",
        "-x*y",
        "a - (b - c)",
        "a/(b/c)",
        "(x**2)**y",
        "x**y**z",
        "swish(x, beta=2)",
        "where(x > 0, x, alpha*(exp(x) - 1))",
        "0.044715*x**3 + 1e-300",
    ],
)
def test_few_parentheses(text: str) -> None:
    assert ascii(read(text)) == text


def test_a_pending_derivative_has_a_name() -> None:
    assert ascii(d("x**2")) == "derivative(x**2, x)"
