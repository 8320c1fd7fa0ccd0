"""`actcli bench` as a process: tables and data, interrupts, progress on a terminal, baselines, bad input."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import re
import select
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.test_processes import COMMAND, terminal
from tests.conftest import Completed, clean_environment

Run = Callable[..., Completed]

QUICK = ("--size", "1000", "--budget", "0.05")


def rows(done: Completed) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(done.stdout)))


def test_timings_are_csv_on_stdout_and_words_on_stderr(actcli: Run) -> None:
    done = actcli("bench", "relu,tanh", *QUICK)
    assert done.returncode == 0, done.stderr
    assert [(row["activation"], row["implementation"]) for row in rows(done)] == [
        ("relu", "actcli"), ("relu", "textbook"), ("tanh", "actcli"), ("tanh", "textbook"),
    ]  # fmt: skip
    assert all(float(row["median_s"]) > 0 for row in rows(done))
    assert "actcli: note: “of copy” is against a plain copy" in done.stderr
    assert "\x1b" not in done.stderr


def test_people_see_what_is_wrong(actcli: Run) -> None:
    done = actcli("bench", "tanh", *QUICK, "-f", "table", environment={"COLUMNS": "120"})
    assert re.search(r"^textbook .* ✗ wrong", done.stdout, re.MULTILINE)
    assert "note: textbook: wrong values: NaN at" in done.stdout
    assert "median_s" not in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 120


def test_a_table_fits_into_a_narrow_terminal(actcli: Run) -> None:
    done = actcli("bench", "sigmoid,relu", *QUICK, "-f", "table")
    lines = done.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert sum(line.startswith(("sigmoid ", "relu ")) for line in lines) == 8  # timings, and relative


def test_people_and_programs_at_once(actcli: Run, tmp_path: Path) -> None:
    done = actcli("bench", "relu", *QUICK, "-o", "run.json", "-o", "run.md", "-o", "run.csv", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    run = json.loads((tmp_path / "run.json").read_text())
    assert list(run["tables"]) == ["timings", "environment", "rounds"]
    assert run["report"] == "bench"
    assert run["verdict"] == "complete"
    assert run["environment"]["device"] == "cpu"
    assert run["tables"]["environment"][0]["key"] == "date"
    assert "median_s" not in (tmp_path / "run.md").read_text()
    assert (tmp_path / "run.csv").read_text().startswith("activation,order,implementation,device,threads,dtype,size")


def test_a_baseline_and_a_gate(actcli: Run, tmp_path: Path) -> None:
    command = ("bench", "relu", "--impl", "textbook", *QUICK)
    assert actcli(*command, "-o", "run.json", cwd=tmp_path).returncode == 0
    compared = actcli(*command, "--compare", "run.json", "--table", "comparison", cwd=tmp_path)
    assert compared.returncode == 0, compared.stderr
    assert rows(compared)[0]["verdict"] in ("same", "faster", "slower", "unclear")
    run = json.loads((tmp_path / "run.json").read_text())
    # As if SciPy had had it: whether something is slower depends on what else the machine does.
    run["tables"]["rounds"].append(run["tables"]["rounds"][0] | {"implementation": "scipy"})
    (tmp_path / "run.json").write_text(json.dumps(run))
    gate = ("--compare", "run.json", "--fail-above", "1e6")
    assert actcli(*command, *gate, cwd=tmp_path).returncode == 0
    command = ("bench", "relu", "--impl", "scipy", *QUICK)
    failed = actcli(*command, *gate, cwd=tmp_path)
    assert failed.returncode == 1
    assert failed.stderr.splitlines()[-1].startswith("FAIL scipy relu float32 1,000 has no time to compare: ")
    assert actcli(*command, *gate, "-f", "markdown", cwd=tmp_path).stdout.splitlines()[-1].startswith("FAIL ")
    run["environment"]["cpu"] = "another"
    (tmp_path / "run.json").write_text(json.dumps(run))
    refused = actcli(*command, *gate, cwd=tmp_path)
    assert refused.returncode == 2
    assert "--compare run.json is of another machine: its cpu is another" in refused.stderr
    assert actcli(*command, *gate, "--force", cwd=tmp_path).returncode == 1


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("--compare", "none.json"), 2, "--compare none.json: No such file or directory"),
        (("--workload", "lstm"), 2, "unknown workload 'lstm'; did you mean lstm_cell?"),
        (("--workload", "bce", "relu"), 2, "--workload bce has activations of its own: leave relu away"),
        (("--size", "1e14"), 2, "--size 1e14 doesn't fit into memory: 12 rows need"),
        (("--size", "-3"), 2, "--size -3: give a whole number of at least 1"),
        (("--plot", "term", "--size", "1e3"), 2, "--plot draws throughput against size: give several"),
        (("--table", "timing"), 2, "no table 'timing' in bench; did you mean timings?"),
        (("--budget", "-1"), 2, "--budget must be a number of seconds above 0, not -1"),
        (("--impl", "mymodule:f"), 2, "there is no module 'mymodule'"),
    ],
)
def test_bad_input_is_one_line(
    actcli: Run, tmp_path: Path, arguments: tuple[str, ...], status: int, message: str
) -> None:
    done = actcli("bench", *arguments, cwd=tmp_path)
    assert done.returncode == status
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert message in done.stderr


def test_no_gpu_is_one_line_that_says_what_is_missing(actcli: Run) -> None:
    done = actcli("bench", "--device", "gpu", *QUICK)
    if done.returncode == 0:
        pytest.skip("there is a GPU")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (3, "", 1)
    assert done.stderr.startswith("actcli: --device gpu")


def test_a_stand_in_for_a_gpu(actcli: Run) -> None:
    command = ("bench", "relu", "--device", "gpu", "--memory", *QUICK)
    environment = {"PYTHONPATH": str(Path(__file__).parent.parent / "fakes")}
    done = actcli(*command, environment=environment)
    assert done.returncode == 0, done.stderr
    assert [(row["implementation"], row["device"], row["peak_bytes"]) for row in rows(done)] == [
        ("actcli", "cuda:0 (stand-in)", ""), ("textbook", "cuda:0 (stand-in)", ""),
    ]  # fmt: skip
    assert "a plain copy (cold, on cuda:0 (stand-in)" in done.stderr
    assert "peak memory is measured on the CPU only" in done.stderr
    people = actcli(*command, "-f", "markdown", environment=environment).stdout
    assert "| wall time |" in people


def test_code_of_a_users_own(actcli: Run, tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text("def clipped(x):\n    return (x / 4 + 0.5).clip(0, 1)\n")
    done = actcli("bench", "sigmoid", "--impl", "own.py:clipped", *QUICK, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert [row["implementation"] for row in rows(done)] == ["own.py:clipped", "textbook"]
    assert float(rows(done)[0]["max_ulp"]) > 2**23


def test_a_plot_in_the_terminal_and_in_a_file(actcli: Run, tmp_path: Path) -> None:
    command = ("bench", "relu", "--impl", "textbook", "--size", "10,1000", "--budget", "0.05", "-f", "table")
    done = actcli(*command, "--plot", "term", "--plot", "a.svg", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "throughput against size   [GB/s]" in done.stdout
    assert "copy" in (tmp_path / "a.svg").read_text()


@pytest.mark.parametrize("format", ["json", "table"])
def test_ctrl_c_prints_what_was_measured(format: str) -> None:
    master, slave = pty.openpty()
    with subprocess.Popen(
        [*COMMAND, "bench", "sigmoid", "--size", "1000,5e6", "--budget", "60", "-f", format],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=slave,
        env=clean_environment(),
    ) as process:
        os.close(slave)
        seen = _read_until(r"5,000,000 float32: round ([4-9]|\d\d)", master)
        process.send_signal(signal.SIGINT)
        assert process.stdout is not None
        out = process.stdout.read().decode()
        assert process.wait(timeout=60) == 130
        seen += _read_until("interrupted", master)
    os.close(master)
    assert seen.rstrip().endswith("actcli: interrupted")
    if format == "json":
        found = json.loads(out)
        assert found["verdict"] == "interrupted"
        assert {row["size"] for row in found["tables"]["timings"]} == {1000, 5_000_000}
        assert "interrupted" in {row["stopped_by"] for row in found["tables"]["timings"]}
    else:
        assert re.search(r"^note: interrupted after .* s: 4 of 4 rows have samples", out, re.MULTILINE)


def _read_until(pattern: str, terminal: int) -> str:
    """Return what appears on a terminal until it matches a pattern."""
    seen = ""
    deadline = time.monotonic() + 60
    while not re.search(pattern, seen):
        assert select.select([terminal], [], [], max(deadline - time.monotonic(), 0))[0], seen
        seen += os.read(terminal, 65536).decode()
    return seen


def test_progress_is_not_shown_to_who_wants_quiet() -> None:
    assert "left ·" not in terminal("bench", "relu", *QUICK, "--quiet")


def test_options_come_from_a_file(actcli: Run, tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('[bench]\nact = "relu"\nsize = "1e3"\nbudget = 0.05\ncold = false\n')
    done = actcli("bench", "--config", "a.toml", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert {(row["size"], row["cache"]) for row in rows(done)} == {("1000", "hot")}
