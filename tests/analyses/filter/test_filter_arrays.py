from __future__ import annotations

import io
import zipfile
from typing import Any

import numpy as np
import pytest

from actcli.analyses.filter import Job, filter_rows, npyformat
from actcli.errors import UsageError

WHOLE = Job((), ("f",), lambda a: [a[0] * 2])
BOTH = Job((), ("f", "g"), lambda a: [a[0] * 2, a[0] + 1])


def _npy(array: Any, **options: Any) -> bytes:
    sink = io.BytesIO()
    np.lib.format.write_array(sink, np.asanyarray(array), **options)
    return sink.getvalue()


def _npz(compressed: bool = False, **arrays: Any) -> bytes:
    sink = io.BytesIO()
    (np.savez_compressed if compressed else np.savez)(sink, **arrays)
    return sink.getvalue()


def _load(content: bytes) -> Any:
    return np.load(io.BytesIO(content), allow_pickle=False)


@pytest.fixture(params=[8, 100, 1 << 20], autouse=True)
def _block(request: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(npyformat, "BLOCK", request.param)


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("shape", [(), (0,), (5,), (4, 3), (2, 3, 4), (0, 3), (3, 0), (1, 50)])
@pytest.mark.parametrize("dtype", ["float16", "float32", ">f4", "float64", ">f8", "int8", ">i4"])
def test_plain_arrays_keep_shape_and_precision(run: Any, dtype: str, shape: Any, order: Any) -> None:
    array = np.asarray(np.arange(np.prod(shape)).reshape(shape), dtype, order=order)
    expected = (array if array.dtype.kind == "f" else array.astype(float)) * 2
    one = _load(run(_npy(array), WHOLE, kind="npy"))
    assert one.dtype == expected.dtype.newbyteorder("=")
    assert one.shape == shape
    np.testing.assert_array_equal(one, expected)
    assert run.rows in (array.size, len(array) if shape else 1)
    two = _load(run(_npy(array), BOTH, kind="npy"))
    np.testing.assert_array_equal(two, np.stack([expected, expected / 2 + 1], axis=-1))
    assert two.shape == (*shape, 2)


@pytest.mark.parametrize("order", ["C", "F"])
def test_columns_of_a_matrix_are_appended_as_columns(run: Any, order: Any) -> None:
    array = np.asarray(np.arange(12).reshape(4, 3), np.float32, order=order)
    product = Job(("3", "1"), ("f",), lambda a: [a[0] * a[1]])
    result = _load(run(_npy(array), product, kind="npy"))
    assert result.dtype == np.float32
    np.testing.assert_array_equal(result, np.column_stack([array, array[:, 2] * array[:, 0]]))
    assert run.rows == 4
    assert _load(run(_npy(array.astype(int)), product, kind="npy")).dtype == np.float64


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("shape", [(5,), (2, 3), (0,)])
def test_fields_of_a_structured_array_are_appended_as_fields(run: Any, shape: Any, order: Any, two: Any) -> None:
    array = np.zeros(shape, [("id", "S3"), ("z", "<f4"), ("w", ">i8"), ("v", "<f8", (2,))], order=order)
    array["z"], array["w"] = np.arange(array.size).reshape(shape), 2**40
    result = _load(run(_npy(array), two, kind="npy"))
    assert result.dtype.names == ("id", "z", "w", "v", "sum", "largest")
    for name in array.dtype.names or ():
        np.testing.assert_array_equal(result[name], array[name])
        assert result.dtype[name] == array.dtype[name]
    np.testing.assert_array_equal(result["sum"], array["z"] + array["w"].astype(float))


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
def test_versions_of_the_format(run: Any, version: Any) -> None:
    np.testing.assert_array_equal(_load(run(_npy([1.0, 2.0], version=version), WHOLE, kind="npy")), [2, 4])


def test_field_names_in_any_script(run: Any) -> None:
    array = np.array([(1.0,)], [("ζ", "f8")])
    result = _load(run(_npy(array, version=(3, 0)), Job(("ζ",), ("φ",), lambda a: [a[0]]), kind="npy"))
    assert result.dtype.names == ("ζ", "φ")


@pytest.mark.parametrize(
    ("content", "job", "message"),
    [
        (b"", WHOLE, "data: not a .npy array, or cut short in its header"),
        (b"\x93NUMPY\x01\x00\x76\x00{'descr'", WHOLE, "data: not a .npy array, or cut short in its header"),
        (_npy([True]), WHOLE, "data: the array holds bool, not numbers of float16, float32, float64 or integers"),
        (_npy([1j]), WHOLE, "data: the array holds complex128, not numbers of float16, float32, float64 or integers"),
        (
            _npy(np.array([{}], object), allow_pickle=True),
            WHOLE,
            "data: the array holds Python objects, which are not read",
        ),
        (
            _npy([1.0]),
            Job(("1",), ("f",), list),
            "data: an array of 1 dimensions has no columns; leave --column out",
        ),
        (_npy([[1.0, 2.0]]), Job(("3",), ("f",), list), "data: no column '3' among 1, 2"),
        (
            _npy([[2**53 + 1]]),
            Job(("1",), ("f",), list),
            "data: integers beyond 2⁵³ can't stand beside floats; use a structured array or CSV",
        ),
        (
            _npy(np.zeros(1, [("a", "f8"), ("b", "f8")])),
            WHOLE,
            "data: name the columns to compute of with --column: a, b",
        ),
        (
            _npy(np.zeros(1, [("a", "f8"), ("f", "f8")])),
            Job(("a",), ("f",), list),
            "data: there is a column 'f' already; choose another name with --as",
        ),
    ],
)
def test_errors_of_npy(content: bytes, job: Job, message: str) -> None:
    sink = io.BytesIO()
    with pytest.raises(UsageError) as caught:
        filter_rows(io.BytesIO(content), sink, [job], kind="npy", label="data")
    assert str(caught.value).partition(";")[0] == message.partition(";")[0]
    assert sink.getvalue() == b""


def test_an_array_cut_short(monkeypatch: Any) -> None:
    monkeypatch.setattr(npyformat, "BLOCK", 16)
    sink = io.BytesIO()
    content = _npy(np.arange(5.0))[:-9]
    with pytest.raises(UsageError, match="data: the array is cut short: 3 of its rows; 2 rows were already written"):
        filter_rows(io.BytesIO(content), sink, [WHOLE], kind="npy", label="data")


@pytest.mark.parametrize("compressed", [False, True])
def test_arrays_of_an_archive(run: Any, two: Job, f: Job, compressed: bool) -> None:
    z = np.arange(12, dtype=np.float32).reshape(3, 4)
    arrays = {"z": z, "w": np.asfortranarray(z * 2), "names": np.array(["a", "b"]), "empty": np.zeros((0, 2))}
    source = _npz(compressed, **arrays)
    content = run(source, two, f, kind="npz")
    result = _load(content)
    assert result.files == [*arrays, "sum", "largest", "f"]
    for name, array in arrays.items():
        np.testing.assert_array_equal(result[name], array)
    np.testing.assert_array_equal(result["sum"], z * 3)
    np.testing.assert_array_equal(result["f"], z * z + 1)
    assert result["f"].dtype == result["sum"].dtype == np.float32
    assert run.rows == 12
    with zipfile.ZipFile(io.BytesIO(source)) as old, zipfile.ZipFile(io.BytesIO(content)) as new:
        for info in old.infolist():
            assert old.read(info) == new.read(info.filename)
        assert {info.compress_type for info in new.infolist()} == {info.compress_type for info in old.infolist()}


def test_a_single_array_needs_no_name(run: Any) -> None:
    result = _load(run(_npz(arr_0=np.zeros((0, 3), np.float16)), WHOLE, kind="npz"))
    assert result["f"].shape == (0, 3)
    assert result["f"].dtype == np.float16


@pytest.mark.parametrize(
    ("content", "columns", "message"),
    [
        (b"PK\x03\x04 and no more", ("z",), "data: not a whole .npz archive: File is not a zip file"),
        (_npz(z=np.arange(9.0), w=np.zeros(1))[:-30], ("z",), "data: not a whole .npz archive: File is not a zip file"),
        (_npz(z=[1], w=[1]), (), "data: name the columns to compute of with --column: z, w"),
        (_npz(a=[1], b=[1]), ("z",), "data: no column 'z' among a, b"),
        (_npz(f=[1], z=[1]), ("z",), "data: there is a column 'f' already; choose another name with --as"),
        (_npz(z=[1], w=[1, 2]), ("z", "w"), "data: arrays computed together need one shape: z (1,), w (2,)"),
        (_npz(z=["1"]), ("z",), "data: array 'z' holds <U1, not numbers of float16, float32, float64 or integers"),
    ],
)
def test_errors_of_npz(content: bytes, columns: Any, message: str) -> None:
    sink = io.BytesIO()
    with pytest.raises(UsageError) as caught:
        filter_rows(io.BytesIO(content), sink, [Job(columns, ("f",), list)], kind="npz", label="data")
    assert str(caught.value) == message
    assert sink.getvalue() == b""


def test_damage_in_an_archive(run: Any) -> None:
    content = bytearray(_npz(z=np.arange(99.0)))
    content[400] ^= 255
    with pytest.raises(UsageError, match=r"data: not a whole \.npz archive: Bad CRC-32"):
        run(bytes(content), Job(("z",), ("f",), lambda a: [a[0]]), kind="npz")
