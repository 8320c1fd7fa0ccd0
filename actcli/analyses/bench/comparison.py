"""A run against an earlier one: same, faster, slower, or nobody can tell."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from actcli.analyses.bench import baseline, words
from actcli.analyses.bench.baseline import Baseline
from actcli.analyses.bench.measure.others import OTHER_LOAD, is_loaded
from actcli.analyses.bench.measure.statistics import (
    DECISIVE,
    ENOUGH,
    MATTERS,
    change_interval,
    relative_change_interval,
    verdict,
)
from actcli.analyses.bench.planning import TEXTBOOK
from actcli.analyses.bench.row import UNKNOWN, Key, Row, function_text, key_cells, key_columns
from actcli.analyses.bench.words import Interval
from actcli.report import Batch, Column, Table

ORDER = ("same", "faster", "unclear", "slower")
"""The words, from the best news to the worst."""


@dataclass(frozen=True, slots=True)
class Change:
    """How one row has changed, as a fraction: 0.1 is 10 % more time.

    Where the textbook took part in the same rounds, it is the time over the textbook's that has changed: a machine
    that is slower today is slower at both. The textbook itself is the yardstick then, and fails nothing. `lost` says
    why it has no time now, if so; `doubt` why it may not be called slower, however it looks.
    """

    key: Key
    before: float
    after: float
    change: Interval
    verdict: str
    lost: str = ""
    doubt: str = ""
    is_yardstick: bool = False


def changes(
    rows: Sequence[Row], absent: Sequence[Key], earlier: Baseline, seed: int, disturbance: str = ""
) -> list[Change]:
    """Return what has become of the rows of an earlier run that were asked for again.

    Nobody can tell of those that failed while they were measured, nor of the `absent`, which aren't among the rows
    because nobody could compute them. What an interrupt kept from being measured has no place. A `disturbance` of
    either run leaves open what the processor computed, unless a time has more than doubled or halved.
    """
    again = [row for row in rows if row.key in earlier.rounds]
    measured = [row for row in again if row.is_measured]
    yardsticks = [row.baseline for row in measured if _is_relative(row, earlier)]
    return [
        *(replace(_change(row, earlier, seed, disturbance), is_yardstick=row in yardsticks) for row in measured),
        *(_lost(row.key, earlier, row.samples.failure) for row in again if row.samples.failure),
        *(_lost(key, earlier, "it was left out") for key in absent),
    ]


def absentees(rows: Sequence[Row], earlier: Baseline, names: Collection[str]) -> list[Key]:
    """Return the keys of earlier rows that were asked for again, but that nobody can compute now.

    `names` are the implementations asked for, or the libraries that have them; what else was asked for is what the
    others compute, above all the textbook, which always does. Raises UsageError where the runs have nothing in common.
    """
    here = [row.key for row in rows]
    computed = {_computation(key) for key in here}
    asked = {replace(key, implementation="") for key in computed}
    found = [
        key
        for key in earlier.rounds
        if (key.implementation in names or _library(key.implementation) in names)
        and _computation(key) not in computed
        and replace(_computation(key), implementation="") in asked
    ]
    if not found and earlier.rounds.keys().isdisjoint(here):
        raise baseline.nothing_in_common(here, earlier.path)
    return found


def _computation(key: Key) -> Key:
    """Return a key without what an implementation may choose for itself."""
    return replace(key, threads=0, allocation="")


def _library(implementation: str) -> str:
    """Return the library of `cupy:fuse`; the variants of the textbook are asked for one by one."""
    library, _, variant = implementation.partition(":")
    return implementation if variant and library == TEXTBOOK else library


def _lost(key: Key, earlier: Baseline, why: str) -> Change:
    return Change(key, float(np.median(earlier.rounds[key])), math.nan, UNKNOWN, "unclear", why)


def _change(row: Row, earlier: Baseline, seed: int, disturbance: str) -> Change:
    before = earlier.rounds[row.key]
    alone = change_interval(before, row.seconds, seed)
    is_relative = _is_relative(row, earlier)
    interval = relative_change_interval(earlier.ratios[row.key], row.over_textbook, seed) if is_relative else alone
    word = verdict(*interval[1:])
    doubt = _other_buffers(row, earlier) or (
        _contradiction(interval[0], alone[0]) if is_relative and word != "same" else ""
    )
    if doubt:
        word = "unclear"
    elif not _beyond_doubt(interval):
        fewest = min(before.size, row.samples.count)
        if disturbance and row.key.device == "cpu":
            doubt, word = disturbance, "unclear"
        elif fewest < DECISIVE:
            doubt = f"{fewest} samples; it takes {DECISIVE} in both runs to call one slower or faster"
            word = "same" if word == "same" else "unclear"
    return Change(row.key, float(np.median(before)), float(np.nanmedian(row.seconds)), interval, word, doubt=doubt)


def _contradiction(relative: float, alone: float) -> str:
    """Say so where it is the textbook whose time has changed: arrays may lie better in one run than in another."""
    if math.copysign(alone, relative) == alone and abs(alone) >= MATTERS / 2:
        return ""
    return f"over the textbook's its time changed by {relative:+.0%}, by itself by {alone:+.0%}"


def _is_relative(row: Row, earlier: Baseline) -> bool:
    """Tell whether both runs know the row's time over the textbook's, often enough."""
    return row.key in earlier.ratios and min(earlier.ratios[row.key].size, row.over_textbook.size) >= ENOUGH


def _beyond_doubt(change: Interval) -> bool:
    """Tell whether a time has more than doubled or halved: neighbours that take every other turn don't do that."""
    _, low, high = change
    return low > 1.0 or high < -0.5


def _other_buffers(row: Row, earlier: Baseline) -> str:
    """Say so where the runs rotated different numbers of buffers: one may have met data in a cache, the other not."""
    before, after = earlier.buffers.get(row.key, row.samples.buffers), row.samples.buffers
    return "" if before == after else f"{before} sets of buffers took turns in the earlier run, {after} in this one"


def disturbance(before: Mapping[str, str], now: Mapping[str, str]) -> str:
    """Return what other processes did during either of two runs, given their environments; empty if next to nothing."""
    for run, known in (("the earlier", before), ("this", now)):
        if is_loaded(known):
            return f"other processes kept {known[OTHER_LOAD]} of {known['cores']} cores busy during {run} run"
    return ""


def worst(found: Sequence[Change]) -> str:
    """Return the word of the whole comparison."""
    return max((each.verdict for each in found if not each.is_yardstick), key=ORDER.index, default="unclear")


def failure(found: Sequence[Change], percent: float) -> str:
    """Return which rows are slower by more than a percentage for certain, or lost, in one line; empty where none is."""
    slower = [each for each in found if each.change[1] * 100 > percent and not each.doubt and not each.is_yardstick]
    lost = [each for each in found if each.lost]
    if not slower and not lost:
        return ""
    fail = len(slower) + len(lost)
    others = f" ({fail} of {len(found)} rows fail)" if len(found) > 1 else ""
    if lost:
        return f"FAIL {'; '.join(f'{_named(each.key)} has no time to compare: {each.lost}' for each in lost)}{others}"
    gravest = max(slower, key=lambda each: each.change[1])
    low, high = (words.rounded(end * 100, 3) for end in gravest.change[1:])
    return f"FAIL {_named(gravest.key)}: {low} to {high} % slower than before, more than {percent:g} %{others}"


def _named(key: Key) -> str:
    return f"{key.implementation} {function_text(key.activation, key.order)} {key.dtype} {words.size_text(key.size)}"


def said(found: Sequence[Change], earlier: Baseline, here: Mapping[str, str], rows: Sequence[Row]) -> Iterator[str]:
    """Yield what people need to know of a comparison."""
    judged = [each for each in found if not each.is_yardstick]
    counts = [f"{count} {word}" for word in ORDER if (count := sum(each.verdict == word for each in judged))]
    yield f"against {earlier.path}: {', '.join(counts)}; same: less than {MATTERS * 100:g} % either way, for certain"
    if len(judged) < len(found):
        yield "changes are of times over the textbook's in the same rounds; the textbook's own row shows the machine"
    if fresh := sum(row.key not in earlier.rounds for row in rows):
        yield f"{fresh} of {len(rows)} rows are not in {earlier.path}"
    for each in found:
        if each.lost:
            yield f"{_named(each.key)} is in {earlier.path} and has no time now: {each.lost}"
    for doubt, count in Counter(each.doubt for each in judged if each.verdict == "unclear" and each.doubt).items():
        yield f"{count} of {len(judged)} rows unclear: {doubt}"
    if changed := earlier.differences(here):
        yield f"since {earlier.path}: {'; '.join(changed)}"


def comparison_table(found: Callable[[], Sequence[Change]], rows: Sequence[Row]) -> Table:
    """Return the table `comparison`."""
    columns = (
        *key_columns(rows),
        Column("before_s", "the median of the earlier run, a call", unit="s", audience="machines"),
        Column("before", "the median of the earlier run, a call", audience="people", right=True),
        Column("after_s", "the median of this run", unit="s", audience="machines"),
        Column("after", "the median of this run", audience="people", right=True),
        Column(
            "change_percent",
            "how much more time it takes now, over the textbook's where that is known",
            unit="%",
            audience="machines",
        ),
        Column("change", "how much more time it takes now, with its 95 % interval", audience="people", right=True),
        Column("low_percent", "the lower end of its 95 % interval", unit="%", audience="machines"),
        Column("high_percent", "the upper end", unit="%", audience="machines"),
        Column("verdict", f"one word: {', '.join(ORDER)}"),
        Column("lost", "why it has no time now, if so", audience="machines"),
        Column("doubt", "why it may not be called slower or faster, if so", audience="machines"),
    )

    def batches(wanted: Sequence[str]) -> Iterator[Batch]:
        if there := found():
            percents = np.array([each.change for each in there]) * 100
            yield {
                **key_cells([each.key for each in there]),
                "before_s": np.array([each.before for each in there]),
                "before": [words.seconds_text(each.before) for each in there],
                "after_s": np.array([each.after for each in there]),
                "after": [words.seconds_text(each.after) for each in there],
                "change_percent": percents[:, 0],
                "change": ["failed" if each.lost else _percent_text(each.change) for each in there],
                "low_percent": percents[:, 1],
                "high_percent": percents[:, 2],
                "verdict": [each.verdict for each in there],
                "lost": [each.lost or None for each in there],
                "doubt": [each.doubt or None for each in there],
            }

    return Table("comparison", columns, batches, title="Against the earlier run")


def _percent_text(change: Interval) -> str:
    value, low, high = (f"{each:+.{0 if abs(each) >= 9.95 else 1}f}" for each in (100 * end for end in change))
    return f"{value} %" if math.isnan(change[1]) else f"{value} % ({low} to {high})"
