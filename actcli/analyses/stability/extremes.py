"""The table `extremes`: what everybody answers to the inputs on which formulas break, each asked for by itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from actcli.activations.function import Function
from actcli.analyses.stability.audit import Truth
from actcli.analyses.stability.calls import BrokenError, ask
from actcli.analyses.stability.cases import Case
from actcli.analyses.stability.rows import Rows, extreme_rows
from actcli.analyses.stability.tables import key_columns, keys, short
from actcli.analyses.stability.truth import exact
from actcli.implementations.provider import Implementation
from actcli.report import Batch, Column, Table

Array = np.ndarray[Any, Any]


def extremes_table(cases: Sequence[Case]) -> Table:
    """Return the answers at extreme inputs, each asked for by itself, beside the right ones."""
    vectors = any(not isinstance(case.function, Function) for case in cases)
    columns = (
        *key_columns(cases),
        Column("x", "the input", audience="machines"),
        Column("at", "the input, as people read it", heading="x", audience="people"),
        Column("got", "the answer"),
        Column("expected", "the right answer, correctly rounded"),
        Column("ulp", "the distance, NaN where none says anything", unit="ULP", audience="machines"),
        Column("error", "the distance in ULP", heading="ULP", audience="people"),
        Column("warning", "the warnings raised, or how it failed"),
        *([Column("row", "the whole vector")] if vectors else []),
    )

    def rows(wanted: Sequence[str]) -> Iterator[Batch]:
        for case in cases:
            for batch in _elementwise(case) if isinstance(case.function, Function) else _by_rows(case):
                yield {"row": [None] * len(batch["x"]), **batch}

    return Table("extremes", columns, rows)


def _elementwise(case: Case) -> Iterator[dict[str, Any]]:
    """Yield what everybody answers to one input after the other."""
    assert isinstance(case.function, Function)
    points = case.extremes()
    truth = exact(case.function, case.order, case.format, points)
    for at in range(len(truth.x)):
        one = replace(truth, **{name: getattr(truth, name)[at : at + 1] for name in ("x", "rounded", "exact", "rest")})
        for implementation in case.implementations:
            got, warning = _asked(case, implementation, one.x)
            yield {**keys(case, implementation, 1), **_answered(case, one, got, warning)}


def _by_rows(case: Case) -> Iterator[dict[str, Any]]:
    """Yield what everybody answers to one row after the other."""
    assert not isinstance(case.function, Function)
    for extreme in extreme_rows(case.request, case.format, case.function.record.halves):
        row = Rows(case.function, case.order, case.format, extreme[None])
        text = ", ".join(f"{float(each):g}" for each in extreme)
        size = len(row.order)
        for implementation in case.implementations:
            got, warning = _asked(case, implementation, row.rows, size)
            answers = _answered(case, row.truth, got[row.order], warning)
            yield {**keys(case, implementation, size), **answers, "row": [text] * size}


def _asked(case: Case, implementation: Implementation, x: Array, size: int = 1) -> tuple[Array, str]:
    """Return the answers to one input, with the warnings or the failure in words."""
    try:
        answers = ask(implementation, x, case.request.timeout)
    except BrokenError as error:
        return np.full(size, np.nan).astype(x.dtype), str(error)
    return answers.values.ravel(), "; ".join(sorted(answers.warnings))


def _answered(case: Case, truth: Truth, got: Array, warning: str) -> dict[str, Any]:
    ulp = truth.compare(got, case.format).ulp
    return {
        "x": truth.x,
        "at": [short(x, 5 if 1e-3 <= abs(x) < 1e5 else 3) for x in map(float, truth.x)],
        "got": got,
        "expected": truth.rounded,
        "ulp": ulp,
        "error": [f"{each:.3g}" for each in ulp],
        "warning": [warning or None] * len(got),
    }
