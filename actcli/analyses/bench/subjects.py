"""The activations that are measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from actcli.analyses.bench.request import ELEMENTWISE
from actcli.errors import UsageError
from actcli.implementations.user import resolve_all

if TYPE_CHECKING:
    from actcli.activations.registry import AnyFunction, Catalogue

DEFAULT = "sigmoid,tanh,relu,leaky_relu,gelu,silu"
"""Activations measured unless told otherwise."""


def subjects(
    text: str | None, given: Mapping[str, Fraction], catalogue: Catalogue, workload: str = ELEMENTWISE
) -> list[AnyFunction]:
    """Return the functions of a comma list, each once, by default the usual ones; none for a workload.

    Raises UsageError for what can't be found or read, and for functions beside a workload, which has its own.
    """
    if workload != ELEMENTWISE:
        if text is not None:
            raise UsageError(f"--workload {workload} has activations of its own: leave {text} away")
        return []
    return distinct(resolve_all(DEFAULT if text is None else text, given, catalogue))


def distinct(functions: Sequence[AnyFunction]) -> list[AnyFunction]:
    """Return each function once."""
    return [*{function.name: function for function in functions}.values()]
