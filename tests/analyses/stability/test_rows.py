"""Functions of a vector and losses: the right answers, and the failures the books tell of."""

from __future__ import annotations

from functools import reduce

import numpy as np
import pytest
from flint import arb, ctx, fmpq
from hypothesis import given, settings
from hypothesis import strategies as st

from actcli.activations.registry import DEFAULT, Catalogue
from actcli.activations.vector_function import VectorFunction
from actcli.analyses.stability.audit import Audit, How
from actcli.analyses.stability.losses import LOSSES, with_targets
from actcli.analyses.stability.request import Request
from actcli.analyses.stability.rows import Rows, extreme_rows, rows_of, rules_of
from actcli.analyses.stability.verdict import verdict
from actcli.core.formats import FLOAT16, FLOAT32, FLOAT64, Format
from actcli.errors import UsageError
from actcli.implementations import own, textbook

NAMES = ("softmax", "log_softmax", "glu", "swiglu", "geglu")


def vector(name: str) -> VectorFunction:
    found = DEFAULT.get(name)
    assert isinstance(found, VectorFunction)
    return found


@settings(deadline=None, max_examples=30)
@given(st.lists(st.floats(-300, 300), min_size=1, max_size=6))
def test_right_answers_are_those_of_the_definition(row: list[float]) -> None:
    ctx.prec = 4000
    balls = [arb(fmpq(*x.as_integer_ratio())) for x in row]
    total = sum((ball.exp() for ball in balls), arb(0))
    for name in ("softmax", "log_softmax"):
        found = Rows(vector(name), 0, FLOAT64, np.array([row]))
        exact = [ball.exp() / total if name == "softmax" else (ball.exp() / total).log() for ball in balls]
        assert found.truth.rounded.tolist() == pytest.approx([float(exact[at]) for at in found.order], rel=1e-15)


@pytest.mark.parametrize("format", [FLOAT16, FLOAT32], ids=lambda format: format.name)
@pytest.mark.parametrize("order", [0, 1])
@pytest.mark.parametrize("name", NAMES)
def test_our_own_rows_are_right(name: str, order: int, format: Format) -> None:
    function, how = vector(name), How(rules_of(vector(name), order, format, flush=False))
    (one,) = own.PROVIDER.implementations(function, order, format)
    arrays = rows_of(Request(samples=400), format, function.record.halves)
    found = reduce(Audit.merge, [Rows(function, order, format, rows).audit(one, how) for rows in arrays])
    assert verdict(found.whole(format, 10), found)[0] in ("exact", "faithful")


@pytest.mark.parametrize(
    ("name", "variant", "word", "reason"),
    [
        ("softmax", "naive", "broken", "NaN for"),
        ("softmax", "shifted", "inaccurate", "more than 4 ULP"),
        ("log_softmax", "naive", "broken", "infinite for"),
        ("log_softmax", "log_shifted", "broken", "infinite for"),
    ],
)
def test_the_formulas_of_the_books_fail_as_the_books_say(name: str, variant: str, word: str, reason: str) -> None:
    function, how = vector(name), How(rules_of(vector(name), 0, FLOAT32, flush=False))
    found = textbook.PROVIDER.implementations(function, 0, FLOAT32)
    (one,) = [each for each in found if each.name == f"textbook:{variant}"]
    arrays = rows_of(Request(samples=400), FLOAT32, False)
    audit = reduce(Audit.merge, [Rows(function, 0, FLOAT32, rows).audit(one, how) for rows in arrays])
    said = verdict(audit.whole(FLOAT32, 10), audit)
    assert said[0] == word
    assert reason in said[1]


def test_rows_come_from_the_range_asked_for() -> None:
    for rows in rows_of(Request(range=(-3, 3)), FLOAT32, False):
        assert np.abs(rows).max() <= 3
    assert np.isfinite(extreme_rows(Request(), FLOAT32, halves=True)).all()
    with pytest.raises(UsageError, match="too many vectors"):
        rows_of(Request(points="exhaustive"), FLOAT32, False)
    with pytest.raises(UsageError, match="none of the extreme rows"):
        rows_of(Request(points="extremes", range=(0.1, 0.2)), FLOAT32, False)


def test_a_loss_is_audited_for_several_targets_unless_one_is_given() -> None:
    catalogue = Catalogue(LOSSES)
    names = [f.name for f in with_targets([catalogue.get("bce_with_logits")], {}, catalogue)]
    assert names == ["bce_with_logits(target=0)", "bce_with_logits(target=1)"]
    one = [catalogue.get("bce_with_logits(0.3)"), catalogue.get("gelu")]
    assert with_targets(one, {}, catalogue) == one
