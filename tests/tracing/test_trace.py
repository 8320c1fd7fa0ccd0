"""The recorded arithmetic: the same numbers as the kernel's, within the ranges that are claimed, guarded where needed."""

from __future__ import annotations

import math

import numpy as np
import pytest

from actcli.activations.function import Function
from actcli.activations.record import Activation
from actcli.analyses.emit import emit
from actcli.core.device import CPU
from actcli.errors import UsageError
from actcli.tracing.graph import Tape, compute, reachable
from actcli.tracing.nans import first_operand
from actcli.tracing.polynomials import separated
from actcli.tracing.ranges import Ranges
from actcli.tracing.trace import sample, trace
from tests.analyses.emit.cases import CATALOGUE, FORMULAS, function, points


@pytest.mark.parametrize("text", CATALOGUE)
def test_the_graph_computes_what_the_kernel_does(text: str) -> None:
    x = points(text)
    x = x[np.isfinite(x)]
    with np.errstate(all="ignore"):
        for got, due in zip(
            compute(trace(function(text), 2).outputs, x), function(text).kernel(x, 2, CPU), strict=True
        ):
            np.testing.assert_array_equal(got, due)


@pytest.mark.parametrize("text", [*CATALOGUE, *FORMULAS])
def test_every_value_lies_in_its_range(text: str) -> None:
    ranges = Ranges()
    values = list(reachable(trace(function(text), 2).outputs))
    x = np.concatenate([sample(), [0.0, math.inf, -math.inf]])
    for value, numbers in zip(values, compute(values, x), strict=True):
        low, high = ranges.of(value)
        known = numbers[~np.isnan(numbers)].astype(float)
        # A rounded result may lie a unit beyond the end.
        assert (known >= np.nextafter(low, -math.inf)).all(), (value.operation, low, known.min())
        assert (known <= np.nextafter(high, math.inf)).all(), (value.operation, high, known.max())


def test_each_value_is_made_once() -> None:
    tape = Tape()
    assert (tape.x + 1.0) is (tape.x + 1.0)
    assert (tape.x - -1.0) is (tape.x + 1.0)
    assert (tape.x > 0.0) is tape.apply("less", 0.0, tape.x)


@np.errstate(invalid="ignore")
def test_simplifying_keeps_every_bit() -> None:
    tape = Tape()
    x = tape.x
    numbers = np.array([-2.5, -0.0, 0.0, 1e-300, 3.3, np.inf, -np.inf, np.nan])
    right = x > 1.0
    minus = -x
    pairs = [
        (-x * 3.0, -numbers * 3.0),
        (x + -x * 3.0, numbers + -numbers * 3.0),
        (-minus, numbers),
        (2.0 - right, 2.0 - (numbers > 1.0)),
        (right * 3.0, (numbers > 1.0) * 3.0),
        (-3.0 + x, -3.0 + numbers),
        (tape.apply("sign", x), np.sign(numbers)),
        (~right * -x, ~(numbers > 1.0) * -numbers),
        (tape.apply("where", ~right, x, 1.0), np.where(~(numbers > 1.0), numbers, 1.0)),
        ((x < 1.0) | (x == 1.0), numbers <= 1.0),
        (-x > 1.0, -numbers > 1.0),
        (tape.apply("maximum", 1.0, x) == 2.0, np.maximum(numbers, 1.0) == 2.0),
        (tape.apply("power", x, 0.5), np.sqrt(np.where(numbers < 0, np.nan, numbers))),
    ]
    for value, due in pairs:
        np.testing.assert_array_equal(compute([value], numbers)[0], due)


def test_a_kernel_that_branches_is_told() -> None:
    tape = Tape()
    with pytest.raises(TypeError, match="where"):
        bool(tape.x > 0.0)


def test_guards_are_there_only_where_the_arithmetic_is_wrong() -> None:
    assert trace(function("sigmoid"), 2).wrong == ((), (), ())
    silu = trace(function("silu"), 1)
    assert [(edge.at, edge.values) for edge in silu.wrong[0]] == [(math.inf, (math.inf, 1.0)), (-math.inf, (0.0, 0.0))]
    assert [edge.at for edge in trace(function("logit"), 0).edges if not math.isnan(edge.at)] == [
        math.inf,
        -math.inf,
        0.0,
        1.0,
    ]


def test_long_polynomials_are_found() -> None:
    found = [
        value for value in reachable(separated(trace(function("gelu"), 2).outputs)) if value.operation == "polynomial"
    ]
    assert [len(value.number) for value in found] == [21, 21]
    assert not any(
        value.operation == "polynomial" for value in reachable(separated(trace(function("mish"), 2).outputs))
    )


def test_the_operand_that_carries_nan() -> None:
    tape = Tape()
    root = tape.apply("sqrt", tape.x)
    assert first_operand(tape.apply("minimum", tape.x, 1.0)) == 0
    assert first_operand(tape.apply("minimum", tape.x, root)) == 1
    assert first_operand(tape.apply("minimum", tape.apply("sqrt", -tape.x), root)) is None


@pytest.mark.parametrize(
    ("text", "at", "slope"),
    [
        ("max(0, x)", 0.0, 0.0),
        ("min(0, x)", 0.0, 0.0),
        ("abs(x)", 0.0, 0.0),
        ("clip(x, -1, 2)", -1.0, 0.0),
        ("clip(x, -1, 2)", 2.0, 0.0),
        ("where(x > 1, x**2, 2*x - 1)", 1.0, 2.0),
        ("relu(x) - relu(-x)", 0.0, 1.0),
        ("relu(x - 1) + 2*x", 1.0, 2.0),
        ("max(x, 3*x)", 0.0, 1.0),
        ("abs(x**2 - 1)", 1.0, 0.0),
    ],
)
def test_kinks_of_typed_formulas(text: str, at: float, slope: float) -> None:
    assert compute(trace(function(text), 1).outputs, [at])[1].tolist() == [slope]
    assert function(text).derivatives(at)[1] == slope


def test_functions_inside_formulas_are_careful_and_guarded() -> None:
    code = emit(function("x*gelu(2*x)"), "python", 1)
    assert "_polynomial1" in code
    defined: dict[str, object] = {}
    exec(code, defined)
    assert defined["actcli_formula"](-1e308) == 0.0  # type: ignore[operator]


def test_a_kernel_that_uses_more_than_every_language_has() -> None:
    def kernel(x, xp):
        yield xp.special.erfcx(x)

    peculiar = Function(Activation(name="peculiar", definition="x", kernel=kernel), {}, "peculiar", {})
    with pytest.raises(
        UsageError, match=r"^peculiar can't be emitted: its kernel uses erfcx, which not every language has$"
    ):
        emit(peculiar, "c")
