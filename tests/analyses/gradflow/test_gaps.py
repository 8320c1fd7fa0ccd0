"""Where functions have no value."""

from __future__ import annotations

import numpy as np
import pytest

from actcli.analyses.gradflow.gaps import gap
from tests.analyses.gradflow.functions import function, own


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("log(x)", "x < 0"),
        ("sqrt(x)", "x < 0"),
        ("sqrt(1.25 - x)", "x > 1.25"),
        ("sqrt(x**2 - 4)", "-2 < x < 2"),
        ("log1p(x)", "x < -1"),
    ],
)
def test_the_place_is_named(text: str, where: str) -> None:
    assert gap(function(text)) == f"{text} has no value for {where}"


@pytest.mark.parametrize("text", ["tanh", "relu", "x**3", "exp(x)", "1/x", "sqrt(abs(x))", "gelu"])
def test_most_functions_have_a_value_everywhere(text: str) -> None:
    assert gap(function(text)) == ""


def test_own_code_is_asked() -> None:
    assert gap(own(lambda x: np.where(x < 0.5, np.nan, x))).endswith(" has no value for x < 0.5")
    assert gap(own(lambda x: np.full_like(x, np.nan))).endswith(" has no value anywhere")
    assert gap(own(np.tanh)) == ""
