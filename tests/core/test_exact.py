"""The exact reference against independent knowledge: closed forms, high-precision quotients, ties, underflow."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actcli.core.exact import Reference
from actcli.core.formats import BFLOAT16, FLOAT16, FLOAT32, FLOAT64, FORMATS, Format
from actcli.expressions.parse import parse

SIGMOID = Reference(parse("1/(1+exp(-x))"))
TANH = Reference(parse("(exp(x)-exp(-x))/(exp(x)+exp(-x))"))


def test_known_digits() -> None:
    # σ(1), tanh(1), Φ(1) to 20 digits, from tables.
    assert SIGMOID.at(1.0, 0, FLOAT64)[0].number == 0.73105857863000487925
    assert TANH.at(1.0, 0, FLOAT64)[0].number == 0.76159415595576488812
    assert Reference(parse("Phi(x)")).at(1.0, 0, FLOAT64)[0].number == 0.84134474606854294859


@pytest.mark.parametrize("x", [-745.2, -744.0, -709.8, -100.0, 1e-320, 37.0, 1e300, -1e300, 1.7e308])
def test_tails_decide(x: float) -> None:
    value = SIGMOID.at(x, 2, FLOAT64)
    assert all(math.isfinite(each.number) for each in value)
    if x < -40:
        assert value[0].number == pytest.approx(math.exp(max(x, -745.13)) if x > -745.13 else 0, abs=5e-324)


def test_subnormal_results_are_rounded_once() -> None:
    # exp(-745) is 0.57 of the smallest subnormal, exp(-745.2) 0.47.
    assert SIGMOID.at(-745.0, 0, FLOAT64)[0].number == 5e-324
    assert SIGMOID.at(-745.2, 0, FLOAT64)[0].number == 0.0


@given(st.fractions(min_value=-(10**6), max_value=10**6), st.sampled_from(list(FORMATS.values())))
def test_rationals_are_rounded_to_nearest_even(value: Fraction, format: Format) -> None:
    number = float(value)
    if abs(number) > 60000 and format is FLOAT16:
        return
    constant = Reference(parse(f"({value.numerator})/({value.denominator}) + 0*x"))
    found = constant.at(1.0, 0, format)[0]
    unit = Fraction(2) ** _unit_exponent(value, format)
    assert abs(Fraction(found.number) - value) <= unit / 2
    assert found.rest == pytest.approx(float((value - Fraction(found.number)) / unit), abs=1e-9) or (
        math.frexp(abs(found.number))[0] == 0.5
    )


def _unit_exponent(value: Fraction, format: Format) -> int:
    if value == 0:
        return format.lowest
    exponent = abs(value.numerator).bit_length() - value.denominator.bit_length()
    exponent += abs(value) >= Fraction(2) ** exponent
    return max(exponent - format.precision, format.lowest)


def test_an_exact_tie_is_settled_by_rational_arithmetic() -> None:
    leaky = Reference(parse("where(x > 0, x, 0.01*x)"))
    smallest = 2.0**-1074
    assert leaky.at(-250 * smallest, 0, FLOAT64)[0].number == -2 * smallest  # 2.5 goes to even
    assert leaky.at(-350 * smallest, 0, FLOAT64)[0].number == -4 * smallest  # 3.5 goes to even
    assert leaky.at(-351 * smallest, 0, FLOAT64)[0].number == -4 * smallest


def test_almost_ties_are_told_from_ties() -> None:
    # silu(x) = x/2 + x²/4 − …: half of an odd subnormal plus next to nothing.
    silu = Reference(parse("x/(1+exp(-x))"))
    smallest = 2.0**-133
    assert silu.at(smallest, 0, BFLOAT16)[0].number == smallest
    assert silu.at(-smallest, 0, BFLOAT16)[0].number == 0
    assert silu.at(5 * smallest, 0, BFLOAT16)[0].number == 3 * smallest


def test_overflow_rounds_to_infinity() -> None:
    square = Reference(parse("x**2"))
    assert square.at(256.0, 0, FLOAT16)[0].number == math.inf
    assert square.at(255.875, 0, FLOAT16)[0].number == 65472.0
    assert square.at(-1e200, 0, FLOAT64)[0].number == math.inf


def test_conventions_and_limits_come_first() -> None:
    reference = Reference(
        parse("max(0, x)"), {Fraction(0): [Fraction(1, 2), Fraction(0)]}, {math.inf: [math.inf, Fraction(1), 0]}
    )
    assert [r.number for r in reference.at(0.0, 2, FLOAT64)] == [0, 0.5, 0]
    assert [r.number for r in reference.at(math.inf, 2, FLOAT64)] == [math.inf, 1, 0]
    assert math.isnan(reference.at(-math.inf, 0, FLOAT64)[0].number)
    assert math.isnan(reference.at(math.nan, 0, FLOAT64)[0].number)


def test_outside_the_domain_is_undefined() -> None:
    assert math.isnan(Reference(parse("log(x)")).at(-1.0, 0, FLOAT64)[0].number)
    root = Reference(parse("sqrt(x)")).at(0.0, 1, FLOAT64)
    assert root[0].number == 0
    assert math.isnan(root[1].number)


def test_flat_means_exactly_flat() -> None:
    assert Reference(parse("max(0, x)")).is_flat_at(-3.0)
    assert not SIGMOID.is_flat_at(-800.0)


def test_values_keep_the_shape() -> None:
    numbers, rests = SIGMOID.values(np.zeros((2, 3)), 1, FLOAT32)[0]
    assert numbers.shape == rests.shape == (2, 3)
    assert (numbers == 0.5).all()


def test_threads_do_not_disturb_each_other() -> None:
    from concurrent.futures import ThreadPoolExecutor

    x = [-712.5 - k for k in range(40)]
    want = {order: [SIGMOID.at(each, order, FLOAT64) for each in x] for order in (0, 1, 2)}
    with ThreadPoolExecutor(4) as pool:
        jobs = [
            (order, pool.submit(lambda o: [SIGMOID.at(each, o, FLOAT64) for each in x], order))
            for order in (0, 1, 2) * 4
        ]
        for order, job in jobs:
            assert job.result() == want[order]


def test_the_users_own_precision_is_left_alone() -> None:
    from flint import ctx

    before = ctx.prec, ctx.cap
    SIGMOID.at(-745.0, 2, FLOAT64)
    assert (ctx.prec, ctx.cap) == before
