"""The functions that implementations claim to compute, and where to hold them against the truth."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from actcli.activations.function import Function
from actcli.activations.record import Activation, Interval, Parameter
from actcli.activations.registry import DEFAULT, AnyFunction
from actcli.activations.vector_function import VectorFunction
from actcli.core.formats import FORMATS, Format

CLOSE = {"bfloat16": 0.06, "float16": 0.01, "float32": 3e-5, "float64": 2e-6}
"""How far any formula may be off where it's easy, as a share of the largest value."""


def function_of(name: str, **parameters: str) -> AnyFunction:
    if name == "bce_with_logits":
        return bce(parameters.get("target", "1"))
    return DEFAULT.get(name, {key: Fraction(value) for key, value in parameters.items()})


def bce(target: str) -> Function:
    record = Activation(
        name="bce_with_logits",
        definition="log(1 + exp(x)) - target*x",
        parameters=(Parameter("target", "1", Interval.closed(0, 1), "the label"),),
    )
    return Function(record, {"target": Fraction(target)}, "bce_with_logits", {})


def easy_points(function: AnyFunction, format: Format) -> np.ndarray[Any, Any]:
    """Numbers, or rows of numbers, where no formula is in trouble."""
    if isinstance(function, VectorFunction):
        return np.array([[-1.0, 0.5, 2.0, 0.25], [3.0, 1.0, -2.0, -0.5]]).astype(format.dtype)
    if function.record.name == "logit":
        return np.array([0.125, 0.25, 0.75]).astype(format.dtype)
    return np.array([-2.5, -1.25, -0.5, 0.25, 1.5, 2.0]).astype(format.dtype)


def assert_close(
    got: np.ndarray[Any, Any], function: AnyFunction, order: int, x: np.ndarray[Any, Any], tolerance: float
) -> None:
    truth = function.derivatives(x.astype(np.float64), order)[order]
    scale = max(1.0, float(np.abs(truth).max()))
    assert np.abs(got.astype(np.float64) - truth).max() <= tolerance * scale


ALL_FORMATS = list(FORMATS.values())
