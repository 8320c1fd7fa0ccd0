"""Every kernel against the exact reference: the budgets of the project, held at once.

16-bit formats: every encoding correctly rounded. float32: at most 0.51 ULP. float64: at most 4 ULP for f, 6 for f′, 8 for
f″. A NaN, an infinity or a wrong sign where none belongs always fails.
"""

from __future__ import annotations

import numpy as np
import pytest

from actcli.activations.function import Function
from actcli.activations.record import Activation
from actcli.activations.registry import DEFAULT, builtin_records
from actcli.core.formats import BFLOAT16, FLOAT16, FLOAT32, FLOAT64, Format
from actcli.core.ulp import errors
from tests.activations.points import directed, random_bits

NAMES = [record.name for record in builtin_records() if isinstance(record, Activation)]
VARIANTS = [
    "leaky_relu(0.2)", "leaky_relu(-0.5)", "leaky_relu(2)", "prelu(0.01)", "relu6(cap=1)", "relu6(cap=0.1)", "elu(0.5)",
    "elu(2)", "celu(0.1)", "celu(2)", "selu(alpha=1.5, scale=1.1)", "hard_sigmoid(slope=0.2)",
    "hard_sigmoid(slope=0.3, offset=0.4)", "swish(1.702)", "swish(0.1)", "swish(10)", "swish(-1.5)", "swish(0)",
    "softplus(0.5)", "softplus(2)", "softplus(10)",
]  # fmt: skip
FLOAT64_BUDGET = (4.0, 6.0, 8.0)
FLOAT32_BUDGET = 0.51


def function(text: str) -> Function:
    found = DEFAULT.get(text)
    assert isinstance(found, Function)
    return found


def every(format: Format) -> np.ndarray:
    with np.errstate(invalid="ignore"):
        return format.every().astype(np.float64)


def check(text: str, x: np.ndarray, format: Format, budgets: tuple[float, float, float] | None) -> None:
    """Compare f, f′, f″ with the exact reference; without budgets every answer must be correctly rounded."""
    f = function(text)
    with np.errstate(over="ignore", invalid="ignore"):  # ml_dtypes' casts of NaN raise the flag
        numbers = x.astype(format.dtype)
        inputs = numbers.astype(np.float64)
    results = f.derivatives(numbers, 2)
    exact = f.reference.values(inputs, 2, format)
    for order, (got, (rounded, rest)) in enumerate(zip(results, exact, strict=True)):
        with np.errstate(invalid="ignore"):
            got = got.astype(np.float64)
        found = errors(got, rounded, rest, format)
        for mask, what in (
            (found.wrong_nan, "NaN"),
            (found.wrong_infinity, "infinity"),
            (found.wrong_sign, "wrong sign"),
            (found.flushed, "flushed to 0"),
        ):
            assert not mask.any(), f"{text} order {order} {format.name}: {what} at x = {numbers[mask][:5]}"
        if budgets is None:
            wrong = (got != rounded) & ~np.isnan(rounded)
            assert not wrong.any(), (
                f"{text} order {order} {format.name}: {wrong.sum()} not correctly rounded, "
                f"x = {numbers[wrong][:5]}, got {got[wrong][:5]}, exact {rounded[wrong][:5]}"
            )
        else:
            worst = int(np.nanargmax(found.ulp))
            assert found.ulp[worst] <= budgets[order], (
                f"{text} order {order} {format.name}: {found.ulp[worst]:.3f} ULP at x = {float(numbers[worst])!r}"
            )


@pytest.mark.parametrize("format", [FLOAT16, BFLOAT16], ids=lambda format: format.name)
@pytest.mark.parametrize("name", NAMES)
def test_every_16_bit_encoding_is_correctly_rounded(name: str, format: Format) -> None:
    check(name, every(format), format, None)


@pytest.mark.parametrize("format", [FLOAT16, BFLOAT16], ids=lambda format: format.name)
@pytest.mark.parametrize("text", VARIANTS)
def test_16_bit_formats_with_other_parameters(text: str, format: Format) -> None:
    check(text, every(format)[::7], format, None)


@pytest.mark.parametrize("text", [*NAMES, *VARIANTS])
def test_float32_is_within_its_budget(text: str) -> None:
    x = np.concatenate([directed(function(text), FLOAT32), random_bits(FLOAT32, 3000, 1), [np.inf, -np.inf, np.nan]])
    check(text, x, FLOAT32, (FLOAT32_BUDGET,) * 3)


@pytest.mark.parametrize("text", [*NAMES, *VARIANTS])
def test_float64_is_within_its_budget(text: str) -> None:
    x = np.concatenate([directed(function(text), FLOAT64), random_bits(FLOAT64, 6000, 2), [np.inf, -np.inf, np.nan]])
    check(text, x, FLOAT64, FLOAT64_BUDGET)
