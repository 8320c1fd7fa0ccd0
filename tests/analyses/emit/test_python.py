"""Plain Python: right at every kind of float, and it raises at none."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.analyses.emit.cases import (
    CATALOGUE,
    FORMULAS,
    check,
    check_formula,
    formula_points,
    functions,
    namespace,
    points,
    together,
)

HOSTILE = [0.0, -0.0, 5e-324, -5e-324, 1.0, -1.0, 1e308, -1e308, 1e200, -1e200, 710.0, -710.0, 1e4, -1e4, math.inf, -math.inf, math.nan]  # fmt: skip


@pytest.mark.parametrize("text", CATALOGUE)
def test_the_catalogue_is_within_its_budget(text: str) -> None:
    x = points(text).tolist()
    check(text, [np.array([f(each) for each in x]) for f in functions(namespace(text, "python"))])


@pytest.mark.parametrize("text", FORMULAS)
def test_typed_formulas_agree_with_their_own_kernel(text: str) -> None:
    x = formula_points().tolist()
    check_formula(text, [np.array([f(each) for each in x]) for f in functions(namespace(text, "python"))])


@pytest.mark.parametrize("text", [*CATALOGUE, *FORMULAS])
def test_no_float_raises_and_the_joint_function_agrees(text: str) -> None:
    defined = namespace(text, "python")
    for x in HOSTILE:
        single = [f(x) for f in functions(defined)]
        np.testing.assert_array_equal(together(defined)(x), single)
        assert all(isinstance(each, float) for each in single)


def test_it_takes_nothing_but_the_math_module() -> None:
    for text in ("gelu", "relu", "logit"):
        imported = [line for line in _code(text) if line.startswith(("import", "from"))]
        assert imported == (["import math"] if text != "relu" or "math." in "".join(_code(text)) else [])


def _code(text: str) -> list[str]:
    from actcli.analyses.emit import emit
    from tests.analyses.emit.cases import function

    return emit(function(text), "python").split("\n")


def test_functions_that_cannot_raise_come_without_helpers() -> None:
    helped = {
        text: [name for name in namespace(text, "python") if name.startswith("_") and "__" not in name]
        for text in CATALOGUE
    }
    for text in ("sigmoid", "tanh", "softsign", "silu", "mish", "gelu_tanh", "softplus", "elu", "selu", "log_sigmoid"):
        assert helped[text] == []
    assert helped["logit"] == ["_divide", "_log", "_log1p"]
