"""Losses that are audited like activations: functions of a logit, with the target as a parameter."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from actcli.activations.registry import AnyFunction, Catalogue, Definition

LOSSES = {"bce_with_logits": Definition("(1 - target)*softplus(x) + target*softplus(-x)", {"target": "1"})}
"""What an audit knows beside the catalogue."""

TARGETS = ("0", "1")
"""What a loss is audited for when no target is given: both classes."""


def with_targets(
    functions: Sequence[AnyFunction], given: dict[str, Fraction], catalogue: Catalogue
) -> list[AnyFunction]:
    """Return the functions, a loss without a target once for each of several."""
    found: list[AnyFunction] = []
    for function in functions:
        name = function.record.name
        if name in LOSSES and function.name == name and "target" not in given:
            found += [catalogue.get(f"{name}(target={target})") for target in TARGETS]
        else:
            found.append(function)
    return found
