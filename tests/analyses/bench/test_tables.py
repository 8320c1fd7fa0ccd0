"""What the tables say of samples that are known."""

from __future__ import annotations

import math
import re
from typing import Any, get_args

import numpy as np
import pytest

from actcli.analyses.bench import remarks
from actcli.analyses.bench.measure.job import StoppedBy
from actcli.analyses.bench.measure.machine import Cache
from actcli.analyses.bench.plots import plots
from actcli.analyses.bench.relative import about_operations, about_relu, relative_table
from actcli.analyses.bench.request import Request
from actcli.analyses.bench.row import Row, key_columns
from actcli.analyses.bench.sensitivity import among
from actcli.analyses.bench.timings import raw_table, rounds_table, timings_table
from actcli.report import Table
from tests.analyses.bench.rows import ROUNDS, row, samples

CONTRACT = (
    "activation order implementation device threads dtype size cache allocation distribution median_s median_low_s "
    "median_high_s min_s gelems_per_s gbytes_per_s percent_of_copy speedup speedup_low speedup_high peak_bytes "
    "bytes_per_element max_ulp samples stopped_by bound_by notes"
).split()


def pair(**more: Any) -> list[Row]:
    textbook = row("textbook", 2e-3)
    return [row("actcli", 1e-3, baseline=textbook, **more), textbook]


def people(table: Table) -> list[dict[str, str]]:
    columns = table.columns_for("people")
    (batch,) = table.batches(columns)
    return [
        {column.name: str(batch[column.name][at]).strip() for column in columns} for at in range(len(batch["time"]))
    ]


def test_the_columns_begin_with_those_that_scripts_rely_on() -> None:
    table = timings_table(pair(), memory=False)
    assert [column.name for column in table.columns_for("machines")][: len(CONTRACT)] == CONTRACT


def test_a_row_of_timings() -> None:
    frame = timings_table(pair(max_ulp=0.5, peak_bytes=4000), memory=True).to_pandas()
    first = frame.iloc[0]
    assert first["median_s"] == pytest.approx(1e-3, rel=0.01)
    assert first["median_low_s"] <= first["median_s"] <= first["median_high_s"]
    assert first["gelems_per_s"] == pytest.approx(1e-3, rel=0.01)
    assert first["gbytes_per_s"] == pytest.approx(8e-3, rel=0.01)
    assert first["percent_of_copy"] == pytest.approx(50, rel=0.01)
    assert first["speedup"] == pytest.approx(2, rel=0.01)
    assert first["speedup_low"] <= first["speedup"] <= first["speedup_high"]
    assert (first["peak_bytes"], first["bytes_per_element"], first["samples"]) == (4000, 4, ROUNDS)
    assert list(frame.iloc[1][["speedup", "speedup_low", "speedup_high"]]) == [1, 1, 1]


def test_a_row_that_was_not_measured_has_no_place() -> None:
    rows = pair()
    rows[0].samples = samples(1, rounds=0)
    assert list(timings_table(rows, memory=False).to_pandas()["implementation"]) == ["textbook"]
    rows[1].samples = rows[0].samples
    assert timings_table(rows, memory=False).to_pandas().empty


def test_without_a_textbook_there_is_no_speedup() -> None:
    frame = timings_table([row()], memory=False).to_pandas()
    assert math.isnan(frame["speedup"][0])


def test_people_see_wrong_rows_as_wrong_and_even_ones_as_even() -> None:
    textbook = row("textbook")
    even = row("even", baseline=textbook, max_ulp=0.5)
    fast = row("fast", 1e-4, baseline=textbook, max_ulp=math.inf)
    lossy = row("lossy", 1e-4, baseline=textbook, max_ulp=2.0**23)
    shown = people(timings_table([even, fast, lossy, textbook], memory=False))
    assert [each["error"] for each in shown] == ["0.5", "✗ wrong", "✗ 8e+06", ""]
    assert shown[0]["times"].startswith("≈ 1 ±")
    assert shown[1]["times"].startswith("✗ 10")
    assert shown[2]["times"].startswith("✗ 10")
    assert shown[3]["times"] == "1"


def test_people_see_the_keys_that_tell_rows_apart() -> None:
    assert [column.name for column in key_columns(pair()) if column.audience != "machines"] == ["implementation"]
    several = [row(threads=1, asked=1), row(threads=2, asked=2, size=5)]
    shown = [column.name for column in key_columns(several) if column.audience != "machines"]
    assert shown == ["implementation", "threads", "elements"]
    own = [row(threads=2), row("textbook", threads=1)]
    assert "threads" not in [column.name for column in key_columns(own) if column.audience != "machines"]


def test_columns_that_people_can_do_without() -> None:
    columns = timings_table(pair(), memory=True).columns + timings_table(pair(), memory=False).columns
    order = {column.dispensable: column.heading for column in columns if column.dispensable}
    assert [order[place] for place in sorted(order)] == ["bound by", "GB/s", "of copy", "peak"]


def test_programs_are_told_why() -> None:
    rows = pair(bound_by="memory", why="90 % of a copy from memory")
    table = timings_table(rows, memory=False)
    assert table.to_pandas()["reason"][0] == "90 % of a copy from memory"
    (stopped,) = (column for column in table.columns if column.name == "stopped_by")
    assert all(word in stopped.meaning for word in get_args(StoppedBy))


def test_relative_speed_is_against_sigmoid_by_the_same_implementation() -> None:
    rows = [
        row("textbook", 1e-3, activation="relu", allocation="alloc"),
        row("textbook", 4e-3),
        row("actcli", 3e-3, activation="relu"),
        row("actcli", 3e-3),
    ]
    frame = relative_table(rows).to_pandas()
    assert set(frame["against"]) == {"sigmoid"}
    assert list(frame["relative_speed"].round(1)) == [4.0, 1.0, 1.0, 1.0]
    assert list(frame["operations"]) == [2, 2, 2, 2]
    assert frame["operation_names"][0] == "1 exp, 1 +"
    others = [row("textbook", 1e-3, activation="relu"), row("textbook", 2e-3, activation="tanh")]
    assert set(relative_table(others).to_pandas()["against"]) == {"relu"}


@pytest.mark.parametrize(
    ("sigmoid", "bound_by", "words"),
    [
        (20e-3, "compute", "textbook: holds at 1,000 float32, 20.0 ×"),
        (2e-3, "memory", "relu moves its bytes at 50 % of a copy's speed, which leaves at most 4.0 ×"),
        (2e-3, "launch", "calling takes most of relu's time"),
        (2e-3, "compute", "textbook: does not hold at 1,000 float32, "),
    ],
)
def test_the_claim_about_relu(sigmoid: float, bound_by: str, words: str) -> None:
    relu = row("textbook", 1e-3, activation="relu", bound_by=bound_by, operations={"maximum": 1})
    (said,) = about_relu([relu, row("textbook", sigmoid)])
    assert words in said
    assert "1 max against 1 exp, 1 +" in said
    assert about_relu([relu]) == []


def test_a_copy_is_no_limit_to_a_relu_that_is_faster() -> None:
    relu = row("textbook", 0.4e-3, activation="relu", bound_by="memory")
    (said,) = about_relu([relu, row("textbook", 2e-3)])
    assert re.search(r"relu moves its bytes at \d+ % of a copy's speed \(1 exp", said)


def test_the_claim_about_relu_is_made_once_an_implementation() -> None:
    rows = [
        row(name, seconds, activation=activation, size=size)
        for name in ("actcli", "textbook")
        for size in (1000, 100_000)
        for activation, seconds in (("relu", 1e-3), ("sigmoid", 20e-3 if size == 1000 else 2e-3))
    ]
    said = about_relu(rows)
    assert [line.split(": ")[0] for line in said] == [
        "“ReLU is 10 × faster than sigmoid”, actcli",
        "“ReLU is 10 × faster than sigmoid”, textbook",
    ]
    assert ": holds at 1,000 float32, 20.0 ×" in said[0]
    assert "; does not hold at 1e5 float32, 2.00 ×" in said[0]


def test_operations_stand_in_a_note_where_several_sizes_take_their_room() -> None:
    rows = [row(size=size, activation=name) for size in (1000, 10) for name in ("sigmoid", "tanh")]

    def headings() -> list[str]:
        return [column.name for column in relative_table(rows).columns_for("people")]

    assert headings() == ["activation", "implementation", "elements", "times", "mean"]
    assert about_operations(rows) == ["operations: sigmoid 1 exp, 1 +; tanh 1 exp, 1 +"]
    del rows[2:]
    assert headings() == ["activation", "implementation", "times", "mean", "operation_names"]
    assert about_operations(rows) == []


def test_every_sample_is_there_on_request() -> None:
    rows = pair()
    rows[0].samples.seconds[3] = np.nan
    frame = raw_table(rows).to_pandas()
    assert len(frame) == 2 * ROUNDS - 1
    assert 3 not in set(frame["round"][frame["implementation"] == "actcli"])
    texts = rounds_table(rows).to_pandas()["seconds"]
    assert np.allclose(np.array(texts[1].split(), dtype=float), rows[1].seconds, rtol=1e-5)


def test_remarks_are_made_once_for_all_that_share_them() -> None:
    rows = pair()
    for each in rows:
        each.samples = samples(1e-3, noise=0.5)
    rows[1].samples.stopped_by = "budget"
    rows[0].first_call = 2.0
    rows[0].asked = 4
    remarks.add(rows, Request(budget=1), last_level=1 << 30)
    said = remarks.summarised(rows)
    assert sum("noisy: close other programs" in line for line in said) == 1
    assert "actcli: first call 2.0 s (compiling, loading)" in said
    assert timings_table(rows, memory=False).to_pandas()["first_call_s"][0] == 2.0
    assert "actcli: uses 1 of 4 threads" in said
    assert "all rows: not quite cold: all its buffers together fit into the last cache" in said
    assert any(note.startswith("noisy, spread") for note in rows[1].notes)
    assert remarks.about_budget(rows, Request(budget=1), 3.0, False) == [
        "--budget 1 was too small: 1 of 2 rows aren't known to ± 2 %; the least number of rounds took 3.0 s"
    ]
    assert remarks.about_budget(rows, Request(), 3.0, True) == ["interrupted after 3.0 s: 2 of 2 rows have samples"]


def test_what_failed_and_what_was_dropped_is_said() -> None:
    failing, throttled = pair()
    failing.samples = samples(1, rounds=0)
    failing.samples.failure = "RuntimeError: no"
    throttled.samples.dropped = ["throttled: 600 of 1980 MHz"] * 2
    remarks.add([failing, throttled], Request(), last_level=0)
    assert failing.notes == ["failed: RuntimeError: no"]
    assert throttled.notes == ["2 samples dropped: throttled: 600 of 1980 MHz"]


def test_times_that_depend_on_the_values_are_told() -> None:
    rows = [row(distribution="normal"), row(seconds=3e-3, distribution="subnormal")]
    assert among(rows) == ["times depend on the values, against normal inputs: actcli sigmoid 3.0 × on subnormal"]
    rows[1].samples = samples(1e-3, seed=5)
    assert among(rows) == ["times hardly depend on the values: subnormal inputs against normal"]


def test_a_plot_has_a_line_an_implementation_the_copy_and_the_caches() -> None:
    rows = [row(name, size=size) for size in (1000, 10, 100) for name in ("actcli", "textbook")]
    (plot,) = plots(rows, [Cache("L1d", 32768)])
    assert [series.name for series in plot.series] == ["actcli", "textbook", "copy"]
    assert list(plot.series[0].x) == [10, 100, 1000]
    assert plot.series[2].style == "dashed"
    for series in plot.series:
        assert np.all(np.asarray(series.low) <= np.asarray(series.y))
        assert np.all(np.asarray(series.y) <= np.asarray(series.high))
    assert [mark.name for mark in plot.marks] == ["L1d full"]
    assert plots([], []) == ()


def test_distributions_have_lines_of_their_own() -> None:
    rows = [row(size=size, distribution=each) for size in (10, 100) for each in ("normal", "saturated")]
    (plot,) = plots(rows, [])
    assert [series.name for series in plot.series] == ["actcli, normal", "actcli, saturated", "copy"]
    assert [list(series.x) for series in plot.series] == [[10, 100]] * 3


def test_too_few_rounds_tell_nothing_of_the_values() -> None:
    normal, subnormal = row(), row(seconds=3e-3, distribution="subnormal")
    normal.samples, subnormal.samples = samples(1e-3, rounds=3), samples(3e-3, rounds=3)
    assert among([normal, subnormal]) == ["too few rounds to tell whether times depend on the values"]
    normal.samples, subnormal.samples = samples(1e-3), samples(3e-3)
    assert among([normal, subnormal]) == [
        "times depend on the values, against normal inputs: actcli sigmoid 3.0 × on subnormal"
    ]
