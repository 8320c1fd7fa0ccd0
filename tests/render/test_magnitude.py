"""Numbers that float64 is too narrow for: floats for programs, digits for people."""

from __future__ import annotations

import math
import pickle

import pytest

from actcli.render.csv import csv_bytes
from actcli.render.json import array_bytes
from actcli.render.numbers import magnitude_text
from actcli.report import Column, Magnitude, Table


@pytest.mark.parametrize(
    ("log", "negative", "text"),
    [
        (-20 * math.log(4), False, "9.095e-13"),
        (-10_000 * math.log(4), False, "2.512e-6021"),
        (-10_000 * math.log(4), True, "-2.512e-6021"),
        (9000.0, False, "4.470e+3908"),
        (0.0, False, "1.0000"),
        (-math.inf, False, "0.0000"),
        (math.inf, False, "∞"),
        (math.nan, False, "nan"),
        (math.log(0.999999) - 2000 * math.log(10), False, "1.000e-2000"),
        (-715.0, False, "3.016e-311"),
    ],
)
def test_people_see_digits(log: float, negative: bool, text: str) -> None:
    assert magnitude_text(Magnitude(log, negative)) == text


@pytest.mark.parametrize(
    ("log10", "digits", "text"),
    [
        (2.33, 3, "214"),
        (-4.999, 2, "1e-05"),
        (-400.00001, 3, "1.00e-400"),
        (399.99999, 2, "1.0e+400"),
        (-math.inf, 2, "0"),
    ],
)
def test_digits_in_sentences(log10: float, digits: int, text: str) -> None:
    assert Magnitude(log10 * math.log(10)).significant(digits) == text


def test_programs_get_a_float() -> None:
    cells = [Magnitude(-1.0), Magnitude(-2000.0), Magnitude(2000.0, True), None]
    table = Table("t", (Column("x"),), lambda wanted: iter([{"x": cells}]))
    written = b"".join(part for _, part in csv_bytes(table)).decode()
    assert written == f'x\n{math.exp(-1)!r}\n0.0\n-inf\n""\n'
    assert b"".join(part for _, part in array_bytes(table)).decode().count("null") == 2
    assert table.to_pandas()["x"].dtype == "float64"


def test_a_magnitude_survives_pickling() -> None:
    copy = pickle.loads(pickle.dumps(Magnitude(-2000.0, True)))
    assert (copy.log, copy.negative, copy.log10) == (-2000.0, True, -2000.0 / math.log(10))
