"""Kinks: one-sided limits, the convention, and who has another."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest

from actcli.activations.function import Function
from actcli.activations.record import Activation
from actcli.activations.registry import DEFAULT, builtin_records
from actcli.analyses.derive.kinks import kinks, kinks_table

WITH_KINKS = [record.name for record in builtin_records() if isinstance(record, Activation) and record.kinks]


def bound(text: str) -> Function:
    found = DEFAULT.get(text)
    assert isinstance(found, Function)
    return found


def rows(text: str, points: list[Fraction] | None = None, order: int = 1) -> list[tuple[float, ...]]:
    return [(k.order, float(k.x), k.left, k.right, k.used) for k in kinks(bound(text), points or [], order)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("relu", [(0, 0, 0, 0, 0), (1, 0, 0, 1, 0)]),
        ("leaky_relu(0.2)", [(0, 0, 0, 0, 0), (1, 0, 0.2, 1, 0.2)]),
        ("relu6", [(0, 0, 0, 0, 0), (1, 0, 0, 1, 0), (0, 6, 6, 6, 6), (1, 6, 1, 0, 0)]),
        ("elu(2)", [(0, 0, 0, 0, 0), (1, 0, 2, 1, 2)]),
        ("hard_swish", [(0, -3, 0, 0, 0), (1, -3, 0, -0.5, 0), (0, 3, 3, 3, 3), (1, 3, 1.5, 1, 1)]),
        ("binary_step", [(0, 0, 0, 1, 1), (1, 0, 0, 0, 0)]),
        ("sign", [(0, 0, -1, 1, 0), (1, 0, 0, 0, 0)]),
        ("sigmoid", []),
    ],
)
def test_sides_and_conventions(text: str, expected: list[tuple[float, ...]]) -> None:
    assert rows(text) == expected


def test_the_second_derivative_jumps() -> None:
    assert rows("softsign", order=2)[-1] == (2, 0, 2, -2, 0)
    assert rows("celu(2)", order=2)[-1] == (2, 0, 0.5, 0, 0)


def test_typed_formulas_at_given_points() -> None:
    assert rows("abs(x - 1)", [Fraction(1)]) == [(0, 1, 0, 0, 0), (1, 1, -1, 1, 0)]
    root = kinks(bound("sqrt(abs(x))"), [Fraction(0)], 1)
    assert [(kink.left, kink.right) for kink in root] == [(0, 0), (-math.inf, math.inf)]
    gap = kinks(bound("x/abs(x)"), [Fraction(0)], 0)[0]
    assert (gap.left, gap.right) == (-1, 1)
    assert math.isnan(gap.used)
    assert gap.why == "no value"


@pytest.mark.parametrize(
    ("text", "x", "frameworks"),
    [
        ("leaky_relu", 0, "jax, keras, mlx, tinygrad: 1"),
        ("hard_tanh", -1, "jax, keras, tinygrad: 1"),
        ("hard_tanh", 1, "jax, keras, tinygrad: 1"),
        ("relu6", 6, "tinygrad: 1"),
        ("hard_swish", 3, "tinygrad: 1.5"),
        ("elu", 0, "tinygrad: 0"),
        ("relu", 0, ""),
    ],
)
def test_frameworks_that_take_another_slope(text: str, x: int, frameworks: str) -> None:
    [slope] = [kink for kink in kinks(bound(text)) if kink.order == 1 and kink.x == x]
    assert slope.frameworks == frameworks


@pytest.mark.parametrize("name", WITH_KINKS)
def test_a_record_gives_its_reason_once_at_each_kink(name: str) -> None:
    function = bound(name)
    found = kinks(function)
    for at, stated in function.kinks():
        here = [kink for kink in found if kink.x == at]
        assert [kink.order for kink in here] == [0, 1, 2]
        assert [kink.why for kink in here].count(stated.why) == 1
        assert all(kink.why for kink in here)


def test_the_table() -> None:
    frame = kinks_table(bound("relu6"), list, order=1).to_pandas()
    assert list(frame.columns) == ["order", "x", "left", "right", "used", "why", "frameworks"]
    assert list(frame["x"]) == [0, 0, 6, 6]
    assert kinks_table(bound("gelu"), list).to_pandas().empty
