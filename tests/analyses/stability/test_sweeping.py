"""Exhaustive float32 audits: parts merge to the whole, checkpoints hold it, processes change nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import reduce
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import actcli
from actcli.analyses.stability.audit import Audit, How, audit
from actcli.analyses.stability.points import Span
from actcli.analyses.stability.rules import rules_for
from actcli.analyses.stability.sweeping import Audits, Job
from actcli.analyses.stability.truth import certified
from actcli.core.certified import Certified
from actcli.core.formats import FLOAT32
from actcli.errors import UsageError
from tests.analyses.stability.helpers import Array, function, made

SPAN = Span.between(-88.75, -88.70, FLOAT32)
REFERENCE = Certified(function("sigmoid").reference, 0, FLOAT32)
HOW = How(rules_for(function("sigmoid"), 0, FLOAT32), by_binade=True)


def naive(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def wobbly(x: Array) -> Array:
    """Step back at every 1000th number, wherever parts are cut."""
    answers = naive(x)
    low = x.view(np.uint32) % np.uint32(1000) == 0
    return np.where(low, answers * np.float32(1.01), answers)


CODES = (made(naive, name="code:naive"), made(wobbly, name="code:wobbly"))


@settings(deadline=None, max_examples=10)
@given(st.lists(st.integers(SPAN.low + 1, SPAN.high), min_size=1, max_size=4, unique=True), st.randoms())
def test_parts_merge_in_any_order_to_the_whole(cuts: list[int], random: Any) -> None:
    job = Job(CODES, REFERENCE, HOW, SPAN.low)
    edges = [SPAN.low, *sorted(cuts), SPAN.high + 1]
    parts = [Span(FLOAT32, first, last - 1) for first, last in pairwise(edges)]
    found = reduce(Audits.merge, [job(part) for part in random.sample(parts, len(parts))])
    for code, merged in zip(CODES, found.each, strict=True):
        whole = audit(code, certified(REFERENCE, SPAN.numbers()), HOW)
        assert merged.whole(FLOAT32, 10) == replace(whole.whole(FLOAT32, 10), warned=merged.whole(FLOAT32, 10).warned)
    assert found.each[1].whole(FLOAT32, 10).summary.count("non_monotone") > 0
    again = Audits(()).from_json(json.loads(json.dumps(found.to_json())))
    assert again == found


def test_who_fails_is_not_asked_again() -> None:
    calls = []

    def fails(x: Array) -> Array:
        calls.append(x.size)
        raise ValueError("no")

    job = Job((made(fails), CODES[0]), REFERENCE, HOW, SPAN.low)
    first, _ = job(SPAN).each
    asked = len(calls)
    second, other = job(SPAN).each
    assert len(calls) == asked
    assert first.failure == second.failure == "raised ValueError: no, whatever the input"
    assert first.merge(second) == first == first.merge(Audit({}))
    assert other.whole(FLOAT32, 10).summary.points == SPAN.size


def test_processes_find_what_one_does(tmp_path: Path) -> None:
    options = {"impl": "actcli,textbook:naive", "dtype": "float32", "points": "exhaustive", "range": "-88.75:-88.70"}
    one = actcli.stability("sigmoid", **options, workers=1, checkpoint=str(tmp_path / "checkpoint.json"))
    assert not list(tmp_path.iterdir())
    rows = one.tables["audit"].to_pandas().to_dict("records")
    assert [row["points"] for row in rows] == [SPAN.size] * 2
    assert [row["verdict"] for row in rows] == ["exact", "inaccurate"]
    assert one.notes[-1].endswith("; none stayed undecided")
    several = actcli.stability("sigmoid", **options, workers=2)
    assert several.tables["audit"].to_pandas().equals(one.tables["audit"].to_pandas())


def test_a_checkpoint_belongs_to_one_audit() -> None:
    with pytest.raises(
        UsageError, match="--checkpoint is for one exhaustive audit of a function in float32, and these are 0"
    ):
        actcli.stability("sigmoid", impl="actcli", dtype="float16", checkpoint="x.json")
