"""Formulas that agree, that don't, and that can't be compared; pending derivatives against known ones."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest

from actcli.activations.builders import Builders
from actcli.activations.registry import DEFAULT
from actcli.core.agreement import COMPARED, agreement, largest_difference, value
from actcli.core.points import points
from actcli.expressions.nodes import Node, Operation, Symbol
from actcli.expressions.parse import parse


def tree(text: str) -> Node:
    return parse(text, Builders(DEFAULT, {}))


def pending(text: str, variable: str = "x", order: int = 1) -> Node:
    node = tree(text)
    for _ in range(order):
        node = Operation("derivative", (node, Symbol(variable)))
    return node


IDENTITIES = [
    ("tanh(x)", "2*sigmoid(2*x) - 1"),
    ("sigmoid(-x)", "1 - sigmoid(x)"),
    ("logit(sigmoid(x))", "x"),
    ("sigmoid(logit(x))", "x"),
    ("logit(x) + logit(y)", "log(x*y/((1-x)*(1-y)))"),
    ("sqrt(x**2)", "abs(x)"),
    ("tanh(x)**2 + 1/cosh(x)**2", "1"),
    ("1 - tanh(40*x)", "2/(1 + exp(80*x))"),
    ("sin(x)**2 + cos(x)**2 - 1", "0"),
    ("x/3 + 2*x/3 - x", "0"),
    ("exp(a)*exp(b)", "exp(a + b)"),
    ("(a + b)**2", "a**2 + 2*a*b + b**2"),
    ("where(x > 0, 1, 0)", "where(x >= 0, 1, 0)"),
]


@pytest.mark.parametrize(("left", "right"), IDENTITIES)
def test_identities_hold(left: str, right: str) -> None:
    found = agreement(tree(left), tree(right))
    assert found.holds, found.reason
    assert 16 <= found.points <= COMPARED
    assert found.counterexample is None
    assert found.reason == ""


@pytest.mark.parametrize(
    ("left", "right", "where", "values"),
    [
        ("sqrt(x**2)", "x", {"x": -1}, (1.0, -1.0)),
        ("(a + b)**2", "a**2 + b**2", {"a": 1, "b": Fraction(1, 2)}, (2.25, 1.25)),
        ("2", "3", {}, (2.0, 3.0)),
        ("relu(x)", "relu(x) + 1e-40*x", {"x": 1}, (1.0, 1.0)),
    ],
)
def test_a_disagreement_comes_with_the_simplest_point(
    left: str, right: str, where: dict[str, Fraction], values: tuple[float, float]
) -> None:
    found = agreement(tree(left), tree(right))
    assert not found.holds
    assert found.counterexample == where
    assert (found.left, found.right) == values
    assert "differ" in found.reason


def test_a_difference_that_is_seen_is_one_however_small() -> None:
    assert not agreement(tree("x"), tree("x*(1 + 1e-60)")).holds
    assert not agreement(tree("tanh(x)"), tree("tanh(x) + 1e-68")).holds
    assert agreement(tree("x"), tree("x*(1 + 1e-90)")).holds, "beyond the digits asked for"
    assert not agreement(tree("x"), tree("x*(1 + 1e-90)"), digits=100).holds


def test_further_points_and_ties() -> None:
    left, right = tree("where(x == 1/3, 1, 0)"), tree("0")
    third = {"x": Fraction(1, 3)}
    assert agreement(left, right).holds
    assert agreement(left, right, further=[third]).undecided == 1
    assert agreement(left, right, further=[third], ties=True).counterexample == third
    assert value(left, third) == 1


def test_points_outside_a_domain_are_left_out() -> None:
    assert not agreement(tree("abs(x)"), tree("x")).holds
    found = agreement(tree("abs(x)"), tree("x"), within=tree("log(x)"))
    assert found.holds
    assert all(point["x"] > 0 for point in found.compared)


def test_the_side_that_has_a_value_alone_is_told() -> None:
    assert agreement(tree("log(x)"), tree("log(abs(x))")).alone == ({"x": -1}, "right")
    assert agreement(tree("x"), tree("x")).alone is None


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("log(-x**2)", "log(-x**2)"),
        ("1/(x - x)", "0"),
        ("where(0*x == 0, 1, 0)", "0"),
        ("exp(exp(exp(exp(x + 30))))", "exp(exp(exp(exp(x + 30))))"),
    ],
)
def test_nothing_is_concluded_where_hardly_a_point_can_be_compared(left: str, right: str) -> None:
    found = agreement(tree(left), tree(right))
    assert not found.holds
    assert found.counterexample is None
    assert "could be compared" in found.reason


def test_points_are_counted_by_what_came_of_them() -> None:
    found = agreement(tree("log(x) + log(a)"), tree("log(x*a)"))
    assert found.holds
    assert found.one_sided > 0  # both negative
    found = agreement(tree("log(x)"), tree("2*log(sqrt(x))"))
    assert found.holds
    assert found.undefined > 0
    assert found.one_sided == 0


DERIVATIVES = [
    ("gelu(x)", 1, "Phi(x) + x*phi(x)"),
    ("gelu(x)", 2, "phi(x)*(2 - x**2)"),
    ("sigmoid(x)", 1, "sigmoid(x)*(1 - sigmoid(x))"),
    ("relu(x)", 1, "where(x > 0, 1, 0)"),
    ("abs(x)", 1, "sign(x)"),
    ("hard_swish(x)", 1, "where(x < -3, 0, where(x > 3, 1, x/3 + 1/2))"),
    ("x**7", 6, "5040*x"),
    ("log(x)", 3, "2/x**3"),
]


@pytest.mark.parametrize(("text", "order", "known"), DERIVATIVES)
def test_pending_derivatives_are_evaluated(text: str, order: int, known: str) -> None:
    found = agreement(pending(text, order=order), tree(known))
    assert found.holds, found.reason
    assert not agreement(pending(text, order=order), tree(f"({known})*(1 + 1e-40)")).holds


def test_a_pending_derivative_may_stand_anywhere_in_a_tree() -> None:
    x = Symbol("x")
    inner = Operation("multiply", (x, pending("silu(x)")))
    product_rule = Operation("add", (pending("silu(x)"), Operation("multiply", (x, pending("silu(x)", order=2)))))
    assert agreement(Operation("derivative", (inner, x)), product_rule).holds


def test_derivatives_by_a_parameter() -> None:
    found = agreement(pending("x*sigmoid(b*x)", "b"), tree("x**2*sigmoid(b*x)*(1 - sigmoid(b*x))"))
    assert found.holds
    mixed = Operation("derivative", (pending("x*b", "b"), Symbol("x")))
    with pytest.raises(ValueError, match="derivative by b inside one by x"):
        agreement(mixed, tree("1"))


def test_values_to_try_can_be_given() -> None:
    values = {"x": [Fraction(k) for k in range(1, 5)], "a": [Fraction(k) for k in range(1, 9)]}
    found = agreement(tree("sqrt(x*a)"), tree("sqrt(x)*sqrt(a)"), values)
    assert found.holds
    assert found.points == 32
    found = agreement(tree("abs(x)"), tree("x"), {"x": values["x"]})
    assert found.holds
    assert found.points == 4
    assert not agreement(tree("x"), tree("1"), {"x": [Fraction(1), Fraction(3)]}, avoid={Fraction(1)}).holds


def test_points_are_spread_and_come_once() -> None:
    found = [point["x"] for point, _ in zip(points(["x"], {}, {Fraction(3)}), range(256), strict=False)]
    assert len(set(found)) == len(found)
    assert Fraction(3) not in found
    assert 0 not in found
    assert sum(0 < x < 1 for x in found) >= 64
    assert sum(x < 0 for x in found) >= 64
    assert any(abs(x) < Fraction(1, 1000) for x in found)
    assert any(abs(x) >= 20 for x in found)
    pairs = [tuple(point.values()) for point, _ in zip(points(["x", "a"], {}, ()), range(64), strict=False)]
    assert sum(x == a for x, a in pairs) <= 16


def test_the_value_of_a_tree() -> None:
    assert value(tree("log(x)"), {"x": Fraction(-1)}) is None
    assert 0 in value(tree("x/3 - x/3"), {"x": Fraction(1, 7)})
    assert float(value(pending("exp(2*x)"), {"x": Fraction(0)})) == 2.0
    assert value(tree("1 - tanh(200)"), {}, 30).rel_accuracy_bits() >= 99


@pytest.mark.parametrize(
    ("other", "x", "difference"), [("gelu_tanh", 2.69894, 4.7324e-4), ("quick_gelu", 2.2704, 0.020335)]
)
def test_the_largest_difference_of_two_that_are_close(other: str, x: float, difference: float) -> None:
    found = largest_difference(tree("gelu(x)"), tree(f"{other}(x)"), Fraction(-64), Fraction(64))
    assert found is not None
    assert math.isclose(abs(found[0]), x, rel_tol=1e-5)
    assert math.isclose(found[1], difference, rel_tol=1e-4)


def test_the_largest_difference_is_found_at_a_kink_or_an_end_too() -> None:
    assert largest_difference(tree("abs(x - 1/3)"), tree("2"), Fraction(0), Fraction(1)) == (1 / 3, 2.0)
    assert largest_difference(tree("x"), tree("0"), Fraction(0), Fraction(5)) == (5.0, 5.0)
    assert largest_difference(tree("log(-x**2)"), tree("0"), Fraction(0), Fraction(5)) is None
