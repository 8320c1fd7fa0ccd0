"""`actcli derive ACT`: the derivation, its forms, the landmarks of the function and worked numbers, as a report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cache

from actcli.activations.function import Function
from actcli.activations.registry import AnyFunction
from actcli.activations.words import plain
from actcli.analyses.derive.curves import curves
from actcli.analyses.derive.forms import Form, definition, forms_of, forms_table
from actcli.analyses.derive.jacobian import jacobian_table
from actcli.analyses.derive.kinks import kinks_table
from actcli.analyses.derive.landmarks.survey import Survey, survey
from actcli.analyses.derive.landmarks.table import landmarks_table
from actcli.analyses.derive.losses.table import losses_table
from actcli.analyses.derive.namesakes import namesake
from actcli.analyses.derive.notation import name_of
from actcli.analyses.derive.steps import Derivation, Progress, derivation
from actcli.analyses.derive.steps_table import steps_table
from actcli.analyses.derive.subjects import subjects
from actcli.analyses.derive.worked.table import worked_table
from actcli.expressions.display import text
from actcli.expressions.nodes import Application, Node, Operation, Symbol, walk
from actcli.report import Report
from actcli.version import VERSION


def derive(
    function: AnyFunction,
    *,
    order: int = 1,
    wrt: str | None = None,
    at: Sequence[Fraction] = (),
    expand: bool = False,
    digits: int = 4,
    progress: Progress = lambda order, lines: None,
) -> Report:
    """Return the report of a derivation, with the tables `steps` and `forms`, and others where they make sense.

    `wrt` is x (the default), a parameter, or a variable of a vector function, which otherwise gives all its partial
    derivatives. `at` are points to work out with numbers (for a vector function one vector), `digits` the decimals
    shown there. `expand` opens up every known function. A line that doesn't equal the one before makes the report
    fail. Raises UsageError for an order outside 1 … 8, an unknown variable, or a derivative too long to write down.
    """
    derivations: list[Derivation] = []
    for subject in subjects(function, wrt, expand=expand):
        first = sum(len(each.lines) for each in derivations)
        derivations.append(derivation(subject, order, first=first, progress=progress))
    element = function if isinstance(function, Function) else None
    forms = [definition(derivations[0]), *(form for each in derivations for form in forms_of(element, each))]
    title = _title(function, derivations)
    tables = [
        steps_table(derivations, at, element.parameters) if element is not None else steps_table(derivations),
        forms_table(forms),
    ]
    report = Report(
        name="derive",
        title=title,
        tables={},
        verdict=_verdict(derivations),
        environment={"actcli": VERSION},
        failed=_failure(derivations, forms),
        is_document=True,
    )
    if not isinstance(function, Function):
        tables += [jacobian_table(function, derivations, at)] if at else []
        if "rest" in function.record.model:
            report = replace(report, notes=("rest is the sum of exp over the other entries",))
    elif derivations[0].subject.variable == "x":
        surveyed = cache(lambda: survey(function))
        tables.append(landmarks_table(surveyed))
        if _has_cases(function.tree):
            tables.append(kinks_table(function, lambda: _kink_points(surveyed())))
        tables.append(losses_table(function, derivations[0]))
        name = namesake(function)
        note = (f"it is {name} of the catalogue: `actcli derive {name}` has its own words for it",) if name else ()
        report = replace(report, notes=note, plots=lambda: curves(function, title, surveyed))
    if at and isinstance(function, Function):
        tables.append(worked_table(function, derivations[0], at, digits))
    return replace(report, tables={table.name: table for table in tables})


def _has_cases(tree: Node) -> bool:
    """Tell whether a formula is put together from pieces."""
    for node in walk(tree):
        if isinstance(node, Operation) and node.name in ("where", "maximum", "minimum", "abs", "sign"):
            return True
        if isinstance(node, Application) and _has_cases(node.function.tree):
            return True
    return False


def _kink_points(found: Survey) -> list[Fraction]:
    """Return the kinks and jumps whose places are rational; an irrational one has no x of its own to be looked at."""
    exact = {float(place.low): place.low for place in found.places if place.low == place.high}
    return [exact[mark.x] for mark in found.landmarks if mark.kind in ("kink", "jump") and mark.x in exact]


def _title(function: AnyFunction, derivations: Sequence[Derivation]) -> str:
    """Return the name, the definition, and the values of the parameters."""
    subject = derivations[0].subject
    named = "" if function.name == function.record.definition else f"{function.name}: "
    equation = text(Operation("equal", (subject.name, subject.tree)))
    values = function.parameters if isinstance(function, Function) else {}
    return named + ", ".join([equation, *(f"{text(Symbol(name))} = {plain(value)}" for name, value in values.items())])


def _verdict(derivations: Sequence[Derivation]) -> str:
    """Say what came out, and how well it is checked."""
    results = []
    for each in derivations:
        order = len(each.results)
        results.append(text(Operation("equal", (name_of(each.subject, order), each.results[-1]))))
    compared = sum(each.compared for each in derivations)
    wrong = sum(len(each.failed) for each in derivations)
    points = min((line.agreement.points for each in derivations for line in each.lines if line.agreement), default=0)
    checked = f"{compared} step{'s' * (compared != 1)}, "
    equal = f"each equal to the one before to 50 digits at {points} points"
    checked += f"{wrong} of them NOT verified" if wrong else equal
    return f"{'; '.join(results)} ({checked})"


def _failure(derivations: Sequence[Derivation], forms: Sequence[Form]) -> str:
    """Say which comparison failed first, if one did."""
    for each in derivations:
        for line in each.failed:
            reason = line.agreement.reason if line.agreement else ""
            return f"step {line.number} ({line.rule}) doesn't equal the step before it: {reason}"
    for form in forms:
        if form.agreement is not None and not form.agreement.holds:
            return f"the {form.name} doesn't equal what was derived: {form.agreement.reason}"
    return ""
