"""`actcli gradflow` as a process: exit statuses, streams, formats, files, code of a user's own."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Completed

Run = Callable[..., Completed]

SMALL = ("--depth", "8", "--width", "16", "--trials", "3", "--batch", "8")


def rows(done: Completed) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(done.stdout)))


def test_the_summary_is_csv_on_stdout_and_the_verdict_in_words_on_stderr(actcli: Run) -> None:
    done = actcli("gradflow", "sigmoid,tanh", *SMALL)
    assert done.returncode == 0
    assert [(row["activation"], row["verdict"]) for row in rows(done)] == [("sigmoid", "vanishing"), ("tanh", "stable")]
    assert done.stderr.splitlines()[0] == "vanishing: sigmoid; stable: tanh"
    assert "Warning" not in done.stderr


def test_the_activations_come_as_an_argument_or_an_option(actcli: Run) -> None:
    assert [row["activation"] for row in rows(actcli("gradflow", "--act", "relu,gelu", *SMALL))] == ["relu", "gelu"]
    done = actcli("gradflow", *SMALL[2:], environment={"ACTCLI_GRADFLOW_ACT": "relu", "ACTCLI_GRADFLOW_DEPTH": "3"})
    assert [(row["activation"], row["depth"]) for row in rows(done)] == [("relu", "3")]
    both = actcli("gradflow", "tanh", "--act", "relu")
    assert both.returncode == 2
    assert "given twice" in both.stderr
    none = actcli("gradflow")
    assert none.returncode == 2
    assert (
        none.stderr
        == "actcli: which activation? Name one or several: actcli gradflow tanh,relu; `actcli list` shows them\n"
    )


def test_a_gate_that_fails_says_why_where_it_is_no_data(actcli: Run) -> None:
    command = ("gradflow", "sigmoid", *SMALL, "--fail-if", "vanishing")
    done = actcli(*command)
    assert done.returncode == 1
    assert len(rows(done)) == 1
    assert done.stderr.splitlines()[-1].startswith("FAIL sigmoid with xavier: vanishing; ")
    people = actcli(*command, "--format", "markdown", "--table", "theory")
    assert people.returncode == 1
    assert people.stdout.splitlines()[-1].startswith("FAIL sigmoid with xavier: vanishing; ")
    assert actcli("gradflow", "tanh", *SMALL, "--fail-if", "vanishing").returncode == 0
    assert actcli("gradflow", "sigmoid", *SMALL, "--fail-if", "exploding").returncode == 0
    assert actcli("gradflow", "relu", *SMALL, "--fail-if", "exploding", "--init", "normal:3").returncode == 1


def test_json_carries_every_table(actcli: Run) -> None:
    done = actcli("gradflow", "gelu", *SMALL, "-f", "json", "--nonfinite", "string")
    found = json.loads(done.stdout)
    assert found["report"] == "gradflow"
    assert found["verdict"].startswith("gelu: ")
    assert list(found["tables"]) == [
        "summary", "depth", "layers", "theory", "critical", "moments", "paths", "underflow", "initialisers", "jacobian",
    ]  # fmt: skip
    assert len(found["tables"]["layers"]) == 8
    assert found["environment"]["seed"] == "42"


def test_the_seed_decides_everything_random(actcli: Run) -> None:
    one, again, other = (actcli("gradflow", "tanh", *SMALL, "--seed", seed).stdout for seed in ("7", "7", "8"))
    assert one == again != other


def test_depths_beyond_float64_are_one_row_each(actcli: Run) -> None:
    done = actcli("gradflow", "sigmoid", "--depth", "10000", "--samples", "10", "--table", "depth", "-f", "table")
    assert "2.512e-6021" in done.stdout
    numbers = [line.split()[0] for line in done.stdout.splitlines() if line.split()[:1] and line.split()[0].isdigit()]
    assert numbers == "1 5 10 15 20 50 100 200 500 1000 2000 5000 10000".split()
    data = rows(actcli("gradflow", "sigmoid", "--depth", "10000", "--samples", "10", "--table", "depth"))
    assert data[-1]["bound"] == "0.0"
    assert float(data[-1]["log10_bound"]) == pytest.approx(-6020.5999, abs=1e-4)


@pytest.mark.parametrize("width", ["80", "120"])
def test_people_see_a_table_that_fits(actcli: Run, width: str) -> None:
    for act in ("sigmoid", "sigmoid,tanh,relu,gelu"):
        done = actcli("gradflow", act, *SMALL, "-f", "table", environment={"COLUMNS": width})
        lines = done.stdout.splitlines()
        assert max(map(len, lines)) <= int(width)
        assert lines[1].startswith(("sigmoid: vanishing; ", "vanishing: sigmoid"))
        assert "more with --table: " in done.stdout


def test_the_fix_is_shown_before_and_after_and_as_code(actcli: Run) -> None:
    done = actcli("gradflow", "silu", *SMALL, "--suggest-init", "-f", "table", environment={"COLUMNS": "120"})
    assert "he " in done.stdout
    assert "critical " in done.stdout
    assert "std=1.409966" in done.stdout


def test_options_come_from_a_file_and_the_command_line_outranks_it(actcli: Run, tmp_path: Path) -> None:
    (tmp_path / "deep.toml").write_text(
        '[gradflow]\nact = "silu"\ndepth = 4\nwidth = 8\ntrials = 2\nsuggest-init = true\n'
    )
    done = actcli("gradflow", "--config", "deep.toml", cwd=tmp_path)
    assert [(row["activation"], row["depth"], row["init"]) for row in rows(done)] == [
        ("silu", "4", "he"), ("silu", "4", "critical"),
    ]  # fmt: skip
    done = actcli("gradflow", "relu", "--config", "deep.toml", "--depth", "5", cwd=tmp_path)
    assert (rows(done)[0]["activation"], rows(done)[0]["depth"]) == ("relu", "5")


def test_code_of_a_users_own(actcli: Run, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("import numpy as np\n\ndef bent(x):\n    return np.sinh(x) / np.cosh(x)\n")
    done = actcli("gradflow", "mine.py:bent", *SMALL, cwd=tmp_path)
    assert done.returncode == 0
    own, ours = rows(done)[0], rows(actcli("gradflow", "tanh", *SMALL))[0]
    assert float(own["gradient_ratio"]) == pytest.approx(float(ours["gradient_ratio"]), rel=1e-6)
    assert "mine.py:bent: derivatives by central differences" in done.stderr


def test_a_unit_over_a_data_set(actcli: Run, tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("a,b\n1,1\n2,2\n")
    done = actcli("gradflow", "relu", "--data", "data.csv", "--neuron", "-2,-3:1", "--table", "neuron", cwd=tmp_path)
    assert [(row["z"], row["derivative"], row["verdict"]) for row in rows(done)] == [
        ("-4.0", "0.0", "dead"), ("-9.0", "0.0", "dead"),
    ]  # fmt: skip
    net = actcli("gradflow", "relu", *SMALL, "--data", "data.csv", cwd=tmp_path)
    assert net.returncode == 0


def test_plots_and_files(actcli: Run, tmp_path: Path) -> None:
    done = actcli("gradflow", "tanh", *SMALL, "--plot", "term", "--plot", "g.svg", "-o", "g.parquet", cwd=tmp_path)
    assert done.returncode == 0
    assert "[gradient]" in done.stderr
    assert (tmp_path / "g.svg").stat().st_size > 1000
    assert (tmp_path / "g.parquet").stat().st_size > 1000


def test_a_phase_diagram_is_drawn_for_people_without_being_asked(actcli: Run) -> None:
    command = ("gradflow", "relu", "--phase-diagram", "--table", "phase", "--sigma-w", "1.2", "--sigma-b", "0.2")
    assert "ξ_c = 10   " in actcli(*command, "-f", "table").stdout
    data = actcli(*command)
    assert {row["line"] for row in rows(data)} == {"critical", "contour"}
    assert "┌" not in data.stderr
    assert "ξ_c = 10   " in actcli(*command, "--plot", "term").stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--depth", "0"), "--depth must be at least 1, not 0"),
        (("--width", "0"), "--width must be at least 1, not 0"),
        (("--init", "xaver"), "did you mean xavier?"),
        (("--init", "normal:-1"), "normal:-1"),
        (("--sigma-w", "-1"), "--sigma-w is a standard deviation"),
        (("--threshold", "2"), "--threshold 2"),
        (("--preactivations", "2:-2"), "write A:B with A below B"),
        (("--arch", "lstm", "--norm", "layer"), "--norm layer is for --arch mlp and residual, not lstm"),
        (("--width", "100000", "--depth", "1000", "--batch", "100000"), "GB"),
        (("--table", "layer"), "did you mean layers?"),
        (("--data", "gone.csv"), "--data gone.csv: No such file"),
        (("--neuron", "1:2"), "--neuron needs --data"),
        (("--neuron", "a,b:c", "--data", "gone.csv"), "--data gone.csv"),
        (("--preactivations", "a:b"), "--preactivations 'a:b': write A:B"),
        (("--init", ""), "--init '' names nothing"),
        (("--sigma-w", "1e308"), "--sigma-w is a standard deviation"),
        (("--table", "phase"), "--table phase needs --phase-diagram"),
        (("--depth", "1000000000000", "--width", "1"), "GB of memory are free"),
        (("--depth", "100000000000000000000000"), "--depth must be at most 1,000,000,000,000"),
        (("--depth", "1000000", "--table", "depth"), "take --samples 529"),
    ],
)
def test_bad_input_is_one_line_and_exit_status_2(actcli: Run, arguments: tuple[str, ...], message: str) -> None:
    done = actcli("gradflow", "tanh", *arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert message in done.stderr


def test_a_list_in_a_file_is_refused_with_the_mend(actcli: Run, tmp_path: Path) -> None:
    (tmp_path / "lists.toml").write_text('[gradflow]\ninit = ["he", "xavier"]\n')
    done = actcli("gradflow", "tanh", "--config", "lists.toml", cwd=tmp_path)
    assert done.returncode == 2
    assert (
        """init takes one value, not ['he', 'xavier']; where it takes several, write them in one text""" in done.stderr
    )


def test_what_takes_a_vector_is_refused(actcli: Run) -> None:
    done = actcli("gradflow", "softmax")
    assert done.returncode == 2
    assert "softmax takes a whole vector" in done.stderr
