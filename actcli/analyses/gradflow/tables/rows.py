"""Tables from rows: columns as data, and a function that yields one mapping of cells a row."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal

from actcli.report import Batch, Column, Rounded, Table

if TYPE_CHECKING:
    from actcli.analyses.gradflow.cases import Case
from actcli.analyses.gradflow.subject import Subject

Row = Mapping[str, Any]
Audience = Literal["all", "people", "machines"]
_BATCH = 1000
_NOTHING = 1e-6
"""A share that people read as none: it is rounding."""


def table(
    name: str,
    columns: Sequence[Column],
    rows: Callable[[], Iterable[Row]],
    *,
    logged: Sequence[str] = (),
    more: Sequence[Column] = (),
    title: str = "",
) -> Table:
    """Return a table of `columns`, the decimal logarithms of the `logged` ones as `log10_NAME`, and `more` columns.

    Cells of logged columns are Magnitudes, or None.
    """
    twins = [
        Column(
            f"log10_{column}",
            f"log10 of the size of {column}, for which float64 may be too narrow",
            audience="machines",
        )
        for column in logged
    ]

    def batches(wanted: Sequence[str]) -> Iterator[Batch]:
        source = iter(rows())
        while part := list(islice(source, _BATCH)):
            cells = {column.name: [row[column.name] for row in part] for column in (*columns, *more)}
            yield {
                **cells,
                **{f"log10_{name}": [None if cell is None else cell.log10 for cell in cells[name]] for name in logged},
            }

    return Table(name, (*columns, *twins, *more), batches, title)


def vouched(value: float, error: float) -> float:
    """Return a number rounded to the decimals that its error leaves sure."""
    if not 0 < error < math.inf or not math.isfinite(value):
        return value
    return Rounded(value, math.floor(-math.log10(2 * error)))


def percent(share: float) -> str:
    """Return a share for people, an empty text where there is none."""
    if math.isnan(share):
        return ""
    share = 0.0 if share < _NOTHING else share
    return f"{100 * share:.2g} %" if share < 0.1 else f"{100 * share:.0f} %"


def activation_column(subjects: Sequence[Subject]) -> Column:
    """Return the first column of every table; people need it where there are several activations."""
    several = len({subject.name for subject in subjects}) > 1
    return Column("activation", "the activation", audience="all" if several else "machines")


def init_column(cases: Sequence[Case], *, shown: bool = False) -> Column:
    """Return the column of initialisations, which people need where there are several."""
    several = shown or len({case.init.name for case in cases}) > 1
    return Column("init", "how the weights are drawn", audience="all" if several else "machines")
