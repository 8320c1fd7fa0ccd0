"""`actcli stability`: how near implementations come to the exact value, and where they break."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby

import numpy as np

from actcli.activations.registry import AnyFunction
from actcli.analyses.stability import plot
from actcli.analyses.stability.cases import Case, Result, run
from actcli.analyses.stability.extremes import extremes_table
from actcli.analyses.stability.gate import failure
from actcli.analyses.stability.recorded import recorded
from actcli.analyses.stability.request import Progress, Request
from actcli.analyses.stability.tables import audit_table, histogram_table, worst_table
from actcli.analyses.stability.verdict import VERDICTS, verdict
from actcli.core.device import CPU, Device
from actcli.core.formats import Format
from actcli.errors import UsageError
from actcli.implementations.provider import Implementation
from actcli.implementations.resolve import choose, resolve
from actcli.implementations.user import UserFunction
from actcli.report import Report
from actcli.version import VERSION


@dataclass(frozen=True, slots=True)
class Who:
    """Who computes: the names after `--impl`, where, and what a user's own code needs told."""

    names: Sequence[str] = ("actcli", "textbook")
    device: Device = CPU
    gradient: str = ""
    array: str = ""


def stability(
    functions: Sequence[AnyFunction],
    who: Who,
    request: Request,
    *,
    table: str | None = None,
    progress: Progress = lambda what, done, total: None,
) -> Report:
    """Return the report with the tables `audit`, `extremes`, `histogram` and `worst`.

    With `table="extremes"` and no gate the audit isn't made before somebody asks for it. Raises UsageError for unknown
    implementations and when there are no points, MissingError for a library that isn't there.
    """
    notes: list[str] = []
    _check(functions)
    found = resolve(
        who.names,
        functions,
        request.orders,
        request.formats,
        device=who.device,
        gradient=who.gradient,
        array=who.array,
        warn=notes.append,
    )
    chosen = choose(who.names, gradient=who.gradient, array=who.array)
    versions = {provider.name: version for provider in chosen if (version := provider.version())}
    return _report(_cases(functions, found, request), request, notes, versions, table, progress)


def stability_of_file(
    function: AnyFunction, format: Format | None, inputs: str, got: str, request: Request, *, table: str | None = None
) -> Report:
    """Return the same report for answers in a file, `got`, to the inputs in another.

    Raises UsageError for files that can't be read or don't fit together.
    """
    _check([function])
    if len(request.orders) > 1:
        raise UsageError("answers in a file are those of one --order")
    case = recorded(function, request.orders[0], format, inputs, got, request)
    return _report([case], request, [], {}, table, lambda what, done, total: None)


def _check(functions: Sequence[AnyFunction]) -> None:
    for function in functions:
        if isinstance(function, UserFunction):
            raise UsageError(
                f"{function.name} has no exact definition to audit against: name the function that it should compute, "
                f"with --impl {function.name}"
            )


def _cases(functions: Sequence[AnyFunction], implementations: Sequence[Implementation], request: Request) -> list[Case]:
    """Return one case for each function, order and format that anybody computes."""
    by_name = {function.name: function for function in functions}
    formats = {format.name: format for format in request.formats}
    grouped = groupby(implementations, lambda one: (one.activation, one.order, one.dtype))
    return [
        Case(by_name[activation], order, formats[dtype], tuple(group), request)
        for (activation, order, dtype), group in grouped
    ]


def _report(
    cases: Sequence[Case],
    request: Request,
    notes: Sequence[str],
    versions: Mapping[str, str],
    table: str | None,
    progress: Progress,
) -> Report:
    @cache
    def results() -> list[Result]:
        found: list[Result] = []
        for done, case in enumerate(cases):
            progress(f"{case.function.name}{'′' * case.order} {case.format.name}", done, len(cases))
            found += run(case, progress)
        return found

    if request.checkpoint and (count := sum(case.is_swept for case in cases)) != 1:
        raise UsageError(f"--checkpoint is for one exhaustive audit of a function in float32, and these are {count}")
    said, word, failed = [*notes, _about_points(cases)], "", ""
    if table != "extremes" or request.gate.given:
        word = _verdict(results())
        said = [*_counts(results()), *said, _about_truth(results())]
        failed = failure(results(), request.gate)
    return Report(
        name="stability",
        title=_title(cases),
        tables={
            "audit": audit_table(cases, results),
            "extremes": extremes_table(cases),
            "histogram": histogram_table(cases, results),
            "worst": worst_table(cases, results),
        },
        verdict=word,
        notes=tuple(said),
        plots=lambda: plot.plots(cases),
        environment={"actcli": VERSION, "numpy": np.__version__, **versions, "seed": str(request.seed)},
        failed=failed,
    )


def _title(cases: Sequence[Case]) -> str:
    names = dict.fromkeys(f"{case.function.name}{'′' * case.order}" for case in cases)
    formats = dict.fromkeys(case.format.name for case in cases)
    return f"{', '.join(names)} in {', '.join(formats)}"


def _about_points(cases: Sequence[Case]) -> str:
    seed = cases[0].request.seed
    said = {"extremes": "extreme points", "exhaustive": "every number", "sampled": f"a sample (seed {seed})"}
    kinds: dict[str, dict[str, None]] = {}
    for case in cases:
        what = "the inputs of the file" if case.inputs is not None else said[case.request.kind(case.format)]
        kinds.setdefault(what, {})[case.format.name] = None
    return "points: " + "; ".join(f"{what} of {', '.join(names)}" for what, names in kinds.items())


def _about_truth(results: Sequence[Result]) -> str:
    once = {id(result.case): result.whole.summary for result in results if not result.audit.failure}.values()
    points, decided, undecided = (
        sum(getattr(each, name) for each in once) for name in ("points", "decided", "undecided")
    )
    rest = f"{undecided:,} stayed undecided and are left out" if undecided else "none stayed undecided"
    return f"right answers: {points:,}, of which arbitrary precision decided {decided:,}; {rest}"


def _verdict(results: Sequence[Result]) -> str:
    """Return the worst of the words."""
    return max(_words(results), key=list(VERDICTS).index)


def _counts(results: Sequence[Result]) -> list[str]:
    """Return a sentence that counts the words, where there are several."""
    words = _words(results)
    counts = [f"{words.count(word)} {word}" for word in VERDICTS if word in words]
    return [f"{len(words)} audits: {', '.join(counts)}"] if len(words) > 1 else []


def _words(results: Sequence[Result]) -> list[str]:
    return [verdict(result.whole, result.audit)[0] for result in results]
