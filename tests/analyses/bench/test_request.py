"""The words of the command line as a request."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from actcli.activations.registry import DEFAULT
from actcli.analyses.bench.request import request
from actcli.analyses.bench.subjects import subjects
from actcli.core.formats import BFLOAT16, FLOAT32, FLOAT64
from actcli.errors import UsageError


def test_what_is_measured_unless_told_otherwise() -> None:
    found = request()
    assert (found.orders, found.formats, found.sizes) == (((0,),), (FLOAT32,), (1_000_000,))
    assert (found.threads, found.distributions) == ((None,), ("normal",))
    assert found.cold
    assert found.prealloc


def test_lists_as_text_numbers_and_sequences() -> None:
    found = request(size="1e3,1e6,1000", order="0,0+1", dtype="fp32,bf16", threads="1,2", distribution="normal,uniform")
    assert found.sizes == (1000, 1_000_000)
    assert found.orders == ((0,), (0, 1))
    assert found.formats == (FLOAT32, BFLOAT16)
    assert found.threads == (1, 2)
    assert found.distributions == ("normal", "uniform")
    assert request(size=1e6, order=1, threads=2).sizes == (1_000_000,)
    assert request(size=[10, "1e2"], order=["0", 1]).orders == ((0,), (1,))
    assert request(size=np.array([10, 100])).sizes == request(size=np.geomspace(10, 100, 2)).sizes == (10, 100)
    assert request(size=np.int64(5), dtype=np.float32).sizes == (5,)
    assert request(dtype=[np.float64, np.dtype("float32"), "fp32"]).formats == (FLOAT64, FLOAT32)


def test_a_workload_goes_forward_and_back() -> None:
    assert request(workload="lstm_cell").orders == ((0,), (0, 1))
    assert request(workload="lstm_cell", order="0").orders == ((0,),)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": "0"}, "--size 0: give a whole number of at least 1"),
        ({"size": "-5"}, "--size -5: give a whole number"),
        ({"size": "1.5"}, "--size 1.5: give a whole number"),
        ({"size": "many"}, "--size many: not a number"),
        ({"size": "1e30"}, "--size 1e30: give a whole number"),
        ({"size": "1,,2"}, "no name between two commas"),
        ({"order": "2"}, "--order 2: choose from 0"),
        ({"size": []}, "--size is empty"),
        ({"size": b"1"}, "--size takes numbers and text, not b'1'"),
        ({"size": True}, "--size takes numbers and text, not True"),
        ({"size": np.array([[1, 2]])}, "--size takes numbers and text, not [1, 2]"),
        ({"order": []}, "--order is empty"),
        ({"dtype": 5}, "unknown dtype '5'"),
        ({"distribution": []}, "--distribution takes names, not []"),
        ({"distribution": 3}, "--distribution takes names, not 3"),
        ({"threads": "0"}, "--threads 0: give a whole number"),
        ({"threads": "nan"}, "--threads nan: not a number; write 1 or 1,2"),
        ({"threads": "1,20000"}, "--threads 20000 is too many for 2 cores: give at most 8"),
        ({"threads": 1e9}, "--threads 1000000000 is too many for 2 cores"),
        ({"budget": 0.0}, "--budget must be a number of seconds above 0, not 0"),
        ({"budget": float("nan")}, "--budget must be a number of seconds"),
        ({"seed": -1}, "--seed must be at least 0"),
        ({"workload": "lstm"}, "unknown workload 'lstm'; did you mean lstm_cell?"),
        ({"dtype": "int8"}, "unknown dtype"),
        ({"fail_above": 5.0}, "--fail-above needs an earlier run"),
        ({"force": True}, "--force needs an earlier run"),
        ({"fail_above": -1.0, "compare": "a.json"}, "--fail-above must be a percentage of at least 0"),
    ],
)
def test_what_cant_be_done_is_refused(options: dict[str, Any], message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("actcli.analyses.bench.request.usable_cores", lambda: 2)
    with pytest.raises(UsageError, match=re.escape(message)):
        request(**options)


def test_each_activation_is_measured_once() -> None:
    assert [each.name for each in subjects(None, {}, DEFAULT)][:2] == ["sigmoid", "tanh"]
    assert [each.name for each in subjects("relu,sigmoid,expit", {}, DEFAULT)] == ["relu", "sigmoid"]
    assert [each.name for each in subjects("x*b", {"b": Fraction(2)}, DEFAULT)] == ["x*b"]
    assert subjects(None, {}, DEFAULT, "softmax") == []
    with pytest.raises(UsageError, match="leave relu away"):
        subjects("relu", {}, DEFAULT, "softmax")
