"""The Jacobian of a vector function at one vector, entry by entry, from the partial derivatives that were derived."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction

from actcli.activations.vector_function import VectorFunction
from actcli.analyses.derive.steps import Derivation
from actcli.core.agreement import value
from actcli.errors import UsageError
from actcli.expressions.nodes import Node, Number, Operation, substitute
from actcli.expressions.tidy import ZERO, number
from actcli.report import Batch, Column, Table

COLUMNS = (
    Column("output", "the index i of the output, from 0"),
    Column("input", "the index j of the input, from 0"),
    Column("x", "the input x_j"),
    Column("partial", "∂yᵢ/∂xⱼ", heading="∂yᵢ/∂xⱼ"),
)

MAX_ENTRIES = 64
"""The longest vector worked out: its Jacobian has 4,096 entries."""


def jacobian_table(function: VectorFunction, derivations: Sequence[Derivation], x: Sequence[Fraction]) -> Table:
    """Return the table `jacobian` at a vector. Raises UsageError for a length that doesn't fit."""
    if len(x) > MAX_ENTRIES:
        raise UsageError(f"--at: a vector of more than {MAX_ENTRIES} numbers has too large a Jacobian to print")
    if function.record.halves and len(x) % 2:
        raise UsageError(f"{function.name} splits its vector into halves, and {len(x)} numbers don't split")
    partials = {each.subject.variable: each for each in derivations}
    entry = _gated if function.record.halves else _normalised

    def rows(wanted: Sequence[str]) -> Iterator[Batch]:
        outputs = len(x) // 2 if function.record.halves else len(x)
        cells: list[tuple[int, int, float, float]] = []
        for i in range(outputs):
            for j in range(len(x)):
                tree = entry(partials, x, i, j)
                if tree is not None:
                    cells.append((i, j, float(x[j]), _number(tree)))
        yield {column.name: [row[k] for row in cells] for k, column in enumerate(COLUMNS)}

    shown = ", ".join(str(each) for each in x)
    return Table("jacobian", COLUMNS, rows, title=f"Jacobian at ({shown})")


def _normalised(partials: dict[str, Derivation], x: Sequence[Fraction], i: int, j: int) -> Node | None:
    """Softmax and its kin: the entry of x_i and x_j, the other exponentials added up."""
    derivation = partials.get("x_i" if i == j else "x_j")
    if derivation is None:
        return None
    rest: Node = ZERO
    other = next((k for k in range(len(x)) if k != i), None) if i == j else j
    for k, each in enumerate(x):
        if k not in (i, other):
            rest = Operation("add", (rest, Operation("exp", (number(each),))))
    tree = substitute(derivation.results[-1], dict(derivation.subject.names))
    if other is None:  # a vector of one entry: exp(x_j) is left out
        return ZERO
    return substitute(tree, {"x_i": Number(x[i]), "x_j": Number(x[other]), "rest": rest})


def _gated(partials: dict[str, Derivation], x: Sequence[Fraction], i: int, j: int) -> Node | None:
    """Gated units: output i depends on entry i of either half alone."""
    half = len(x) // 2
    if j % half != i:
        return ZERO
    derivation = partials.get("a" if j < half else "b")
    if derivation is None:
        return None
    return substitute(derivation.results[-1], {"a": Number(x[i]), "b": Number(x[i + half])})


def _number(tree: Node) -> float:
    ball = value(tree, {}, 25)
    return math.nan if ball is None else float(ball.mid())
