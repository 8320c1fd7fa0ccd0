"""`actcli gradflow`: what happens to signal and gradient through depth, for any activation, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import chain

import numpy as np

from actcli.activations.registry import AnyFunction
from actcli.analyses.gradflow import notes, plots
from actcli.analyses.gradflow.cases import PLAIN, Case, cases
from actcli.analyses.gradflow.request import Progress, Request
from actcli.analyses.gradflow.subject import Subject
from actcli.analyses.gradflow.tables.clipping import clipping_table
from actcli.analyses.gradflow.tables.gates import forget_bias_table, gates_table
from actcli.analyses.gradflow.tables.infinite import critical_table, initialisers_table, moments_table, theory_table
from actcli.analyses.gradflow.tables.jacobian import jacobian_table
from actcli.analyses.gradflow.tables.neuron import neuron_table
from actcli.analyses.gradflow.tables.phase import phase_table
from actcli.analyses.gradflow.tables.products import depth_table, paths_table, underflow_table
from actcli.analyses.gradflow.tables.summary import layers_table, summary_table
from actcli.analyses.gradflow.verdict import failure, sentence
from actcli.errors import UsageError, suggestion
from actcli.report import Report, Table
from actcli.version import VERSION

_OF_NETS = ("summary", "layers", "clipping", "gates")
"""Tables for which the nets are run, so that the verdict on them costs nothing more."""

_NEEDS = {
    "jacobian": PLAIN,
    "gates": "--arch lstm or --arch gru",
    "forget_bias": "--arch lstm",
    "clipping": "--clip NORM",
    "neuron": "--neuron W,W,…:B and --data FILE",
    "phase": "--phase-diagram",
}
"""What tables need that a report doesn't always have."""


def gradflow(
    functions: Sequence[AnyFunction],
    request: Request,
    *,
    table: str | None = None,
    shown: Collection[str] | None = None,
    progress: Progress = lambda what, done, total: None,
) -> Report:
    """Return the report with the tables `summary`, `depth`, `layers`, `theory` and more.

    No net is run before it is needed: `table` names the only table that is wanted, and with `table="theory"` there is
    neither a net nor a verdict on it, unless the request has a gate. Where a report is `shown` in part, notes are on
    these tables alone. Raises UsageError for functions of a vector,
    unknown initialisations and tables, and nets that don't fit into memory.
    """
    found = cases(functions, request, progress)
    subjects = list({id(case.subject): case.subject for case in found}.values())
    tables = _tables(found, subjects, request)
    _check(table, tables)
    runs = table is None or table in _OF_NETS
    return Report(
        name="gradflow",
        title=_title(subjects, request),
        tables=tables,
        verdict=sentence(found) if runs else "",
        notes=tuple(_notes(found, subjects, request, shown if table is None else (table,))),
        plots=lambda: plots.plots(found),
        environment={
            "actcli": VERSION,
            "numpy": np.__version__,
            "device": request.device.name,
            "seed": str(request.seed),
        },
        failed=failure(found),
    )


def runs_nets(request: Request, table: str | None) -> bool:
    """Tell whether a report, or the table of it that is wanted, needs the nets of the request."""
    return table is None or table in _OF_NETS or request.fail_if is not None


def _tables(found: Sequence[Case], subjects: Sequence[Subject], request: Request) -> dict[str, Table]:
    tables = [
        summary_table(found),
        depth_table(subjects),
        layers_table(found),
        theory_table(found),
        critical_table(subjects),
        moments_table(subjects),
        paths_table(subjects),
        underflow_table(found),
        initialisers_table(subjects),
    ]
    if request.is_plain:
        tables.append(jacobian_table(found))
    if request.arch in ("lstm", "gru"):
        tables.append(gates_table(found))
    if request.arch == "lstm":
        tables.append(forget_bias_table(found))
    if request.clip is not None:
        tables.append(clipping_table(found))
    if request.neuron is not None:
        tables.append(neuron_table(subjects))
    if request.phase_diagram:
        tables.append(phase_table(subjects))
    return {each.name: each for each in tables}


def _check(table: str | None, tables: Mapping[str, Table]) -> None:
    """Raise UsageError for a table that there isn't, and say what it needs."""
    if table is None or table in tables:
        return
    if table in _NEEDS:
        raise UsageError(f"--table {table} needs {_NEEDS[table]}")
    hint = suggestion(str(table), [*tables, *_NEEDS])
    raise UsageError(f"no table {table!r} in gradflow{hint}; it has {', '.join(tables)}")


def _notes(
    found: Sequence[Case], subjects: Sequence[Subject], request: Request, shown: Collection[str] | None
) -> list[str]:
    """Return the remarks on the tables that are shown, or on those of a whole report."""
    remarks: list[tuple[Sequence[str], bool, Callable[[], Iterable[str]]]] = [
        (_OF_NETS, True, lambda: notes.about_nets(found)),
        (("depth",), not request.is_recurrent, lambda: notes.about_products(subjects)),
        (("theory", "layers"), request.is_plain, lambda: notes.about_theory(found)),
        (
            ("critical", "initialisers"),
            request.suggest_init and request.is_plain,
            lambda: notes.about_critical(subjects),
        ),
        (("summary",), True, lambda: notes.about_remedies(found)),
        (("phase",), request.phase_diagram, lambda: notes.about_phase(subjects)),
        (("jacobian",), False, lambda: notes.about_jacobian(found)),
    ]
    wanted = [
        remark for tables, always, remark in remarks if (always if shown is None else not {*tables}.isdisjoint(shown))
    ]
    return [*notes.about_code(subjects), *dict.fromkeys(chain.from_iterable(remark() for remark in wanted))]


def _title(subjects: Sequence[Subject], request: Request) -> str:
    names = ", ".join(subject.name for subject in subjects)
    if request.is_recurrent:
        article = "a" if request.arch == "gru" else "an"
        return f"{names} in {article} {request.arch.upper()} over {_counted(request)}"
    kind = "residual net" if request.arch == "residual" else "net"
    norm = f" with {request.norm} norm" if request.norm != "none" else ""
    return f"{names} in a {kind} of {_counted(request)}{norm}"


def _counted(request: Request) -> str:
    return f"{request.depth:,} {request.layer}{'s' if request.depth > 1 else ''}"
