"""Where an audit looks: ordinals, spans, extremes, samples, and the hard places of a function."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actcli.analyses.stability.directed import directed
from actcli.analyses.stability.points import Span, at_ordinals, extremes, ordinals, sampled
from actcli.core.formats import BFLOAT16, FLOAT16, FLOAT32, FLOAT64, FORMATS, Format
from actcli.errors import UsageError
from tests.analyses.stability.helpers import function

ALL = pytest.mark.parametrize("format", FORMATS.values(), ids=lambda format: format.name)


@ALL
def test_ordinals_count_the_encodings_in_the_order_of_the_numbers(format: Format) -> None:
    step = 1 << (format.bits - 16)
    places = np.arange(-(1 << 15), 1 << 15, dtype=np.int64) * step
    numbers = at_ordinals(places, format)
    assert np.array_equal(ordinals(numbers, format), places)
    with np.errstate(invalid="ignore"):
        values = numbers.astype(np.float64)
    values = values[~np.isnan(values)]
    assert np.all(np.diff(values) >= 0)


@given(st.floats(allow_nan=False), st.floats(allow_nan=False))
def test_a_span_holds_the_numbers_between_its_ends_and_no_others(a: float, b: float) -> None:
    low, high = sorted((a, b))
    try:
        span = Span.between(low, high, FLOAT16)
    except UsageError:
        # No float16 in between: the nearest one above the low end lies beyond the high one.
        return
    assert low <= span[span.low] <= span[span.high] <= high
    before, after = span[span.low - 1], span[span.high + 1]
    assert before < low or math.isnan(before) or before == span[span.low] == 0
    assert after > high or math.isnan(after) or after == span[span.high] == 0


@pytest.mark.parametrize(("low", "high"), [(5, 1), (math.nan, 1), (1.0001, 1.0002)])
def test_an_empty_range_says_so(low: float, high: float) -> None:
    with pytest.raises(UsageError, match="is empty: float16 has no number in it"):
        Span.between(low, high, FLOAT16)


@ALL
def test_extremes_are_the_ones_promised(format: Format) -> None:
    with np.errstate(over="ignore"):
        found = extremes(Span.whole(format)).astype(np.float64)
    precision, lowest = format.precision, format.lowest
    largest = (2 - 2.0 ** (1 - precision)) * 2.0**format.highest
    smallest = [2.0**lowest, 2.0 ** (lowest + precision - 1)]
    magnitudes = [*smallest, *np.array([1.0, 10, 100, 1000]).astype(format.dtype).astype(float), largest, math.inf]
    assert found[:-1].tolist() == [*(-each for each in reversed(magnitudes)), -0.0, 0.0, *magnitudes]
    assert np.signbit(found[8:10]).tolist() == [True, False]
    assert math.isnan(found[-1])


@ALL
def test_a_sample_depends_on_its_seed_alone_and_holds_what_is_directed(format: Format) -> None:
    span, place = Span.whole(format), int(ordinals(np.array([1.0]).astype(format.dtype), format)[0])
    one, same, other = (sampled(span, np.array([place]), 500, seed) for seed in (1, 1, 2))
    assert format.to_bits(one).tolist() == format.to_bits(same).tolist() != format.to_bits(other).tolist()
    places = ordinals(one, format)
    assert place in places
    assert set(ordinals(extremes(span), format).tolist()) <= set(places.tolist())
    assert np.all(np.diff(places) > 0)


@pytest.mark.parametrize(
    ("text", "order", "format", "x"),
    [
        ("sigmoid", 0, FLOAT32, 17.32868),  # rounds to 1 from here on
        ("sigmoid", 0, FLOAT32, -103.97208),  # rounds to 0
        ("sigmoid", 0, FLOAT32, -87.33655),  # is subnormal
        ("sigmoid", 0, FLOAT16, 8.32),
        ("silu", 1, FLOAT64, -1.2784645427610738),  # a root
        ("gelu", 0, FLOAT32, 0.0),
        ("relu6", 0, BFLOAT16, 6.0),  # a kink
        ("logit", 0, FLOAT64, 1.0),  # an end of the domain
        ("softplus", 0, FLOAT32, 20.0),  # where code changes branch
        ("tanh", 1, FLOAT32, 44.361416),  # exp(-2|x|) is subnormal
    ],
)
def test_directed_places_include(text: str, order: int, format: Format, x: float) -> None:
    found = directed(function(text), order, Span.whole(format))
    place = int(ordinals(np.array([x]).astype(format.dtype), format)[0])
    assert set(range(place - 3, place + 4)) <= set(found.tolist())
