"""The table `landmarks`, looked for only when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from actcli.analyses.derive.landmarks.landmark import KINDS, MINUS, Landmark
from actcli.analyses.derive.landmarks.survey import Survey
from actcli.analyses.derive.landmarks.window import RANGE
from actcli.report import Batch, Column, Table

COLUMNS = (
    Column("kind", ", ".join(KINDS)),
    Column("x", "where it is, correctly rounded", audience="machines"),
    Column("value", "f there; |f′| for the largest slope, the limit for a limit", audience="machines"),
    Column("x_text", "where it is; every digit is certain", heading="x", audience="people"),
    Column("value_text", "f there; every digit is certain", heading="value", audience="people"),
    Column("closed_form", "the same in closed form, where there is one", audience="machines"),
    Column("note", "what the numbers don't say", audience="machines"),
    Column("remark", "the closed form and the note", heading="closed form, remark", audience="people"),
)


def landmarks_table(survey: Callable[[], Survey]) -> Table:
    """Return the table of the landmarks that a survey finds."""

    def rows(wanted: Sequence[str]) -> Iterator[Batch]:
        found = survey()
        marks = [*found.landmarks, *found.uncertain]
        cells = {"remark": [_remark(mark) for mark in marks]}
        yield {name: cells.get(name) or [getattr(mark, name) for mark in marks] for name in wanted}

    return Table("landmarks", COLUMNS, rows, title=f"Landmarks, looked for at least on [−{RANGE}, {RANGE}]")


def _remark(mark: Landmark) -> str:
    """Return the closed forms, unless the numbers beside them say as much already, and the note."""
    x_form = "" if mark.x_form.replace("-", MINUS) == mark.x_text else mark.x_form
    value_form = "" if mark.value_form.replace("-", MINUS) in (mark.value_text, f"{mark.value:g}") else mark.value_form
    shown = replace(mark, x_form=x_form, value_form=value_form)
    return "; ".join(filter(None, (shown.closed_form.replace("-", MINUS), mark.note)))
