"""Audits: what is counted, what the verdict says, and that audits of parts merge to the audit of the whole."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actcli.analyses.stability.audit import Audit, How, Truth, audit, binade_ends, binades, compare
from actcli.analyses.stability.directed import directed
from actcli.analyses.stability.points import Span, extremes, sampled
from actcli.analyses.stability.rules import rules_for
from actcli.analyses.stability.truth import certified, exact
from actcli.analyses.stability.verdict import VERDICTS, verdict
from actcli.core.certified import Certified
from actcli.core.formats import BFLOAT16, FLOAT16, FLOAT32, FLOAT64, FORMATS, Format
from actcli.implementations.provider import Implementation
from tests.analyses.stability.helpers import Array, function, made, sigmoid

SPAN = Span.whole(FLOAT32)
SIGMOID = function("sigmoid")
X = sampled(SPAN, directed(SIGMOID, 0, SPAN), 500, 0)
TRUTH = exact(SIGMOID, 0, FLOAT32, X)
HOW = How(rules_for(SIGMOID, 0, FLOAT32))


def naive(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def rounded_down(x: Array) -> Array:
    with np.errstate(over="ignore"):
        exact = 1 / (1 + np.exp(-x.astype(np.float64)))
    near = exact.astype(np.float32)
    return np.where(near.astype(np.float64) > exact, np.nextafter(near, np.float32(0)), near)


def cut(truth: Truth, part: slice) -> Truth:
    rest = None if truth.rest is None else truth.rest[part]
    return replace(truth, x=truth.x[part], rounded=truth.rounded[part], exact=truth.exact[part], rest=rest)


def audited(code: Any, truth: Truth = TRUTH, how: How = HOW) -> Audit:
    return audit(made(code, how.rules.format), truth, how)


def said(found: Audit) -> tuple[str, str]:
    return verdict(found.whole(FLOAT32, 10), found)


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(1, len(X) - 1), min_size=1, max_size=5, unique=True), st.randoms(), st.booleans())
def test_audits_of_parts_merge_in_any_order_to_the_audit_of_the_whole(
    cuts: list[int], random: Any, by_binade: bool
) -> None:
    # A step between two parts is nobody's: sweeps overlap by one point for that.
    how = replace(HOW, rules=replace(HOW.rules, direction=0), by_binade=by_binade)
    edges = [0, *sorted(cuts), len(X)]
    parts = [audited(naive, cut(TRUTH, slice(a, b)), how) for a, b in pairwise(edges)]
    shuffled = random.sample(parts, len(parts))
    left = reduce(Audit.merge, shuffled)
    middle = len(shuffled) // 2
    right = reduce(Audit.merge, shuffled[middle:])
    if middle:
        right = reduce(Audit.merge, shuffled[:middle]).merge(right)
    assert left == right

    def without_warnings(audit: Audit) -> Any:
        # Where a part doesn't warn its texts are missing; decided counts were given to each part.
        whole = audit.whole(FLOAT32, 10)
        return replace(whole.summary, warnings=frozenset(), decided=0), whole.regions

    whole = audited(naive, TRUTH, how)
    assert without_warnings(left) == without_warnings(whole)
    assert left.whole(FLOAT32, 10).summary.warnings == whole.whole(FLOAT32, 10).summary.warnings


def test_by_binade_is_the_same_in_parts() -> None:
    whole = audited(naive).whole(FLOAT32, 10)
    parts = audited(naive, how=replace(HOW, by_binade=True))
    assert parts.whole(FLOAT32, 10) == whole
    assert len(parts.parts) > 100
    assert list(parts.parts) == sorted(parts.parts)


@pytest.mark.parametrize("format", FORMATS.values(), ids=lambda format: format.name)
def test_every_number_lies_in_its_binade(format: Format) -> None:
    with np.errstate(invalid="ignore"):
        x = sampled(Span.whole(format), np.array([0]), 2000, 3)
        keys = binades(x, format)
        numbers = x.astype(np.float64)
    assert np.all(np.diff(keys) >= 0) or np.isnan(numbers[0])
    for key, number in zip(keys.tolist(), numbers.tolist(), strict=True):
        low, high = binade_ends(key, format)
        assert low <= number <= high or (np.isnan(number) and np.isnan(low))
        if key > 1 and np.isfinite(number):
            assert 2 * low > high


@pytest.mark.parametrize(
    ("code", "word", "reason", "counts"),
    [
        (sigmoid, "exact", "every answer is correctly rounded", {"incorrectly_rounded": 0}),
        (rounded_down, "faithful", "at most 1 ULP", {"nan_count": 0}),
        (lambda x: sigmoid(x) * np.float32(1 + 2**-23), "accurate", "out of range at", {"nan_count": 0}),
        (lambda x: sigmoid(x) * np.float32(1 + 2**-18), "inaccurate", "more than 4 ULP for -", {}),
        (lambda x: np.where(x < -88, np.float32(0), sigmoid(x)), "inaccurate", "underflows to 0 for -103.", {"flushed": 0}),
        (lambda x: np.where(x < -88, np.float32(1e-41), sigmoid(x)), "unstable", "loses all digits for", {"flushed": 0}),
        (lambda x: np.where(x < -89, np.float32(0.5), sigmoid(x)), "unstable", "loses all digits for x ≤ -8", {}),
        (lambda x: np.where(x < -50, np.float32(0), sigmoid(x)), "unstable", "loses all digits for -87.3", {}),
        (lambda x: np.where(x > 800, np.float32(np.nan), sigmoid(x)), "broken", "NaN for x ≥ 875", {}),
        (lambda x: np.where(np.abs(x) > 800, np.float32(np.inf), sigmoid(x)), "broken", "infinite for x ≤ -1000 and for x ≥ 875", {}),
        (lambda x: np.where(x == 0, np.float32(-0.5), sigmoid(x)), "broken", "wrong sign at x = 0", {"wrong_sign": 2}),
        (lambda x: np.nan_to_num(sigmoid(x)), "broken", "a number instead of NaN at NaN", {}),
        (lambda x: np.where(x == 1, np.float32(0.5), sigmoid(x)), "inaccurate", "not monotone at 1 point", {"non_monotone": 1}),
    ],
)  # fmt: skip
def test_verdicts_name_what_is_wrong_and_where(code: Any, word: str, reason: str, counts: dict[str, int]) -> None:
    found = audited(code)
    assert said(found)[0] == word in VERDICTS
    assert reason in said(found)[1]
    summary = found.whole(FLOAT32, 10).summary
    assert {name: summary.count(name) for name in counts} == counts
    assert summary.points == len(X)


def test_no_point_is_dropped_because_the_answer_is_not_finite() -> None:
    found = audited(lambda x: np.full_like(x, np.nan)).whole(FLOAT32, 10).summary
    assert found.points == len(X)
    assert found.count("nan_count") == len(X) - np.count_nonzero(np.isnan(X))


def test_flushed_subnormals_are_right_when_asked_for() -> None:
    flush = replace(HOW, rules=replace(HOW.rules, flush=True))
    code = lambda x: np.where(sigmoid(x) < np.finfo(np.float32).tiny, np.float32(0), sigmoid(x))  # noqa: E731
    assert said(audited(code))[0] == "inaccurate"
    assert said(audited(code, how=flush))[0] == "exact"
    assert said(audited(lambda x: np.where(x < -80, np.float32(0), sigmoid(x)), how=flush))[0] == "unstable"


def test_symmetry_is_found_from_the_reference_and_checked() -> None:
    assert rules_for(function("tanh"), 0, FLOAT32).parity == -1
    assert rules_for(SIGMOID, 1, FLOAT64).parity == 1  # which no record says
    assert rules_for(SIGMOID, 0, FLOAT32).parity == 0
    assert rules_for(function("identity"), 2, FLOAT32).parity == 0  # 0 everywhere is no symmetry
    tanh = function("tanh")
    x = extremes(SPAN)
    how = How(rules_for(tanh, 0, FLOAT32))
    lopsided = audited(lambda x: np.where(x > 5, np.float32(1), np.tanh(x)), exact(tanh, 0, FLOAT32, x), how)
    assert lopsided.whole(FLOAT32, 10).summary.count("asymmetric") == 0  # tanh(10) rounds to 1 anyway
    lopsided = audited(lambda x: np.where(x > 0.5, np.float32(1), np.tanh(x)), exact(tanh, 0, FLOAT32, x), how)
    assert lopsided.whole(FLOAT32, 10).summary.count("asymmetric") == 2


def test_ranges_end_at_numbers_of_the_format_at_or_beyond_the_exact_ends() -> None:
    rules = rules_for(function("gelu"), 0, FLOAT16)
    assert rules.low < -0.169971207479903662 < rules.low + 2**-12
    assert rules.high == np.inf
    assert rules_for(function("gelu"), 1, BFLOAT16).high == -rules_for(function("gelu"), 1, BFLOAT16).low >= 1.1289


@pytest.mark.parametrize("order", [0, 1, 2])
@pytest.mark.parametrize("format", [FLOAT16, BFLOAT16], ids=lambda format: format.name)
def test_certified_and_exact_truths_say_the_same(order: int, format: Format) -> None:
    gelu = function("gelu")
    with np.errstate(invalid="ignore"):
        x = format.every()[::37]
        near = certified(Certified(gelu.reference, order, format), x)
        fine = exact(gelu, order, format, x)
    how = How(rules_for(gelu, order, format))
    one = Implementation("actcli", "gelu", order, format.name, lambda x: gelu.derivatives(x, order)[order])
    first, second = (audit(one, truth, how).whole(format, 10).summary for truth in (near, fine))
    assert first.max_ulp == pytest.approx(second.max_ulp, rel=1e-6)
    assert first.count("incorrectly_rounded") == second.count("incorrectly_rounded") == 0
    assert [case.x for case in first.worst[:3]] == [case.x for case in second.worst[:3]]


def test_answers_that_are_there_are_compared_without_a_call() -> None:
    found = compare(sigmoid(X), TRUTH, HOW)
    assert verdict(found.whole(FLOAT32, 10), found)[0] == "exact"


def test_answers_that_underflow_lose_no_half_of_their_digits() -> None:
    found = audited(lambda x: np.where(x < -88, np.float32(0), sigmoid(x)))
    assert not {key[0] for key in found.whole(FLOAT32, 10).regions} & {"lost", "half", "few"}
    assert said(found)[1].startswith("underflows to 0 for -103.")


def test_the_last_subnormals_may_be_some_ulp_off() -> None:
    smallest = np.float32(2.0**-149)
    code = lambda x: np.where((x < -100) & (sigmoid(x) > 0), sigmoid(x) + 3 * smallest, sigmoid(x))  # noqa: E731
    assert said(audited(code))[0] == "accurate"
