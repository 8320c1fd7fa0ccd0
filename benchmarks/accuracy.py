"""The largest error of every kernel against the exact reference, on the points of the tests: a table in ULP."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from actcli.activations.function import Function
from actcli.activations.registry import DEFAULT
from actcli.core.formats import FLOAT32, FLOAT64, FORMATS, Format
from actcli.core.ulp import errors
from tests.activations.points import directed, random_bits


def main() -> None:
    """Print one row an activation, one column a format and order; 16-bit formats count what isn't correctly rounded."""
    table = Table(title="max ULP (float32, float64); encodings not correctly rounded (16-bit formats), f / f′ / f″")
    table.add_column("activation")
    for name in FORMATS:
        table.add_column(name, justify="right")
    for record in DEFAULT.records:
        function = DEFAULT.get(record.name)
        if isinstance(function, Function):
            sys.stderr.write(f"\r{function.name}\x1b[K")
            table.add_row(function.name, *(cell(function, format) for format in FORMATS.values()))
    sys.stderr.write("\r\x1b[K")
    Console().print(table)


def cell(function: Function, format: Format) -> str:
    """Return the three figures of one function in one format."""
    with np.errstate(all="ignore"):
        numbers = points(function, format)
        inputs = numbers.astype(np.float64)
        results = function.derivatives(numbers, 2)
        exact = function.reference.values(inputs, 2, format)
        figures = []
        for got, (rounded, rest) in zip(results, exact, strict=True):
            values = got.astype(np.float64)
            if format.bits == 16:
                figures.append(f"{int(((values != rounded) & ~np.isnan(rounded)).sum())}")
            else:
                figures.append(f"{np.nanmax(errors(values, rounded, rest, format).ulp):.2f}")
    return " / ".join(figures)


def points(function: Function, format: Format) -> Any:
    """Return every encoding of a 16-bit format, else directed and random points."""
    if format.bits == 16:
        return format.every()
    count = {FLOAT32.name: 20_000, FLOAT64.name: 40_000}[format.name]
    return np.concatenate([directed(function, format), random_bits(format, count, 3)]).astype(format.dtype)
