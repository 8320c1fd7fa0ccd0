"""The tables of an audit, from its results: `audit`, `histogram`, `worst`."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Literal

import numpy as np

from actcli.analyses.stability.audit import Found, binade_ends
from actcli.analyses.stability.calls import bits_text
from actcli.analyses.stability.cases import Case, Result
from actcli.analyses.stability.verdict import VERDICTS, verdict
from actcli.core.formats import Format
from actcli.core.summary import Case as Worst
from actcli.core.summary import Summary
from actcli.implementations.provider import Implementation
from actcli.report import Batch, Column, Table

Array = np.ndarray[Any, Any]
Audience = Literal["all", "people", "machines"]

_COUNTS = (
    ("incorrectly_rounded", "answers that are not the number of the format nearest to the exact value"),
    ("nan_count", "NaN where none belongs, or none where one does"),
    ("inf_count", "infinities where none belongs, or none where one does"),
    ("flushed", "0 where the exact value is a normal number"),
    ("wrong_sign", "answers of the wrong sign"),
    ("out_of_range", "answers outside the function's range, or beyond its largest slope"),
    ("non_monotone", "steps against the direction of a monotone function, from one point to the next"),
    ("asymmetric", "points where an odd or even function isn't"),
)
_SIZES = ("max_ulp", "mean_ulp", "max_rel", "max_abs")


def key_columns(cases: Sequence[Case]) -> list[Column]:
    """Return the columns that every table begins with; people see those that tell rows apart."""

    def unless_one(values: Iterable[object]) -> Audience:
        return "all" if len(set(values)) > 1 else "machines"

    return [
        Column("activation", "the activation", audience=unless_one(case.function.name for case in cases)),
        Column("order", "0 for f, 1 for f′, 2 for f″", audience=unless_one(case.order for case in cases)),
        Column("implementation", "who computes it"),
        Column("dtype", "the format of inputs and answers", audience=unless_one(case.format for case in cases)),
    ]


def keys(case: Case, implementation: Implementation, rows: int) -> dict[str, Any]:
    """Return the cells of those columns for so many rows of one implementation."""
    return {
        "activation": [case.function.name] * rows,
        "order": [case.order] * rows,
        "implementation": [implementation.name] * rows,
        "dtype": [case.format.name] * rows,
    }


# audit


def audit_table(cases: Sequence[Case], results: Callable[[], Sequence[Result]]) -> Table:
    """Return one row an implementation, or one a binade of x."""
    key = key_columns(cases)
    by_binade = cases[0].request.by_binade
    ends = [
        Column("x_from", "the least x of the binade", audience="machines"),
        Column("x_to", "the largest x of the binade", audience="machines"),
        Column("binade", "from the least to the largest x of a binade", heading="x", audience="people"),
    ]
    words = ", ".join(f"{word}: {meaning}" for word, meaning in VERDICTS.items())
    columns = [
        *key[:3],
        Column("device", "where it was computed", audience="machines"),
        key[3],
        *(ends if by_binade else []),
        Column("points", "inputs tried", audience="machines"),
        Column("max_ulp", "largest distance from the exact value", unit="ULP", audience="machines"),
        Column("error", "largest distance from the exact value, in ULP", heading="max ULP", audience="people"),
        Column("worst_x", "the input where it is largest", audience="machines"),
        Column("at_x", "the input where it is largest, if there is any error", heading="at x", audience="people"),
        Column("worst_x_bits", "its bit pattern", audience="machines"),
        Column("got", "the answer there", audience="machines"),
        Column("got_bits", "its bit pattern", audience="machines"),
        Column("expected", "the right answer, correctly rounded", audience="machines"),
        Column("expected_bits", "its bit pattern", audience="machines"),
        Column("mean_ulp", "mean distance", unit="ULP", audience="machines"),
        Column(
            "max_rel",
            "largest relative error; a subnormal exact value counts as the smallest normal one",
            audience="machines",
        ),
        Column("max_abs", "largest absolute error", audience="machines"),
        *(Column(name, meaning, unit="points", audience="machines") for name, meaning in _COUNTS),
        Column("warnings", "points that raise a warning", unit="points", audience="machines"),
        Column("verdict", f"one word: {words}"),
        Column("reason", "the verdict in words: where it goes wrong"),
        Column("warning", "the warnings raised", audience="machines"),
        Column("note", "what the implementation is", audience="machines"),
    ]

    def rows(wanted: Sequence[str]) -> Iterator[Batch]:
        for result in results():
            for part, summary in _parts(result):
                yield {**keys(result.case, result.implementation, 1), **_audit_row(result, part, summary)}

    return Table("audit", tuple(columns), rows)


def _parts(result: Result) -> list[tuple[int | None, Found]]:
    if not result.case.request.by_binade or result.audit.failure:
        return [(None, result.whole)]
    return list(result.audit.parts.items())


def _audit_row(result: Result, binade: int | None, found: Found) -> dict[str, Any]:
    format, summary = result.case.format, found.summary
    word, reason = verdict(found, result.audit)
    worst = worst_of(summary)
    decoded = _decoded([worst], format)
    sizes = (summary.max_ulp, summary.mean_ulp, summary.max_relative, summary.max_absolute)
    row: dict[str, Any] = {
        "device": [result.implementation.device],
        "points": [summary.points],
        **{name: np.array([value]) for name, value in zip(_SIZES, sizes, strict=True)},
        **{name: [summary.count(name)] for name, _ in _COUNTS},
        "error": ["" if math.isnan(summary.max_ulp) else f"{summary.max_ulp:.3g}"],
        "warnings": [found.warned],
        "verdict": [word],
        "reason": [reason],
        "warning": ["; ".join(sorted(summary.warnings)) or None],
        "note": [result.implementation.note or None],
        **decoded,
        "at_x": [None] if worst is None else decoded["worst_x"],
    }
    if result.case.request.by_binade:
        ends = (np.nan, np.nan) if binade is None else binade_ends(binade, format)
        numbers = np.array(ends).astype(format.dtype)
        row |= {"x_from": numbers[:1], "x_to": numbers[1:], "binade": [_stretch(*ends)]}
    return row


def worst_of(summary: Summary) -> Worst | None:
    """Return the case of the largest distance; where none has one, the first that is wrong otherwise."""
    if summary.worst_ulp is not None:
        return summary.worst_ulp
    return next((tally.first for tally in summary.tallies.values()), None)


def _decoded(cases: Sequence[Worst | None], format: Format) -> dict[str, Any]:
    """Return the columns of x, answers and right answers, as numbers and bits; NaN and nothing where there are none."""
    nan = int(format.to_bits(np.array([np.nan]).astype(format.dtype))[0])
    columns: dict[str, Any] = {}
    for name, field in (("worst_x", "x"), ("got", "got"), ("expected", "expected")):
        patterns = [nan if case is None else getattr(case, field) for case in cases]
        columns[name] = format.from_bits(patterns)
        columns[f"{name}_bits"] = [
            None if case is None else bits_text(pattern, format.name)
            for case, pattern in zip(cases, patterns, strict=True)
        ]
    return columns


# histogram and worst


def histogram_table(cases: Sequence[Case], results: Callable[[], Sequence[Result]]) -> Table:
    """Return how many answers are how far off."""
    columns = (
        *key_columns(cases),
        Column("ulp_from", "from this distance on", unit="ULP", audience="machines"),
        Column("ulp_to", "to below this one", unit="ULP", audience="machines"),
        Column("error", "the distance in ULP, the upper end excluded", heading="ULP", audience="people"),
        Column("count", "answers"),
    )

    def rows(wanted: Sequence[str]) -> Iterator[Batch]:
        for result in results():
            bins = result.whole.summary.bins()
            if bins:
                low, high, counts = zip(*bins, strict=True)
                key = keys(result.case, result.implementation, len(bins))
                texts = [f"{first:.3g} to {last:.3g}" for first, last in zip(low, high, strict=True)]
                yield {**key, "ulp_from": [*low], "ulp_to": [*high], "error": texts, "count": [*counts]}

    return Table("histogram", columns, rows)


def worst_table(cases: Sequence[Case], results: Callable[[], Sequence[Result]]) -> Table:
    """Return the worst cases of each implementation."""
    columns = (
        *key_columns(cases),
        Column("x", "the input"),
        Column("got", "the answer"),
        Column("expected", "the right answer, correctly rounded"),
        Column("ulp", "the distance", unit="ULP", audience="machines"),
        Column("error", "the distance in ULP", heading="ULP", audience="people"),
    )

    def rows(wanted: Sequence[str]) -> Iterator[Batch]:
        for result in results():
            worst = result.whole.summary.worst
            if worst:
                decoded = _decoded(worst, result.case.format)
                yield {
                    **keys(result.case, result.implementation, len(worst)),
                    **decoded,
                    "x": decoded["worst_x"],
                    "ulp": np.array([each.size for each in worst]),
                    "error": [f"{each.size:.3g}" for each in worst],
                }

    return Table("worst", columns, rows)


def _stretch(low: float, high: float) -> str:
    return short(low) if low == high or math.isnan(low) else f"{short(low)} to {short(high)}"


def short(x: float, digits: int = 5) -> str:
    """Return a number to so many digits, as people read it."""
    return f"{x:.{digits}g}".replace("inf", "∞")
