"""`actcli list`: the records as a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from actcli.activations.builders import AnyRecord, Builders
from actcli.activations.function import Function
from actcli.activations.record import INFINITE, Activation, Interval
from actcli.activations.registry import DEFAULT, Catalogue
from actcli.errors import UsageError, suggestion
from actcli.expressions.algebras.scalars import Scalar
from actcli.expressions.evaluate import operation_counts
from actcli.expressions.nodes import COMPARISONS
from actcli.expressions.parse import parse
from actcli.report import Batch, Column, Report, Table

COLUMNS = (
    Column("name", "the canonical name"),
    Column("symbol", "how books write it", audience="machines"),
    Column("aliases", "other names it answers to", audience="machines"),
    Column("definition", "the function, as a formula in x"),
    Column("range", "the values it takes"),
    Column("max_derivative", "the largest |f′|, or its supremum", heading="max |f′|"),
    Column("zero_centred", "whether its outputs lie around 0", audience="machines"),
    Column("monotone", "whether it never decreases", audience="machines"),
    Column("smoothness", "how many continuous derivatives it has", audience="machines"),
    Column("saturates", "on which side its slope tends to 0"),
    Column("cost", "the operations in its definition", audience="machines"),
    Column("uses", "where people put it", audience="machines"),
)
"""`actcli show` has room for the rest, so that for people this is one line an activation."""

_SIGNS = {
    "add": "+", "subtract": "−", "multiply": "×", "divide": "÷", "negative": "neg", "maximum": "max", "minimum": "min",
    **{name: sign for sign, name in COMPARISONS.items()},
}  # fmt: skip


def list_records(framework: str = "", use: str = "", catalogue: Catalogue = DEFAULT) -> Report:
    """Return the report with the table `activations`, of the records a framework has or that serve a use.

    Raises UsageError when no record matches.
    """
    records = [record for record in catalogue.records if _has(record.frameworks, framework) and _serves(record, use)]
    if not records:
        raise _nothing(framework, use, catalogue)

    def rows(wanted: Sequence[str]) -> Iterator[Batch]:
        cells = [_cells(record, catalogue) for record in records]
        yield {column.name: [row[column.name] for row in cells] for column in COLUMNS}

    return Report(
        name="list",
        title=f"{len(records)} activation function{'s' * (len(records) != 1)}",
        tables={"activations": Table("activations", COLUMNS, rows)},
    )


_SYNONYMS = {"pytorch": "torch", "tf": "tensorflow", "huggingface": "transformers"}


def _has(frameworks: Sequence[str], wanted: str) -> bool:
    name = _SYNONYMS.get(wanted.casefold(), wanted.casefold())
    return not name or name in (framework.casefold() for framework in frameworks)


def _serves(record: AnyRecord, wanted: str) -> bool:
    return not wanted or any(wanted.casefold() in use.use.casefold() for use in record.uses if use.advised)


def _nothing(framework: str, use: str, catalogue: Catalogue) -> UsageError:
    frameworks = sorted({name for record in catalogue.records for name in record.frameworks})
    if framework and not any(_has([name], framework) for name in frameworks):
        known = ", ".join(frameworks)
        return UsageError(f"unknown framework {framework!r}{suggestion(framework, frameworks)}; there are {known}")
    if framework and any(_serves(record, use) for record in catalogue.records):
        return UsageError(f"no activation of {framework} has a use {use!r}, though others have")
    uses = sorted({each.use for record in catalogue.records for each in record.uses if each.advised})
    return UsageError(f"no activation has a use {use!r}{suggestion(use, uses)}; `actcli list -f csv` shows the uses")


def _cells(record: AnyRecord, catalogue: Catalogue) -> dict[str, Any]:
    """Return the row of a record, its parameters at their defaults."""
    cells: dict[str, Any] = {
        "name": record.name,
        "symbol": record.symbol,
        "aliases": ", ".join(record.aliases),
        "definition": record.definition,
        "range": str(record.range),
        "uses": "; ".join(use.use for use in record.uses if use.advised),
    }
    function = catalogue.get(record.name)
    if isinstance(record, Activation) and isinstance(function, Function):
        known = record.kernel is not None  # nobody has stated the facts of a formula that a configuration added
        counts = operation_counts(parse(record.definition, Builders(catalogue, {}, record.name)))
        cells |= {
            "range": _interval(record.range, function) if known else None,
            "max_derivative": function.largest_slope,
            "zero_centred": record.zero_centred,
            "monotone": record.monotone,
            "smoothness": _smoothness(record.smoothness) if known else None,
            "saturates": str(record.saturates) if known else None,
            "cost": operations_text(counts),
        }
    return {column.name: cells.get(column.name) for column in COLUMNS}


def operations_text(counts: Mapping[str, int]) -> str:
    """Return how often each operation is computed, as people read it: `1 +, 1 ÷, 1 exp`."""
    return ", ".join(f"{count} {_SIGNS.get(name, name)}" for name, count in counts.items())


def _interval(interval: Interval, function: Function) -> str:
    low, high = (_end(function.quantity(end)) for end in (interval.low, interval.high))
    return str(replace(interval, low=low, high=high))


def _end(value: Scalar) -> str:
    if isinstance(value, Fraction) and value.denominator <= 1000:
        return str(value)
    return f"{float(value):.6g}"


def _smoothness(continuous_derivatives: int | None) -> str:
    if continuous_derivatives is None:
        return "jumps"
    return "C∞" if continuous_derivatives == INFINITE else f"C{continuous_derivatives}"
