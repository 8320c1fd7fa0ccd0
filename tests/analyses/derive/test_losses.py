"""What obvious forms lose: figures against arithmetic done here by hand, and every careful form against the reference."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

from actcli.activations.function import Function
from actcli.activations.registry import DEFAULT
from actcli.analyses.derive.losses.loss import DIGITS, INFINITE, NAN, ZERO, Failure, Loss, loss
from actcli.analyses.derive.losses.sentence import sentence
from actcli.core.formats import FLOAT32, FLOAT64
from actcli.expressions.parse import parse
from tests.activations.test_accuracy import NAMES


def bound(text: str) -> Function:
    found = DEFAULT.get(text)
    assert isinstance(found, Function)
    return found


def of_record(name: str, order: int, format=FLOAT64) -> Loss:
    function = bound(name)
    careful = dict(enumerate(function.careful_forms)).get(order)
    return loss([function.symbolic_tree, *function.derivative_forms][order], careful, function, order, format)


def found(result: Loss, kind: int) -> list[Failure]:
    return [failure for failure in result.obvious.failures if failure.kind == kind]


def test_one_minus_sigmoid_is_zero_from_the_first_number_on() -> None:
    result = of_record("sigmoid", 1)
    [zero] = found(result, ZERO)

    def typed(x: float) -> float:
        return 1 / (1 + float(np.exp(-x)))

    assert zero.high == math.inf
    assert 1 - typed(zero.low) == 0.0
    assert 1 - typed(math.nextafter(zero.low, 0)) > 0
    assert zero.truth == bound("sigmoid").derivatives(zero.low)[1]
    [digits] = found(result, DIGITS)
    assert 18 < digits.low < 20
    assert re.fullmatch(
        r"Typed out in float64, σ\(x\)·\(1 − σ\(x\)\) has lost half its digits from x = 18\.\d+ on and is 0 from "
        r"x = 36.74 on, where the derivative is still 1.1e−16; the careful form stays within \d\.\d ULP.",
        sentence(result),
    )


def test_the_square_of_tanh_is_one_on_both_sides() -> None:
    left, right = sorted(found(of_record("tanh", 1), ZERO), key=lambda failure: failure.low)
    assert left.high == -right.low
    tanh = bound("tanh")
    assert 1 - tanh(right.low) ** 2 == 0 < 1 - tanh(math.nextafter(right.low, 0)) ** 2
    assert "is 0 from |x| = 19" in sentence(of_record("tanh", 1))


def test_the_textbook_softplus_overflows_and_underflows() -> None:
    result = of_record("softplus", 0)
    [overflow], [zero] = found(result, INFINITE), found(result, ZERO)
    with np.errstate(over="ignore"):
        assert np.isinf(np.exp(overflow.low))
        assert np.isfinite(np.exp(math.nextafter(overflow.low, 0)))
        assert 1 + np.exp(zero.high) == 1 < 1 + np.exp(math.nextafter(zero.high, 0))
    assert overflow.truth == overflow.low
    assert result.careful is not None
    assert result.careful.failures == ()
    assert result.careful.max_ulp < 3


def test_the_textbook_tanh_is_not_a_number_far_out_and_cancels_at_zero() -> None:
    result = of_record("tanh", 0)
    assert {failure.low for failure in found(result, NAN)} == {-math.inf, max(f.low for f in found(result, NAN))}
    around_zero = [failure for failure in found(result, DIGITS) if math.isfinite(failure.low + failure.high)]
    assert len(around_zero) == 1
    assert around_zero[0].low < 0 < around_zero[0].high < 1e-7
    assert "where the function is ±1" in sentence(result)


def test_one_plus_erf_loses_the_left_tail_of_gelu() -> None:
    result = of_record("gelu", 0)
    [zero] = found(result, ZERO)
    assert zero.low == -math.inf
    root = math.sqrt(2)
    assert 1 + math.erf(zero.high / root) == 0 < 1 + math.erf(math.nextafter(zero.high, 0) / root)
    assert result.careful is not None
    assert result.careful.failures == ()


def test_float32_fails_earlier() -> None:
    [single], [double] = found(of_record("sigmoid", 1, FLOAT32), ZERO), found(of_record("sigmoid", 1), ZERO)
    assert 16 < single.low < 18 < 36 < double.low
    assert float(np.float32(single.low)) == single.low
    assert sentence(of_record("sigmoid", 1, FLOAT32)).startswith("Typed out in float32, ")


def test_what_loses_nothing_is_said_to() -> None:
    assert sentence(of_record("relu", 0)).endswith("is exact at the 498 points tried.")
    assert re.search(
        r"loses nothing: at most \d\.\d ULP at the \d+ points tried\.$", sentence(of_record("softsign", 1))
    )
    assert sentence(of_record("relu", 2)) == "Typed out in float64, 0 is exact at the 996 points tried."


def test_what_cancels_next_to_a_zero_is_named() -> None:
    result = of_record("logit", 0)
    assert result.zeros == pytest.approx((0.5,), rel=1e-15)
    assert result.obvious.ulp_at_zeros > 1e6
    assert "next to its zero at x = 0.5" in sentence(result)
    assert result.careful is not None
    assert result.careful.ulp_at_zeros < 4


def test_a_typed_formula_with_its_parameters() -> None:
    function = DEFAULT.get("log(1 + exp(b*x))", {"b": 2})
    assert isinstance(function, Function)
    result = loss(parse("exp(b*x)*b/(1 + exp(b*x))"), None, function, 1)
    [overflow] = found(result, NAN)
    assert overflow.low == pytest.approx(709.78 / 2, abs=0.01)
    assert overflow.truth == 2
    assert result.careful is None


def test_nothing_to_compare() -> None:
    function = bound("1e300 + x*x*x*x*0")
    assert "has no finite value to compare" in sentence(loss(function.tree, None, function, 0, FLOAT32))


@pytest.mark.parametrize("format", [FLOAT64, FLOAT32], ids=lambda format: format.name)
@pytest.mark.parametrize("name", NAMES)
def test_careful_forms_never_fail(name: str, format) -> None:
    for order, form in enumerate(bound(name).careful_forms):
        if form is not None:
            careful = of_record(name, order, format).careful
            assert careful is not None
            assert careful.failures == (), (order, careful)


def test_a_stretch_that_ends_at_zero() -> None:
    for format in (FLOAT32, FLOAT64):
        assert " and 0; the careful form" in sentence(of_record("elu", 0, format))
