"""How fast activations are relative to one another, beside the operations that they are made of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from actcli.analyses.bench import words
from actcli.analyses.bench.row import Key, Row, function_text, key_cells, key_columns
from actcli.analyses.catalogue import operations_text
from actcli.report import Batch, Column, Table

STANDARD = "sigmoid"
"""What the others are compared with where it is among them; else the first activation."""

CLAIM = 10.0
"""How many times as fast as sigmoid ReLU is said to be."""

ELSEWHERE = 25.0
"""Percent of a copy's speed below which a maximum can't be what takes the time."""


_FEW = 2
"""Columns that tell rows apart, the activation and who computes it, beside which there is room for operations."""


def standard(names: Sequence[str]) -> str:
    """Return the activation that the others are compared with."""
    return STANDARD if STANDARD in names else names[0]


def relative_table(rows: Sequence[Row]) -> Table:
    """Return the table `relative`: each activation against the standard, pair by pair, by the same implementation."""
    against = standard([row.key.activation for row in rows])
    columns = (
        *key_columns(rows),
        Column("against", "the activation compared with", audience="machines"),
        Column("relative_speed", "how many times as fast as that one", audience="machines"),
        Column("times", "how many times as fast, with its 95 % interval", heading=f"× {against}", audience="people"),
        Column("relative_speed_low", "the lower end of its 95 % interval", audience="machines"),
        Column("relative_speed_high", "the upper end", audience="machines"),
        Column("mean_s", "the mean of the samples, a call", unit="s", audience="machines"),
        Column("std_s", "their standard deviation", unit="s", audience="machines"),
        Column(
            "mean",
            "the mean of the samples and their standard deviation",
            heading="mean ± σ",
            audience="people",
            right=True,
        ),
        Column("operations", "operations in the definition", audience="machines"),
        Column(
            "operation_names",
            "which operations",
            heading="operations",
            audience="all" if _has_room(rows) else "machines",
        ),
    )

    def batches(wanted: Sequence[str]) -> Iterator[Batch]:
        pairs = list(_pairs(rows, against))
        if pairs:
            several = [row for row, _ in pairs]
            ratios = [row.speed_against(other) for row, other in pairs]
            means = [(float(np.nanmean(row.seconds)), float(np.nanstd(row.seconds))) for row in several]
            yield {
                **key_cells([row.key for row in several]),
                "against": [against] * len(several),
                "relative_speed": np.array([ratio[0] for ratio in ratios]),
                "times": [
                    words.ratio_text(ratio, "✗ " * row.is_wrong) for ratio, row in zip(ratios, several, strict=True)
                ],
                "relative_speed_low": np.array([ratio[1] for ratio in ratios]),
                "relative_speed_high": np.array([ratio[2] for ratio in ratios]),
                "mean_s": np.array([mean for mean, _ in means]),
                "std_s": np.array([deviation for _, deviation in means]),
                "mean": [words.spread_text(*each) for each in means],
                "operations": [sum(row.operations.values()) or None for row in several],
                "operation_names": [operations_text(row.operations) or None for row in several],
            }

    return Table("relative", columns, batches, title=f"Against {against}")


def _has_room(rows: Sequence[Row]) -> bool:
    """Tell whether the operations fit into a narrow terminal: not where sizes or formats stand beside them."""
    return sum(column.audience != "machines" for column in key_columns(rows)) <= _FEW


def _pairs(rows: Sequence[Row], against: str) -> Iterator[tuple[Row, Row]]:
    """Yield each row with that of the standard which differs in nothing else."""
    measured = [row for row in rows if row.is_measured]
    others = {_aside(row.key): row for row in measured if row.key.activation == against}
    for row in measured:
        if other := others.get(_aside(row.key)):
            yield row, other


def _aside(key: Key) -> Key:
    """Return a key without the activation, and without what an implementation does differently from one to another."""
    return replace(key, activation="", threads=0, allocation="")


def about_operations(rows: Sequence[Row]) -> list[str]:
    """Say what the activations are made of where the table `relative` has no room for it."""
    if len({row.key.activation for row in rows}) < 2 or _has_room(rows):
        return []
    texts = {
        function_text(row.key.activation, row.key.order): operations_text(row.operations)
        for row in rows
        if row.operations
    }
    return [f"operations: {'; '.join(f'{name} {text}' for name, text in texts.items())}"] if texts else []


def about_relu(rows: Sequence[Row]) -> list[str]:
    """Say whether "ReLU is 10 × faster than sigmoid" holds for the implementations measured, at which size, and why."""
    found: dict[str, list[tuple[Row, Row]]] = {}
    for relu, sigmoid in _pairs(rows, STANDARD):
        if relu.key.activation == "relu" and relu.key.order == "0":
            found.setdefault(relu.key.implementation, []).append((relu, sigmoid))
    return [
        f"“ReLU is {CLAIM:g} × faster than sigmoid”, {implementation}: "
        f"{'; '.join(_about(relu, sigmoid) for relu, sigmoid in pairs)} "
        f"({' against '.join(operations_text(row.operations) for row in pairs[0])})"
        for implementation, pairs in found.items()
    ]


def _about(relu: Row, sigmoid: Row) -> str:
    ratio = relu.speed_against(sigmoid)
    holds = "holds" if ratio[1] >= CLAIM else "does not hold" if ratio[2] < CLAIM else "may hold"
    size = f"{words.rounded(ratio[0], 3)} × ({words.rounded(ratio[1], 3)}–{words.rounded(ratio[2], 3)})"
    where = f"{words.size_text(relu.key.size)} {relu.key.dtype}"
    return f"{holds} at {where}, {size}: {_reason(relu, sigmoid)}"


def _reason(relu: Row, sigmoid: Row) -> str:
    """Say what keeps the ratio down, or lets it be."""
    share = f"{words.rounded(relu.percent_of_copy, 2)} % of a copy's speed"
    match relu.bound_by:
        case "launch":
            return "calling takes most of relu's time, whatever it computes"
        case "memory" | "cache":
            most = sigmoid.median[0] / relu.copy_seconds
            # Where relu is as fast as the copy, or faster, the copy is no limit to it.
            room = f", which leaves at most {words.rounded(most, 2)} ×" if most > relu.speed_against(sigmoid)[2] else ""
            return f"relu moves its bytes at {share}{room}"
        case _ if relu.percent_of_copy < ELSEWHERE:
            return f"what surrounds the arithmetic takes the time: relu runs at {share}"
        case _:
            return "arithmetic decides"
