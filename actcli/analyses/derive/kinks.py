"""The kinks of a piecewise function: f and its derivatives from both sides, what is taken there, by whom and why."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from actcli.activations.function import Function
from actcli.core.formats import FLOAT64
from actcli.core.limits import limits_beside
from actcli.report import Batch, Column, Table

COLUMNS = (
    Column("order", "which derivative; 0 is the function itself"),
    Column("x", "the place of the kink"),
    Column("left", "the limit from the left"),
    Column("right", "the limit from the right"),
    Column("used", "the value this project takes at the kink"),
    Column("why", "the reason for it"),
    Column("frameworks", "who takes another value", heading="frameworks that differ"),
)


@dataclass(frozen=True, slots=True)
class Kink:
    """f, f′ or f″ at a kink: the one-sided limits (NaN where there is none), and the value taken there.

    `frameworks` names those that take another value, with that value: `jax, keras: 1`.
    """

    order: int
    x: Fraction
    left: float
    right: float
    used: float
    why: str
    frameworks: str


def kinks(function: Function, points: Sequence[Fraction] = (), order: int = 2) -> list[Kink]:
    """Return the kinks of a record, or the `points` that were found to be kinks of a typed formula, by x and order.

    The one-sided limits and values are correctly rounded float64.
    """
    places = {Fraction(at) for at, _ in function.kinks() if math.isfinite(at)} | set(points)
    return [kink for x in sorted(places) for kink in _at(function, x, order)]


def kinks_table(function: Function, points: Callable[[], Sequence[Fraction]], order: int = 2) -> Table:
    """Return the table `kinks`; `points` finds those of a typed formula when the table is asked for."""

    def rows(wanted: Sequence[str]) -> Iterator[Batch]:
        found = kinks(function, points(), order)
        cells = {"x": [float(kink.x) for kink in found]}
        yield {name: cells.get(name) or [getattr(kink, name) for kink in found] for name in wanted}

    return Table("kinks", COLUMNS, rows, title="Kinks")


def _at(function: Function, x: Fraction, order: int) -> Iterator[Kink]:
    left, right = (limits_beside(function.reference, x, direction, order) for direction in (-1, 1))
    used = [rounded.number for rounded in function.reference.at(x, order, FLOAT64)]
    stated = next((kink.why for at, kink in function.kinks() if at == x), "")
    # What a record says is about the slope, unless that is continuous whatever the parameters are.
    told = 2 if function.record.smoothness == 1 else 1
    for k in range(order + 1):
        why = stated if stated and k == told else _why(k, left[k], right[k], used[k])
        yield Kink(k, x, left[k], right[k], used[k], why, _frameworks(function, x) if k == 1 else "")


def _same(left: float, right: float) -> bool:
    return left == right or (math.isnan(left) and math.isnan(right))


def _why(order: int, left: float, right: float, used: float) -> str:
    """Say how a value follows from those beside it."""
    if math.isnan(used):
        return "no value"
    if left == right == used:
        return "the same from both sides"
    if order == 0:
        return "the value of the definition"
    if left * right < 0 and used == 0:
        return "0 lies between the two signs"
    if used in (left, right):
        least = abs(used) == min(abs(left), abs(right))
        return f"the {'left' if used == left else 'right'} side{', the smaller in size' * least}"
    return "a convention"


def _frameworks(function: Function, x: Fraction) -> str:
    """Return who takes another slope at a kink, and which: `jax, keras: 1; tinygrad: 0`."""
    takers: dict[float, list[str]] = {}
    for convention in function.record.conventions:
        if any(function.quantity(at) == x for at in convention.at):
            takers.setdefault(float(function.quantity(convention.slope)), []).append(convention.framework)
    return "; ".join(f"{', '.join(dict.fromkeys(names))}: {slope:g}" for slope, names in takers.items())
