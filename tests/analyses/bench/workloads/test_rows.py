"""Rows of workloads: sizes, names, threads, what they move, and what is refused."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from actcli.analyses.bench.workloads import WORKLOADS, error, get_workload, timed_workloads
from actcli.core.blas import blas_threads, limited
from actcli.core.formats import FORMATS
from actcli.errors import UsageError
from actcli.implementations.resolve import providers
from tests.analyses.bench.workloads.helpers import BOTH, FORWARD, answers, normals, one_row

FLOAT32, FLOAT64 = FORMATS["float32"], FORMATS["float64"]


def test_rows_come_orders_by_orders_and_format_by_format() -> None:
    rows = timed_workloads("lstm_cell", ["actcli", "textbook"], 1000, [FLOAT32, FLOAT64])
    assert [(row.name, row.orders, row.dtype) for row in rows] == [
        (name, orders, dtype)
        for orders in (FORWARD, BOTH)
        for dtype in ("float32", "float64")
        for name in ("actcli", "textbook")
    ]
    assert {row.activation for row in rows} == {"lstm_cell"}
    assert {row.device for row in rows} == {"cpu"}


@pytest.mark.parametrize("name", WORKLOADS)
def test_a_row_survives_a_pickle(name: str) -> None:
    row = pickle.loads(pickle.dumps(one_row(name, "actcli", FORWARD)))
    assert np.isfinite(answers(row, normals(get_workload(name), 1))[0]).all()


@pytest.mark.parametrize("name", WORKLOADS)
def test_a_row_keeps_what_it_is_given(name: str) -> None:
    x = normals(get_workload(name), 2)
    before = x.copy()
    answers(one_row(name, "actcli", BOTH), x)
    np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize("orders", [FORWARD, BOTH])
@pytest.mark.parametrize("name", WORKLOADS)
def test_out_is_always_the_same_memory_and_alloc_is_not(name: str, orders: tuple[int, ...]) -> None:
    x = normals(get_workload(name), 2)
    for out in (True, False):
        ready = one_row(name, "actcli", orders).prepare(x, out, 1)
        with ready.active():
            first, second = ready.run(), ready.run()
        assert ready.allocates is not out
        for one, other in zip(first, second, strict=True):
            assert np.shares_memory(one, other) is out
    assert one_row(name, "textbook", orders).prepare(x, True, 1).allocates


def test_sizes_become_whole_rows() -> None:
    lstm, attention, bce = (get_workload(name) for name in ("lstm_cell", "attention", "bce"))
    assert lstm.shapes(1000) == {"x": (3, 256), "h": (3, 256), "c": (3, 256), "W": (512, 1024), "b": (1024,)}
    assert lstm.elements(1000) == 768
    assert attention.shapes(8192)["h"] == (1, 32, 256)
    assert bce.shapes(1) == {"z": (1,), "y": (1,)}
    h, _ = answers(one_row("lstm_cell", "actcli", FORWARD), np.zeros(1000))
    assert h.shape == (3, 256)


@pytest.mark.parametrize("name", ["lstm_cell", "gru_cell", "softmax", "attention"])
def test_a_size_below_one_row_is_refused(name: str) -> None:
    row = get_workload(name).row
    with pytest.raises(UsageError, match=rf"{name} needs a size of at least {row}, one row; {row - 1} is too small"):
        timed_workloads(name, ["actcli"], row - 1, [FLOAT32])


def test_an_unknown_workload_lists_those_there_are() -> None:
    with pytest.raises(UsageError, match=r"there are lstm_cell, gru_cell, attention, softmax, bce; did you mean gru_c"):
        timed_workloads("gru_cel", ["actcli"], 1000, [FLOAT32])
    with pytest.raises(UsageError, match="unknown workload"):
        error("relu", one_row("bce", "actcli", FORWARD))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_16_bit_formats_are_refused(dtype: str) -> None:
    with pytest.raises(UsageError, match=f"is for float32 and float64, not {dtype}"):
        timed_workloads("bce", ["actcli"], 1000, [FORMATS[dtype]])


def test_other_orders_are_refused() -> None:
    with pytest.raises(UsageError, match=r"has --order 0 \(forward\) and 0\+1"):
        timed_workloads("bce", ["actcli"], 1000, [FLOAT32], orders=[(1,)])


def test_implementations_without_workloads_are_named() -> None:
    said: list[str] = []
    rows = timed_workloads("bce", ["actcli", "numpy"], 10, [FLOAT32], warn=said.append)
    assert {row.name for row in rows} == {"actcli"}
    assert said == ["numpy has no bce; there are actcli, textbook, torch"]
    with pytest.raises(UsageError, match="numpy has no bce"):
        timed_workloads("bce", ["numpy"], 10, [FLOAT32])
    with pytest.raises(UsageError, match="unknown implementation 'actcly'"):
        timed_workloads("bce", ["actcly"], 10, [FLOAT32])


def test_what_moves() -> None:
    lstm, bce, softmax = (get_workload(name) for name in ("lstm_cell", "bce", "softmax"))
    assert bce.bytes_moved(10, FLOAT32, FORWARD) == 4 * (20 + 10)
    assert bce.bytes_moved(10, FLOAT64, BOTH) == 8 * (20 + 10 + 10 + 10)
    assert softmax.bytes_moved(512, FLOAT32, BOTH) == 4 * 4 * 512
    weights = 512 * 1024 + 1024
    assert lstm.bytes_moved(256, FLOAT32, FORWARD) == 4 * (3 * 256 + weights + 2 * 256)
    assert lstm.bytes_moved(256, FLOAT32, BOTH) == 4 * (3 * 256 + weights + 2 * 256 + 2 * 256 + 3 * 256 + weights)


def test_threads() -> None:
    assert one_row("softmax", "textbook", FORWARD).threads(4) == 1
    assert one_row("softmax", "actcli", FORWARD).threads(4) == 4
    assert one_row("softmax", "actcli", FORWARD).threads(None, 256) == 1
    before = blas_threads(None)
    with limited(1):
        assert blas_threads(None) in (1, before)  # a BLAS that can't be told goes on
    assert blas_threads(None) == before
    assert one_row("gru_cell", "textbook", FORWARD).threads(None) == before


def test_pytorch_reports_its_threads_and_gives_them_back() -> None:
    torch = pytest.importorskip("torch")
    before = torch.get_num_threads()
    row = one_row("softmax", "torch", FORWARD, "float32")
    assert row.threads(1) == 1
    ready = row.prepare(normals(get_workload("softmax"), 1, "float32"), False, 1)
    with ready.active():
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == before
    assert providers()["torch"].missing() == ""
