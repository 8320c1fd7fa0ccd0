"""`actcli eval` as a user runs it: real processes, exact output, exit statuses, one-line errors."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import Completed

Run = Callable[..., Completed]


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_the_first_command_of_the_readme(actcli: Run) -> None:
    done = actcli("eval", "sigmoid", "5")
    header, row = done.stdout.splitlines()
    assert header == "activation,x,value,derivative,regime"
    name, x, value, slope, regime = row.split(",")
    assert (name, x, regime) == ("sigmoid", "5.0", "saturated")
    assert float(value) == pytest.approx(0.99330714907571514444, rel=4e-16)
    assert float(slope) == pytest.approx(0.0066480566707901546, rel=1e-15)
    assert (done.stderr, done.returncode) == ("", 0)


SIGMOID_TABLE = """\
sigmoid: σ(x) = 1 / (1 + exp(-x))

 x       σ(x)      σ′(x)   Interpretation
─────────────────────────────────────────────────────────────
-∞   → 0        → 0        strong negative: gradient vanishes
-5     0.0067     0.0066   gradient effectively zero
-2     0.1192     0.1050   moderate gradient
-1     0.2689     0.1966   good gradient flow
 0     0.5000     0.2500   maximum gradient
 1     0.7311     0.1966   good gradient flow
 2     0.8808     0.1050   moderate gradient
 5     0.9933     0.0066   gradient effectively zero
 ∞   → 1        → 0        strong positive: gradient vanishes
"""
TANH_TABLE = """\
tanh: tanh(x) = (exp(x) - exp(-x)) / (exp(x) + exp(-x))

 x     tanh(x)   tanh′(x)   Interpretation
──────────────────────────────────────────────────────────────
-∞   → -1        → 0        strong negative: gradient vanishes
-3     -0.9951     0.0099   gradient effectively zero
-2     -0.9640     0.0707   moderate gradient
-1     -0.7616     0.4200   good gradient flow
 0      0.0000     1.0000   maximum gradient
 1      0.7616     0.4200   good gradient flow
 2      0.9640     0.0707   moderate gradient
 3      0.9951     0.0099   gradient effectively zero
 ∞    → 1        → 0        strong positive: gradient vanishes
"""


@pytest.mark.parametrize(("name", "table"), [("sigmoid", SIGMOID_TABLE), ("tanh", TANH_TABLE)])
def test_the_tables_of_the_books(actcli: Run, name: str, table: str) -> None:
    assert actcli("eval", name, "--format", "table").stdout.strip() == table.strip()


def test_a_narrow_ascii_terminal_gets_ascii(actcli: Run) -> None:
    done = actcli("eval", "sigmoid", "-inf", "0", "-f", "table", environment={"PYTHONIOENCODING": "ascii"})
    assert done.stdout.isascii()
    assert "sigma'(x)" in done.stdout
    assert "-> 0" in done.stdout


@pytest.mark.parametrize("where", ["before", "after", "between"])
def test_negative_numbers_are_values_wherever_options_stand(actcli: Run, where: str) -> None:
    numbers, options = ["-5", "-1e3", "-.5", "-inf", "−2"], ["--order", "2", "-f", "csv"]
    words = {
        "before": [*options, "sigmoid", *numbers],
        "after": ["sigmoid", *numbers, *options],
        "between": ["sigmoid", *numbers[:2], *options, *numbers[2:]],
    }[where]
    done = actcli("eval", *words)
    assert done.returncode == 0, done.stderr
    found = rows(done.stdout)
    assert [float(row["x"]) for row in found] == [-5, -1000, -0.5, -math.inf, -2]
    assert "second_derivative" in found[0]


def test_formulas_that_begin_with_a_minus_sign(actcli: Run) -> None:
    done = actcli("eval", "-x*exp(x)", "-1")
    assert rows(done.stdout)[0]["activation"] == "-x*exp(x)"
    assert float(rows(done.stdout)[0]["value"]) == pytest.approx(math.exp(-1))
    assert float(rows(actcli("eval", "-x", "3").stdout)[0]["value"]) == -3


def test_formulas_take_parameters(actcli: Run) -> None:
    done = actcli("eval", "x*sigmoid(b*x)", "--param", "b=1.702", "-400")
    same = actcli("eval", "quick_gelu", "-400")
    assert float(rows(done.stdout)[0]["value"]) == pytest.approx(float(rows(same.stdout)[0]["value"]), rel=1e-12)


def test_numbers_come_from_a_pipe(actcli: Run) -> None:
    done = actcli("eval", "relu,tanh", "--wide", stdin="-1 0\n2\t3\n")
    assert done.stdout.splitlines()[0] == "x,relu,tanh"
    assert [float(row["relu"]) for row in rows(done.stdout)] == [0, 0, 2, 3]
    assert actcli("eval", "relu", "-", stdin="4").stdout.endswith("relu,4.0,4.0,1.0,maximum\n")


def test_wide_tables_name_derivatives(actcli: Run) -> None:
    done = actcli("eval", "relu,gelu", "1", "--wide", "--order", "1")
    assert done.stdout.splitlines()[0] == "x,relu,relu_d1,gelu,gelu_d1"


def test_x_is_shown_as_rounded_to_the_dtype(actcli: Run) -> None:
    row = rows(actcli("eval", "sigmoid", "0.1", "--dtype", "fp16").stdout)[0]
    assert row["x"] == "0.1"  # the shortest text that reads back as this float16
    row = rows(actcli("eval", "identity", "16777217", "--dtype", "float32").stdout)[0]
    assert float(row["x"]) == 16777216
    row = rows(actcli("eval", "identity", "0.1", "--dtype", "bf16").stdout)[0]
    assert float(row["value"]) == pytest.approx(0.1, rel=2**-8)


def test_regimes_in_one_word(actcli: Run) -> None:
    assert [row["regime"] for row in rows(actcli("eval", "relu", "-inf", "-1", "0", "1", "inf").stdout)] == [
        "dead", "dead", "dead", "maximum", "maximum",
    ]  # fmt: skip
    assert [row["regime"] for row in rows(actcli("eval", "sigmoid", "-800", "-2", "1", "0").stdout)] == [
        "saturated", "moderate", "good", "maximum",
    ]  # fmt: skip
    assert [row["regime"] for row in rows(actcli("eval", "max(0,x)", "-3", "3").stdout)] == ["dead", "maximum"]
    assert rows(actcli("eval", "sin(x)", "0").stdout)[0]["regime"] == "maximum"
    assert rows(actcli("eval", "log(x)", "-1").stdout)[0]["regime"] == "undefined"


def test_json_and_its_nonfinite_numbers(actcli: Run) -> None:
    done = actcli("eval", "relu", "inf", "-f", "json")
    report = json.loads(done.stdout)
    assert report["report"] == "eval"
    assert report["tables"]["values"] == [
        {"activation": "relu", "x": None, "value": None, "derivative": 1.0, "regime": "maximum"}
    ]
    assert report["environment"]["dtype"] == "float64"
    bare = json.loads(actcli("eval", "relu", "inf", "-f", "json", "--table", "values", "--nonfinite", "string").stdout)
    assert bare[0]["value"] == "inf"


def test_vector_functions_take_all_numbers_as_one_vector(actcli: Run) -> None:
    done = actcli("eval", "softmax", "1", "2", "3")
    assert sum(float(row["value"]) for row in rows(done.stdout)) == pytest.approx(1)
    assert "one vector" in done.stderr
    gated = rows(actcli("eval", "glu", "1", "2", "3", "4", "-q").stdout)
    assert [(row["x"], row["paired_x"]) for row in gated] == [("1.0", "3.0"), ("2.0", "4.0")]


@pytest.mark.parametrize(
    "name", ["t.csv", "t.tsv", "t.json", "t.jsonl", "t.md", "t.tex", "t.parquet", "t.npy", "t.npz", "t.csv.gz", "t.txt"]
)
def test_every_format_by_its_extension(actcli: Run, tmp_path: Path, name: str) -> None:
    done = actcli("eval", "tanh" if name == "t.npy" else "sigmoid,tanh", "-2:2", "-o", str(tmp_path / name))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (tmp_path / name).stat().st_size > 0
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_several_outputs_at_once(actcli: Run, tmp_path: Path) -> None:
    done = actcli("eval", "sigmoid", "1", "-o", str(tmp_path / "a.csv"), "-o", str(tmp_path / "b.json"), "-o", "-")
    assert done.stdout == (tmp_path / "a.csv").read_text()
    assert json.loads((tmp_path / "b.json").read_text())["report"] == "eval"


def test_plots(actcli: Run, tmp_path: Path) -> None:
    done = actcli("eval", "tanh", "--plot", "term", "--plot", str(tmp_path / "tanh.png"))
    assert done.stdout.startswith("activation,x")
    assert "tanh" in done.stderr
    assert (tmp_path / "tanh.png").read_bytes().startswith(b"\x89PNG")


def test_configuration(actcli: Run, tmp_path: Path) -> None:
    config = tmp_path / "c.toml"
    config.write_text(
        '[eval]\norder = 2\ndtype = "float32"\n[activations.mine]\ndefinition = "b*x"\nparameters = {b = 0.1}\n'
    )
    found = rows(actcli("eval", "mine", "3", "--config", str(config)).stdout)[0]
    assert found["activation"] == "mine"
    assert found["value"] == "0.3"
    assert "second_derivative" in found
    by_variable = actcli("eval", "mine(b=2)", "3", environment={"ACTCLI_CONFIG": str(config)})
    assert rows(by_variable.stdout)[0]["value"] == "6.0"
    # flag > environment > file
    both = actcli("eval", "mine", "3", "--config", str(config), "--order", "0", environment={"ACTCLI_EVAL_ORDER": "1"})
    assert "derivative" not in both.stdout
    variable = actcli("eval", "mine", "3", "--config", str(config), environment={"ACTCLI_EVAL_ORDER": "1"})
    assert ",derivative,regime" in variable.stdout


def test_x_may_come_from_the_configuration(actcli: Run, tmp_path: Path) -> None:
    config = tmp_path / "c.toml"
    config.write_text('[eval]\nact = "relu"\nx = [-1, 2.5, "3:4"]\n')
    found = rows(actcli("eval", "--config", str(config)).stdout)
    assert [row["x"] for row in found] == ["-1.0", "2.5", "3.0", "4.0"]


BAD = [
    (["eval", "sigmod", "1"], "did you mean sigmoid?"),
    (["eval", "sigmoid", "--ordr", "1"], "--order"),
    (["eval"], "missing argument"),
    (["evla", "sigmoid"], "eval"),
    (["eval", "sigmoid", "abc"], "'abc' is not a number"),
    (["eval", "sigmoid", "0:10:-1"], "never lead"),
    (["eval", "sigmoid", "0:inf"], "never ends"),
    (["eval", "leaky_relu(q=1)", "1"], "no parameter 'q'"),
    (["eval", "softplus:-1", "1"], "beta must lie in"),
    (["eval", "x*b", "1"], "--param b=NUMBER"),
    (["eval", "x +* 2", "1"], "at character 4"),
    (["eval", "x^2", "1"], "write **"),
    (["eval", "().__class__", "1"], "not part of a formula"),
    (["eval", "sigmoid", "1", "--param", "b"], "NAME=NUMBER"),
    (["eval", "sigmoid", "1", "--param", "b=2"], "no parameter 'b'"),
    (["eval", "sigmoid", "1", "--order", "3"], "must be 0, 1 or 2"),
    (["eval", "sigmoid", "1", "--order", "two"], "two"),
    (["eval", "sigmoid", "1", "--dtype", "float31"], "did you mean float32"),
    (["eval", "sigmoid", "1", "--device", "tpu"], "unknown device"),
    (["eval", "sigmoid", "1", "-f", "xml"], "unknown format"),
    (["eval", "sigmoid", "1", "--table", "nope"], "no table 'nope'"),
    (["eval", "sigmoid", "1", "--nonfinite", "none"], "--nonfinite"),
    (["eval", "sigmoid", "1", "--color", "sometimes"], "--color"),
    (["eval", "sigmoid", "1", "-o", "/no/such/place/x.csv"], "no directory"),
    (["eval", "sigmoid", "1", "-o", "/"], "directory"),
    (["eval", "sigmoid", "1", "-o", "x.docx"], "can't tell the format"),
    (["eval", "sigmoid", "1", "--plot", "x.bmp"], ".png"),
    (["eval", "sigmoid", "1", "--config", "/no/such.toml"], "/no/such.toml"),
    (["eval", "sigmoid", "1", "--column", "z"], "needs --input"),
    (["eval", "sigmoid", "--input", "/no/such.csv", "--column", "z"], "no such file"),
    (["eval", "sigmoid", "--input", "/", "--column", "z"], "directory"),
    (["eval", "sigmoid", "1", "--input", "x.csv"], "doesn't go with --input"),
    (["eval", "glu", "1", "2", "3"], "halves"),
    (["eval", "sigmoid,,tanh", "1"], "between two commas"),
    (["eval", "relu,relu", "1", "--wide"], "would be two"),
    (["eval", "relu,tanh", "1", "-o", "x.npy"], "add --wide"),
    (["eval", "x", "1", "--wide"], "would be two"),
    (["eval", "softmax", "1", "2", "-o", "z.csv", "--plot", "z.png"], "no curve"),
    (["eval", "relu", "1", "-f", "csv", "-o", "q.png", "--plot", "q.png"], "both"),
    (["eval", "relu", "0:1:1e-999999999"], "outside the range"),
    (["eval", "relu", "0:1:" + "9" * 50 + "j"], "whole number"),
    (["eval", "x/0*b", "1", "--param", "b=1e400"], "not a number"),
    (["eval", "x", "--input", "no\nfile"], "no file"),
    (["eval", "x" + "1" * 3900, "1"], "unknown activation"),
    (["list", "--framework", "pytroch"], "unknown framework"),
    (["list", "--use", "cooking"], "no activation has a use"),
]


@pytest.mark.parametrize(
    ("words", "message"), BAD, ids=lambda value: " ".join(value) if isinstance(value, list) else ""
)
def test_bad_input_is_one_line_and_leaves_nothing(actcli: Run, tmp_path: Path, words: list[str], message: str) -> None:
    done = actcli(*words, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert message in done.stderr
    assert done.stderr.startswith("actcli: ")
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("stdin", ["", " \n", "1 2 abc"])
def test_bad_streams(actcli: Run, stdin: str) -> None:
    for format in ("csv", "json", "table"):
        done = actcli("eval", "sigmoid", "-f", format, stdin=stdin)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith("actcli: stdin")


CONFIGS = [
    ("[evl]\norder = 1", "unknown section [evl]; did you mean eval?"),
    ("[eval]\nordr = 1", "no option 'ordr'; did you mean order?"),
    ("[eval]\norder = [1, 2]", "takes one value"),
    ('[eval]\norder = "two"', "two"),
    ("order = 1", "outside a section"),
    ("[eval]\nwide = 3", "true or false"),
    ("[eval]\norder = true", "a value"),
    ('[activations.f]\ndefinition = "g(x)"\n[activations.g]\ndefinition = "f(x)"', "defined by itself"),
    ("[eval\n", "not a TOML file"),
    ("[activations]\nmine = 3", "[activations.mine] needs a definition"),
    ('[activations.mine]\ndefinition = "x"\nparams = 1', "unknown key 'params'"),
    ('[activations.relu]\ndefinition = "x"', "already"),
    ('[activations.mine]\ndefinition = "x +"', "too early"),
]


@pytest.mark.parametrize(("text", "message"), CONFIGS)
def test_bad_configurations(actcli: Run, tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "c.toml"
    path.write_text(text)
    done = actcli("eval", "sigmoid", "1", "--config", str(path))
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert message in done.stderr


def test_a_missing_gpu_is_said_with_what_installs_it(actcli: Run) -> None:
    done = actcli("eval", "sigmoid", "1", "--device", "cuda:99")
    assert done.returncode == 3
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1


def test_auto_falls_back_to_the_cpu_and_says_so(actcli: Run) -> None:
    done = actcli("eval", "sigmoid", "1", "--device", "auto")
    assert done.returncode == 0
    assert float(rows(done.stdout)[0]["value"]) == pytest.approx(0.7310585786300049)


def test_data_on_stdout_is_the_same_at_every_verbosity(actcli: Run) -> None:
    plain = actcli("eval", "softmax", "1", "2")
    assert actcli("eval", "softmax", "1", "2", "-q").stderr == ""
    assert actcli("eval", "softmax", "1", "2", "-v").stdout == plain.stdout
    assert "dtype: float64" in actcli("eval", "softmax", "1", "2", "-v").stderr


def test_a_traceback_only_with_vv(actcli: Run) -> None:
    assert "Traceback" not in actcli("eval", "sigmod", "1", "-v").stderr
    assert "Traceback" in actcli("eval", "sigmod", "1", "-vv").stderr


def test_values_read_back_bit_identical(actcli: Run) -> None:
    import actcli as library

    x = np.concatenate([np.random.default_rng(0).standard_normal(200) * 30, [5e-324, -1e308, 0.0, -0.0]])
    done = actcli("eval", "gelu", "--order", "2", stdin=" ".join(map(repr, x.tolist())))
    found = rows(done.stdout)
    value, slope, bend = library.get("gelu").derivatives(x, 2)
    for key, column in (("x", x), ("value", value), ("derivative", slope), ("second_derivative", bend)):
        assert np.array([float(row[key]) for row in found]).tobytes() == np.asarray(column).tobytes(), key


def test_list(actcli: Run) -> None:
    found = rows(actcli("list").stdout)
    assert {"sigmoid", "gelu", "softmax"} <= {row["name"] for row in found}
    sigmoid = next(row for row in found if row["name"] == "sigmoid")
    assert (sigmoid["max_derivative"], sigmoid["range"], sigmoid["cost"]) == (
        "0.25",
        "(0, 1)",
        "1 neg, 1 exp, 1 +, 1 ÷",
    )
    gates = rows(actcli("list", "--use", "gate").stdout)
    assert 0 < len(gates) < len(found)
    mlx = rows(actcli("list", "--framework", "mlx").stdout)
    assert 0 < len(mlx) < len(found)


def test_help_and_version(actcli: Run) -> None:
    assert actcli("--version").stdout.startswith("actcli 0.")
    for words in ([], ["--help"], ["-h"]):
        done = actcli(*words)
        assert done.returncode == 0
        assert "eval" in done.stdout
    assert "--order" in actcli("eval", "--help").stdout


@pytest.mark.parametrize("x", ["-1e308", "1e308", "1.7976931348623157e308"])
def test_huge_numbers_are_as_good_as_any(actcli: Run, x: str) -> None:
    for name in ("relu", "sigmoid", "tanh", "gelu", "elu", "log(1+exp(x))"):
        done = actcli("eval", name, x, "--order", "2")
        assert (done.returncode, done.stderr) == (0, ""), name


def test_a_number_too_large_for_its_dtype_is_infinite(actcli: Run) -> None:
    for dtype in ("float16", "float32"):
        done = actcli("eval", "sigmoid", "1e300", "--dtype", dtype)
        assert done.stderr == ""
        assert rows(done.stdout)[0]["x"] == "inf"


def test_regimes_do_not_depend_on_the_other_points(actcli: Run) -> None:
    words = [row["regime"] for row in rows(actcli("eval", "relu6", "-1", "0", "3", "6", "7", "inf").stdout)]
    assert words == ["dead", "dead", "maximum", "dead", "dead", "dead"]


def test_what_an_option_takes_is_left_alone(actcli: Run, tmp_path: Path) -> None:
    assert actcli("eval", "relu", "1", f"-o{tmp_path}/x.csv").returncode == 0
    assert (tmp_path / "x.csv").exists()
    assert actcli("eval", "relu", "1", "-o", "-1.csv", cwd=tmp_path).returncode == 0
    assert (tmp_path / "-1.csv").exists()
    data = tmp_path / "d.csv"
    data.write_text("-5,a\n1,2\n")
    done = actcli("eval", "relu", "--input", str(data), "--column", "-5", "--as", "-1")
    assert done.stdout == "-5,a,-1\n1,2,1.0\n"


def test_help_keeps_its_examples_apart(actcli: Run) -> None:
    assert "  actcli eval sigmoid 5\n" in actcli("eval", "--help").stdout


def test_uses_are_what_a_function_is_good_for(actcli: Run) -> None:
    found = {row["name"]: row["uses"] for row in rows(actcli("list").stdout)}
    assert "trained by gradients" not in found["binary_step"]
