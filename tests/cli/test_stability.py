"""`actcli stability` as a process: exit statuses, streams, files, and code of a user's own."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

from tests.conftest import Completed

Run = Callable[..., Completed]

KERNELS = """
import ctypes
import os
import time
import numpy as np


def good(x):
    with np.errstate(over="ignore"):
        return (1 / (1 + np.exp(-x.astype(np.float64)))).astype(x.dtype)


def slope(x):
    s = good(x)
    return s * (1 - s)


def chatty_below_python(x):
    ctypes.CDLL(None).printf(b"hello from C\\n")
    os.write(1, b"hello from the system\\n")
    return good(x)


def chatty(x):
    print("hello from the kernel")
    return good(x)


def float32_only(x):
    if x.dtype != np.float32:
        raise TypeError("float32, please")
    return good(x)


def raises(x):
    if np.any(x == 2):
        raise ValueError("no twos")
    return good(x)


def hangs(x):
    while True:
        time.sleep(0.01)
"""


@pytest.fixture
def kernels(tmp_path: Path) -> Path:
    (tmp_path / "mykernels.py").write_text(KERNELS)
    return tmp_path


def rows(done: Completed) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(done.stdout)))


def test_an_audit_is_csv_on_stdout_and_words_on_stderr(actcli: Run) -> None:
    done = actcli("stability", "sigmoid", "--impl", "actcli,textbook:naive", "--dtype", "float32", "--samples", "100")
    assert done.returncode == 0
    assert [row["verdict"] for row in rows(done)] == ["exact", "inaccurate"]
    assert rows(done)[1]["worst_x"] == "-88.72284"
    assert rows(done)[1]["worst_x_bits"] == "0xc2b17218"
    assert "2 audits: 1 exact, 1 inaccurate" in done.stderr
    assert "seed 0" in done.stderr
    assert "RuntimeWarning" not in done.stderr


def test_a_gate_that_holds_and_one_that_does_not(actcli: Run) -> None:
    command = ("stability", "sigmoid", "--dtype", "float32", "--samples", "100", "--impl")
    assert actcli(*command, "actcli", "--max-ulp", "0.51").returncode == 0
    done = actcli(*command, "textbook:naive", "--max-ulp", "1")
    assert done.returncode == 1
    assert [row["worst_x"] for row in rows(done)] == ["-88.72284"]
    assert done.stderr.splitlines()[-1].startswith(
        "FAIL sigmoid float32 textbook:naive: 2.097e+06 ULP > 1, x = -88.72284"
    )
    people = actcli(*command, "textbook:naive", "--max-ulp", "1", "--format", "markdown")
    assert people.returncode == 1
    assert people.stdout.splitlines()[-1].startswith("FAIL sigmoid float32 textbook:naive")
    whole = actcli(*command, "textbook:naive", "--max-ulp", "1", "--format", "json")
    assert whole.returncode == 1
    assert set(json.loads(whole.stdout)["tables"]) == {"audit", "extremes", "histogram", "worst"}
    only = actcli(*command, "textbook:naive", "--max-ulp", "1", "--table", "extremes", "--quiet")
    assert only.returncode == 1
    assert len(rows(only)) == 19
    assert "FAIL" in only.stderr


def test_code_of_a_users_own(actcli: Run, kernels: Path) -> None:
    command = ("stability", "sigmoid", "--dtype", "float32", "--samples", "100", "--impl")
    done = actcli(*command, "mykernels:good", "--impl-gradient", "mykernels:slope", cwd=kernels)
    assert done.returncode == 0
    assert [(row["order"], row["verdict"]) for row in rows(done)] == [("0", "exact"), ("1", "unstable")]
    done = actcli(*command, f"{kernels}/mykernels.py:good", "--max-ulp", "0.51")
    assert done.returncode == 0
    done = actcli(*command, "mykernels:chatty", cwd=kernels)
    assert rows(done)[0]["reason"] == "every answer is correctly rounded; prints 'hello from the kernel'"
    done = actcli(*command, "mykernels:chatty_below_python", cwd=kernels)
    assert "hello" not in done.stdout
    assert [row["verdict"] for row in rows(done)] == ["exact"]
    assert "hello from C\n" in done.stderr
    assert "hello from the system\n" in done.stderr


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("raises", "raised ValueError: no twos, at x = 2.0 (0x40000000)"),
        ("hangs", "gave no answer within 0.3 s, whatever the input"),
    ],
)
def test_code_that_does_not_work_fails_even_without_a_gate(actcli: Run, kernels: Path, name: str, reason: str) -> None:
    done = actcli(
        "stability", "sigmoid", "--impl", f"mykernels:{name}", "--dtype", "float32", "--timeout", "0.3", cwd=kernels
    )
    assert done.returncode == 1
    assert (rows(done)[0]["verdict"], rows(done)[0]["reason"]) == ("failed", reason)
    assert done.stderr.splitlines()[-1] == f"FAIL sigmoid float32 mykernels:{name}: {reason}"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--impl", "nowhere:f"), "nowhere:f: there is no module 'nowhere'"),
        (("--range", "5:1"), "--range 5.0:1.0 has its ends reversed: write 1.0:5.0"),
        (("--range", "1.0001:1.0002"), "--range 1.0001:1.0002 is empty: float16 has no number in it"),
        (("--range", "1"), "--range '1': write A:B, such as -10:10"),
        (("--impl", "textbook:nave"), "did you mean"),
        (("--dtype", "float64", "--points", "exhaustive"), "narrow the --range, or take --points sampled"),
        (("--inputs", "x.npy"), "--inputs and --got go together"),
        (("--dump-inputs", "x.npy"), "values from elsewhere are those of one --dtype: give one, not 3"),
        (("--dump-inputs", "x.csv", "--dtype", "float16"), "--dump-inputs x.csv: the numbers are written as .npy"),
        (("--inputs", "x.npy", "--got", "y.npy"), "--points means nothing beside --inputs and --got"),
        (("--table", "nope"), "no table 'nope' in stability"),
    ],
)
def test_bad_input_is_one_line_and_exit_status_2(actcli: Run, arguments: tuple[str, ...], message: str) -> None:
    done = actcli("stability", "sigmoid", "--points", "extremes", *arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert message in done.stderr


def test_a_function_of_our_own_needs_something_to_be_held_against(actcli: Run, kernels: Path) -> None:
    done = actcli("stability", "mykernels:good", cwd=kernels)
    assert done.returncode == 2
    assert "name the function that it should compute, with --impl mykernels:good" in done.stderr


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_values_from_elsewhere(actcli: Run, tmp_path: Path, dtype: str) -> None:
    done = actcli(
        "stability",
        "tanh",
        "--dtype",
        dtype,
        "--points",
        "sampled",
        "--samples",
        "200",
        "--dump-inputs",
        "x.npy",
        cwd=tmp_path,
    )
    assert done.returncode == 0
    assert done.stdout == ""
    x = np.load(tmp_path / "x.npy")
    numbers = x.view(ml_dtypes.bfloat16) if dtype == "bfloat16" else x
    with np.errstate(invalid="ignore"):
        answers = np.tanh(numbers.astype(np.float64)).astype(numbers.dtype)
    np.save(tmp_path / "y.npy", answers.view(x.dtype))
    command = ("stability", "tanh", "--inputs", "x.npy", "--got", "y.npy", "--dtype", dtype, "--max-ulp", "0.51")
    done = actcli(*command, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert rows(done)[0]["verdict"] in ("exact", "faithful")
    assert int(rows(done)[0]["points"]) == len(x)


def test_people_see_the_audit_and_what_they_asked_for(actcli: Run) -> None:
    command = (
        "stability",
        "sigmoid",
        "--impl",
        "textbook:naive",
        "--dtype",
        "float16",
        "--format",
        "table",
        "--range",
        "-20:0",
    )
    wide = {"COLUMNS": "150"}
    audit = actcli(*command, environment=wide).stdout
    assert "max ULP" in audit
    assert "worst_x_bits" not in audit
    assert "overflow in exp" not in audit
    assert "-1000" not in audit
    assert "expected" in actcli(*command, "--worst", "2", environment=wide).stdout
    extremes = actcli(*command, "--points", "extremes", environment=wide).stdout
    assert "max ULP" in extremes
    assert "expected" in extremes


def test_people_see_implementations_side_by_side(actcli: Run) -> None:
    command = ("stability", "log_sigmoid", "--impl", "textbook:naive,actcli", "--dtype", "float32", "--quiet")
    lines = actcli(*command, "--points", "extremes", "--table", "extremes", "-f", "table").stdout.splitlines()
    assert lines[2].split() == ["x", "textbook:naive", "actcli", "expected"]
    cells = {line.split()[0]: line.split()[1:] for line in lines[4:] if line}
    assert cells["-1000"] == ["-∞", "(wrong)", "-1000", "-1000"]
    assert cells["100"] == ["0", "(26.5", "ULP)", "-3.7835e-44", "-3.7835e-44"]
    assert "note: textbook:naive: divide by zero in log, at x = -∞" in lines
    assert max(map(len, lines)) <= 80


def test_failures_at_all_extremes_are_one_remark(actcli: Run, kernels: Path) -> None:
    command = ("stability", "sigmoid", "--impl", "mykernels:float32_only", "--dtype", "float16", "--points", "extremes")
    done = actcli(*command, "--table", "extremes", "--format", "markdown", cwd=kernels)
    assert done.stdout.count("| failed") == 19
    assert "- mykernels:float32_only: raised TypeError: float32, please, at 19 of the inputs" in done.stdout


def test_people_see_a_row_an_audit_and_a_row_a_stretch(actcli: Run) -> None:
    command = ("stability", "sigmoid", "--impl", "actcli,textbook:naive", "--samples", "100", "--format", "table")
    audit = actcli(*command).stdout
    assert "note: the reasons of the verdicts: add -v" in audit
    lines = audit.splitlines()
    assert lines[1] == "inaccurate"
    assert [line.split()[:3] for line in lines[5:7]] == [
        ["actcli", "float16", "0.5"],
        ["textbook:naive", "float16", "255"],
    ]
    assert "underflows" not in audit
    assert "underflows" in actcli(*command, "-v").stdout
    binades = actcli(*command, "--dtype", "float32", "--by", "binade").stdout
    rows = [line.split() for line in binades.splitlines() if line.startswith("actcli")]
    assert ["actcli", "nan", "0", "exact"] in rows
    assert ["actcli", "-∞", "…", "∞", "0.5"] in [row[:5] for row in rows]
    assert len(rows) == 2


def test_programs_get_one_word(actcli: Run) -> None:
    done = actcli("stability", "sigmoid", "--impl", "actcli,textbook:naive", "--dtype", "float16", "--format", "json")
    found = json.loads(done.stdout)
    assert found["verdict"] == "inaccurate"
    assert found["notes"][0] == "2 audits: 1 exact, 1 inaccurate"


@pytest.mark.parametrize(
    "option", [("--impl", "torch"), ("--samples", "3"), ("--points", "sampled"), ("--array", "torch")]
)
def test_options_that_mean_nothing_beside_files_are_refused(actcli: Run, option: tuple[str, str]) -> None:
    done = actcli("stability", "sigmoid", "--inputs", "x.npy", "--got", "y.npy", *option)
    assert done.returncode == 2
    assert f"{option[0]} means nothing beside --inputs and --got" in done.stderr


def test_a_plot_in_the_terminal(actcli: Run) -> None:
    done = actcli(
        "stability", "sigmoid", "--impl", "actcli", "--dtype", "float16", "--format", "table", "--plot", "term"
    )
    assert done.returncode == 0
    assert "[error in ULP]" in done.stdout


def test_options_come_from_a_file_and_from_the_environment(actcli: Run, tmp_path: Path) -> None:
    (tmp_path / "ci.toml").write_text('[stability]\nimpl = "textbook:naive"\ndtype = "float16"\nmax-ulp = "1"\n')
    assert actcli("stability", "sigmoid", "--config", "ci.toml", cwd=tmp_path).returncode == 1
    assert actcli("stability", "sigmoid", "--config", "ci.toml", "--max-ulp", "256", cwd=tmp_path).returncode == 0
    done = actcli(
        "stability", "sigmoid", environment={"ACTCLI_STABILITY_IMPL": "actcli", "ACTCLI_STABILITY_DTYPE": "float16"}
    )
    assert [row["implementation"] for row in rows(done)] == ["actcli"]


def test_parquet_holds_all_formats_exactly(actcli: Run, tmp_path: Path) -> None:
    import pandas as pd

    done = actcli("stability", "sigmoid", "--impl", "textbook:naive", "-o", "a.parquet", cwd=tmp_path)
    assert done.returncode == 0
    frame = pd.read_parquet(tmp_path / "a.parquet")
    assert list(frame["dtype"]) == ["float16", "bfloat16", "float32"]
    assert frame["worst_x"].iloc[2] == np.float32(-88.72284)
