"""The table `steps`: one row a line of the derivation."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

from actcli.activations.words import plain
from actcli.analyses.derive.notation import left_side, why
from actcli.analyses.derive.steps import Derivation, Line
from actcli.core.agreement import value
from actcli.expressions.display import latex, mathematics, text
from actcli.expressions.nodes import Operation
from actcli.report import Batch, Column, Table

COLUMNS = (
    Column("step", "the number of the line, from 0"),
    Column("rule", "the rule, by its stable name", audience="machines"),
    Column("why", "the rule in words, and what its letters stand for", heading="rule", audience="people"),
    Column("expression", "the whole line as one line of text", audience="machines"),
    Column("latex", "the whole line in LaTeX", audience="machines"),
    Column("mathematics", "the whole line", heading="expression", audience="people"),
    Column("verified", "whether it equals the line before to 50 digits; empty for the first", audience="machines"),
    Column("check", "the outcome of that comparison", heading="checked", audience="people"),
    Column("points", "how many points were compared", audience="machines"),
    Column("order", "which derivative", audience="machines"),
    Column("wrt", "the variable", audience="machines"),
    Column("parent", "the step whose rule left this derivative to be taken", audience="machines"),
    Column("before", "the derivative that the rule took", audience="machines"),
    Column("after", "what the rule makes of it", audience="machines"),
    Column("matched", "what the letters of the rule stand for", audience="machines"),
)


def steps_table(
    derivations: Sequence[Derivation], at: Sequence[Fraction] = (), numbers: Mapping[str, Fraction] | None = None
) -> Table:
    """Return the table of all lines of one or several derivations.

    For each x of `at` programs get a column with the value of every line there, `numbers` put in for the parameters.
    """
    points = {f"at_{plain(x)}": {**(numbers or {}), "x": x} for x in at}
    columns = tuple(Column(name, "the value of the line there", audience="machines") for name in points)

    def rows(wanted: Sequence[str]) -> Iterator[Batch]:
        cells = [
            _cells(derivation, line, wanted) | _values(line, points, wanted)
            for derivation in derivations
            for line in derivation.lines
        ]
        yield {name: [row[name] for row in cells] for name in wanted}

    return Table("steps", COLUMNS + columns, rows, title="Derivation")


def _values(line: Line, points: Mapping[str, Mapping[str, Fraction]], wanted: Sequence[str]) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, point in points.items():
        if name in wanted:
            ball = value(line.expression, point, 25)
            found[name] = math.nan if ball is None else float(ball.mid())
    return found


def _cells(derivation: Derivation, line: Line, wanted: Sequence[str]) -> dict[str, object]:
    agreement = line.agreement
    cells: dict[str, object] = {
        "step": line.number,
        "rule": line.rule,
        "why": why(line),
        "expression": text(line.expression),
        "latex": latex(line.expression),
        "verified": None if agreement is None else agreement.holds,
        "check": "" if agreement is None else "✓" if agreement.holds else f"✗ {agreement.reason}",
        "points": None if agreement is None else agreement.points,
        "order": line.order,
        "wrt": derivation.subject.variable,
        "parent": line.parent,
        "before": None if line.before is None else text(line.before),
        "after": None if line.after is None else text(line.after),
        "matched": "; ".join(f"{letter} = {text(node)}" for letter, node in line.matched.items()) or None,
    }
    if "mathematics" in wanted:
        left = left_side(derivation, line)
        cells["mathematics"] = mathematics(
            line.expression if left is None else Operation("equal", (left, line.expression))
        )
    return cells
