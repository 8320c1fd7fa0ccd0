from __future__ import annotations

import decimal
import io
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from actcli.analyses.filter import Job, filter_rows, parquet
from actcli.errors import UsageError


def _stored(table: pa.Table, **options: Any) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink, **options)
    return sink.getvalue()


def _read(content: bytes) -> pa.Table:
    return pq.read_table(io.BytesIO(content))


EVERYTHING = pa.table(
    {
        "id": pa.array(["007", "", None, "x"]).dictionary_encode(),
        "when": pa.array([1, 2, None, 4], pa.timestamp("ns", "Europe/Berlin")),
        "z": pa.array([1.5, None, float("nan"), float("inf")], pa.float32()),
        "nested": pa.array([[{"a": 1}], [], None, [{"a": None}]]),
        "n": pa.array([1, 2, None, 2**62], pa.int64()),
        "price": pa.array([decimal.Decimal("1.25"), None, None, decimal.Decimal("-2.50")]),
    }
).replace_schema_metadata({"origin": "a probe"})


@pytest.mark.parametrize("codec", ["none", "snappy", "gzip", "zstd", "lz4", "brotli"])
def test_other_columns_types_metadata_and_codec_stay(run: Any, codec: str) -> None:
    content = run(_stored(EVERYTHING, compression=codec, row_group_size=3), kind="parquet")
    result = _read(content)
    others, expected = result.drop_columns(["f"]), _read(_stored(EVERYTHING))
    assert others.schema.equals(expected.schema, check_metadata=True)
    assert str(others.to_pylist()) == str(expected.to_pylist())  # as text, NaN equals itself
    assert result.schema.metadata[b"origin"] == b"a probe"
    assert result.schema.field("f").type == pa.float32()
    assert str(result["f"].to_pylist()) == "[3.25, None, nan, inf]"
    assert run.rows == 4
    before = pq.ParquetFile(io.BytesIO(_stored(EVERYTHING, compression=codec))).metadata.row_group(0)
    metadata = pq.ParquetFile(io.BytesIO(content)).metadata
    assert metadata.num_row_groups == 2
    after = metadata.row_group(0)
    assert [after.column(index).compression for index in range(after.num_columns)] == [
        *(before.column(index).compression for index in range(before.num_columns)),
        before.column(0).compression,
    ]


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int8", "uint64"])
def test_types(run: Any, dtype: str) -> None:
    table = pa.table({"z": pa.array(np.array([1, 2, 3], dtype))})
    column = _read(run(_stored(table), kind="parquet"))["f"]
    assert column.type == (pa.from_numpy_dtype(dtype) if dtype.startswith("float") else pa.float64())
    assert column.to_pylist() == [2.0, 5.0, 10.0]


def test_integers_decimals_and_dictionaries_are_numbers(run: Any) -> None:
    table = EVERYTHING.append_column("d", pa.array([1.0, 2.0, None, 1.0]).dictionary_encode())
    jobs = [Job((name,), (f"{name}_f",), lambda a: [a[0] * 2]) for name in ("n", "price", "d")]
    result = _read(run(_stored(table), *jobs, kind="parquet"))
    assert result["n_f"].to_pylist() == [2.0, 4.0, None, 2.0**63]
    assert result["price_f"].to_pylist() == [2.5, None, None, -5.0]
    assert result["d_f"].to_pylist() == [2.0, 4.0, None, 2.0]


def test_bfloat16_results_are_float32(run: Any) -> None:
    import ml_dtypes

    rough = Job(("z",), ("f",), lambda a: [a[0].astype(ml_dtypes.bfloat16)])
    assert _read(run(_stored(pa.table({"z": [1.0]})), rough, kind="parquet"))["f"].type == pa.float32()


def test_an_empty_table(run: Any) -> None:
    result = _read(run(_stored(EVERYTHING.slice(0, 0)), kind="parquet"))
    assert result.schema.field("f").type == pa.float32()
    assert len(result) == run.rows == 0


def test_pandas_still_reads_its_frame(run: Any) -> None:
    frame = pd.DataFrame({"z": [1.0, 2.0]}, index=pd.Index(["a", "b"], name="key"))
    sink = io.BytesIO()
    frame.to_parquet(sink)
    pd.testing.assert_frame_equal(
        pd.read_parquet(io.BytesIO(run(sink.getvalue(), kind="parquet"))), frame.assign(f=[2.0, 5.0])
    )


def test_large_row_groups_become_several(monkeypatch: Any, f: Job) -> None:
    monkeypatch.setattr(parquet, "MOST_ROWS", 30)
    table = pa.table({"z": np.arange(100.0)})
    sink = io.BytesIO()
    told: list[int] = []
    source = io.BytesIO(_stored(table, row_group_size=50))
    assert filter_rows(source, sink, [f], kind="parquet", label="data", progress=told.append) == 100
    assert told == [30, 50, 80, 100]
    assert not source.closed
    assert _read(sink.getvalue())["f"].to_pylist() == [z * z + 1 for z in range(100)]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "data: not a whole Parquet file: "),
        (b"PAR1 and no more", "data: not a whole Parquet file: "),
        (_stored(EVERYTHING)[:-20], "data: not a whole Parquet file: "),
        (_stored(pa.table({"z": ["1"]})), "data: column 'z' holds string, not numbers"),
        (_stored(pa.table({"z": [True]})), "data: column 'z' holds bool, not numbers"),
        (_stored(pa.table({"a": [1.0]})), "data: no column 'z' among a"),
        (_stored(pa.table({"z": [1.0], "f": [1.0]})), "data: there is a column 'f' already"),
    ],
)
def test_errors_are_one_line_and_write_nothing(f: Job, content: bytes, message: str) -> None:
    sink = io.BytesIO()
    with pytest.raises(UsageError) as caught:
        filter_rows(io.BytesIO(content), sink, [f], kind="parquet", label="data")
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)
    assert sink.getvalue() == b""


def test_a_late_error_leaves_a_whole_file_of_what_was_written(f: Job) -> None:
    content = bytearray(
        _stored(pa.table({"z": np.arange(1000.0)}), row_group_size=500, compression="gzip", use_dictionary=False)
    )
    second = pq.ParquetFile(io.BytesIO(content)).metadata.row_group(1).column(0)
    middle = second.data_page_offset + second.total_compressed_size // 2
    content[middle : middle + 200] = bytes(200)
    sink = io.BytesIO()
    with pytest.raises(UsageError, match=r"not a whole Parquet file: .*; 500 rows were already written"):
        filter_rows(io.BytesIO(content), sink, [f], kind="parquet", label="data")
    assert len(_read(sink.getvalue())) == 500


def test_errors_of_the_sink_are_the_systems(f: Job) -> None:
    class Closed(io.RawIOBase):
        def writable(self) -> bool:
            return True

        def write(self, _: Any) -> int:
            raise BrokenPipeError(32, "Broken pipe")

    with pytest.raises(BrokenPipeError):
        filter_rows(io.BytesIO(_stored(EVERYTHING)), Closed(), [f], kind="parquet", label="data")  # type: ignore[arg-type]
