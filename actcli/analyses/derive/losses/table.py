"""The table `losses`: what each form people know loses in floating point, measured when it is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from actcli.activations.function import Function
from actcli.analyses.derive.losses.loss import loss
from actcli.analyses.derive.losses.sentence import sentence
from actcli.analyses.derive.steps import Derivation
from actcli.expressions.display import text
from actcli.expressions.nodes import Node
from actcli.report import Batch, Column, Table

COLUMNS = (
    Column("order", "0 for the function, 1 for its derivative", audience="machines"),
    Column("dtype", "the format computed in", audience="machines"),
    Column("obvious", "the form as people write it", audience="machines"),
    Column("max_ulp", "its largest error where it doesn't fail and away from zeros", "ULP", audience="machines"),
    Column("fails", "whether it is 0, ∞ or NaN, or loses half its digits, anywhere", audience="machines"),
    Column("careful", "the numerically careful form; empty where none is needed or known", audience="machines"),
    Column("careful_max_ulp", "its largest error likewise", "ULP", audience="machines"),
    Column("kernel_max_ulp", "the largest error of actcli's own kernel, zeros included", "ULP", audience="machines"),
    Column("sentence", "what was measured, in words", heading="what the obvious form loses"),
)


def losses_table(function: Function, derived: Derivation) -> Table:
    """Return the table for the definition and the first derivative."""

    def rows(wanted: Sequence[str]) -> Iterator[Batch]:
        cells = [_cells(function, order, form) for order, form in enumerate((derived.subject.tree, derived.results[0]))]
        yield {column.name: [row[column.name] for row in cells] for column in COLUMNS}

    return Table("losses", COLUMNS, rows, title="In floating point")


def _cells(function: Function, order: int, form: Node) -> dict[str, object]:
    careful = function.careful_forms[order] if order < len(function.careful_forms) else None
    found = loss(form, careful, function, order)
    return {
        "order": order,
        "dtype": found.format.name,
        "obvious": text(form),
        "max_ulp": found.obvious.max_ulp,
        "fails": bool(found.obvious.failures),
        "careful": None if careful is None else text(careful),
        "careful_max_ulp": None if found.careful is None else found.careful.max_ulp,
        "kernel_max_ulp": found.kernel_ulp,
        "sentence": sentence(found),
    }
