"""Fine detail of formulas: found where it is, and only where there is some."""

from __future__ import annotations

from fractions import Fraction

import pytest

from actcli.activations.function import Function
from actcli.activations.registry import DEFAULT, builtin_records
from actcli.analyses.gradflow.features import fine_places
from actcli.analyses.gradflow.places import breaks, kinks
from actcli.core.pieces import pieces
from tests.analyses.gradflow.functions import function, own


def fine(text: str) -> list[float]:
    return fine_places(pieces(function(text).tree, Fraction(-64), Fraction(64)))


@pytest.mark.parametrize(
    ("text", "place", "width"),
    [
        ("x + exp(-(1000*(x - 0.3217))**2)", 0.3217, 1e-3),
        ("x + exp(-(1000000*(x - 0.3217))**2)", 0.3217, 1e-6),
        ("x + 0.001*exp(-(1000*(x - 0.3217))**2)", 0.3217, 1e-3),
        ("x + tanh(1000*(x - 1.618))", 1.618, 1e-3),
        ("x + 1/(1 + (1000*(x + 40))**2)", -40, 1e-3),
        ("x*sigmoid(1000000*x)", 0, 1e-6),
    ],
)
def test_detail_is_resolved(text: str, place: float, width: float) -> None:
    found = fine(text)
    assert sum(abs(each - place) < width for each in found) > 2
    assert all(abs(each - place) < 1 for each in found)
    assert len(found) < 300


@pytest.mark.parametrize(
    "text",
    ["sin(3*x)", "exp(-x**2)", "x**3/(1 + x**2)", "exp(x**2)", "where(x > 0.3, x, 0.1*x)", "sqrt(abs(x))", "log(x)",
     "abs(x)**0.6", "x*exp(-exp(x))", "sin(1000*x)"],
)  # fmt: skip
def test_there_is_none(text: str) -> None:
    assert fine(text) == []


def test_the_usual_activations_have_none() -> None:
    for record in builtin_records():
        found = DEFAULT.get(record.name)
        if isinstance(found, Function):
            assert breaks(found) == kinks(found), record.name


def test_nobody_knows_of_own_code() -> None:
    assert breaks(own(abs)) == ()
