"""Small reports made by hand, for every renderer's tests."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from actcli.render import Terminal, render
from actcli.report import Batch, Column, Plot, Report, Series, Table

INF = float("inf")


def table(name: str, columns: dict[str, Any], title: str = "", **options: dict[str, Any]) -> Table:
    """One batch of the given cells; `options` are those of a column, by its name."""
    described = tuple(Column(column, **options.get(column, {})) for column in columns)
    return Table(name, described, lambda names: iter([{wanted: columns[wanted] for wanted in names}]), title)


def streamed(name: str, columns: Sequence[str], rows: Callable[[], Iterator[Batch]]) -> Table:
    return Table(name, tuple(Column(column) for column in columns), lambda _: rows())


def untouchable(name: str = "forbidden") -> Table:
    def rows(names: Sequence[str]) -> Iterator[Batch]:
        raise AssertionError(f"{name} was computed")

    return Table(name, (Column("x"),), rows)


def sigmoid() -> Table:
    x = np.array([-INF, -5.0, 0.0, 0.5, 1e-5, INF])
    return table(
        "values",
        {
            "activation": ["sigmoid"] * 6,
            "x": x,
            "value": np.array([0.0, 0.0066928509242848554, 0.5, 0.6224593312018546, 0.5000025, 1.0]),
            "derivative": np.array([0.0, 1.816e-04, 0.25, 0.2350037122015945, 0.25, 0.0]),
            "regime": ["saturated", "saturated", "maximum", "good", "good", "saturated"],
            "phrase": ["hardly learns", "hardly learns", "learns fastest", "learns", "learns", "hardly learns"],
        },
        value={"heading": "σ(x)", "limit_at": "x"},
        derivative={"heading": "σ′(x)", "limit_at": "x"},
        regime={"audience": "machines"},
        phrase={"audience": "people", "heading": "Interpretation"},
    )


def report(*tables: Table, **options: Any) -> Report:
    options = {"verdict": "saturates on both sides", "notes": ("x is rounded to float64",)} | options
    return Report("eval", "sigmoid", {one.name: one for one in tables or (sigmoid(),)}, **options)


def plots() -> tuple[Plot, ...]:
    x = np.linspace(-4, 4, 41)
    y = 1 / (1 + np.exp(-x))
    curves = (
        Series("σ(x)", x, y),
        Series("bound", x, 1.0 + 0 * x, "dashed"),
        Series("kinks", x[::20], y[::20], "points"),
    )
    return (Plot("values", "sigmoid", "x", "σ(x)", curves),)


def printed(one: Report, **options: Any) -> tuple[str, str]:
    """What a report leaves on stdout and stderr."""
    out, err = io.BytesIO(), io.StringIO()
    terminal = options.pop("terminal", Terminal())
    render(one, **{"format": "csv", "terminal": terminal, **options}, stdout=out, stderr=err)
    return out.getvalue().decode(terminal.encoding), err.getvalue()
