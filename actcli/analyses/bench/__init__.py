"""`actcli bench`: how fast activations are computed, with the machine's limit and the accuracy beside every figure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING

from actcli.analyses.bench import audit, baseline, remarks, sensitivity
from actcli.analyses.bench.comparison import (
    Change,
    absentees,
    changes,
    comparison_table,
    disturbance,
    failure,
    said,
    worst,
)
from actcli.analyses.bench.environment import environment, environment_table, in_a_line
from actcli.analyses.bench.planning import TEXTBOOK, Group, groups
from actcli.analyses.bench.plots import plots
from actcli.analyses.bench.relative import about_operations, about_relu, relative_table
from actcli.analyses.bench.request import ELEMENTWISE, Progress, Request, Who
from actcli.analyses.bench.row import Row, function_text
from actcli.analyses.bench.running import Bench
from actcli.analyses.bench.timings import raw_table, rounds_table, timings_table
from actcli.analyses.bench.words import size_text
from actcli.analyses.bench.workloads import WORKLOADS
from actcli.errors import UsageError, suggestion
from actcli.implementations.resolve import choose
from actcli.report import Report, Table

if TYPE_CHECKING:
    from actcli.activations.registry import AnyFunction

VERDICTS = ("complete", "interrupted", "same", "faster", "slower", "unclear")
"""The words; the last four where there is an earlier run to compare with."""


def bench(
    functions: Sequence[AnyFunction],
    who: Who,
    request: Request,
    *,
    table: str | None = None,
    progress: Progress = lambda what, done, total: None,
) -> Report:
    """Measure, and return the report with the tables `timings`, `relative`, `comparison`, `environment` and others.

    `functions` are the activations, none for a workload. With `table="environment"` nothing is measured. An interrupt
    (KeyboardInterrupt) after the first timings ends the measuring: the report holds what there is, and its
    `interrupted` says so. Raises UsageError for what can't be measured, and for a baseline that is missing or of
    another machine; MissingError for a library or a device that isn't there.
    """
    left_out: list[str] = []
    chosen = choose(who.names, gradient=who.gradient, array=who.array)
    known = environment(who.device, {each.name: version for each in chosen if (version := each.version())})
    if table == "environment":
        return Report("bench", "The environment", {table: environment_table(known)}, environment=known)
    earlier = baseline.read(request.compare) if request.compare is not None else None
    if earlier and not request.force:
        earlier.check_machine(known)
    run = Bench(who.device, request, progress)
    planned = groups(functions, who, request, run.sampler.available, left_out.append)
    rows = list(chain.from_iterable(group.rows for group in planned))

    absent = absentees(rows, earlier, {*who.names, *(each.name for each in chosen), TEXTBOOK}) if earlier else []

    @cache
    def found() -> list[Change]:
        if earlier is None:
            return []
        return changes(rows, absent, earlier, request.seed, disturbance(earlier.environment, known))

    tables = {each.name: each for each in _tables(rows, found, request, known)}
    if table is not None and table not in tables:
        raise UsageError(f"no table {table!r} in bench{suggestion(table, [*tables])}; it has {', '.join(tables)}")
    by_name = {function.name: function for function in functions}
    audit.accuracy(rows, by_name, request, progress)
    run.launch(rows)
    noticed = _measure(run, planned, by_name, request, progress)
    if run.interrupted and not any(row.is_measured for row in rows):
        raise KeyboardInterrupt
    known |= run.others
    remarks.add(rows, request, run.sampler.last_level)
    return Report(
        name="bench",
        title=_title(rows),
        tables=tables,
        verdict="interrupted" if run.interrupted else worst(found()) if earlier else "complete",
        notes=(
            in_a_line(known),
            *remarks.about_copies(rows, who.device),
            *_shapes(rows, request),
            *(said(found(), earlier, known, rows) if earlier else []),
            *remarks.about_budget(rows, request, run.spent, run.interrupted),
            *about_operations(rows),
            *about_relu(rows),
            *remarks.summarised(rows),
            *remarks.about_hot(request),
            *noticed,
            *left_out,
        ),
        plots=lambda: plots(rows, run.caches),
        environment=known,
        failed=failure(found(), request.fail_above) if request.fail_above is not None else "",
        interrupted=run.interrupted,
    )


def _tables(
    rows: Sequence[Row], found: Callable[[], Sequence[Change]], request: Request, known: Mapping[str, str]
) -> Iterator[Table]:
    """Yield the tables, which are filled in when somebody reads them."""
    yield timings_table(rows, memory=request.memory)
    if len({row.key.activation for row in rows}) > 1:
        yield relative_table(rows)
    if request.compare is not None:
        yield comparison_table(found, rows)
    yield environment_table(known)
    yield rounds_table(rows)
    if request.raw:
        yield raw_table(rows)


def _measure(
    run: Bench,
    planned: Sequence[Group],
    functions: Mapping[str, AnyFunction],
    request: Request,
    progress: Progress,
) -> list[str]:
    """Measure group after group, sharing what is left of the budget; return what was noticed on the way."""
    several = len(request.distributions) > 1
    check = 0.0 if several or request.workload != ELEMENTWISE else sensitivity.SHARE * request.budget
    begun = run.spent
    notes = []
    try:
        for done, group in enumerate(planned):
            left = request.budget - check - (run.spent - begun)
            audit.at_inputs(group, functions, request, progress)
            run.run(group, max(left, 0.0) / (len(planned) - done))
            if run.interrupted:
                return []
        if request.memory:
            audit.memory([row for group in planned for row in group.rows], request, progress)
        if several:
            notes = [line for group in planned for line in sensitivity.among(group.rows)]
        elif check and (left := request.budget - (run.spent - begun)) > 0:
            notes = sensitivity.check(run, planned[-1], min(left, check))
    except KeyboardInterrupt:
        run.interrupted = True
    return [] if run.interrupted else notes


def _shapes(rows: Sequence[Row], request: Request) -> list[str]:
    """Say what the sizes of a workload stand for."""
    if request.workload == ELEMENTWISE:
        return []
    workload = WORKLOADS[request.workload]
    sizes = dict.fromkeys(row.key.size for row in rows)
    return [
        f"the size of {workload.name} is that of its input {workload.arguments[0].name}: "
        f"{'; '.join(f'{size_text(size)} elements are {workload.shape_text(size)}' for size in sizes)}"
    ]


def _title(rows: Sequence[Row]) -> str:
    """Return what all rows have in common, and the names of what they compute."""
    keys = [row.key for row in rows]
    first = keys[0]
    names = dict.fromkeys(function_text(key.activation, key.order) for key in keys)
    common = {
        "dtype": first.dtype,
        "size": f"{size_text(first.size)} elements",
        "distribution": f"{first.distribution} inputs",
        "cache": first.cache,
        "device": first.device,
    }
    shared = [text for name, text in common.items() if len({getattr(key, name) for key in keys}) == 1]
    return f"{', '.join(names)}: {', '.join(shared)}"
