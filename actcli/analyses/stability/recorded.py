"""Values computed elsewhere, by hardware or another language: inputs written for it, and its answers read back."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from actcli.activations.function import Function
from actcli.activations.registry import AnyFunction
from actcli.analyses.stability.cases import Case
from actcli.analyses.stability.points import ordinals
from actcli.analyses.stability.request import Request
from actcli.core.formats import BFLOAT16, Format, format_of
from actcli.errors import UsageError
from actcli.implementations.provider import Implementation

Array = np.ndarray[Any, Any]

MOST_DUMPED = 1 << 28
"""Numbers that --dump-inputs writes; they are all in memory at once."""


def dumped(function: AnyFunction, order: int, format: Format, request: Request) -> Array:
    """Return the inputs of an audit, as an array to save; bfloat16, which .npy files lack, as its bits in uint16."""
    if not isinstance(function, Function):
        raise UsageError(f"{function.name} is a function of a whole vector: --dump-inputs writes numbers")
    span = request.span(format)
    if request.kind(format) == "exhaustive" and span.size <= MOST_DUMPED:
        numbers = span.numbers()
    else:
        numbers = Case(function, order, format, (), request).points()
    return format.to_bits(numbers) if format is BFLOAT16 else numbers


def read(path: str, format: Format | None) -> tuple[Array, Format]:
    """Return the numbers of an .npy file and their format; uint16 is bfloat16's bits if that is the format asked for.

    Raises UsageError for a file that isn't there, isn't one array of floats, or is of another format.
    """
    try:
        found = np.load(Path(path), allow_pickle=False)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or 'not an .npy file'}") from None
    except (ValueError, EOFError):
        raise UsageError(f"{path}: not an .npy file of numbers") from None
    if not isinstance(found, np.ndarray):
        raise UsageError(f"{path}: give an .npy file with one array")
    if format is BFLOAT16 and found.dtype == np.uint16:
        return BFLOAT16.from_bits(found.ravel()).reshape(found.shape), BFLOAT16
    own = format_of(found.dtype)
    if own is None:
        hint = "; for bits of bfloat16 add --dtype bfloat16" if found.dtype == np.uint16 else ""
        raise UsageError(f"{path} holds {found.dtype.name}, not float16, float32 or float64{hint}")
    if format is not None and own is not format:
        raise UsageError(f"{path} holds {own.name}, not {format.name}")
    return np.ascontiguousarray(found, dtype=own.dtype), own


def recorded(function: AnyFunction, order: int, format: Format | None, inputs: str, got: str, request: Request) -> Case:
    """Return the case of answers from a file. Raises UsageError for files that don't fit together."""
    if not isinstance(function, Function):
        raise UsageError(f"{function.name} is a function of a whole vector: --inputs holds numbers")
    x, own = read(inputs, format)
    answers, theirs = read(got, format)
    if own is not theirs:
        raise UsageError(f"{inputs} holds {own.name} and {got} {theirs.name}")
    if x.shape != answers.shape:
        raise UsageError(f"{inputs} holds {_size(x)} numbers and {got} {_size(answers)}")
    if not x.size:
        raise UsageError(f"{inputs} is empty")
    x, answers = x.ravel(), answers.ravel()
    places, first, which = np.unique(ordinals(x, own), return_index=True, return_inverse=True)
    twice = np.flatnonzero(own.to_bits(answers) != own.to_bits(answers)[first][which])
    if twice.size:
        raise UsageError(f"{got}: there are two answers for x = {float(x[twice[0]])!r}")
    call = partial(_look_up, places, answers[first], own)
    one = Implementation(Path(got).name, function.name, order, own.name, call, "elsewhere", f"answers of {got}")
    return Case(function, order, own, (one,), request, x)


def _size(array: Array) -> str:
    return " × ".join(f"{length:,}" for length in array.shape) or "1"


def _look_up(places: Array, answers: Array, format: Format, x: Array) -> Array:
    return answers[np.searchsorted(places, ordinals(x, format))]
