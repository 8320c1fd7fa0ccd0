"""`actcli derive` as a user types it: streams, exit statuses, options that don't go together."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Completed

Run = Callable[..., Completed]


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_the_steps_are_the_first_table(actcli: Run) -> None:
    done = actcli("derive", "silu")
    assert done.returncode == 0
    assert list(rows(done.stdout)[0])[:5] == ["step", "rule", "expression", "latex", "verified"]
    assert [row["verified"] for row in rows(done.stdout)] == ["", "true", "true", "true", "true"]
    assert done.stderr.startswith("SiLU′(x) = σ(x)·(1 + x·(1 − σ(x)))")


def test_tables_have_the_columns_that_scripts_rely_on(actcli: Run) -> None:
    forms = rows(actcli("derive", "sigmoid", "--table", "forms").stdout)
    assert list(forms[0])[:3] == ["form", "expression", "latex"]
    assert [row["form"] for row in forms][:4] == [
        "definition", "derivative", "derivative in terms of the output y", "second derivative",
    ]  # fmt: skip
    landmarks = rows(actcli("derive", "sigmoid", "--table", "landmarks").stdout)
    assert list(landmarks[0])[:4] == ["kind", "x", "value", "closed_form"]


@pytest.mark.parametrize("spelling", [["--at", "3", "-2", "1/3"], ["--at", "3", "--at", "-2", "--at=1/3"]])
def test_several_numbers_may_follow_at(actcli: Run, spelling: list[str]) -> None:
    done = actcli("derive", "sigmoid", *spelling, "--table", "worked")
    assert list(dict.fromkeys(row["x"] for row in rows(done.stdout))) == ["3.0", "-2.0", "0.3333333333333333"]


def test_an_activation_may_follow_at(actcli: Run) -> None:
    assert "σ(3)" in actcli("derive", "--at", "3", "sigmoid", "--table", "worked", "--format", "table").stdout


def test_a_formula_that_begins_with_a_minus_sign(actcli: Run) -> None:
    assert rows(actcli("derive", "-x*exp(x)").stdout)[-1]["expression"] == "−eˣ·(1 + x)"


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["--check", "tanh(x) = 2*sigmoid(2*x) - 1"], 0),
        (["--check", "tanh(x) = sigmoid(x)"], 1),
        (["tanh", "--check", "f'(x) = 1 - f(x)**2"], 0),
        (["swish", "--param", "beta=2", "--check", "f(x) = k*x*sigmoid(2*x)", "--param", "k=1"], 0),
        (["tanh", "--answer", "1 - tanh(x)**2"], 0),
        (["tanh", "--answer", "1 - tanh(x)"], 1),
        (["swish", "--wrt", "beta", "--answer", "x**2*sigmoid(beta*x)*(1 - sigmoid(beta*x))"], 0),
    ],
)
def test_the_exit_status_tells_whether_a_check_holds(actcli: Run, arguments: list[str], status: int) -> None:
    done = actcli("derive", *arguments)
    assert done.returncode == status, done.stderr
    assert len(rows(done.stdout)) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "name an activation to derive"),
        (["sigmoid,tanh"], "derive takes one activation at a time, not 2"),
        (["sigmoid", "--order", "9"], "order must lie in 1 … 8"),
        (["prelu", "--wrt", "slope"], "prelu has no 'slope' to derive by; it has x, negative_slope"),
        (["--check", "tanh(x)"], "an equation has one = and there is none here"),
        (["--check", "a = b", "--answer", "x"], "--check and --answer are different questions"),
        (["tanh", "--check", "x = x", "--emit", "c"], "--check doesn't go with --emit"),
        (["tanh", "--wrt", ""], "tanh has no '' to derive by"),
        (["--check", "x = x", "--at", "3"], "--at doesn't go with --check"),
        (["sigmoid", "--emit", "c", "--table", "steps"], "--table doesn't go with --emit"),
        (["sigmoid", "--emit", "fortran"], "can't emit 'fortran'"),
        (["softmax", "--emit", "c"], "softmax"),
        (["sigmoid", "--at", "nine"], "--at is not a number: 'nine'"),
        (["sqrt(-1 - x**2)"], "has no real value at any of the points tried"),
        (["kernels.py:gelu"], "derive needs a name or a formula"),
        (["b*x"], "b has no value; give --param b=NUMBER"),
    ],
)
def test_bad_input_is_one_line(actcli: Run, arguments: list[str], message: str) -> None:
    done = actcli("derive", *arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


def test_code_goes_to_files_and_nothing_else_to_stdout(actcli: Run, tmp_path: Path) -> None:
    path = tmp_path / "gelu.h"
    done = actcli("derive", "gelu", "--emit", "c", "-o", str(path))
    assert (done.returncode, done.stdout) == (0, "")
    assert "static inline double actcli_gelu(double x)" in path.read_text()
    assert actcli("derive", "gelu", "--emit", "c").stdout == path.read_text()


def test_json_is_one_document(actcli: Run) -> None:
    document = json.loads(actcli("derive", "relu", "-f", "json").stdout)
    assert set(document["tables"]) == {"steps", "forms", "landmarks", "kinks", "losses"}


def test_options_come_from_a_configuration(actcli: Run, tmp_path: Path) -> None:
    config = tmp_path / "actcli.toml"
    config.write_text(
        '[derive]\norder = 2\nat = ["1", "2"]\ntable = "worked"\n[activations.cube]\ndefinition = "x**3"\n'
    )
    found = rows(actcli("derive", "cube", "--config", str(config)).stdout)
    assert {row["x"] for row in found} == {"1.0", "2.0"}
    assert found[-1]["value"] == "12.0"


def test_other_commands_do_not_load_sympy(actcli: Run) -> None:
    script = """
import sys
from actcli.cli.run import run
run(["eval", "x*sigmoid(x)", "1"])
print("sympy" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False"
