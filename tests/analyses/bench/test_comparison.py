"""A run against an earlier one: what is read, what is refused, what is said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from actcli.analyses.bench import baseline
from actcli.analyses.bench.baseline import ROUNDS, Baseline, rounds_text
from actcli.analyses.bench.comparison import changes, comparison_table, failure, said, worst
from actcli.analyses.bench.row import key_cells
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


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file or directory; `actcli bench -o"):
        baseline.read(str(tmp_path / "none.json"))
    with pytest.raises(UsageError, match="directory"):
        baseline.read(str(tmp_path))


@pytest.mark.parametrize(("before", "word"), [(1e-3, "same"), (0.8e-3, "slower"), (1.3e-3, "faster")])
def test_what_has_become_of_a_row(before: float, word: str) -> None:
    (found,) = changes([row()], earlier(before), seed=0)
    assert found.verdict == word
    low, high = found.change[1:]
    assert low <= 1e-3 / before - 1 <= high


def test_a_noisy_change_is_unclear() -> None:
    noisy = row()
    noisy.samples = samples(1.05e-3, noise=0.5)
    assert worst(changes([noisy], earlier(1e-3), seed=0)) == "unclear"
    assert worst([]) == "unclear"


def test_the_gate_fails_only_when_the_whole_interval_is_above() -> None:
    found = changes([row(), row("textbook")], earlier(0.8e-3, "actcli", "textbook"), seed=0)
    assert failure(found, 5).startswith("FAIL ")
    assert failure(found, 5).endswith("more than 5 % (2 of 2 rows fail)")
    assert failure(found, 30) == ""
    assert failure(changes([row()], earlier(1e-3), seed=0), 0.5) == ""


def test_what_people_are_told(tmp_path: Path) -> None:
    before = earlier(1e-3)
    found = changes([row(), row("textbook")], before, seed=0)
    assert list(said(found, before, {**HERE, "numpy": "3"}, 2)) == [
        "against before.json: 1 same; same: less than 5 % either way, for certain",
        "1 of 2 rows are not in before.json",
        "since before.json: numpy was 2.4.6, is 3",
    ]
    with pytest.raises(UsageError, match="none of the rows measured here"):
        changes([row(size=7)], before, seed=0)


def test_the_table() -> None:
    found = changes([row()], earlier(0.8e-3), seed=0)
    table = comparison_table(lambda: found, [row()])
    frame = table.to_pandas()
    assert list(frame.columns)[-6:] == [
        "before_s", "after_s", "change_percent", "low_percent", "high_percent", "verdict",
    ]  # fmt: skip
    assert frame["change_percent"][0] == pytest.approx(25, abs=2)
    assert frame["low_percent"][0] <= frame["change_percent"][0] <= frame["high_percent"][0]
    (batch,) = table.batches(table.columns)
    assert str(batch["change"][0]).startswith("+2")
