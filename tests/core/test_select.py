from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actcli.core.select import where

SPECIAL = np.array([0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 5e-324, -5e-324, 1.8e308])


def same(got: Any, due: Any) -> bool:
    return got.dtype == due.dtype and got.shape == due.shape and got.tobytes() == due.tobytes()


@given(st.integers(0, 2**32), st.integers(1, 3000), st.sampled_from(["array", "scalar", "special"]), st.booleans())
def test_it_is_numpys_to_the_bit(seed: int, size: int, kind: str, swapped: bool) -> None:
    random = np.random.default_rng(seed)
    condition = random.random(size) < 0.5
    a = random.choice(SPECIAL, size) if kind == "special" else random.standard_normal(size)
    b: Any = float(random.choice(SPECIAL)) if kind == "scalar" else random.choice(SPECIAL, size)
    first, second = (b, a) if swapped else (a, b)
    assert same(where(condition, first, second), np.where(condition, first, second))
    assert same(where(condition, 1, b), np.where(condition, 1, b))


@pytest.mark.parametrize(
    "a", [1, 1.5, True, np.float64(2), np.float32(2), np.arange(600), np.arange(600.0), np.arange(600, dtype="f4")]
)
@pytest.mark.parametrize("b", [0, 0.5, np.ones(600), np.ones((2, 600)), np.ones(1), np.ones(1200)[::2]])
def test_whatever_else_it_is_given(a: Any, b: Any) -> None:
    condition = np.arange(600) % 3 == 0
    assert same(where(condition, a, b), np.where(condition, a, b))
    assert same(where(condition[::-1], a, b), np.where(condition[::-1], a, b))
    assert same(np.asarray(where(True, a, b)), np.asarray(np.where(True, a, b)))


def test_the_result_is_ones_own() -> None:
    x = np.arange(600.0)
    result = where(x > 3, x, 0.0)
    result[:] = -1.0
    assert x[5] == 5.0
