"""The report of a benchmark, measured in the shortest time there is; no figure is expected of it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import actcli
from actcli.activations.registry import DEFAULT
from actcli.analyses.bench import planning
from actcli.analyses.bench.environment import MACHINE, environment, in_a_line
from actcli.analyses.bench.measure.job import Job, Samples
from actcli.analyses.bench.planning import groups, operations
from actcli.analyses.bench.request import Who, request
from actcli.core.device import CPU
from actcli.errors import MissingError, UsageError
from actcli.report import Report
from tests.analyses.bench.measure.fakes import FakeClock
from tests.analyses.bench.rows import SIZE, row

QUICK: dict[str, Any] = {"size": 1000, "budget": 0.05}


def rows(report: Report) -> list[tuple[Any, ...]]:
    frame = report.tables["timings"].to_pandas()
    return list(frame[["activation", "order", "implementation"]].itertuples(index=False, name=None))


def test_the_report_of_a_run() -> None:
    report = actcli.bench("sigmoid,relu", order="0,0+1", **QUICK)
    assert list(report.tables) == ["timings", "relative", "environment", "rounds"]
    assert rows(report)[:4] == [
        ("sigmoid", "0", "actcli"),
        ("sigmoid", "0", "textbook"),
        ("sigmoid", "0+1", "actcli"),
        ("sigmoid", "0+1", "textbook"),
    ]
    frame = report.tables["timings"].to_pandas()
    assert (frame["median_s"] > 0).all()
    assert not (frame["median_low_s"] > frame["median_s"]).any()
    assert (frame["samples"] >= 3).all()
    assert (frame["percent_of_copy"] > 0).all()
    assert frame["speedup"].notna().all()
    assert set(frame["bound_by"]) <= {"memory", "compute", "cache", "launch"}
    assert frame["max_ulp"][0] < 0.51
    assert report.verdict == "complete"
    assert not report.interrupted
    assert set(MACHINE) <= set(report.environment)


def test_the_textbook_is_always_there() -> None:
    report = actcli.bench("tanh", impl="numpy", **QUICK)
    assert [row[2] for row in rows(report)] == ["numpy", "textbook"]


def test_only_what_is_asked_for_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*arguments: Any, **options: Any) -> None:
        raise AssertionError("measured")

    monkeypatch.setattr("actcli.analyses.bench.running.measure", never)
    assert list(actcli.bench(table="environment").tables) == ["environment"]
    with pytest.raises(UsageError, match="no table 'timing' in bench; did you mean timings"):
        actcli.bench("relu", table="timing")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"activation": "softmax"}, "softmax is a function of a vector: measure --workload softmax instead"),
        ({"activation": "swiglu"}, "swiglu is a function of a vector: measure silu, gelu or another of one number"),
        ({"distribution": "/nonexistent"}, "--distribution /nonexistent: No such file"),
        ({"workload": "softmax", "activation": ["relu"]}, "leave .'relu'. away"),
        ({"size": 1e13}, "--size 1e13 doesn't fit into memory: 12 rows need .* at least, and .* are free"),
        ({"distribution": "norml"}, "unknown --distribution 'norml'; did you mean normal"),
        ({"impl": "scypi"}, "unknown implementation 'scypi'"),
        ({"workload": "softmax", "order": "1"}, "has --order 0"),
        ({"workload": "attention", "size": 2}, "needs a size of at least"),
    ],
)
def test_what_cant_be_measured_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        actcli.bench(**options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"budget": "x"}, "budget must be a number, not 'x'"),
        ({"budget": None}, "budget must be a number, not None"),
        ({"seed": "a"}, "seed must be a whole number, not 'a'"),
        ({"fail_above": "5"}, "fail_above must be a number, not '5'"),
        ({"workload": None}, "workload must be text, not None"),
        ({"device": 5}, "device must be text, not 5"),
        ({"compare": 5}, "compare must be text, not 5"),
        ({"cold": "no"}, "cold must be True or False, not 'no'"),
        ({"impl": []}, r"--impl takes names, not \[\]"),
        ({"impl": None}, "--impl takes names, not None"),
        ({"activation": 5}, "activation must be a name"),
        ({"activation": []}, "activation must be a name"),
        ({"compare": ""}, "--compare needs a file"),
    ],
)
def test_what_python_gets_wrong_is_said(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        actcli.bench(**{"activation": "relu", **options})


def test_a_function_and_a_path_are_as_good_as_text(tmp_path: Path) -> None:
    assert rows(actcli.bench([actcli.get("relu"), "relu"], impl="textbook", **QUICK)) == [("relu", "0", "textbook")]
    with pytest.raises(UsageError, match="No such file"):
        actcli.bench(actcli.get("relu"), compare=tmp_path / "none.json")


def test_a_baseline_of_something_else_is_refused_before_anything_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from actcli.render import render

    def never(*arguments: Any, **options: Any) -> None:
        raise AssertionError("measured")

    path = tmp_path / "a.json"
    render(actcli.bench("relu", impl="textbook", **QUICK), outputs=[str(path)])
    monkeypatch.setattr("actcli.analyses.bench.running.measure", never)
    with pytest.raises(UsageError, match="has none of the rows measured here"):
        actcli.bench("tanh", compare=path, **QUICK)


def test_the_gate_fails_when_what_it_watches_does(tmp_path: Path) -> None:
    from actcli.render import render

    own, broken = tmp_path / "own.py", tmp_path / "broken"
    own.write_text(
        "from pathlib import Path\n"
        f"def f(x):\n    assert x.size < 1000 or not Path({str(broken)!r}).exists()\n    return x * (x > 0)\n"
    )
    options: dict[str, Any] = {"impl": f"{own}:f", **QUICK}
    render(actcli.bench("relu", **options), outputs=[str(tmp_path / "a.json")])
    broken.touch()
    after = actcli.bench("relu", compare=tmp_path / "a.json", fail_above=1e9, **options)
    assert after.failed.startswith("FAIL ")
    assert "own" in after.failed
    assert "AssertionError" in after.failed
    assert after.verdict in ("unclear", "slower")
    assert len(after.tables["comparison"].to_pandas()) == 2
    assert not any("are not in" in note for note in after.notes)


def test_a_workload() -> None:
    report = actcli.bench(workload="bce", size=1000, budget=0.05)
    assert rows(report) == [
        ("bce", "0", "actcli"),
        ("bce", "0", "textbook"),
        ("bce", "0+1", "actcli"),
        ("bce", "0+1", "textbook"),
    ]
    assert "relative" not in report.tables
    assert "the size of bce is that of its input z: 1,000 elements are batch 1,000" in report.notes


def test_memory_and_raw_samples_on_request() -> None:
    report = actcli.bench("relu", impl="textbook", memory=True, raw=True, prealloc=False, **QUICK)
    frame = report.tables["timings"].to_pandas()
    assert frame["peak_bytes"][0] >= 4000
    assert frame["bytes_per_element"][0] >= 4
    assert len(report.tables["raw"].to_pandas()) == frame["samples"][0]


def test_distributions_side_by_side_and_sizes_one_after_the_other() -> None:
    report = actcli.bench("relu", impl="textbook", distribution="normal,subnormal", size="100,200", budget=0.05)
    frame = report.tables["timings"].to_pandas()
    assert list(zip(frame["size"], frame["distribution"], strict=True)) == [
        (100, "normal"), (100, "subnormal"), (200, "normal"), (200, "subnormal"),
    ]  # fmt: skip
    assert sum("depend on the values" in note for note in report.notes) == 2


def test_an_interrupt_keeps_what_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    turns: list[int] = []

    def interrupted(jobs: Sequence[Job], plan: Any, **options: Any) -> list[Samples]:
        turns.append(len(jobs))
        if len(turns) == 1:  # what calling costs
            return [Samples(job.key, np.array([1e-6])) for job in jobs]
        return [
            Samples(job.key, np.array([1e-3, 2e-3]) if at == 0 else np.empty(0), stopped_by="interrupted")
            for at, job in enumerate(jobs)
        ]

    monkeypatch.setattr("actcli.analyses.bench.running.measure", interrupted)
    report = actcli.bench("relu", size="100,200")
    assert report.interrupted
    assert report.verdict == "interrupted"
    assert rows(report) == [("relu", "0", "actcli")]
    assert len(turns) == 2
    assert any("1 of 4 rows have samples" in note for note in report.notes)


def test_an_interrupt_before_the_first_timing_leaves_nothing_to_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "actcli.analyses.bench.running.measure",
        lambda jobs, plan, **options: [Samples(job.key, stopped_by="interrupted") for job in jobs],
    )
    with pytest.raises(KeyboardInterrupt):
        actcli.bench("relu", size=100)


def test_code_of_a_users_own_that_fails_is_an_error_and_what_a_library_lacks_a_note(tmp_path: Any) -> None:
    (tmp_path / "own.py").write_text("def fails(x):\n    raise ValueError('no')\n")
    with pytest.raises(UsageError, match="raised ValueError: no"):
        actcli.bench("relu", impl=f"{tmp_path}/own.py:fails", **QUICK)
    report = actcli.bench("relu,sigmoid,tanh", impl="scipy", **QUICK)
    assert "scipy has no relu, tanh" in report.notes


def test_the_first_call_is_the_very_first(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = FakeClock()

    def slow_at_first(x: Any) -> Any:
        if clock.now() == 0:
            clock.spend(1.0)
        return np.maximum(x, 0)

    monkeypatch.setitem(sys.modules, "mine_slow", SimpleNamespace(f=slow_at_first))
    who = Who(names=("mine_slow:f",))
    (group,) = groups([DEFAULT.get("relu")], who, request(size=1000), None, lambda note: None, clock)
    assert [(row.key.implementation, row.first_call) for row in group.rows] == [("mine_slow:f", 1.0), ("textbook", 0.0)]


def test_code_that_is_right_for_few_numbers_only_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "lazy.py").write_text(
        "import numpy as np\nfrom scipy.special import expit\n"
        "def f(x):\n    return expit(x) if x.size < 10000 else np.zeros_like(x)\n"
    )
    report = actcli.bench("sigmoid", impl=f"{tmp_path}/lazy.py:f", size=20_000, budget=0.05)
    frame = report.tables["timings"].to_pandas()
    assert frame["max_ulp"][0] > 2**23
    assert "on the inputs that are timed" in frame["notes"][0]


def test_on_a_gpu_every_row_has_inputs_of_its_own() -> None:
    rows = [row(name) for name in ("actcli", "scipy", "torch", "textbook")]
    one = 4 * SIZE
    planning._check_memory(rows, SIZE, (2 + planning.TEMPORARIES + 4) * one, shared=True)
    with pytest.raises(UsageError, match="doesn't fit into memory: 4 rows need"):
        planning._check_memory(rows, SIZE, (2 + planning.TEMPORARIES + 4) * one, shared=False)
    planning._check_memory(rows, SIZE, (2 + planning.TEMPORARIES + 8) * one, shared=False)


def test_cupy_computes_on_a_gpu_only() -> None:
    with pytest.raises((UsageError, MissingError), match=r"only|needs CuPy|not installed"):
        actcli.bench("relu", impl="cupy", **QUICK)


def test_threads_that_make_no_difference_have_one_row() -> None:
    planned = groups([DEFAULT.get("relu")], Who(), request(threads="1,2", size=1 << 20), None, lambda note: None)
    keys = [(row.key.implementation, row.key.threads) for group in planned for row in group.rows]
    assert keys.count(("textbook", 1)) == 1
    assert keys.count(("actcli", 1)) == 1


def test_operations_are_those_of_the_definition() -> None:
    sigmoid = DEFAULT.get("sigmoid")
    assert operations(sigmoid, (0,)) == {"negative": 1, "exp": 1, "add": 1, "divide": 1}
    both = operations(sigmoid, (0, 1))
    assert both == {"negative": 1, "exp": 1, "add": 1, "divide": 1, "subtract": 1, "multiply": 1}
    assert operations(DEFAULT.get("silu"), (0, 1))["exp"] == 1
    assert operations(None, (0,)) == {}
    assert operations(DEFAULT.get("x**2"), (1,)) == {}


def test_the_environment_says_where_it_was() -> None:
    known = environment(CPU, {"scipy": "1"})
    assert known["device"] == "cpu"
    assert known["scipy"] == "1"
    assert known["numpy"] == np.__version__
    assert all(isinstance(value, str) and value for value in known.values())
    assert in_a_line(known).startswith(known["cpu"])


def test_a_baseline_decides(tmp_path: Any) -> None:
    from actcli.render import render

    before = actcli.bench("relu", impl="textbook", **QUICK)
    render(before, outputs=[str(tmp_path / "a.json")])
    after = actcli.bench("relu", impl="textbook", compare=str(tmp_path / "a.json"), fail_above=1e6, **QUICK)
    assert after.tables["comparison"].to_pandas()["verdict"].isin(["same", "faster", "slower", "unclear"]).all()
    assert after.verdict in ("same", "faster", "slower", "unclear")
    assert after.failed == ""
