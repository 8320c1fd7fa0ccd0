"""Whether times depend on the values: a formula that is quick on ordinary numbers may crawl on subnormal ones."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache, partial

from actcli.analyses.bench import words
from actcli.analyses.bench.inputs import inputs
from actcli.analyses.bench.measure import Plan
from actcli.analyses.bench.measure.statistics import ENOUGH, ratio_interval
from actcli.analyses.bench.planning import Group
from actcli.analyses.bench.row import Array, Row
from actcli.analyses.bench.running import Bench
from actcli.analyses.bench.words import Interval

KINDS = ("normal", "saturated", "subnormal")
"""What the chosen inputs are compared with."""

SHARE = 0.15
"""Part of the budget for this."""

LARGEST = 100_000
"""Elements: values that slow a computation down do so at any size."""

SENSITIVE = 1.25
"""Ratio of times that is worth a warning, when its whole interval is beyond."""


def check(bench: Bench, group: Group, budget: float) -> list[str]:
    """Time a few rounds of other inputs beside the chosen ones, and say whether it makes a difference."""
    chosen = group.rows[0].key.distribution
    kinds = list(dict.fromkeys((chosen, *KINDS)))
    size = min(group.size, LARGEST)

    @cache
    def x(kind: str, k: int) -> Array:
        return inputs(kind, size, group.format, group.seed).copy()

    jobs = [
        replace(
            bench.job((row.key, kind), row, partial(x, kind), tuple((row.key, each) for each in kinds)),
            working_set=row.bytes_moved * size // group.size,
        )
        for row in group.rows
        for kind in kinds
    ]
    plan = Plan(budget, cold=False, minimum=ENOUGH, maximum=20, seed=group.seed)
    seconds = {each.key: each.seconds for each in bench.measure(jobs, plan, "do times depend on the values?")}
    others = [kind for kind in kinds if kind != chosen]
    ratios = {
        (row.label, kind): ratio_interval(seconds[row.key, kind], seconds[row.key, chosen], group.seed)
        for row in group.rows
        for kind in others
    }
    where = f"at {words.size_text(size)} {group.format.name}"
    return _said(ratios, chosen, others, where)


def among(rows: Sequence[Row]) -> list[str]:
    """Say the same of rows that were measured with several distributions."""
    by_key = {row.key: row for row in rows if row.is_measured}
    first = rows[0].key.distribution
    others = list(dict.fromkeys(row.key.distribution for row in rows))[1:]
    ratios = {
        (row.label, key.distribution): ratio_interval(row.seconds, usual.seconds, row.seed)
        for key, row in by_key.items()
        if key.distribution != first and (usual := by_key.get(replace(key, distribution=first)))
    }
    return _said(ratios, first, others, "") if ratios else []


def _said(ratios: Mapping[tuple[str, str], Interval], chosen: str, others: Sequence[str], where: str) -> list[str]:
    known = {key: ratio for key, ratio in ratios.items() if not math.isnan(ratio[1])}
    sensitive = {key: ratio for key, ratio in known.items() if ratio[1] > SENSITIVE or ratio[2] < 1 / SENSITIVE}
    place = f" ({where})" if where else ""
    if not known:
        return [f"too few rounds to tell whether times depend on the values{place}"]
    if not sensitive:
        return [f"times hardly depend on the values: {', '.join(others)} inputs against {chosen}{place}"]
    listed = [f"{label} {words.rounded(ratio[0], 2)} × on {kind}" for (label, kind), ratio in sensitive.items()]
    return [f"times depend on the values{place}, against {chosen} inputs: {'; '.join(listed)}"]
