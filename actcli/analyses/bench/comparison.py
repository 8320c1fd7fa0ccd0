"""A run against an earlier one: same, faster, slower, or nobody can tell."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from actcli.analyses.bench import baseline, words
from actcli.analyses.bench.baseline import Baseline
from actcli.analyses.bench.measure.statistics import MATTERS, change_interval, verdict
from actcli.analyses.bench.row import Array, Key, Row, key_cells, key_columns
from actcli.analyses.bench.words import Interval
from actcli.report import Batch, Column, Table

ORDER = ("same", "faster", "unclear", "slower")
"""The words, from the best news to the worst."""


@dataclass(frozen=True, slots=True)
class Change:
    """How one row has changed, as a fraction: 0.1 is 10 % more time."""

    key: Key
    before: float
    after: float
    change: Interval
    verdict: str


def changes(rows: Sequence[Row], earlier: Baseline, seed: int) -> list[Change]:
    """Return what has become of the rows that both runs have. Raises UsageError where there is none."""
    both = [row for row in rows if row.is_measured and row.key in earlier.rounds]
    if not both and any(row.is_measured for row in rows):
        raise baseline.nearest([row.key for row in rows if row.is_measured], earlier.path)
    return [_change(row.key, earlier.rounds[row.key], row.seconds, seed) for row in both]


def _change(key: Key, before: Array, after: Array, seed: int) -> Change:
    interval = change_interval(before, after, seed)
    return Change(key, float(np.median(before)), float(np.nanmedian(after)), interval, verdict(*interval[1:]))


def worst(found: Sequence[Change]) -> str:
    """Return the word of the whole comparison."""
    return max((each.verdict for each in found), key=ORDER.index, default="unclear")


def failure(found: Sequence[Change], percent: float) -> str:
    """Return which rows are slower by more than a percentage for certain, in one line; empty where none is."""
    slower = [each for each in found if each.change[1] * 100 > percent]
    if not slower:
        return ""
    gravest = max(slower, key=lambda each: each.change[1])
    others = f" ({len(slower)} of {len(found)} rows fail)" if len(found) > 1 else ""
    low, high = (words.rounded(end * 100, 3) for end in gravest.change[1:])
    key = gravest.key
    return (
        f"FAIL {key.implementation} {key.activation} {key.dtype} {words.size_text(key.size)}: {low} to {high} % slower "
        f"than before, more than {percent:g} %{others}"
    )


def said(found: Sequence[Change], earlier: Baseline, here: Mapping[str, str], measured: int) -> Iterator[str]:
    """Yield what people need to know of a comparison."""
    counts = [f"{count} {word}" for word in ORDER if (count := sum(each.verdict == word for each in found))]
    yield f"against {earlier.path}: {', '.join(counts)}; same: less than {MATTERS * 100:g} % either way, for certain"
    if missing := measured - len(found):
        yield f"{missing} of {measured} rows are not in {earlier.path}"
    if changed := earlier.differences(here):
        yield f"since {earlier.path}: {'; '.join(changed)}"


def comparison_table(found: Callable[[], Sequence[Change]], rows: Sequence[Row]) -> Table:
    """Return the table `comparison`."""
    columns = (
        *key_columns(rows),
        Column("before_s", "the median of the earlier run, a call", unit="s", audience="machines"),
        Column("before", "the median of the earlier run, a call", audience="people"),
        Column("after_s", "the median of this run", unit="s", audience="machines"),
        Column("after", "the median of this run", audience="people"),
        Column("change_percent", "how much more time it takes now", unit="%", audience="machines"),
        Column("change", "how much more time it takes now, with its 95 % interval", audience="people"),
        Column("low_percent", "the lower end of its 95 % interval", unit="%", audience="machines"),
        Column("high_percent", "the upper end", unit="%", audience="machines"),
        Column("verdict", f"one word: {', '.join(ORDER)}"),
    )

    def batches(wanted: Sequence[str]) -> Iterator[Batch]:
        if there := found():
            percents = np.array([each.change for each in there]) * 100
            yield {
                **key_cells([each.key for each in there]),
                "before_s": np.array([each.before for each in there]),
                "before": words.right([words.seconds_text(each.before) for each in there]),
                "after_s": np.array([each.after for each in there]),
                "after": words.right([words.seconds_text(each.after) for each in there]),
                "change_percent": percents[:, 0],
                "change": words.right([_percent_text(each) for each in percents.tolist()]),
                "low_percent": percents[:, 1],
                "high_percent": percents[:, 2],
                "verdict": [each.verdict for each in there],
            }

    return Table("comparison", columns, batches, title="Against the earlier run")


def _percent_text(percents: Sequence[float]) -> str:
    value, low, high = (f"{each:+.{0 if abs(each) >= 9.95 else 1}f}" for each in percents)
    return f"{value} % ({low} to {high})"
