"""Numbers and ranges as users type them, and streams of them."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actcli.core.numbers import Range, chunked, read_number, read_points, read_stream
from actcli.errors import UsageError


def points(text: str) -> list[float]:
    return [float(x) for chunk in chunked([read_points(text)]) for x in chunk]


@pytest.mark.parametrize(
    ("text", "value"),
    [("-5", -5), ("-.5", -0.5), ("1e-3", 0.001), ("-inf", -math.inf), ("−5", -5), ("Infinity", math.inf), ("+3", 3)],
)
def test_single_numbers(text: str, value: float) -> None:
    assert read_number(text) == value


def test_ranges_hold_the_nearest_numbers() -> None:
    assert points("0:1:0.1") == [k / 10 for k in range(11)]
    assert points("-1:1") == [-1, 0, 1]
    assert points("3:-3:-2") == [3, 1, -1, -3]
    assert points("0:1:0.3") == [0, 0.3, 0.6, 0.9]
    assert points("-1:1:5j") == [-1, -0.5, 0, 0.5, 1]
    assert points("2:5:1j") == [2]
    assert points("−2:2:2") == [-2, 0, 2]


@given(st.decimals(-1000, 1000, places=3), st.decimals("0.001", 10, places=3), st.integers(0, 300))
def test_every_point_of_a_range_is_correctly_rounded(start: object, step: object, count: int) -> None:
    first, width = Fraction(str(start)), Fraction(str(step))
    last = first + width * count
    found = points(f"{start}:{_decimal(last)}:{step}")
    assert found == [float(first + width * k) for k in range(count + 1)]


def _decimal(value: Fraction) -> str:
    scaled = value * 1000
    return f"{int(scaled)}e-3"


def test_a_range_of_a_billion_points_costs_nothing_until_it_is_read() -> None:
    huge = read_points("0:1e9")
    assert isinstance(huge, Range)
    assert huge.count == 10**9 + 1
    assert next(huge.chunks())[-1] == 65535


@pytest.mark.parametrize(
    "text",
    [
        "abc",
        "1:2:3:4",
        "0:10:-1",
        "0:1:0",
        "0:inf",
        "nan:1",
        "1:",
        ":",
        "0:1:0j",
        "0:1:2.5j",
        "0:1:-3j",
        "1_0",
        "",
        "1:2:x",
    ],
)
def test_what_is_no_number_or_never_ends_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_points(text)
    assert "\n" not in str(caught.value)


@given(st.lists(st.floats(allow_nan=False), min_size=1, max_size=50), st.integers(1, 9))
def test_a_stream_may_be_cut_anywhere(values: list[float], size: int) -> None:
    text = "\n".join(map(repr, values)).encode()
    blocks = [text[start : start + size] for start in range(0, len(text), size)]
    found = np.concatenate(list(read_stream(blocks, "stdin")))
    assert list(found) == values


def test_a_bad_word_in_a_stream_is_named_with_its_place() -> None:
    with pytest.raises(UsageError, match=r"stdin: number 3, 'abc', is not a number"):
        list(read_stream([b"1 2\n", b"abc 4"], "stdin"))


@pytest.mark.parametrize("blocks", [[], [b""], [b" \n\t "]])
def test_an_empty_stream_is_an_error(blocks: list[bytes]) -> None:
    with pytest.raises(UsageError, match="stdin is empty"):
        list(read_stream(blocks, "stdin"))


def test_an_endless_word_is_refused() -> None:
    with pytest.raises(UsageError, match="more than 1048576 characters"):
        list(read_stream([b"1" * (1 << 19)] * 3, "stdin"))


def test_lines_are_handed_on_as_they_arrive() -> None:
    stream = read_stream(iter([b"1 2\n", b"3\n"]), "stdin")
    assert list(next(stream)) == [1, 2]
    assert list(next(stream)) == [3]
