"""The table `worked`: the function and every line of its derivation with numbers put in, as worked examples do."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction

from actcli.activations.function import Function
from actcli.analyses.derive.notation import name_of
from actcli.analyses.derive.steps import Derivation, Line
from actcli.analyses.derive.worked.working import worked
from actcli.expressions.display import latex, mathematics, text
from actcli.expressions.nodes import Node, Number, Operation, substitute, walk
from actcli.report import Batch, Column, Table

COLUMNS = (
    Column("x", "the number put in", audience="machines"),
    Column("step", "the line of the derivation that is worked out"),
    Column("expression", "the line with numbers, one layer more worked out each time", audience="machines"),
    Column("latex", "the same in LaTeX", audience="machines"),
    Column("mathematics", "the line with numbers", heading="expression", audience="people"),
    Column("value", "its value", audience="machines"),
    Column("note", "which case applies, or why there is no value"),
)


def worked_table(function: Function, derived: Derivation, at: Sequence[Fraction], digits: int) -> Table:
    """Return the table for some x."""

    def rows(wanted: Sequence[str]) -> Iterator[Batch]:
        cells = [row for x in at for line in derived.lines for row in _rows(function, derived, line, x, digits)]
        yield {name: [row[name] for row in cells] for name in wanted}

    return Table("worked", COLUMNS, rows, title="Worked out")


def _rows(function: Function, derived: Derivation, line: Line, x: Fraction, digits: int) -> Iterator[dict[str, object]]:
    """Yield the lines of one step, worked out layer by layer; none while derivatives are still to be taken."""
    left = _at(name_of(derived.subject, 0 if line.rule == "given" else line.order), x)
    if any(isinstance(node, Operation) and node.name == "derivative" for node in walk(line.expression)):
        return
    given = derived.subject.tree
    working = worked(line.expression, x, digits, function.parameter_values, of=None if line.rule == "given" else given)
    number = math.nan if working.value is None else _nearest(working.value)
    for index, shown in enumerate(working.lines):
        equation = Operation("equal", (left, shown.tree)) if index == 0 else shown.tree
        yield {
            "x": float(x),
            "step": line.number,
            "expression": text(shown.tree),
            "latex": latex(shown.tree),
            "mathematics": mathematics(equation),
            "value": number,
            "note": shown.note,
        }


def _nearest(value: Fraction) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _at(name: Node, x: Fraction) -> Node:
    """Put a number into σ′(x); a derivative by a parameter keeps its x."""
    return name if isinstance(name, Operation) else substitute(name, {"x": Number(x)})
