"""Zeros are found, certified and classified; what can't be told is not claimed."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from flint import arb, ctx
from hypothesis import given, settings
from hypothesis import strategies as st

from actcli.activations.builders import Builders
from actcli.activations.registry import DEFAULT
from actcli.core.exact import arb_context
from actcli.core.intervals import between
from actcli.core.pieces import pieces
from actcli.core.roots import MOST, Roots, roots
from actcli.core.signs import rational_at, sign_at, simplest
from actcli.expressions.evaluate import Program, flatten
from actcli.expressions.parse import parse

LOW, HIGH = Fraction(-64), Fraction(64)


def program(text: str) -> Program:
    return flatten(parse(text, Builders(DEFAULT, {})))


def search(text: str, order: int = 0) -> Roots:
    return roots(program(text), order, LOW, HIGH)


def places(found: Roots) -> list[float]:
    return [float((root.low + root.high) / 2) for root in found.roots]


@pytest.mark.parametrize(
    ("text", "order", "expected"),
    [
        ("sigmoid(x)", 0, []),
        ("sigmoid(x)", 1, []),
        ("sigmoid(x)", 2, [0.0]),
        ("tanh(x)", 0, [0.0]),
        ("gelu(x)", 0, [0.0]),
        ("gelu(x)", 1, [-0.7517915246935645]),
        ("gelu(x)", 2, [-math.sqrt(2), math.sqrt(2)]),
        ("silu(x)", 1, [-1.2784645427610737]),
        ("silu(x)", 2, [-2.3993572805154675, 2.3993572805154675]),
        ("softplus(x)", 2, []),
        ("x**3 - 3*x + 1", 0, [-1.8793852415718169, 0.3472963553338607, 1.532088886237956]),
        ("x*log(x)", 0, [1.0]),
        ("x*log(x)", 1, [1 / math.e]),
        ("logit(x)", 0, [0.5]),
        ("exp(exp(x)) - 2", 0, [math.log(math.log(2))]),
        ("x*exp(x)", 1, [-1.0]),
        ("phi(x)", 2, [-1.0, 1.0]),
        ("x**2 - 1e-30", 0, [-1e-15, 1e-15]),
    ],
)
def test_zeros_are_found(text: str, order: int, expected: list[float]) -> None:
    found = search(text, order)
    assert places(found) == pytest.approx(expected, rel=1e-15, abs=1e-60)
    for root in found.roots:
        assert root.high - root.low <= Fraction(1, 10**90)
        assert root.before * root.after == -1


@pytest.mark.parametrize("text", ["sin(x)", "3*sin(x)", "exp(-x**2)*sin(x)"])
def test_many_zeros(text: str) -> None:
    found = search(text)
    known = [k * math.pi for k in range(-20, 21)]
    reach = float(found.reach) if found.reach is not None else 64
    assert reach > 20
    inside = [x for x in places(found) if abs(x) <= reach]
    assert inside == pytest.approx([x for x in known if abs(x) <= reach], rel=1e-15, abs=1e-60)


@pytest.mark.parametrize("at", [-33, -32, -2, -1, 0, 1, 31, 63])
def test_zeros_at_whole_numbers_whose_values_are_irrational(at: int) -> None:
    assert places(search(f"(x - ({at + 1}))*exp(x)", 1)) == pytest.approx([at], rel=1e-15, abs=1e-60)


@pytest.mark.parametrize("width", [Fraction(10) ** k for k in (-40, -3, 0, 2, 5, 300)])
def test_intervals_are_split_inside_and_not_at_simple_numbers(width: Fraction) -> None:
    for low in (Fraction(-1), Fraction(0), -width / 2, Fraction(1000)):
        point = between(low, low + width)
        assert low < point < low + width
        assert point.denominator >= 2**20


def test_wide_ranges_are_searched_in_few_steps() -> None:
    found = roots(program("(x - 3)*(x - 1e290)"), 0, Fraction(-(10**300)), Fraction(10**300))
    assert places(found) == pytest.approx([3, 1e290], rel=1e-15)
    assert found.reach is None


@pytest.mark.parametrize("text", ["sin(1/x)", "cos(1000*x)", "x**1000", "exp(exp(exp(x)))", "tanh(1e300*x)"])
def test_a_search_that_is_cut_short_says_where_something_may_be_missing(text: str) -> None:
    found = search(text)
    around_zero = any(low <= 0 <= high for low, high in found.undecided)
    assert around_zero or found.reach is not None
    assert not found.free(Fraction(-1), Fraction(1)) or found.roots == ()


def test_what_cannot_be_evaluated_is_not_ruled_out() -> None:
    found = search("x*tanh(x) - 1")  # where a ball straddles 0 there is a division by a series that may begin with 0
    assert len(found.roots) == 2


def test_a_search_without_end_is_stopped_and_says_how_far_it_came() -> None:
    found = search("sin(100*x)")
    assert len(found.roots) == MOST
    assert found.reach is not None
    reach = float(found.reach)
    inside = [x for x in places(found) if abs(x) < reach]
    assert len(inside) == 2 * math.floor(100 * reach / math.pi) + 1
    assert search("exp(exp(exp(x)))").reach is not None


@pytest.mark.parametrize("text", ["1 - tanh(x)**2", "exp(-x)", "exp(-x**2)", "1/(1 + x**2)", "sigmoid(x)*sigmoid(-x)"])
def test_a_tail_that_only_tends_to_zero_has_no_zero(text: str) -> None:
    found = search(text)
    assert found.roots == ()
    assert not found.identically_zero


@pytest.mark.parametrize("text", ["0", "x - x", "2*x - x - x", "sin(0*x)"])
def test_a_function_that_vanishes_everywhere_is_one_answer(text: str) -> None:
    assert search(text).identically_zero
    assert search(text).roots == ()


@pytest.mark.parametrize(
    ("text", "order", "at", "signs"),
    [
        ("x**2", 0, Fraction(0), (1, 1)),
        ("-x**2", 0, Fraction(0), (-1, -1)),
        ("(x - 1/3)**3", 0, Fraction(1, 3), (-1, 1)),
        ("(x - 1/3)**3", 1, Fraction(1, 3), (1, 1)),
        ("x - tanh(x)", 1, Fraction(0), (1, 1)),
        ("1 - cos(x)", 0, Fraction(0), (1, 1)),
    ],
)
def test_rational_zeros_of_several_orders_are_certified(
    text: str, order: int, at: Fraction, signs: tuple[int, int]
) -> None:
    found = [root for root in search(text, order).roots if root.low <= at <= root.high]
    assert [(root.low, root.high, root.before, root.after) for root in found] == [(at, at, *signs)]


def test_zeros_that_cannot_be_certified_are_not_claimed() -> None:
    found = search("(x**2 - 2)**2")
    assert found.roots == ()
    assert [float(low) for low, _ in found.undecided] == pytest.approx([-math.sqrt(2), math.sqrt(2)], abs=1e-10)
    assert search("x**2 + 1e-30").roots == ()


@pytest.mark.parametrize(
    ("text", "at"), [("1/x", 0.0), ("log(x)", 0.0), ("sqrt(x - 1)", 1.0), ("1/(x**2 - 2)", 2**0.5)]
)
def test_where_the_formula_ends_is_named(text: str, at: float) -> None:
    assert any(float(low) - 1e-9 <= at <= float(high) + 1e-9 for low, high in search(text).undecided)


def test_a_formula_without_values_has_nothing() -> None:
    found = search("log(-1 - x**2)")
    assert found.roots == found.undecided == ()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.fractions(-60, 60, max_denominator=50), min_size=1, max_size=4, unique=True))
def test_polynomials_of_known_zeros(known: list[Fraction]) -> None:
    found = search("*".join(f"(x - ({q}))" for q in known))
    assert [root.low for root in found.roots] == sorted(known)
    assert all(root.low == root.high for root in found.roots)


@given(st.fractions(-1000, 1000), st.fractions(0, 1))
def test_the_simplest_rational_of_an_interval(low: Fraction, width: Fraction) -> None:
    found = simplest(low, low + width)
    assert low <= found <= low + width
    assert not any(
        math.ceil(low * bottom) <= math.floor((low + width) * bottom)
        for bottom in range(1, min(found.denominator, 200))
    )


def test_signs_at_points() -> None:
    with arb_context():
        assert sign_at(program("1 - tanh(x)"), 0, Fraction(500)) == 1
        assert sign_at(program("x/3 - 1"), 0, Fraction(3)) == 0
        assert sign_at(program("log(x)"), 0, Fraction(-1)) is None
        assert sign_at(program("sqrt(x)**2 - x"), 0, Fraction(2)) is None
        assert rational_at(program("x**3/6"), 2, Fraction(2, 7)) == Fraction(2, 7)
        assert rational_at(program("exp(x)"), 0, Fraction(1)) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("relu(x)", ["0"]),
        ("hard_sigmoid(x)", ["-3", "3"]),
        ("hard_sigmoid(2*x - 1, slope=0.2)", ["-3/4", "7/4"]),
        ("abs(abs(abs(x) - 1) - 1)", ["-2", "-1", "0", "1", "2"]),
        ("max(max(x, 0) - 1, 0)", ["0", "1"]),
        ("where(x > 1/3, x, where(x < -1/3, -x, 0))", ["-1/3", "1/3"]),
        ("max(x, x)", []),
        ("gelu(x)", []),
        ("sqrt(x**2)", ["0"]),
        ("((x - 1)**2)**0.5", ["1"]),
        ("exp(-1/x**2)", ["0"]),
        ("log(log(x))", ["0", "1"]),
        ("logit(x)", ["0", "1"]),
        ("1/(1 + exp(-x)) + log(x**2 + 1)", []),
    ],
)
def test_pieces(text: str, expected: list[str]) -> None:
    cut = pieces(parse(text, Builders(DEFAULT, {})), LOW, HIGH)
    assert [str(place.low) for place in cut.places] == expected
    assert all(place.low == place.high for place in cut.places)
    assert len(cut.pieces) == len(expected) + 1
    assert cut.reach is None


def test_pieces_meet_at_irrational_places_too() -> None:
    cut = pieces(parse("max(x**2, 2)"), LOW, HIGH)
    with arb_context():
        ctx.prec = 400
        assert all(place.ball.overlaps(k * arb(2).sqrt()) for k, place in zip((-1, 1), cut.places, strict=True))
    assert [rational_at(piece.program, 0, Fraction(7)) for piece in cut.pieces] == [49, 2, 49]
