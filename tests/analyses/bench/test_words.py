"""Measurements as people read them."""

from __future__ import annotations

from math import inf, nan

import pytest

from actcli.analyses.bench import words


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (2.0, "2.00 s "),
        (1.5e-3, "1.50 ms"),
        (812.34e-6, "812 µs"),
        (999.9e-6, "1.00 ms"),
        (3e-9, "3.00 ns"),
        (nan, "–"),
    ],
)
def test_a_time_has_three_digits_and_the_unit_that_suits(seconds: float, text: str) -> None:
    assert words.seconds_text(seconds) == text


def test_intervals_are_told_in_percent() -> None:
    assert words.time_text((1e-3, 0.99e-3, 1.02e-3)) == "1.00 ms ± 2.0 %"
    assert words.time_text((1e-3, nan, nan)) == "1.00 ms"
    assert words.spread_text(1e-3, 5e-6) == "1.00 ± 0.0050 ms"


def test_a_difference_of_nothing_does_not_look_like_a_win() -> None:
    assert words.ratio_text((1.3, 0.9, 1.6)) == "≈ 1 ± 60 %"
    assert words.ratio_text((1.03, 1.015, 1.05)) == "≈ 1 ± 5.0 %"
    assert words.ratio_text((0.97, 0.95, 0.985)) == "≈ 1 ± 5.0 %"
    assert words.ratio_text((1.04, 1.021, 1.05)) == "1.04 ± 1.8 %"
    assert words.ratio_text((1.3, nan, nan)).strip() == "1.30"
    assert words.ratio_text((1.3, 1.25, 1.4)) == "1.30 ± 7.7 %"
    assert words.ratio_text((1.0, 1.0, 1.0)) == "1"
    assert words.ratio_text((nan, nan, nan)) == ""


def test_a_wrong_row_looks_wrong() -> None:
    assert words.ulp_text(0.5, 4.0, False) == "0.5"
    assert words.ulp_text(123.4, 4.0, False) == "! 1.2e+02"
    assert words.ulp_text(2e7, 4.0, True) == "✗ 2e+07"
    assert words.ulp_text(inf, 4.0, True) == "✗ wrong"
    assert words.ratio_text((3.0, 2.9, 3.1), "✗ ") == "✗ 3.00 ± 3.3 %"


def test_sizes_and_bytes() -> None:
    assert [words.size_text(size) for size in (1000, 99_840, 1_000_000, 10**9)] == ["1,000", "99,840", "1e6", "1e9"]
    assert [words.bytes_text(size) for size in (12, 1 << 20, 3 << 40)] == ["12 B", "1 MiB", "3 TiB"]
    assert [words.rounded(value, 3) for value in (0.0, 123.4, 0.01234, inf)] == ["0", "123", "0.0123", "∞"]
