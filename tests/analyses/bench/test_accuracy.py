"""The largest error of a row says what is wrong with it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from actcli.activations.record import Activation
from actcli.activations.registry import DEFAULT, AnyFunction, builtin_records
from actcli.analyses.bench.accuracy import max_ulp
from actcli.core.device import CPU
from actcli.core.formats import FORMATS
from actcli.implementations.timed import Ready, Timed, ready, timed
from actcli.implementations.user import load

FLOAT32, FLOAT64 = FORMATS["float32"], FORMATS["float64"]
SIGMOID = DEFAULT.get("sigmoid")


def row(name: str, function: AnyFunction, orders: tuple[int, ...] = (0,), dtype: str = "float32") -> Timed:
    (found,) = timed([name], [function], [orders], [FORMATS[dtype]])
    return found


def answering(*codes: Callable[[Any], Any]) -> Timed:
    """A row of sigmoid that computes with some code, order by order."""
    orders = tuple(range(len(codes)))
    return replace(
        row("actcli", SIGMOID, orders),
        prepare=lambda x, out, threads: ready(lambda: tuple(code(x) for code in codes), CPU, allocates=True),
    )


@pytest.mark.parametrize("name", [record.name for record in builtin_records() if isinstance(record, Activation)])
def test_own_rows_are_accurate(name: str) -> None:
    function = DEFAULT.get(name)
    ulp, said = max_ulp(row("actcli", function, (0, 1)), function, FLOAT32)
    assert 0 <= ulp < 0.51
    assert said == ""


@pytest.mark.parametrize(("dtype", "bound"), [("float16", 0.51), ("bfloat16", 0.51), ("float64", 4)])
def test_in_every_format(dtype: str, bound: float) -> None:
    assert max_ulp(row("actcli", SIGMOID, (0, 1), dtype), SIGMOID, FORMATS[dtype])[0] < bound


def test_the_textbook_loses_digits_and_answers_nan() -> None:
    tanh, gelu = DEFAULT.get("tanh"), DEFAULT.get("gelu")
    ulp, said = max_ulp(row("textbook", SIGMOID), SIGMOID, FLOAT32)
    assert 1e4 < ulp < math.inf
    assert said == "fewer than half the digits are right at −88.72"
    assert max_ulp(row("textbook", tanh, dtype="float64"), tanh, FLOAT64) == (math.inf, "NaN at −709.8")
    assert max_ulp(row("textbook", gelu), gelu, FLOAT32) == (math.inf, "NaN at −inf")


def test_the_worst_of_the_orders_counts() -> None:
    right = SIGMOID
    wrong_slope = answering(lambda x: right(x), lambda x: right.derivatives(x)[1] * 2)
    assert max_ulp(wrong_slope, SIGMOID, FLOAT32)[0] > 1e6
    assert max_ulp(answering(lambda x: right(x)), SIGMOID, FLOAT32)[0] < 0.51


def _scribbling(x: Any) -> Any:
    answer = SIGMOID(x)
    x[0] = 1
    return answer


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (lambda x: SIGMOID(x.astype(np.float64)), "wrong dtype: float64"),
        (lambda x: SIGMOID(x)[:3], "wrong shape: (3,)"),
        (lambda x: SIGMOID(x)[:, None], "wrong shape: ("),
        (lambda x: np.concatenate([SIGMOID(x), x]), "wrong shape: ("),
        (lambda x: SIGMOID(x)[x.size + 7], "raised IndexError: "),
        (lambda x: -SIGMOID(x), "wrong sign at 0"),
        (lambda x: np.where(np.isnan(x), np.float32(0), SIGMOID(x)), "not NaN at nan"),
        (lambda x: np.where(x > 5, np.float32(np.inf), SIGMOID(x)), "infinity at 5"),
        (_scribbling, "changes its input"),
    ],
)
def test_what_is_wrong_is_said(code: Callable[[Any], Any], said: str) -> None:
    ulp, words = max_ulp(answering(code), SIGMOID, FLOAT32)
    assert ulp == math.inf
    assert words.startswith(said)


def test_an_answer_too_many_is_wrong() -> None:
    two = replace(answering(SIGMOID, SIGMOID), orders=(0,))
    assert max_ulp(two, SIGMOID, FLOAT32) == (math.inf, "wrong number of answers: 2")


def test_what_is_audited_is_what_is_timed() -> None:
    asked: list[tuple[bool, int | None]] = []

    def prepare(x: Any, out: bool, threads: int | None) -> Ready:
        asked.append((out, threads))
        return ready(lambda: -SIGMOID(x) if out else SIGMOID(x), CPU, allocates=True)

    found = replace(row("actcli", SIGMOID), prepare=prepare)
    assert max_ulp(found, SIGMOID, FLOAT32)[0] < 0.51
    assert max_ulp(found, SIGMOID, FLOAT32, out=True, threads=3)[1].startswith("wrong sign")
    assert asked == [(False, None), (True, 3)]


def test_the_very_inputs_are_looked_at() -> None:
    lazy = answering(lambda x: SIGMOID(x) if x.size < 10_000 else np.zeros_like(x))
    assert max_ulp(lazy, SIGMOID, FLOAT32)[0] < 0.51
    x = np.random.default_rng(0).standard_normal(20_000).astype(np.float32)
    assert max_ulp(lazy, SIGMOID, FLOAT32, x)[0] > 2.0**23
    assert max_ulp(answering(SIGMOID), SIGMOID, FLOAT32, x)[0] < 0.51
    ends = answering(lambda x: np.where(np.arange(x.size) == x.size - 1, x, SIGMOID(x)))
    same = np.full(20_000, 2, np.float32)  # equal inputs may have unequal answers
    same[:5] = np.nan
    assert max_ulp(ends, SIGMOID, FLOAT32, same)[0] > 1e6
    assert max_ulp(answering(SIGMOID), SIGMOID, FLOAT32, same)[0] < 0.51


def test_a_wrong_finite_answer_where_infinity_is_due() -> None:
    relu = DEFAULT.get("relu")
    (found,) = timed(["actcli"], [relu], [(0,)], [FLOAT32])
    clipped = replace(
        found, prepare=lambda x, out, threads: ready(lambda: np.minimum(relu(x), np.float32(1e30)), CPU, allocates=True)
    )
    assert max_ulp(clipped, relu, FLOAT32) == (math.inf, "not infinite at inf")


def test_typed_formulas_and_parameters() -> None:
    for function in (DEFAULT.get("x*tanh(x)"), DEFAULT.get("leaky_relu", {"negative_slope": Fraction(1, 5)})):
        assert max_ulp(row("actcli", function), function, FLOAT32)[0] < 0.51


def test_nobody_knows_the_truth_of_a_users_activation(tmp_path: Path) -> None:
    (file := tmp_path / "own_activation.py").write_text("def f(x):\n    return x\n")
    function = load(f"{file}:f")
    ulp, said = max_ulp(row("actcli", function, dtype="float64"), function, FLOAT64)
    assert math.isnan(ulp)
    assert "no exact definition" in said
