"""People see of a rounded number the digits that are known."""

from __future__ import annotations

import math
import pickle

import pytest

from actcli.render.numbers import rounded_text
from actcli.report import Rounded


@pytest.mark.parametrize(
    ("value", "decimals", "digits", "text"),
    [
        (15.79099403412, 9, 12, "15.790994034"),
        (15.79099403412, 9, 4, "15.7910"),
        (10592.98741, 0, 4, "10593"),
        (10592.98741, -2, 4, "10600"),
        (3.14159e-9, 12, 4, "3.142e-09"),
        (3.14159e-9, 10, 4, "3.1e-09"),
        (1e-12, 6, 4, "0.0000"),
        (math.inf, 3, 4, "∞"),
    ],
)
def test_digits_end_where_knowledge_does(value: float, decimals: int, digits: int, text: str) -> None:
    assert rounded_text(Rounded(value, decimals), digits) == text


def test_it_is_a_number_like_others() -> None:
    number = pickle.loads(pickle.dumps(Rounded(2.34567, 2)))
    assert (number, number.decimals) == (2.35, 2)
