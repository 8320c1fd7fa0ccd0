"""Underflow depths against exact rational arithmetic and correct rounding."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actcli.analyses.gradflow.underflow import slope_factors, underflow
from actcli.core.exact import round_known
from actcli.core.formats import BFLOAT16, FLOAT16, FLOAT32, FORMATS, Format
from tests.analyses.gradflow.functions import function, own


@given(st.floats(1e-12, 0.9) | st.integers(1, 60).map(lambda n: 2.0**-n), st.sampled_from([FLOAT16, BFLOAT16, FLOAT32]))
def test_depths_are_those_of_exact_arithmetic(factor: float, format: Format) -> None:
    (found,) = underflow({"bound": factor}, [format])
    smallest_normal = Fraction(2) ** (1 - format.highest)

    def power(depth: float) -> Fraction:
        return Fraction(factor) ** int(depth)

    assert power(found.subnormal) < smallest_normal <= power(found.subnormal - 1)
    assert round_known(power(found.zero), format).number == 0 != round_known(power(found.zero - 1), format).number


@pytest.mark.parametrize("format", FORMATS.values(), ids=lambda format: format.name)
def test_the_formats_themselves_agree(format: Format) -> None:
    (found,) = underflow({"bound": 0.25}, [format])
    exponents = np.array([found.subnormal - 1, found.zero - 1, found.zero])
    normal, tiny, nothing = np.ldexp(1.0, (-2 * exponents).astype(int)).astype(format.dtype).astype(np.float64)
    assert normal >= np.ldexp(1.0, 1 - format.highest) > tiny > nothing == 0


@pytest.mark.parametrize(
    ("factor", "depth", "reason"),
    [(1.0, math.inf, "never"), (math.inf, math.inf, "never"), (math.nan, math.nan, "nobody knows"), (0.0, 1, "")],
)
def test_factors_at_the_edges(factor: float, depth: float, reason: str) -> None:
    for found in underflow({"bound": factor}):
        np.testing.assert_equal([found.subnormal, found.zero], [depth, depth])
        assert found.reason.startswith(reason)
        assert bool(found.reason) == bool(reason)


def test_a_row_for_each_format_and_factor() -> None:
    found = underflow(slope_factors(function("sigmoid")) | {"theory": 0.9})
    assert [each.format for each in found[::3]] == ["float16", "bfloat16", "float32", "float64"]
    assert [each.source for each in found[:3]] == ["bound", "typical (x = 2)", "theory"]
    assert found[0].factor == 0.25
    assert (found[0].subnormal, found[0].zero) == (8, 13)


def test_factors_of_a_slope() -> None:
    assert slope_factors(function("-tanh(x)"))["typical (x = 2)"] == pytest.approx(1 / math.cosh(2) ** 2)
    assert math.isnan(slope_factors(own(np.tanh))["bound"])
