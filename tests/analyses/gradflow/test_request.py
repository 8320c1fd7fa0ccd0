"""What can be asked, and what is refused, in one line that says what to do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from actcli.analyses.gradflow.examples import read_examples
from actcli.analyses.gradflow.request import Neuron, Request, request
from actcli.errors import UsageError

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
        ({"preactivations": "2"}, "write A:B, such as -2:2"),
        ({"preactivations": "0:inf"}, "write A:B with A below B"),
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
        ({"neuron": "1,nan:4", "data": DATA}, "finite numbers"),
        ({"neuron": "1,:4", "data": DATA}, "no name between two commas"),
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
    assert not Request().has_own_sigmas
    assert request(sigma_b=0.0).has_own_sigmas
    assert request(arch="gru", forget_bias=1).is_recurrent


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("x.csv", "a,b\n1,2\n\n3,4\n"),
        ("x.csv", "1,2\n3,4"),
        ("x.csv", "\ufeffa,b\n1,2\n3,4\n"),
        ("x.tsv", "1\t2\n3\t4\n"),
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
        ("x.csv", b"a,b\n", "rows of numbers"),
        ("x.csv", b"", "rows of numbers"),
        ("x.csv", b"\xff\xfe\x00", "not a CSV file"),
        ("x.npy", b"no array", "not an array of numbers"),
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
