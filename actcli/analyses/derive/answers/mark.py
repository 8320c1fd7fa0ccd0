"""`--answer`: a derivative that somebody worked out, marked: right, equivalent, or wrong, where, and why."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from actcli.activations.derived import Derived
from actcli.activations.function import MAX_ORDER, Function
from actcli.activations.registry import DEFAULT, Catalogue
from actcli.activations.textbook import TextbookBuilders
from actcli.analyses.derive.answers.marking import Task
from actcli.analyses.derive.identities.branches import TooHardError, breakpoints
from actcli.analyses.derive.subjects import subjects
from actcli.core.agreement import value
from actcli.core.formats import FLOAT64
from actcli.errors import UsageError
from actcli.expressions.nodes import Application, Node, Symbol, substitute, symbols, walk
from actcli.expressions.parse import parse
from actcli.report import Batch, Column, Report, Table

if TYPE_CHECKING:
    from actcli.activations.registry import AnyFunction
    from actcli.analyses.derive.steps import Subject

COLUMNS = (
    Column("answer", "the derivative that was handed in"),
    Column("verdict", "right, equivalent (right up to simplification), wrong or undecided"),
    Column("reason", "the verdict in words", audience="machines"),  # people read it above the table
    Column("slip", "the mistake, where it can be named"),
    Column("x", "the simplest x found where the answer is wrong"),
    Column("expected", "the derivative there"),
    Column("got", "the answer there"),
)


def mark(
    function: AnyFunction, answer: str, order: int = 1, wrt: str | None = None, catalogue: Catalogue = DEFAULT
) -> Report:
    """Return the report on an answer, with the table `answer`; `failed` is set unless it is right.

    The answer is a formula that may use the parameters, `f(x)` and y for the output. Raises UsageError for one that
    can't be read, or that hands the question back.
    """
    subject = subjects(function, wrt)[0]
    task = Task.of(subject, function, order)
    given = task.fixed(_read(answer, subject, function, catalogue))
    found = task.mark(given)
    at = found.agreed.counterexample if found.agreed else None

    def rows(wanted: Sequence[str]) -> Iterator[Batch]:
        yield {
            "answer": [answer],
            "verdict": [found.verdict],
            "reason": [found.reason],
            "slip": [found.slip or None],
            "x": [float(at["x"]) if at and "x" in at else None],
            "expected": [found.agreed.right if found.agreed and at else None],
            "got": [found.agreed.left if found.agreed and at else None],
        }

    is_right = found.verdict in ("right", "equivalent")
    return Report(
        name="derive",
        title=f"{function.name}, derivative{f' {order}' * (order > 1)}{f' by {wrt}' * (wrt != 'x')}: {answer}",
        tables={"answer": Table("answer", COLUMNS, rows)},
        verdict=f"{found.verdict}: {found.reason}",
        notes=tuple(_kink_notes(function, given, order)) if is_right and wrt == "x" else (),
        failed="" if is_right else f"{answer} is not the derivative: {found.reason}",
    )


def _read(answer: str, subject: Subject, function: AnyFunction, catalogue: Catalogue) -> Node:
    given = parse(answer, TextbookBuilders(catalogue, {}, function), textbook=True)
    if any(isinstance(n, Application) and isinstance(n.function, Derived) and n.function.base == function
           for n in walk(given)):  # fmt: skip
        raise UsageError(f"--answer {answer!r} hands the question back; write the derivative as a formula")
    known = {"x", *symbols(subject.tree), *subject.values}
    meanings = {name: node for name, node in subject.names.items() if name not in known}
    if isinstance(function, Function) and "y" not in known:
        meanings["y"] = Application(function, Symbol("x"))
    unknown = next((name for name in symbols(given) if name not in known and name not in meanings), None)
    if unknown is not None:
        raise UsageError(f"--answer: {unknown} is none of {', '.join(sorted({*known, *meanings}))}")
    return substitute(given, meanings)


def _kink_notes(function: AnyFunction, given: Node, order: int) -> Iterator[str]:
    """Say what is taken at kinks where the answer says something else."""
    if not isinstance(function, Function) or order > MAX_ORDER:
        return
    try:
        places = breakpoints(function.tree).get("x", set())
    except TooHardError:
        return
    for place in sorted(places):
        slope = function.reference.at(place, order, FLOAT64)[order].number
        ball = value(given, {"x": place})
        got = None if ball is None else float(ball.mid())
        if got is None or not math.isclose(got, slope, rel_tol=1e-12):
            says = "has no value" if got is None else f"gives {got:.6g}"
            yield f"at the kink x = {place} this project takes {slope:.6g}, a convention; the answer {says}"
