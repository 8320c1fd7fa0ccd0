"""Summaries: whatever the order and the cuts, the same result; and every count means what it says."""

from __future__ import annotations

import functools
import itertools
import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actcli.core.formats import FLOAT16, FLOAT32, FLOAT64, Format
from actcli.core.summary import BINS, Case, Summary, summarise
from actcli.core.ulp import errors, errors_near

Array = np.ndarray[Any, Any]


def audit(x: Array, got: Array, exact: Array, format: Format = FLOAT32, **more: Any) -> Summary:
    """Summarise answers against float64 values."""
    with np.errstate(over="ignore"):
        rounded = exact.astype(format.dtype)
    return summarise(x, got, rounded, errors_near(got, exact, rounded, format), format, **more)


def random_audit(seed: int, size: int) -> tuple[Array, Array, Array]:
    """Return inputs, answers and exact values: mostly near, with ties, large errors, NaN, infinities, zeros."""
    generator = np.random.default_rng(seed)
    x = np.unique(generator.integers(0, 1 << 32, size, dtype=np.uint64).astype(np.uint32)).view(np.float32)
    x = generator.permutation(x[np.isfinite(x)])
    exact = generator.standard_normal(x.size) * 10.0 ** generator.integers(-46, 40, x.size)
    with np.errstate(all="ignore"):
        got = exact.astype(np.float32)
        ties = generator.random(x.size) < 0.3
        exact[ties] = got[ties] * 1.25
        got = np.where(generator.random(x.size) < 0.2, np.nextafter(got, np.float32(np.inf)), got)
        got = np.where(generator.random(x.size) < 0.05, -got * 1e5, got).astype(np.float32)
    for value in (np.nan, np.inf, -np.inf, 0.0):
        got[generator.random(x.size) < 0.02] = value
    return x, got, exact


@given(st.integers(0, 2**32), st.integers(1, 60), st.lists(st.integers(0, 60), max_size=4), st.randoms())
def test_cutting_and_merging_in_any_order_changes_nothing(seed: int, size: int, cuts: list[int], random: Any) -> None:
    x, got, exact = random_audit(seed, size)
    whole = audit(x, got, exact, keep=3)
    edges = [0, *sorted(min(cut, x.size) for cut in cuts), x.size]
    parts = [audit(x[a:b], got[a:b], exact[a:b], keep=3) for a, b in itertools.pairwise(edges)]
    random.shuffle(parts)
    assert functools.reduce(Summary.merge, parts, Summary(FLOAT32, 3)) == whole
    assert functools.reduce(lambda a, b: b.merge(a), parts) == whole


@given(st.lists(st.tuples(st.integers(0, 2**32), st.integers(1, 40)), min_size=3, max_size=3))
def test_merging_is_associative(seeds: list[tuple[int, int]]) -> None:
    first, second, third = (audit(*random_audit(*each)) for each in seeds)
    assert first.merge(second).merge(third) == first.merge(second.merge(third))


@given(st.integers(0, 2**32), st.integers(1, 60))
def test_json_holds_everything(seed: int, size: int) -> None:
    found = audit(*random_audit(seed, size), warnings=["overflow"], decided=3, undecided=1)
    assert Summary(FLOAT16).from_json(json.loads(json.dumps(found.to_json()))) == found


@given(st.integers(0, 2**32), st.integers(1, 60))
def test_the_fast_comparison_finds_what_the_general_one_does(seed: int, size: int) -> None:
    _x, got, exact = random_audit(seed, size)
    with np.errstate(all="ignore"):
        rounded = exact.astype(np.float32)
        unit = np.spacing(np.abs(rounded)).astype(np.float64)
        rest = np.where(np.isfinite(rounded), (exact - rounded.astype(np.float64)) / unit, 0.0)
    fast, general = errors_near(got, exact, rounded, FLOAT32), errors(got, rounded, rest, FLOAT32)
    for name in ("incorrect", "wrong_nan", "wrong_infinity", "wrong_sign", "flushed"):
        np.testing.assert_array_equal(getattr(fast, name), getattr(general, name), name)
    for name in ("ulp", "absolute", "relative"):
        np.testing.assert_allclose(getattr(fast, name), getattr(general, name), rtol=1e-6, atol=1e-6, err_msg=name)


def test_ties_go_to_the_smallest_magnitude_and_then_to_the_smaller_pattern() -> None:
    x = np.array([-1.0, 4.0, 1.0, 2.0], dtype=np.float32)
    exact = np.full(4, 1.25)
    found = audit(x, np.ones(4, dtype=np.float32), exact, keep=3)
    assert [FLOAT32.from_bits([case.x])[0] for case in found.worst] == [1.0, -1.0, 2.0]
    assert found.worst_relative == Case(0.2, *(int(each.view(np.uint32)) for each in np.float32([1, 1, 1.25])))
    assert found.max_absolute == 0.25


def test_what_is_counted() -> None:
    x = np.arange(1, 8, dtype=np.float32)
    exact = np.array([1.0, 1.0, 1.0, 1.0, 1e39, 1e39, 1e-60])
    got = np.array([np.nan, np.inf, -1.0, 0.0, np.inf, 3e38, 0.0], dtype=np.float32)
    found = audit(x, got, exact, masks={"out_of_range": got < 0})
    assert found.points == 7
    assert found.measured == 4
    counts = {"nan_count": 1, "inf_count": 2, "wrong_sign": 1, "flushed": 1, "out_of_range": 1}
    assert {name: found.count(name) for name in counts} == counts
    assert found.count("incorrectly_rounded") == 5
    assert found.tallies["wrong_sign"].first.x == int(np.float32(3).view(np.uint32))
    assert found.max_ulp == 2.0**24  # -1 for 1
    assert [(case.size, case.x) for case in found.worst[:4]] == [
        (math.inf, int(x[0].view(np.uint32))),  # NaN
        (math.inf, int(x[1].view(np.uint32))),  # infinite
        (math.inf, int(x[5].view(np.uint32))),  # finite instead of infinite
        (2.0**24, int(x[2].view(np.uint32))),
    ]
    fewer = audit(x, got, exact, keep=2)
    assert fewer.worst == found.worst[:2]
    assert fewer.max_ulp == 2.0**24
    assert found.bins()[-1] == (2.0**24, 2.0**25, 1)


@given(st.lists(st.integers(0, 60).flatmap(lambda k: st.integers(0, 1 << k)), min_size=1, max_size=50))
def test_mean_and_histogram(distances: list[int]) -> None:
    x = np.arange(len(distances), dtype=np.float64)
    zero = np.zeros(len(distances))
    ulp = [float(each) for each in distances]
    got = np.array(ulp) * 2.0**-1074
    found = summarise(x, got, zero, errors(got, zero, zero, FLOAT64), FLOAT64)
    assert found.max_ulp == max(ulp)
    assert found.mean_ulp == pytest.approx(math.fsum(ulp) / len(ulp), rel=1e-6)
    assert sum(found.histogram) == len(ulp)
    for low, high, count in found.bins():
        assert count == sum(low <= each < high for each in ulp)


def test_a_distance_beyond_float64_is_infinite_and_the_mean_is_not() -> None:
    got, zero = np.array([1e308]), np.zeros(1)
    found = summarise(zero, got, zero, errors(got, zero, zero, FLOAT64), FLOAT64)
    assert found.max_ulp == math.inf
    assert found.mean_ulp == 2.0**1000
    assert found.bins() == [(2.0**64, math.inf, 1)]


def test_the_audit_of_nothing() -> None:
    empty = Summary(FLOAT32)
    assert math.isnan(empty.max_ulp)
    assert math.isnan(empty.mean_ulp)
    assert math.isnan(empty.max_relative)
    assert math.isnan(empty.max_absolute)
    assert empty.bins() == []
    assert len(empty.histogram) == BINS
    nothing = np.empty(0, dtype=np.float32)
    assert audit(nothing, nothing, np.empty(0)) == empty
    one = np.ones(1, dtype=np.float32)
    unmeasured = audit(one, one * np.nan, np.ones(1))
    assert math.isnan(unmeasured.max_ulp)
    assert math.isnan(unmeasured.max_relative)
    assert math.isnan(unmeasured.max_absolute)
    assert audit(one, one, np.ones(1)).max_absolute == 0
    with pytest.raises(ValueError, match="float16"):
        empty.merge(Summary(FLOAT16))
