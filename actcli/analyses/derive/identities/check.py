"""`--check`: whether an equation holds. Proved, or only compared, or refuted at the simplest point found."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

from actcli.activations.function import Function
from actcli.activations.textbook import TextbookBuilders
from actcli.analyses.derive.identities.equality import Finding, compare, written
from actcli.errors import UsageError
from actcli.expressions.nodes import Node, Number, substitute, symbols
from actcli.expressions.parse import parse
from actcli.report import Batch, Column, Report, Table

if TYPE_CHECKING:
    from actcli.activations.registry import AnyFunction, Catalogue

COLUMNS = (
    Column("left", "the left side"),
    Column("right", "the right side"),
    Column("verdict", "identity (proved), agrees (compared only), false or undecided"),
    Column("points", "points where both sides have values, which agree"),
    Column("digits", "digits to which they were compared", audience="machines"),
    Column("reason", "the verdict in words", audience="machines"),  # people read it above the table
    Column("counterexample", "the simplest point found where they differ"),
    Column("left_value", "the left side there", heading="left there"),
    Column("right_value", "the right side there", heading="right there"),
    Column("difference", "left − right there"),
    Column("largest_difference", "the largest difference of the sides on [-16, 16]", heading="largest difference"),
    Column("largest_at", "where that is", heading="at x"),
)


def check(
    text: str, catalogue: Catalogue, given: Mapping[str, Fraction] | None = None, function: AnyFunction | None = None
) -> Report:
    """Return the report of an equation `LHS = RHS`, with the table `check`; `failed` is set unless it holds.

    Besides formulas as everywhere, the sides may hold any variables, derivatives `tanh'(x)`, entries of vectors
    `softmax(a, b)[0]`, and `f(x)`, `f'(x)` for `function`. `given` are the values of names that aren't variables.
    Raises UsageError for text that is no equation, and for a given name that isn't in it.
    """
    sides = split(text)
    left, right = _read(sides, catalogue, given or {}, function)
    found = compare(left, right)
    row = _row(sides, found)
    holds = found.verdict in ("identity", "agrees")
    equation = " = ".join(sides)

    def rows(wanted: Sequence[str]) -> Iterator[Batch]:
        yield {name: [cell] for name, cell in row.items()}

    return Report(
        name="derive",
        title=equation,
        tables={"check": Table("check", with_something_to_say(COLUMNS, row), rows)},
        verdict=f"{found.verdict}: {found.reason}",
        failed="" if holds else f"{equation} does not hold: {found.reason}",
    )


def with_something_to_say(columns: Sequence[Column], row: Mapping[str, object]) -> tuple[Column, ...]:
    """Return the columns of a table of one row; people don't see those that are empty."""
    return tuple(replace(each, audience="machines") if row[each.name] is None else each for each in columns)


def split(text: str) -> tuple[str, str]:
    """Return the two sides of an equation; a = inside brackets names an argument. Raises UsageError."""
    depth, at = 0, []
    for match in re.finditer(r"[()]|[<>!=]?=+", text):
        found = match.group()
        if found in "()":
            depth += 1 if found == "(" else -1
        elif not depth and found == "==":
            raise UsageError(f"--check {text!r}: an equation has a single =; == compares inside a formula")
        elif not depth and found == "=":
            at.append(match.start())
    if len(at) != 1:
        what = f"{len(at)} of them" if at else "none here"
        raise UsageError(f'--check {text!r}: an equation has one = and there {"are" if at else "is"} {what}; '
                         'write "LHS = RHS"')  # fmt: skip
    left, right = text[: at[0]].strip(), text[at[0] + 1 :].strip()
    if not left or not right:
        raise UsageError(f"--check {text!r}: the {'right' if left else 'left'} side is empty")
    return left, right


def _read(
    sides: tuple[str, str], catalogue: Catalogue, given: Mapping[str, Fraction], function: AnyFunction | None
) -> list[Node]:
    builders = TextbookBuilders(catalogue, given, function)
    trees = [parse(side, builders, textbook=True) for side in sides]
    used = {*builders.used, *(name for tree in trees for name in symbols(tree))}
    if isinstance(function, Function):
        used.update(function.parameters)
    unused = next((name for name in given if name not in used), None)
    if unused is not None:
        raise UsageError(f"--param {unused}: there is no {unused} in {' = '.join(sides)}")
    return [substitute(tree, {name: Number(number) for name, number in given.items()}) for tree in trees]


def _row(sides: tuple[str, str], found: Finding) -> dict[str, object]:
    values, largest = found.values or (None, None), found.largest or (None, None)
    return {
        "left": sides[0],
        "right": sides[1],
        "verdict": found.verdict,
        "points": found.points,
        "digits": found.digits,
        "reason": found.reason,
        "counterexample": written(found.counterexample) if found.counterexample else None,
        "left_value": values[0],
        "right_value": values[1],
        "difference": found.difference,
        "largest_difference": largest[1],
        "largest_at": largest[0],
    }
