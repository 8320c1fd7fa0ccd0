"""A run against an earlier one: what is read, what is refused, what is said."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from actcli.analyses.bench import baseline
from actcli.analyses.bench.baseline import ROUNDS, Baseline, rounds_text
from actcli.analyses.bench.comparison import absentees, changes, comparison_table, disturbance, failure, said, worst
from actcli.analyses.bench.measure.statistics import DECISIVE
from actcli.analyses.bench.row import Row, key_cells
from actcli.analyses.bench.timings import rounds_table
from actcli.errors import UsageError
from tests.analyses.bench.rows import row, samples

HERE = {"cpu": "A CPU", "cores": "2", "device": "cpu", "numpy": "2.4.6", "date": "today"}


def written(path: Path, seconds: str = "1e-3 2e-3", **more: Any) -> str:
    cells = {name: values[0] for name, values in key_cells([row().key]).items() if name != "elements"}
    rounds = [{**cells, "seconds": seconds}]
    content = {"report": "bench", "tables": {ROUNDS: rounds}, "environment": HERE, **more}
    path.write_text(json.dumps(content))
    return str(path)


def earlier(seconds: float, *implementations: str) -> Baseline:
    rounds = {row(name).key: samples(seconds, seed=9).seconds for name in implementations or ("actcli",)}
    return Baseline("before.json", rounds, HERE)


def test_a_run_is_read_back(tmp_path: Path) -> None:
    found = baseline.read(written(tmp_path / "a.json", rounds_text(np.array([1e-3, np.nan, 2.123456789e-3]))))
    assert list(found.rounds[row().key]) == [1e-3, 2.12346e-3]
    found.check_machine(HERE)
    assert found.differences({**HERE, "date": "tomorrow", "numpy": "3"}) == ["numpy was 2.4.6, is 3"]


@pytest.mark.parametrize("name", ["cpu", "cores", "device"])
def test_another_machine_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match=f"of another machine: its {name} is .*, here it is other; --force"):
        earlier(1).check_machine({**HERE, name: "other"})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("nonsense", "not JSON"),
        ("[1, 2]", "no report; give what `actcli bench -o FILE.json` wrote, without --table"),
        ('{"report": "stability"}', "a report of stability"),
        ('{"report": "bench", "tables": {}, "environment": {}}', f"its table {ROUNDS} can't be read"),
        ('{"report": "bench", "tables": {"rounds": [{}]}, "environment": {}}', f"its table {ROUNDS} can't be read"),
        ('{"report": "bench", "tables": {"rounds": []}, "environment": {}}', "there are no timings in it"),
        ('{"report": "bench", "tables": 3}', "can't be read"),
    ],
)
def test_a_file_that_is_no_run_is_refused(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "a.json").write_text(content)
    with pytest.raises(UsageError, match=r"--compare .*a\.json") as refused:
        baseline.read(str(tmp_path / "a.json"))
    assert message in str(refused.value)


@pytest.mark.parametrize("seconds", ["", "0 0", "1e-3 0", "-1e-3", "1e-3 nan", "inf", "1e-320 1e-320", "1e300"])
def test_times_that_cant_be_are_refused(tmp_path: Path, seconds: str) -> None:
    with pytest.raises(UsageError, match=r"its table rounds has no times of actcli sigmoid float32 1000, or some"):
        baseline.read(written(tmp_path / "a.json", seconds))


def test_a_size_without_end_is_refused(tmp_path: Path) -> None:
    path = Path(written(tmp_path / "a.json"))
    path.write_text(path.read_text().replace('"size": 1000', '"size": Infinity'))
    with pytest.raises(UsageError, match="can't be read"):
        baseline.read(str(path))


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--compare needs a file"):
        baseline.read("")
    with pytest.raises(UsageError, match="No such file or directory; `actcli bench -o"):
        baseline.read(str(tmp_path / "none.json"))
    with pytest.raises(UsageError, match=r"directory; give what `actcli bench -o FILE\.json` wrote"):
        baseline.read(str(tmp_path))


@pytest.mark.parametrize(("before", "word"), [(1e-3, "same"), (0.8e-3, "slower"), (1.3e-3, "faster")])
def test_what_has_become_of_a_row(before: float, word: str) -> None:
    (found,) = changes([row()], [], earlier(before), seed=0)
    assert found.verdict == word
    low, high = found.change[1:]
    assert low <= 1e-3 / before - 1 <= high


def test_a_noisy_change_is_unclear() -> None:
    noisy = row()
    noisy.samples = samples(1.05e-3, noise=0.5)
    assert worst(changes([noisy], [], earlier(1e-3), seed=0)) == "unclear"
    assert worst([]) == "unclear"


def test_the_gate_fails_only_when_the_whole_interval_is_above() -> None:
    found = changes([row(), row("textbook")], [], earlier(0.8e-3, "actcli", "textbook"), seed=0)
    assert failure(found, 5).startswith("FAIL ")
    assert failure(found, 5).endswith("more than 5 % (2 of 2 rows fail)")
    assert failure(found, 30) == ""
    assert failure(changes([row()], [], earlier(1e-3), seed=0), 0.5) == ""


def test_what_people_are_told(tmp_path: Path) -> None:
    before = earlier(1e-3)
    rows = [row(), row("textbook")]
    found = changes(rows, [], before, seed=0)
    assert list(said(found, before, {**HERE, "numpy": "3"}, rows)) == [
        "against before.json: 1 same; same: less than 5 % either way, for certain",
        "1 of 2 rows are not in before.json",
        "since before.json: numpy was 2.4.6, is 3",
    ]
    with pytest.raises(UsageError, match="none of the rows measured here"):
        absentees([row(size=7)], before, ["actcli"])


def failing() -> Row:
    made = row()
    made.samples = samples(1, rounds=0)
    made.samples.failure = "RuntimeError: no"
    return made


def test_a_row_that_failed_fails_the_gate_and_stays_in_sight() -> None:
    before = earlier(1e-3, "actcli", "textbook")
    rows = [row("textbook"), failing()]
    assert absentees(rows, before, ["actcli", "textbook"]) == []
    found = changes(rows, [], before, seed=0)
    assert [each.verdict for each in found] == ["same", "unclear"]
    assert failure(found, 5) == (
        "FAIL actcli sigmoid float32 1,000 has no time to compare: RuntimeError: no (1 of 2 rows fail)"
    )
    assert list(said(found, before, HERE, rows))[1:] == [
        "actcli sigmoid float32 1,000 is in before.json and has no time now: RuntimeError: no"
    ]
    table = comparison_table(lambda: found, rows)
    frame = table.to_pandas()
    assert np.isnan(frame["after_s"][1])
    assert frame["lost"][1] == "RuntimeError: no"
    (batch,) = table.batches(table.columns)
    assert str(batch["change"][1]).strip() == "failed"


def test_a_row_that_nobody_can_compute_now_fails_the_gate_if_it_was_asked_for() -> None:
    before = earlier(1e-3, "actcli", "cupy:fuse", "textbook", "textbook:naive")
    rows = [row("textbook", threads=2)]
    assert [key.implementation for key in absentees(rows, before, ["actcli", "textbook"])] == ["actcli"]
    assert [key.implementation for key in absentees(rows, before, ["cupy", "textbook"])] == ["cupy:fuse"]
    absent = absentees([row("textbook")], before, ["actcli", "textbook"])
    found = changes([row("textbook")], absent, before, seed=0)
    assert failure(found, 5).startswith("FAIL actcli sigmoid float32 1,000 has no time to compare: it was left out")
    other_size = [row("textbook", size=7)]
    with pytest.raises(UsageError, match="none of the rows"):
        absentees(other_size, before, ["actcli", "textbook"])


def test_what_an_interrupt_kept_from_being_measured_fails_nothing() -> None:
    unmeasured = row()
    unmeasured.samples = samples(1, rounds=0)
    assert changes([unmeasured], [], earlier(1e-3), seed=0) == []


def test_a_slower_machine_is_slower_at_the_textbook_too() -> None:
    textbook = row("textbook", 2e-3)
    ours = row("actcli", 1e-3, baseline=textbook)
    before = earlier(0.5e-3, "actcli")
    known = Baseline(
        "before.json",
        {**before.rounds, textbook.key: samples(1e-3, seed=8).seconds},
        HERE,
        ratios={ours.key: samples(0.5, seed=7).seconds},
    )
    found = changes([ours, textbook], [], known, 0)
    assert [(each.verdict, each.is_yardstick) for each in found] == [("same", False), ("slower", True)]
    assert failure(found, 5) == ""
    assert worst(found) == "same"
    assert any("over the textbook's in the same rounds" in line for line in said(found, known, HERE, [ours, textbook]))
    worse = row("actcli", 1.2e-3, baseline=textbook)
    assert [each.verdict for each in changes([worse, textbook], [], known, 0)] == ["slower", "slower"]
    (moved,) = changes([row("actcli", 0.5e-3, baseline=textbook)], [], known, 0)
    assert moved.verdict == "unclear"
    assert moved.doubt == "over the textbook's its time changed by -50%, by itself by +0%"
    (alone,) = changes([textbook], [], known, 0)
    assert not alone.is_yardstick
    assert failure([alone], 5)


def test_too_few_samples_are_never_slower() -> None:
    few, before = row(), earlier(0.8e-3)
    few.samples = samples(1e-3, rounds=DECISIVE - 1)
    found = changes([few], [], before, seed=0)
    assert [(each.verdict, each.doubt) for each in found] == [
        ("unclear", "19 samples; it takes 20 in both runs to call one slower or faster")
    ]
    assert failure(found, 5) == ""
    few.samples = samples(1e-3, rounds=DECISIVE)
    assert [each.verdict for each in changes([few], [], before, seed=0)] == ["slower"]
    short = Baseline("before.json", {few.key: before.rounds[few.key][: DECISIVE - 1]}, HERE)
    assert [each.verdict for each in changes([few], [], short, seed=0)] == ["unclear"]
    few.samples = samples(0.8e-3, rounds=DECISIVE - 1)
    assert [each.verdict for each in changes([few], [], before, seed=0)] == ["same"]


def test_three_samples_show_a_change_without_an_interval() -> None:
    few = row()
    few.samples = samples(1e-3, rounds=3)
    found = changes([few], [], earlier(0.8e-3), seed=0)
    table = comparison_table(lambda: found, [few])
    (batch,) = table.batches(table.columns)
    assert re.fullmatch(r" *\+2\d %", str(batch["change"][0]))


@pytest.mark.parametrize(
    ("before", "now", "reason"),
    [
        ("0.30", "0.02", "other processes kept 0.30 of 2 cores busy during the earlier run"),
        ("0.02", "0.30", "other processes kept 0.30 of 2 cores busy during this run"),
        ("0.02", "0.02", ""),
    ],
)
def test_other_load_leaves_everything_open(before: str, now: str, reason: str) -> None:
    assert disturbance({**HERE, "other_load": before}, {**HERE, "other_load": now}) == reason
    found = changes([row()], [], earlier(0.8e-3), 0, reason)
    assert [(each.verdict, each.doubt) for each in found] == [("unclear" if reason else "slower", reason)]
    assert bool(failure(found, 5)) == (not reason)
    assert list(said(found, earlier(1), HERE, [row()]))[1:] == ([f"1 of 1 rows unclear: {reason}"] if reason else [])
    for earlier_time, word in ((0.4e-3, "slower"), (2.4e-3, "faster"), (0.6e-3, "unclear"), (1.6e-3, "unclear")):
        (change,) = changes([row()], [], earlier(earlier_time), 0, reason or "few samples")
        assert change.verdict == word, "neighbours don't take more than every other turn"
    (on_a_device,) = changes([row(device="cuda:0")], [], on_device(earlier(0.8e-3), "cuda:0"), 0, reason)
    assert on_a_device.verdict == "slower", "a GPU's own time doesn't depend on it"


def on_device(before: Baseline, device: str) -> Baseline:
    return replace(before, rounds={replace(key, device=device): each for key, each in before.rounds.items()})


def test_rows_that_rotated_other_numbers_of_buffers_are_not_compared() -> None:
    before = replace(earlier(0.8e-3), buffers={row().key: 8})
    (found,) = changes([row()], [], before, seed=0)
    assert found.verdict == "unclear"
    assert found.doubt == "8 sets of buffers took turns in the earlier run, 3 in this one"


def test_the_number_of_buffers_is_kept(tmp_path: Path) -> None:
    table = rounds_table([row()])
    (batch,) = table.batches(table.columns)
    assert batch["buffers"] == [row().samples.buffers]
    path = Path(written(tmp_path / "a.json"))
    path.write_text(path.read_text().replace('"seconds"', '"buffers": 16, "seconds"'))
    assert baseline.read(str(path)).buffers == {row().key: 16}


def test_the_table() -> None:
    found = changes([row()], [], earlier(0.8e-3), seed=0)
    table = comparison_table(lambda: found, [row()])
    frame = table.to_pandas()
    assert list(frame.columns)[-6:] == [
        "change_percent", "low_percent", "high_percent", "verdict", "lost", "doubt",
    ]  # fmt: skip
    assert frame["change_percent"][0] == pytest.approx(25, abs=2)
    assert frame["low_percent"][0] <= frame["change_percent"][0] <= frame["high_percent"][0]
    (batch,) = table.batches(table.columns)
    assert str(batch["change"][0]).startswith("+2")
