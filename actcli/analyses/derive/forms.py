"""The forms of a function and its derivatives that people know or need, each compared with the derivation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from actcli.activations.function import Function
from actcli.analyses.derive.notation import name_of
from actcli.analyses.derive.steps import Derivation, Subject
from actcli.core.agreement import Agreement, agreement
from actcli.errors import UsageError
from actcli.expressions.direct import by_name, taken
from actcli.expressions.display import latex, mathematics, text
from actcli.expressions.factor import factored
from actcli.expressions.nodes import Node, Operation, Symbol, substitute
from actcli.expressions.tidy import size
from actcli.report import Batch, Column, Table

COLUMNS = (
    Column("form", "which form: definition, derivative, …"),
    Column("expression", "the form as one line of text", audience="machines"),
    Column("latex", "the form in LaTeX", audience="machines"),
    Column("mathematics", "the form", heading="expression", audience="people"),
    Column("verified", "whether it equals the derivation to 50 digits; empty for the definition", audience="machines"),
    Column("wrt", "the variable", audience="machines"),
    Column("check", "the outcome of that comparison", heading="checked", audience="people"),
)

ORDINALS = (
    "form", "derivative", "second derivative", "third derivative", *(f"{k}th derivative" for k in range(4, 9)),
)  # fmt: skip


LONGEST = 500
"""The size of a second derivative that nobody asked for, beyond which it is left out."""


@dataclass(frozen=True, slots=True)
class Form:
    """One form: its name, the left side of the equation, the expression, and how it compares with the derivation."""

    name: str
    left: Node
    expression: Node
    wrt: str | None = None
    agreement: Agreement | None = None


def definition(derived: Derivation) -> Form:
    """Return what is derived."""
    return Form("definition", derived.subject.name, derived.subject.tree)


def forms_of(function: Function | None, derived: Derivation) -> list[Form]:
    """Return every derivative that was derived (by x at least two), and the record's forms.

    The careful forms and the one in the output y come from the record, which a typed formula hasn't.
    """
    subject = derived.subject
    found: list[Form] = []
    results = list(derived.results)
    if subject.variable == "x" and len(results) == 1:
        results += _second(subject, results[0])
    for order, result in enumerate(results, start=1):
        before = subject.tree if order == 1 else results[order - 2]
        found.append(
            Form(ORDINALS[order], name_of(subject, order), result, subject.variable, _compared(derived, before, result))
        )
    if function is not None and subject.variable == "x":
        found[1:1] = _from_output(function, derived)
        found += _careful(function, derived, [subject.tree, *results])
    return found


def _second(subject: Subject, first: Node) -> list[Node]:
    """Return the second derivative in its known form, or factored; nothing where it is too long to be worth a line."""
    if len(subject.forms) > 1:
        return [subject.forms[1]]
    try:
        found = taken(first, subject.variable, by_name)
    except UsageError:
        return []
    return [factored(found)] if size(found) <= LONGEST else []


def _compared(derived: Derivation, before: Node, result: Node) -> Agreement:
    """Compare a form of a derivative with the derivative of the form before it."""
    subject = derived.subject
    pending = Operation("derivative", (substitute(before, dict(subject.names)), Symbol(subject.variable)))
    return agreement(pending, substitute(result, dict(subject.names)), subject.values, avoid=subject.avoid)


def _from_output(function: Function, derived: Derivation) -> list[Form]:
    form, subject = function.output_form, derived.subject
    if form is None:
        return []
    compared = agreement(derived.results[0], substitute(form, {"y": subject.tree}), subject.values, avoid=subject.avoid)
    return [Form("derivative in terms of the output y", name_of(subject, 1), form, "x", compared)]


def _careful(function: Function, derived: Derivation, known: Sequence[Node]) -> list[Form]:
    subject = derived.subject
    found = []
    for order, form in enumerate(function.careful_forms[: len(known)]):
        if form is not None:
            compared = agreement(known[order], form, subject.values, avoid=subject.avoid)
            name = f"numerically careful {ORDINALS[order]}"
            found.append(Form(name, name_of(subject, order), form, "x", compared))
    return found


def forms_table(forms: Sequence[Form]) -> Table:
    """Return the table `forms`."""

    def rows(wanted: Sequence[str]) -> Iterator[Batch]:
        cells = [_cells(form, frozenset(wanted)) for form in forms]
        yield {name: [row[name] for row in cells] for name in wanted}

    return Table("forms", COLUMNS, rows, title="Forms")


def _cells(form: Form, wanted: frozenset[str]) -> dict[str, object]:
    compared = form.agreement
    cells: dict[str, object] = {
        "form": form.name,
        "expression": text(form.expression),
        "latex": latex(form.expression),
        "verified": None if compared is None else compared.holds,
        "check": "" if compared is None else "✓" if compared.holds else f"✗ {compared.reason}",
        "wrt": form.wrt,
    }
    if "mathematics" in wanted:
        cells["mathematics"] = mathematics(Operation("equal", (form.left, form.expression)))
    return cells
