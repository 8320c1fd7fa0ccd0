"""`--answer`: a derivative that somebody worked out, marked: right, equivalent, or wrong, where, and why."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from actcli.activations.derived import Derived
from actcli.activations.function import Function
from actcli.activations.registry import DEFAULT, Catalogue
from actcli.activations.textbook import TextbookBuilders
from actcli.analyses.derive.answers.at_kinks import Place, at_kinks
from actcli.analyses.derive.answers.marking import Mark, Task
from actcli.analyses.derive.identities.check import with_something_to_say
from actcli.analyses.derive.subjects import subjects
from actcli.core.agreement import Agreement
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
    Column("difference", "got − expected"),
)


def mark(
    function: AnyFunction, answer: str, order: int = 1, wrt: str | None = None, catalogue: Catalogue = DEFAULT
) -> Report:
    """Return the report on an answer, with the table `answer`; `failed` is set unless it is right.

    The answer is a formula that may use the parameters, `f(x)` and y for the output. Raises UsageError for one that
    can't be read, or that hands the question back.
    """
    subject = subjects(function, wrt)[0]
    read = _read(answer, subject, function, catalogue)
    parameters = function.parameters if isinstance(function, Function) else {}
    task = Task.of(subject, function, order, general=any(name in parameters for name in symbols(read)))
    found = task.mark(task.meant(read))
    is_right = found.verdict in ("right", "equivalent")
    kinks: list[Place] = []
    if is_right and subject.variable == "x" and isinstance(function, Function):
        kinks = list(at_kinks(function, substitute(read, function.parameter_values), order))
        wrong = next((kink for kink in kinks if kink.is_wrong), None)
        if wrong is not None:
            found, is_right = _wrong_at(wrong), False
    row = _row(answer, found)
    by = f" by {subject.variable}" if subject.variable != "x" else ""

    def rows(wanted: Sequence[str]) -> Iterator[Batch]:
        yield {name: [cell] for name, cell in row.items()}

    return Report(
        name="derive",
        title=f"{function.name}, derivative{f' {order}' * (order > 1)}{by}: {answer}",
        tables={"answer": Table("answer", with_something_to_say(COLUMNS, row), rows)},
        verdict=f"{found.verdict}: {found.reason}",
        notes=tuple(kink.note for kink in kinks if is_right and kink.note),
        failed="" if is_right else f"{answer} is not the derivative: {found.reason}",
    )


def _wrong_at(kink: Place) -> Mark:
    got = math.nan if kink.got is None else kink.got
    return Mark(
        "wrong", kink.sentence, agreed=Agreement(False, counterexample={"x": kink.x}, left=got, right=kink.used)
    )


def _row(answer: str, found: Mark) -> dict[str, object]:
    agreed = found.agreed if found.agreed and found.agreed.counterexample else None
    at = (agreed.counterexample if agreed else None) or {}
    return {
        "answer": answer,
        "verdict": found.verdict,
        "reason": found.reason,
        "slip": found.slip or None,
        "x": float(at["x"]) if "x" in at else None,
        "expected": agreed.right if agreed else None,
        "got": agreed.left if agreed else None,
        "difference": found.difference,
    }


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
        raise UsageError(
            f"--answer: {unknown} is none of {', '.join(sorted({*known, *meanings}))}; write the answer in these"
        )
    return substitute(given, meanings)
