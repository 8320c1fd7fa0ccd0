"""`actcli eval`: values, slopes and what they mean, as the tables in books show them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from actcli.activations.function import Function
from actcli.activations.registry import AnyFunction
from actcli.activations.vector_function import VectorFunction
from actcli.activations.words import plain
from actcli.analyses.regime import phrases, regimes
from actcli.core.device import CPU, Device
from actcli.core.formats import FLOAT64, Format, round_to
from actcli.core.numbers import chunked, read_points
from actcli.errors import UsageError
from actcli.report import Batch, Column, Plot, Report, Series, Table
from actcli.version import VERSION

Array = np.ndarray[Any, Any]

MOST_PLOTTED = 100_000
"""Numbers a curve is drawn through as they are; more are drawn as an even grid."""

Points = Callable[[], Iterator[Array]]
"""Yields the x as float64 arrays of bounded size, from the start at each call."""

DERIVATIVES = ("value", "derivative", "second_derivative")
SUFFIXES = ("", "_d1", "_d2")
_MEANINGS = ("the value f(x)", "the slope f′(x)", "the curvature f″(x)")


@dataclass(frozen=True, slots=True)
class Computation:
    """How to compute: the highest derivative, the format of inputs and results, and the device."""

    order: int = 1
    format: Format = FLOAT64
    device: Device = CPU

    def __post_init__(self) -> None:
        """Refuse what no device can do."""
        if not 0 <= self.order <= 2:
            raise UsageError(f"--order must be 0, 1 or 2, not {self.order}")
        if self.device.kind != "cpu" and self.format.name == "bfloat16":
            raise UsageError("CuPy has no bfloat16; use --device cpu, or --dtype float16")

    def rounded(self, x: Array) -> Array:
        """Return float64 numbers rounded to the format: what will be evaluated."""
        with np.errstate(all="ignore"):  # a number too large for the format becomes ∞, and is shown so
            rounded: Array = round_to(x, self.format)
        return rounded

    def results(self, function: AnyFunction, x: Array) -> list[Array]:
        """Return f, f′, … of rounded numbers."""
        values = function.derivatives(self.device.array(x), self.order)
        return [self.device.to_numpy(value) for value in values]


def evaluate(
    functions: Sequence[AnyFunction],
    points: Points | None = None,
    computation: Computation = Computation(),
    *,
    wide: bool = False,
) -> Report:
    """Return the report with the table `values`.

    Without `points` every function is evaluated at its record's own. Vector functions take all numbers as one vector.
    Rows come in the order of x for each block of x, function by function. `wide` makes one row an x and one column an
    activation.
    """
    if not functions:
        raise UsageError("give at least one activation")
    table = _wide_table(functions, points, computation) if wide else _long_table(functions, points, computation)
    single = functions[0] if len(functions) == 1 else None
    return Report(
        name="eval",
        title=_title(single) if single else ", ".join(function.name for function in functions),
        tables={"values": table},
        notes=_notes(functions, computation.order),
        plots=lambda: (_plot(functions, points, computation),),
        environment={
            "actcli": VERSION,
            "numpy": np.__version__,
            "device": computation.device.name,
            "dtype": computation.format.name,
        },
    )


def _title(function: AnyFunction) -> str:
    parameters = getattr(function, "parameters", {})
    listed = "".join(f", {name} = {plain(value)}" for name, value in parameters.items())
    named = "" if function.name == function.record.definition else f"{function.name}: "
    return f"{named}{_heading(function, 0)} = {function.record.definition}{listed}"


def _notes(functions: Sequence[AnyFunction], order: int) -> tuple[str, ...]:
    notes = []
    for function in functions:
        if order and function.derivatives_note:
            notes.append(f"{function.name}: derivatives are {function.derivatives_note}")
        if isinstance(function, VectorFunction):
            notes.append(
                f"{function.name}: the numbers form one vector; slopes are the diagonal of the Jacobian ∂yᵢ/∂xᵢ"
            )
            if function.record.halves:
                notes.append(f"{function.name}: each x of the first half is paired with paired_x of the second")
    return tuple(notes)


def _heading(function: AnyFunction | None, order: int) -> str:
    symbol = function.record.symbol if function is not None else "f"
    return f"{symbol}{('', '′', '″')[order]}(x)"


# the long table: one row for each activation and x


def _long_table(functions: Sequence[AnyFunction], points: Points | None, computation: Computation) -> Table:
    single = functions[0] if len(functions) == 1 else None
    computed = [
        Column(DERIVATIVES[k], _MEANINGS[k], heading=_heading(single, k), limit_at="x")
        for k in range(computation.order + 1)
    ]
    columns = [
        Column("activation", "the activation", audience="machines" if single else "all"),
        Column("x", "the input, as rounded to the dtype"),
        *computed,
    ]
    if computation.order >= 1:
        columns += [
            Column("regime", "what |f′| means for learning, in one word", audience="machines"),
            Column("interpretation", "what the slope means for learning", heading="Interpretation", audience="people"),
        ]
    if any(isinstance(function, VectorFunction) and function.record.halves for function in functions):
        columns.insert(2, Column("paired_x", "the entry of the second half that goes with x"))

    def rows(wanted: Sequence[str]) -> Iterator[Batch]:
        for x, group in _blocks(functions, points):
            for function in group:
                yield _batch(function, x, computation, wanted)

    return Table("values", tuple(columns), rows)


def _blocks(functions: Sequence[AnyFunction], points: Points | None) -> Iterator[tuple[Array, Sequence[AnyFunction]]]:
    """Yield blocks of x with the functions to evaluate there; vector functions get all of x at once."""
    if points is None:
        for function in functions:
            yield own_points(function), [function]
        return
    vectors = [function for function in functions if isinstance(function, VectorFunction)]
    scalars = [function for function in functions if not isinstance(function, VectorFunction)]
    if not vectors:
        for x in points():
            yield x, scalars
        return
    x = np.concatenate(list(points()))
    for function in functions:
        yield x, [function]


def own_points(function: AnyFunction) -> Array:
    """Return the x of the value table that belongs to the record."""
    return np.concatenate(list(chunked(read_points(text) for text in function.record.points)))


def _batch(function: AnyFunction, x: Array, computation: Computation, wanted: Sequence[str]) -> Batch:
    x = computation.rounded(x)
    results = computation.results(function, x)
    batch: dict[str, Any] = {}
    if isinstance(function, VectorFunction) and function.record.halves:
        x, batch["paired_x"] = np.split(x, 2)
    elif "paired_x" in wanted:
        batch["paired_x"] = [None] * len(x)
    batch |= {"activation": np.full(len(x), function.name), "x": x, **dict(zip(DERIVATIVES, results, strict=False))}
    if {"regime", "interpretation"} & set(wanted):
        words = regimes(function, x, results[1])
        batch["regime"] = words
        if "interpretation" in wanted:
            batch["interpretation"] = phrases(words, x)
    return batch


# the wide table: one row for each x, one column for each activation and order


def _wide_table(functions: Sequence[AnyFunction], points: Points | None, computation: Computation) -> Table:
    if any(isinstance(function, VectorFunction) and function.record.halves for function in functions):
        raise UsageError("--wide has one row for each x, and the gated units give half as many values")
    if points is None:
        merged = np.unique(np.concatenate([own_points(function) for function in functions]))
        points = lambda: iter([merged])  # noqa: E731
    once = ["x", *(function.name for function in functions)]
    for name in once:
        if once.count(name) > 1:
            raise UsageError(f"--wide has one column for each name, and {name} would be two")
    names = [(function, k, function.name + SUFFIXES[k]) for function in functions for k in range(computation.order + 1)]
    columns = [Column("x", "the input, as rounded to the dtype")]
    columns += [Column(name, f"{_MEANINGS[k]} of {function.name}", limit_at="x") for function, k, name in names]

    def rows(wanted: Sequence[str]) -> Iterator[Batch]:
        blocks: Iterable[Array] = points()
        if any(isinstance(function, VectorFunction) for function in functions):
            blocks = [np.concatenate(list(blocks))]
        for block in blocks:
            x = computation.rounded(block)
            batch: dict[str, Any] = {"x": x}
            for function in functions:
                results = computation.results(function, x)
                batch |= {function.name + SUFFIXES[k]: result for k, result in enumerate(results)}
            yield batch

    return Table("values", tuple(columns), rows)


# the figure


def _plot(functions: Sequence[AnyFunction], points: Points | None, computation: Computation) -> Plot:
    curves = [function for function in functions if isinstance(function, Function)]
    if not curves:
        raise UsageError("a vector function has no curve to plot")
    x = _plotted_x(points)
    series = []
    for function in curves:
        for k, y in enumerate(function.derivatives(x, computation.order)):
            shown = np.where(np.isfinite(y), y, np.nan)
            label = _heading(function, k) if len(curves) == 1 else function.name + ("", "′", "″")[k]
            series.append(Series(label, x, shown, "line" if k == 0 else "dashed"))
    title = _title(curves[0]) if len(curves) == 1 else ", ".join(function.name for function in curves)
    return Plot("values", title, "x", "", tuple(series))


def _plotted_x(points: Points | None) -> Array:
    """Return the numbers asked for where they make a curve, else an even grid from the least to the largest of them.

    Without any, or with a single one, the grid is −6 … 6.
    """
    given = np.array([])
    for x in points() if points else ():
        finite = x[np.isfinite(x)]
        given = np.unique(np.concatenate([given, finite]))
        if len(given) > MOST_PLOTTED:  # only the ends matter then
            given = given[[0, -1]]
    if 100 <= len(given) <= MOST_PLOTTED:
        return given
    low, high = (given[0], given[-1]) if len(given) > 1 else (-6.0, 6.0)
    return np.linspace(low / 2, high / 2, 801) * 2  # halves, because the distance itself may overflow
