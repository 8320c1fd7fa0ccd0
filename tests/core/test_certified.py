"""Certified polynomials against the exact reference, where they meet, at kinks, roots, ties, underflow and overflow."""

from __future__ import annotations

import math
import pickle
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from actcli.activations.function import Function
from actcli.activations.registry import builtin_records, get
from actcli.core.certified import ARB, Certified
from actcli.core.exact import Reference
from actcli.core.formats import BFLOAT16, FLOAT16, FLOAT32, FLOAT64, Format
from actcli.core.taylor import TOLERANCE, piece
from actcli.core.ulp import spacing
from actcli.expressions.nodes import Node
from actcli.expressions.parse import parse

Array = np.ndarray[Any, Any]

NAMES = [record.name for record in builtin_records() if isinstance(get(record.name), Function)]

BINADES = [0, 1, 2, 60, 100, 124, 126, 127, 128, 129, 131, 133, 150, 254]
"""Exponent fields to look at: subnormals, tiny, around 1, beyond every exponential, the last ones."""


def function(name: str) -> Function:
    found = get(name)
    assert isinstance(found, Function)
    return found


def tree(formula: str) -> Node:
    return function(formula).tree


def hard_points(certified: Certified, seed: int, each: int = 4) -> Array:
    """Return encodings at and beside the ends of intervals, some inside, and zeros, infinities and a NaN."""
    generator = np.random.default_rng(seed)
    found: list[Any] = [[0, 1, 0x7F7FFFFF, 0x7F800000, 0x7FC00000]]
    for binade in BINADES:
        for sign in (0, 256):
            starts = np.array(certified._binade(sign + binade)[0])
            ends = generator.choice(starts, min(each, starts.size), replace=False)
            found += [ends, ends[ends > 0] - 1, generator.integers(binade + sign << 23, binade + sign + 1 << 23, each)]
    together = np.concatenate([np.asarray(each, dtype=np.int64) for each in found])
    return np.unique(np.concatenate([together, together ^ 1 << 31])).astype(np.uint32)


def check(certified: Certified, bits: Array) -> None:
    """Compare with the exact reference: rounding without exception, values within the promised bound."""
    format, order = certified.format, certified.order
    found = certified.at(bits)
    assert found.undecided == 0
    smallest = 2.0 ** (format.lowest + format.precision - 1)
    with np.errstate(invalid="ignore"):  # a signalling NaN
        x = format.from_bits(bits).astype(np.float64)
    numbers, rests = certified.reference.values(x, order, format)[order]
    np.testing.assert_array_equal(found.rounded.astype(np.float64), numbers)
    finite = np.isfinite(numbers)
    exact = numbers[finite] + rests[finite] * spacing(numbers[finite], format)
    close = np.abs(found.value[finite] - exact) / np.maximum(np.abs(exact), smallest)
    assert close.max(initial=0.0) <= 1.5 * TOLERANCE


@pytest.mark.parametrize("order", range(3))
@pytest.mark.parametrize("name", NAMES)
def test_every_record_agrees_with_the_exact_reference(name: str, order: int) -> None:
    certified = Certified(function(name).reference, order)
    check(certified, hard_points(certified, order))


@pytest.mark.parametrize(
    "formula",
    [
        "exp(x)",
        "x*exp(x)",
        "exp(-x**2)",
        "exp(x)/(1+exp(x))",
        "sqrt(x)",
        "log(abs(x))",
        "x**1.5",
        "sinh(x)/cosh(x)",
        "x*Phi(x)*exp(-x)",
        "clip(x, -2/3, 1e-3)*x",
        "where(x < 1e-40, sin(x), log1p(x)) * expm1(-abs(x))",
        "1/3",
    ],
)
@pytest.mark.parametrize("order", [0, 1])
def test_typed_formulas_agree_with_the_exact_reference(formula: str, order: int) -> None:
    certified = Certified(Reference(tree(formula), {}, {math.inf: [0.0, 0.0], -math.inf: [0.0, 0.0]}), order)
    check(certified, hard_points(certified, order, each=2))


@pytest.mark.parametrize("format", [FLOAT16, BFLOAT16], ids=lambda format: format.name)
@pytest.mark.parametrize("name", ["gelu", "relu2", "hard_swish"])
def test_every_number_of_16_bits(name: str, format: Format) -> None:
    check(Certified(function(name).reference, 1, format), np.arange(0, 1 << 16, 7, dtype=np.uint16))


def test_ties_of_tiny_numbers_are_told_without_arb() -> None:
    # silu(x) = x/2 + x²/4 − …, and half of an odd subnormal is a tie: away from it for x > 0, towards it for x < 0.
    odd = np.arange(1, 2000, 2, dtype=np.uint32)
    certified = Certified(function("silu").reference)
    for bits, expected in ((odd, (odd + 1) // 2), (odd | 1 << 31, odd // 2 | 1 << 31)):
        found = certified.at(bits)
        assert found.decided == 0
        np.testing.assert_array_equal(FLOAT32.to_bits(found.rounded) & 0x7FFFFFFF, expected & 0x7FFFFFFF)


def test_exact_pieces_round_ties_to_even() -> None:
    bits = np.arange(1, 2000, dtype=np.uint32)
    found = Certified(Reference(parse("x/4"))).at(bits)
    assert found.decided == 0
    np.testing.assert_array_equal(FLOAT32.to_bits(found.rounded), [round(Fraction(int(each), 4)) for each in bits])


def test_arb_decides_what_a_bound_leaves_open() -> None:
    # 1 + 2^-24 + 2^-80 is so near a tie that no float64 holds it.
    certified = Certified(Reference(parse("x + 2**(-24) + 2**(-80)")))
    found = certified.at(np.array([0x3F800000], dtype=np.uint32))
    assert (found.decided, found.undecided) == (1, 0)
    assert found.rounded[0] == np.nextafter(np.float32(1), np.float32(2))


def test_values_that_no_precision_gets_hold_of_are_undecided() -> None:
    # A tie that only trigonometry knows.
    certified = Certified(Reference(parse("x + 2**(-24)*(sin(1)**2 + cos(1)**2)")))
    found = certified.at(np.array([0x3F800000, 0x40000000], dtype=np.uint32))
    assert (found.decided, found.undecided) == (1, 1)
    assert math.isnan(found.rounded[0])
    assert found.rounded[1] == 2.0


def test_an_overflow_beyond_arb_is_infinite() -> None:
    certified = Certified(Reference(parse("exp(exp(exp(x)))")))
    found = certified.at(FLOAT32.to_bits(np.array([0.0, 9.0], dtype=np.float32)))
    assert found.undecided == 0
    np.testing.assert_array_equal(found.rounded, np.float32([math.exp(math.e), math.inf]))


def test_hopeless_stretches_are_left_to_arb_and_counted() -> None:
    certified = Certified(Reference(parse("sin(x)")))
    first = int(np.float32(2.0**60).view(np.uint32))
    assert certified.left_to_arb(first, first + 999) == 1000
    assert certified.left_to_arb(0x3F800000, 0x3FFFFFFF) == 0
    check(certified, np.arange(first, first + 20, dtype=np.uint32))


def test_the_order_of_inputs_does_not_matter() -> None:
    certified = Certified(function("gelu").reference, 1)
    bits = np.random.default_rng(5).integers(0, 1 << 32, 500, dtype=np.uint64).astype(np.uint32)
    order = np.argsort(bits)
    there, here = certified.at(bits), certified.at(bits[order])
    np.testing.assert_array_equal(there.value[order], here.value)
    np.testing.assert_array_equal(there.rounded[order], here.rounded)
    assert certified.at(bits[:0]).value.size == 0


def test_a_copy_for_another_process_computes_the_same() -> None:
    certified = Certified(Reference(parse("exp(-x**2)")), 1)
    bits = np.arange(0x3F800000, 0x3F800100, dtype=np.uint32)
    expected = certified.at(bits)
    copy = pickle.loads(pickle.dumps(certified))
    np.testing.assert_array_equal(copy.at(bits).value, expected.value)


def test_float64_is_refused() -> None:
    with pytest.raises(ValueError, match="no room"):
        Certified(Reference(parse("x")), 0, FLOAT64)


def test_a_bound_is_a_bound() -> None:
    # Points all over one interval, against 30 more digits than the polynomial has.
    gelu = function("gelu").reference
    low, high = -2.0, -1.9375
    found = piece(gelu.program, 1, low, high, FLOAT32)
    assert found is not None
    assert found is not ARB
    for x in np.linspace(low, high, 300, dtype=np.float32).tolist():
        t = (x - found.centre) * found.scale
        value = found.coefficients[-1]
        for coefficient in found.coefficients[-2::-1]:
            value = value * t + coefficient
        exact = gelu.at(x, 1, FLOAT64)[1]
        distance = abs(
            Fraction(value) - Fraction(exact.number) - Fraction(exact.rest) * Fraction(math.ulp(exact.number))
        )
        assert distance <= Fraction(found.relative) * abs(Fraction(value)) + Fraction(found.absolute)
