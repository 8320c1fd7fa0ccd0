"""The table of formulas, and those that are bound to the parameters of a function."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from actcli.implementations.peers import parameters_for, takes
from actcli.implementations.textbook import gates, rectifiers, rows, sigmoids
from actcli.implementations.textbook.variant import Variant

if TYPE_CHECKING:
    from actcli.activations.registry import AnyFunction

VARIANTS = (*sigmoids.VARIANTS, *rectifiers.VARIANTS, *gates.VARIANTS, *rows.VARIANTS)


@cache
def _table() -> dict[tuple[str, int, str], Variant]:
    return {(each.activation, each.order, each.name): each for each in VARIANTS}


@dataclass(frozen=True, slots=True)
class Formula:
    """A variant by its name, with the parameters of a function; plain data."""

    activation: str
    order: int
    name: str
    parameters: dict[str, float]

    @property
    def variant(self) -> Variant:
        """The formula itself."""
        return _table()[self.activation, self.order, self.name]

    def takes(self, name: str) -> bool:
        """Tell whether the formula takes an argument: `out`, or the output `y`."""
        return takes(self.variant.compute, name)

    def bound(self, dtype: np.dtype[Any]) -> Callable[..., Any]:
        """Return the formula as a function of x, the parameters being numbers of a format."""
        numbers = {name: dtype.type(value) for name, value in self.parameters.items()}
        return partial(self.variant.compute, **numbers)


def formulas(function: AnyFunction, only: str = "") -> list[Formula]:
    """Return the formulas of a function, in the order of the table, or those of one name."""
    return [
        Formula(each.activation, each.order, each.name, own)
        for each in VARIANTS
        if each.activation == function.record.name and only in ("", each.name)
        if (own := parameters_for(each.compute, function)) is not None
    ]


def usual(function: AnyFunction, orders: tuple[int, ...], only: str = "") -> list[Formula]:
    """Return the formula of each order that everybody writes, which is the first; nothing where one is missing."""
    first = {each.order: each for each in reversed(formulas(function, only))}
    return [first[order] for order in orders] if set(orders) <= set(first) else []
