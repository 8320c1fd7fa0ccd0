"""Every record against what its own definition says: limits, kinks, range, slope, parity, facts."""

from __future__ import annotations

import math
import re
from fractions import Fraction

import numpy as np
import pytest

from actcli.activations.function import Function
from actcli.activations.record import INFINITE, Activation, Saturation, VectorActivation
from actcli.activations.registry import DEFAULT, builtin_records
from actcli.core.formats import FLOAT64
from actcli.core.numbers import read_points
from actcli.expressions.nodes import symbols
from actcli.expressions.parse import parse

RECORDS = [record for record in builtin_records() if isinstance(record, Activation)]
VECTORS = [record for record in builtin_records() if isinstance(record, VectorActivation)]
TIER_1 = (
    "identity binary_step sign sigmoid tanh relu leaky_relu prelu relu6 elu selu celu gelu gelu_tanh quick_gelu silu swish "
    "mish softplus softsign hard_sigmoid hard_swish hard_tanh log_sigmoid relu2 logit softmax log_softmax glu swiglu geglu"
).split()


def by_name(record: Activation | VectorActivation) -> str:
    return record.name


def bound(record: Activation) -> Function:
    found = DEFAULT.get(record.name)
    assert isinstance(found, Function)
    return found


def test_the_catalogue_is_complete() -> None:
    assert set(TIER_1) <= {record.name for record in builtin_records()}


def test_one_name_means_one_record() -> None:
    taken: dict[str, str] = {}
    for record in builtin_records():
        for name in (record.name, *record.aliases):
            assert taken.setdefault(re.sub("[_-]", "", name.casefold()), record.name) == record.name, name


@pytest.mark.parametrize("record", builtin_records(), ids=by_name)
def test_facts_are_there_and_well_formed(record: Activation | VectorActivation) -> None:
    assert record.name.isidentifier()
    assert all(alias.isidentifier() for alias in record.aliases)
    assert record.symbol
    assert record.uses
    assert record.references or record.name == "identity"
    assert record.frameworks
    for text in record.points:
        read_points(text)
    for convention in record.conventions:
        assert convention.framework
        assert convention.version
        assert convention.what_differs


@pytest.mark.parametrize("record", RECORDS, ids=by_name)
def test_the_definition_is_a_formula_in_x_and_the_parameters(record: Activation) -> None:
    assert symbols(bound(record).tree) in (["x"], [])
    free = set(symbols(parse(record.definition, bound(record)._functions))) - {"x"}
    assert free == {parameter.name for parameter in record.parameters}


@pytest.mark.parametrize("record", RECORDS, ids=by_name)
def test_limits_are_those_of_the_definition(record: Activation) -> None:
    function = bound(record)
    low, high = float(function.quantity(record.domain.low)), float(function.quantity(record.domain.high))
    for edge, inwards, limits in ((low, 1, record.left), (high, -1, record.right)):
        near = -inwards * 2.0**700 if math.isinf(edge) else edge + inwards * 2.0**-50
        found = [rounded.number for rounded in function.reference.at(near, 2, FLOAT64)]
        stated = [float(function.quantity(text)) for text in (limits.value, limits.slope, limits.curvature)]
        for order, (value, limit) in enumerate(zip(found, stated, strict=True)):
            if math.isinf(limit):
                assert abs(value) > 30, (order, edge)
                assert value * limit > 0, (order, edge)
            else:
                assert value == pytest.approx(limit, rel=1e-9, abs=1e-9), (order, edge)


@pytest.mark.parametrize("record", [r for r in RECORDS if r.kinks], ids=by_name)
def test_kinks_are_where_a_derivative_jumps_and_the_kernel_follows_the_convention(record: Activation) -> None:
    function = bound(record)
    for at, kink in function.kinks():
        assert math.isfinite(at)
        point = float(at)
        if Fraction(point) != at:
            continue
        slope, curvature = float(function.quantity(kink.slope)), float(function.quantity(kink.curvature))
        got = function.derivatives(np.array([point]), 2)
        assert got[1][0] == pytest.approx(slope, rel=1e-15, abs=0), kink
        assert got[2][0] == pytest.approx(curvature, rel=1e-15, abs=0), kink
        step = 1e-7
        left = function.derivatives(np.array([point - step]), 2)
        right = function.derivatives(np.array([point + step]), 2)
        assert any(abs(left[k][0] - right[k][0]) > 0.01 for k in range(3)), f"nothing jumps at {point}"
        for k, value in ((1, slope), (2, curvature)):
            sides = sorted((left[k][0], right[k][0], 0.0))
            assert sides[0] - 1e-6 <= value <= sides[2] + 1e-6, "a value between the sides, or 0"


@pytest.mark.parametrize("record", RECORDS, ids=by_name)
def test_range_slope_parity_and_monotony(record: Activation) -> None:
    function = bound(record)
    low, high = (
        max(float(function.quantity(record.domain.low)), -60),
        min(float(function.quantity(record.domain.high)), 60),
    )
    x = np.linspace(low, high, 24_001)[1:-1]
    value, slope = function.derivatives(x)
    least, greatest = float(function.quantity(record.range.low)), float(function.quantity(record.range.high))
    tolerance = 1e-6 * max(1.0, abs(least) if math.isfinite(least) else 1)
    assert value.min() >= least - tolerance
    assert value.max() <= greatest + 1e-6
    if math.isfinite(least):
        assert value.min() <= least + max(0.02, 0.01 * abs(least)), "the low end of the range is not approached"
    steepest = function.largest_slope
    assert np.abs(slope).max() <= steepest * (1 + 1e-9)
    if math.isfinite(steepest):
        assert np.abs(slope).max() >= steepest * 0.98
    if record.monotone is not None:
        assert (np.diff(value) >= 0).all() == record.monotone
    if record.odd:
        assert (function(-x) == -value).all()


@pytest.mark.parametrize("record", RECORDS, ids=by_name)
def test_saturation_is_what_the_limits_say(record: Activation) -> None:
    function = bound(record)
    if record.domain.low != "-inf":
        return
    flat = {
        side: float(function.quantity(limits.slope)) == 0
        for side, limits in (("left", record.left), ("right", record.right))
    }
    grows = {
        side: math.isinf(float(function.quantity(limits.value)))
        for side, limits in (("left", record.left), ("right", record.right))
    }
    saturated = {side for side in flat if flat[side] and not grows[side]}
    expected = {
        Saturation.NONE: set(), Saturation.LEFT: {"left"}, Saturation.RIGHT: {"right"}, Saturation.BOTH: {"left", "right"},
    }[record.saturates]  # fmt: skip
    assert saturated == expected


@pytest.mark.parametrize("record", [r for r in RECORDS if r.gradient_from_output], ids=by_name)
def test_the_gradient_from_the_output_is_the_gradient(record: Activation) -> None:
    function = bound(record)
    x = np.linspace(0.01, 0.99, 401) if record.domain.low == "0" else np.linspace(-4, 4, 401) + 1e-3
    assert function.gradient_from_output(function(x)) == pytest.approx(function.derivatives(x)[1], rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("record", RECORDS, ids=by_name)
def test_smoothness(record: Activation) -> None:
    if record.smoothness == INFINITE:
        assert not record.kinks
    else:
        assert record.kinks
    if record.smoothness is None:
        at = float(bound(record).kinks()[0][0])
        values = bound(record)(np.array([at - 1e-9, at, at + 1e-9]))
        assert len(set(values)) > 1


@pytest.mark.parametrize("record", RECORDS, ids=by_name)
def test_defaults_lie_in_their_domains(record: Activation) -> None:
    for parameter in record.parameters:
        assert Fraction(parameter.default)
        assert parameter.meaning


def test_the_tables_of_the_books() -> None:
    # Values and slopes to four decimals, as the teaching texts print them.
    sigmoid = {-5: (0.0067, 0.0066), -2: (0.1192, 0.1050), -1: (0.2689, 0.1966), 0: (0.5, 0.25), 5: (0.9933, 0.0066)}
    tanh = {-3: (-0.9951, 0.0099), -2: (-0.9640, 0.0707), -1: (-0.7616, 0.4200), 0: (0, 1), 3: (0.9951, 0.0099)}
    for name, table in (("sigmoid", sigmoid), ("tanh", tanh)):
        for x, printed in table.items():
            found = DEFAULT.get(name).derivatives(float(x))
            assert tuple(round(float(each), 4) for each in found) == printed
    # −2 × Φ(−2) with Φ from a table; the worked examples of σ′(3) and GELU(1.5), where the text rounds Φ.
    assert round(float(DEFAULT.get("gelu")(-2.0)), 4) == -0.0455
    assert round(float(DEFAULT.get("gelu")(1.5)), 4) == 1.3998
    assert round(float(DEFAULT.get("sigmoid").derivatives(3.0)[1]), 4) == 0.0452
