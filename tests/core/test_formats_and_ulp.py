"""Formats, rounding to them once, and the error metric at its corners."""

from __future__ import annotations

import math

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actcli.core.exact import Reference
from actcli.core.formats import BFLOAT16, FLOAT16, FLOAT32, FLOAT64, FORMATS, Format, format_of, get_format, round_to
from actcli.core.ulp import errors, errors_near, spacing
from actcli.errors import UsageError
from actcli.expressions.parse import parse


@pytest.mark.parametrize(
    ("name", "format"),
    [
        ("fp16", FLOAT16),
        ("half", FLOAT16),
        ("BF16", BFLOAT16),
        ("single", FLOAT32),
        ("double", FLOAT64),
        ("float", FLOAT64),
    ],
)
def test_aliases(name: str, format: Format) -> None:
    assert get_format(name) is format


def test_an_unknown_format_is_suggested() -> None:
    with pytest.raises(UsageError, match="did you mean float32"):
        get_format("flaot32")


def test_formats_of_dtypes() -> None:
    assert format_of(np.dtype(np.float32)) is FLOAT32
    assert format_of(np.dtype(ml_dtypes.bfloat16)) is BFLOAT16
    assert format_of(np.dtype(np.int32)) is None


@pytest.mark.parametrize("format", FORMATS.values(), ids=lambda format: format.name)
def test_constants_agree_with_the_dtype(format: Format) -> None:
    one = format.to_bits(np.ones(1, dtype=format.dtype))
    after = format.from_bits(one + format.unsigned.type(1)).astype(np.float64)[0]
    assert after - 1 == 2.0 ** (1 - format.precision)
    smallest = format.from_bits(np.array([1])).astype(np.float64)[0]
    assert smallest == 2.0**format.lowest
    infinity = format.to_bits(np.array([np.inf], dtype=format.dtype))
    largest = format.from_bits(infinity - format.unsigned.type(1)).astype(np.float64)[0]
    assert math.frexp(largest)[1] - 1 == format.highest


def test_every_encoding_of_16_bits_is_listed() -> None:
    assert len(FLOAT16.every()) == len(BFLOAT16.every()) == 65536
    with pytest.raises(ValueError, match="too many"):
        FLOAT32.every()


@given(st.floats(allow_nan=False))
def test_bfloat16_is_rounded_once(value: float) -> None:
    with np.errstate(over="ignore", under="ignore"):
        got = round_to(np.array([value]), BFLOAT16).astype(np.float64)[0]
    if math.isinf(value):
        assert got == value
        return
    exact = Reference(parse("x")).at(value, 0, BFLOAT16)[0].number
    assert got == exact


@pytest.mark.parametrize(
    ("value", "rounded"), [(1 + 2.0**-8 + 2.0**-40, 1 + 2.0**-7), (1 + 2.0**-8, 1.0), (3.4e38, math.inf), (-0.0, 0.0)]
)
def test_bfloat16_at_the_places_double_rounding_gets_wrong(value: float, rounded: float) -> None:
    with np.errstate(over="ignore"):
        assert round_to(np.array([value]), BFLOAT16).astype(np.float64)[0] == rounded


def test_spacing_by_binade() -> None:
    values = np.array([1.0, 1.999, 2.0, 0.0, 2.0**-1074, 2.0**1023])
    assert list(spacing(values, FLOAT64)) == [2.0**-52, 2.0**-52, 2.0**-51, 2.0**-1074, 2.0**-1074, 2.0**971]


def _error(got: float, rounded: float, rest: float = 0.0) -> tuple[float, bool, bool, bool, bool]:
    found = errors(np.array([got]), np.array([rounded]), np.array([rest]), FLOAT64)
    return tuple(
        field[0] for field in (found.ulp, found.wrong_nan, found.wrong_infinity, found.wrong_sign, found.flushed)
    )  # type: ignore[return-value]


def test_the_metric_at_its_corners() -> None:
    inf, nan = math.inf, math.nan
    assert _error(1.0, 1.0, 0.25)[0] == 0.25
    assert _error(1 + 2.0**-52, 1.0, 0.25)[0] == 0.75
    assert _error(inf, inf)[0] == 0  # an exact overflow
    assert _error(nan, nan)[0] == 0
    assert _error(nan, 1.0)[1]
    assert _error(1.0, nan)[1]
    assert _error(inf, 1.0)[2]
    assert _error(1.7e308, inf)[2]
    assert _error(-inf, inf)[2]
    assert _error(-1.0, 1.0)[3]
    assert _error(0.0, 1e-300)[4]
    assert not _error(0.0, 5e-324)[4]  # a subnormal answered by 0 is far off, not flushed
    assert _error(0.0, 0.0, 0.3)[0] == pytest.approx(0.3)
    assert _error(-0.0, 0.0)[0] == 0


def test_a_truth_just_below_a_power_of_two_is_measured_in_its_own_binade() -> None:
    # 1 − ε/8 rounds to 1, whose spacing is ε; the truth lies where the spacing is ε/2.
    assert _error(1.0, 1.0, -0.125)[0] == 0.25


@pytest.mark.parametrize("general", [True, False])
def test_relative_errors_of_subnormal_truths_are_of_the_smallest_normal(general: bool) -> None:
    smallest = 2.0**-14
    exact = np.array([2.0**-24, 2.0**-24, 2.0**-15, 0.0, 0.0, 1.0])
    got = np.array([0.5, 2.0**-23, 0.0, 0.0, 0.25, 0.5]).astype(np.float16)
    rounded = exact.astype(np.float16)
    found = errors(got, rounded, np.zeros(6), FLOAT16) if general else errors_near(got, exact, rounded, FLOAT16)
    assert list(found.relative) == [(0.5 - 2.0**-24) / smallest, 2.0**-10, 0.5, 0, 0.25 / smallest, 0.5]


def test_errors_that_cannot_be_told_from_0_are_0() -> None:
    largest = float(np.finfo(np.float32).max)
    # The reference says no more of a rest than 2^-30 ULP, which is 2^74 here.
    for rest in (2.0**-30, -(2.0**-60)):
        found = errors(np.array([largest]), np.array([largest]), np.array([rest]), FLOAT32)
        assert (found.ulp[0], found.absolute[0], found.relative[0]) == (0, 0, 0)
    told = errors(np.array([largest]), np.array([largest]), np.array([2.0**-29]), FLOAT32)
    assert (told.ulp[0], told.absolute[0]) == (2.0**-29, 2.0**75)


def test_exact_values_in_float64_tell_2_to_the_minus_26_ulp_of_float32() -> None:
    big = 2.0**100
    rounded = np.full(3, big, dtype=np.float32)
    exact = np.array([big * (1 + 2.0**-50), big * (1 + 2.0**-48), big])
    found = errors_near(rounded, exact, rounded, FLOAT32)
    assert list(found.absolute) == [0, 2.0**52, 0]
    assert list(found.ulp) == [0, 2.0**-25, 0]
    infinite = [np.append(each, np.inf).astype(each.dtype) for each in (rounded, exact, rounded)]
    with_infinity = errors_near(*infinite, FLOAT32)
    assert list(with_infinity.absolute) == [0, 2.0**52, 0, 0]
