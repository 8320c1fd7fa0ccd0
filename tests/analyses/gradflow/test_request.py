"""What can be asked, and what is refused, in one line that says what to do."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from actcli.analyses.gradflow.examples import read_examples
from actcli.analyses.gradflow.request import Neuron, Request, request
from actcli.errors import UsageError

SIZES = ("depth", "width", "trials", "batch", "samples")
DATA = np.array([[1.0, 1.0], [2.0, 2.0]])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"depth": 0}, "--depth must be at least 1, not 0"),
        ({"width": 0}, "--width must be at least 1, not 0"),
        ({"trials": 0}, "--trials must be at least 1"),
        ({"batch": 0}, "--batch must be at least 1"),
        ({"samples": 0}, "--samples must be at least 1"),
        ({"seed": -1}, "--seed must be a number from 0"),
        ({"sigma_w": -1.0}, "--sigma-w is a standard deviation"),
        ({"sigma_b": float("nan")}, "--sigma-b is a standard deviation"),
        ({"arch": "mpl"}, "did you mean mlp\\?"),
        ({"norm": "bach"}, "did you mean batch\\?"),
        ({"fail_if": "vanish"}, "did you mean vanishing\\?"),
        ({"threshold": 1.0}, "--threshold 1"),
        ({"threshold": 0.0}, "--threshold 0"),
        ({"preactivations": "2:-2"}, "write A:B with A below B"),
        *(
            ({"preactivations": ends}, "--preactivations .*: write A:B with A below B")
            for ends in ("2", "0:inf", "a:b", "1:2:3", "", "-1e308:1e308", 3, (1, 2, 3), None)
        ),
        ({"q": 0.0}, "--q must be a number above 0"),
        ({"clip": -1.0}, "--clip must be a number above 0"),
        ({"blocked": 1.5}, "--blocked is a share"),
        ({"arch": "lstm", "norm": "layer"}, "--norm layer is for --arch mlp and residual, not lstm"),
        ({"arch": "gru", "clip": 1.0}, "--clip is for --arch mlp and residual"),
        ({"arch": "rnn", "data": DATA}, "--data is for --arch mlp and residual"),
        ({"forget_bias": 1.0}, "--forget-bias belongs to the gate that keeps"),
        ({"arch": "lstm", "forget_bias": float("inf")}, "--forget-bias must be a finite number"),
        ({"neuron": "1,2:3"}, "--neuron needs --data"),
        ({"neuron": "1,2,3:4", "data": DATA}, "--neuron has 3 weights, an example of --data 2 numbers"),
        *(
            ({"neuron": unit, "data": DATA}, "--neuron .*: write W,W,…:B, the weights and the bias, finite numbers")
            for unit in ("1,nan:4", "1,:4", "", ":", "a,b:c", "1,2:3:4", 4)
        ),
        *(({"depth": depth}, "--depth must be a whole number") for depth in (2.5, "3", None, True)),
        *(({name: 10**23}, f"--{name} must be at most 1,000,000,000,000, not 1e\\+23") for name in SIZES),
        ({"seed": 1.5}, "--seed must be a whole number"),
        ({"sigma_w": float("inf")}, "--sigma-w is a standard deviation: give a number from 0 to 1e\\+100, not inf"),
        ({"sigma_b": 1e308}, "--sigma-b is a standard deviation: give a number from 0 to 1e\\+100"),
        ({"sigma_w": "a"}, "--sigma-w must be a number, not 'a'"),
        ({"threshold": None}, "--threshold must be a number, not None"),
        ({"arch": None}, "--arch None; choose from mlp"),
        ({"fail_if": 3}, "--fail-if 3; choose from"),
        ({"suggest_init": "yes"}, "--suggest-init must be True or False"),
        ({"init": ""}, "--init '' names nothing"),
        ({"init": 5}, "--init must be a name or several"),
        ({"data": [[1, 2], [3]]}, "all of one length"),
        ({"data": [1, 2]}, "the shape \\(2,\\)"),
        ({"data": [[1.0], [float("inf")]]}, "example 2 has a number that is not finite"),
    ],
)
def test_what_cannot_be_done_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        request(**options)


def test_words_become_what_they_mean() -> None:
    wanted = request(init="xavier,normal:0.5,xavier", preactivations="-1:3", neuron="-2,-3:1", data=DATA)
    assert wanted.inits == ("xavier", "normal:0.5")
    assert wanted.preactivations == (-1.0, 3.0)
    assert wanted.neuron == Neuron((-2.0, -3.0), 1.0)
    assert request(neuron="4", data=[[1.0]]).neuron == Neuron((4.0,), 0.0)
    assert request(depth=np.int64(7), sigma_w=np.float32(0.5)) == Request(depth=7, sigma_w=0.5)
    assert request(init=None) == request(init=()) == Request()
    assert request(preactivations=[-1, 2]).preactivations == (-1.0, 2.0)
    assert (Request().is_plain, request(norm="rms").is_plain, request(arch="rnn").is_plain) == (True, False, False)
    assert request(arch="gru", forget_bias=1).is_recurrent


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("x.csv", "a,b\n1,2\n\n3,4\n"),
        ("x.csv", "1,2\n3,4"),
        ("x.csv", "\ufeffa,b\n1,2\n3,4\n"),
        ("x.tsv", "1\t2\n3\t4\n"),
        ("x.tsv", "first\tsecond\r\n1\t2\r\n3\t4\r\n"),
        ("x.csv", "a,\n1,2\n3,4\n"),
    ],
)
def test_examples_come_from_text(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert read_examples(tmp_path / name).tolist() == [[1, 2], [3, 4]]


def test_examples_come_from_an_array_file(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.array([[1, 2], [3, 4]], dtype=np.int8))
    assert read_examples(str(tmp_path / "x.npy")).tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("x.csv", b"a,b\n1,2\nthree,4\n", "row 3: 'three' is not a number"),
        ("x.csv", b"1,2\n3\n", "different numbers of cells"),
        ("x.csv", b"1,2,O3\n4,5,6\n", "row 1: 'O3' is not a number"),
        ("x.csv", b"\n\n1,2\n3,x\n", "row 4: 'x' is not a number"),
        ("x.csv", b"a,b\n", "holds no examples"),
        ("x.csv", b"", "holds no examples"),
        ("x.json", b"[[1,1]]", "holds no examples: give CSV, TSV or .npy"),
        ("x.csv", b"\xff\xfe\x00", "not a CSV file"),
        ("x.npy", b"no array", "not an array of numbers"),
        ("x.npy", b"", "not an array of numbers"),
        ("x.npy", b"PK\x03\x04", "not an array of numbers"),
        ("x.npz", b"PK\x03\x04", "several arrays"),
    ],
)
def test_files_that_hold_no_examples_are_refused(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UsageError, match=message):
        read_examples(str(tmp_path / name))


@pytest.mark.parametrize("name", ["gone.csv", "gone.npy"])
def test_a_file_that_is_not_there_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match=f"{name}: No such file"):
        read_examples(tmp_path / name)


def test_a_file_has_a_name() -> None:
    with pytest.raises(UsageError, match="--data needs the name of a file"):
        read_examples("")


@pytest.mark.parametrize("array", [[["1", "2"]], [[1, None]]])
def test_an_array_file_of_other_things_is_refused_in_our_words(tmp_path: Path, array: list[object]) -> None:
    np.save(tmp_path / "x.npy", np.array(array))
    with pytest.raises(UsageError, match="not an array of numbers") as caught:
        read_examples(str(tmp_path / "x.npy"))
    assert "pickle" not in str(caught.value)


def test_complex_numbers_are_no_examples(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.array([[1 + 2j, 3]]))
    for data in (str(tmp_path / "x.npy"), [[1 + 2j, 3]]):
        with pytest.raises(UsageError, match="complex"):
            read_examples(data)


def test_a_byte_order_mark_from_a_pipe_is_no_header(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", StringIO("\ufeff1\n2\n"))
    assert read_examples("-").tolist() == [[1], [2]]
