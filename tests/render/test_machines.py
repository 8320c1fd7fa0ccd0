"""CSV, TSV, JSON, JSON lines, Parquet and NumPy files."""

from __future__ import annotations

import csv
import io
import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actcli.core.shortest import MANY
from actcli.errors import UsageError

from .reports import INF, printed, report, sigmoid, streamed, table, untouchable

CSV = """\
activation,x,value,derivative,regime
sigmoid,-inf,0.0,0.0,saturated
sigmoid,-5.0,0.0066928509242848554,0.0001816,saturated
sigmoid,0.0,0.5,0.25,maximum
sigmoid,0.5,0.6224593312018546,0.2350037122015945,good
sigmoid,1e-05,0.5000025,0.25,good
sigmoid,inf,1.0,0.0,saturated
"""


def mixed() -> Any:
    return table(
        "mixed",
        {
            "text": ["plain", 'says "hi", twice', None],
            "count": np.array([1, -2, 3]),
            "half": np.array([0.1, np.nan, -np.inf], np.float16),
            "brain": np.array([0.1, 1e30, -0.0], ml_dtypes.bfloat16),
            "holds": [True, False, None],
            "loose": [np.float32(0.1), 2, None],
        },
    )


def test_csv() -> None:
    out, err = printed(report())
    assert out == CSV
    assert err == "saturates on both sides\nactcli: note: x is rounded to float64\n"
    assert printed(report(), quiet=True) == (CSV, "")
    assert printed(report(), format="tsv", quiet=True)[0] == CSV.replace(",", "\t")


def test_verbose_adds_the_environment_on_stderr_alone() -> None:
    out, err = printed(report(environment={"numpy": "2.0"}), verbose=1)
    assert out == CSV
    assert err.endswith("actcli: numpy: 2.0\n")


def test_every_kind_of_cell() -> None:
    assert printed(report(mixed()))[0] == (
        "text,count,half,brain,holds,loose\n"
        "plain,1,0.1,0.1,true,0.1\n"
        '"says ""hi"", twice",-2,nan,1e+30,false,2\n'
        ",3,-inf,-0.0,,\n"
    )
    assert printed(report(mixed()), format="jsonl")[0] == (
        '{"text": "plain", "count": 1, "half": 0.1, "brain": 0.1, "holds": true, "loose": 0.1}\n'
        '{"text": "says \\"hi\\", twice", "count": -2, "half": null, "brain": 1e+30, "holds": false, "loose": 2}\n'
        '{"text": null, "count": 3, "half": null, "brain": -0.0, "holds": null, "loose": null}\n'
    )


def test_empty_cells_of_a_single_column_are_no_blank_lines() -> None:
    assert printed(report(table("t", {"a": ["", None, "x"]})))[0] == 'a\n""\n""\nx\n'


@given(st.lists(st.tuples(st.text(), st.text(), st.none() | st.text()), max_size=20), st.sampled_from(["csv", "tsv"]))
def test_csv_round_trip(rows: list[tuple[str, str, str | None]], format: str) -> None:
    columns = {name: [row[index] for row in rows] for index, name in enumerate("abc")}
    out, _ = printed(report(table("t", columns)), format=format)
    back = list(csv.reader(io.StringIO(out, newline=""), delimiter="," if format == "csv" else "\t"))
    assert back == [["a", "b", "c"], *[[cell or "" for cell in row] for row in rows]]


def test_many_rows_are_written_like_few() -> None:
    rng = np.random.default_rng(0)
    size = MANY + 1000
    numbers = rng.normal(size=size) * 10.0 ** rng.integers(-12, 12, size)
    numbers[::1000] = [INF, -INF, np.nan] * (size // 3000) + [1.0] * (len(numbers[::1000]) - 3 * (size // 3000))
    columns = {
        "t": ["a,b", 'q"', None, "%s", "ü"] * (size // 5),
        "x": numbers,
        "f": numbers.astype(np.float32),
        "i": np.arange(size),
        "b": numbers > 0,
        "h": (np.arange(size) / 7).astype(ml_dtypes.bfloat16),
    }
    many = report(table("t", columns))
    parts = [{name: cells[at : at + 1000] for name, cells in columns.items()} for at in range(0, size, 1000)]
    few = report(streamed("t", list(columns), lambda: iter(parts)))
    for options in ({"format": "csv"}, {"format": "json", "nonfinite": "string"}, {"format": "jsonl"}):
        assert printed(many, **options) == printed(few, **options)


def test_json() -> None:
    one = report(table("t", {"x": np.array([1.0, INF]), "word": ["σ", 'a"b']}), environment={"numpy": "2"})
    out, err = printed(one, format="json")
    assert out == (
        '{\n"report": "eval",\n"verdict": "saturates on both sides",\n"tables": {\n"t": [\n'
        '{"x": 1.0, "word": "σ"},\n{"x": null, "word": "a\\"b"}\n]\n},\n'
        '"notes": ["x is rounded to float64"],\n"environment": {"numpy": "2"}\n}\n'
    )
    assert err == ""
    assert json.loads(out)["tables"]["t"][1]["x"] is None


def test_json_of_one_table_is_the_bare_array() -> None:
    out, err = printed(report(sigmoid(), untouchable()), format="json", table="values", nonfinite="string")
    assert [row["x"] for row in json.loads(out)] == ["-inf", -5, 0, 0.5, 1e-5, "inf"]
    assert "note" in err


def test_json_of_no_rows_and_no_tables() -> None:
    empty = streamed("t", ["x"], lambda: iter([]))
    assert json.loads(printed(report(empty), format="json")[0])["tables"] == {"t": []}
    assert printed(report(empty), format="jsonl")[0] == ""
    assert printed(report(empty))[0] == "x\n"


cells = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=[]))


@given(st.lists(cells), st.lists(st.floats()), st.text(), st.sampled_from(["null", "string"]))
def test_json_is_always_valid(loose: list[Any], numbers: list[float], words: str, nonfinite: str) -> None:
    one = report(table("a", {"x": loose}), table("b", {words or "x": np.array(numbers)}), verdict=words, notes=(words,))
    out, _ = printed(one, format="json", nonfinite=nonfinite)

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    read = json.loads(out, parse_constant=refuse)
    for row, number in zip(read["tables"]["b"], numbers, strict=True):
        [cell] = row.values()
        if math.isfinite(number):
            assert cell == number
        else:
            assert cell is None if nonfinite == "null" else cell in ("inf", "-inf", "nan")


def test_only_the_wanted_table_is_computed() -> None:
    for format in ("csv", "tsv", "jsonl"):
        printed(report(sigmoid(), untouchable()), format=format)
    for format in ("csv", "json", "jsonl", "table", "markdown", "latex"):
        printed(report(untouchable(), sigmoid()), format=format, table="values")


def test_unknown_table() -> None:
    with pytest.raises(UsageError, match=r"no table 'value' in eval; did you mean values\?; it has forbidden, values"):
        printed(report(untouchable(), sigmoid()), table="value")


def test_rows_stream() -> None:
    seen: list[int] = []

    class Watching(io.BytesIO):
        def write(self, data: Any) -> int:
            seen.append(made)
            return super().write(data)

    made = 0

    def rows() -> Any:
        nonlocal made
        for made in range(1, 6):  # noqa: B007 - read by the stream above
            yield {"x": np.ones(1100)}

    from actcli.render import Terminal, render

    for format in ("csv", "jsonl", "json", "table", "markdown", "latex"):
        seen.clear()
        made = 0
        render(report(streamed("t", ["x"], rows)), format=format, terminal=Terminal(), stdout=Watching(), quiet=True)
        assert {1, 2, 3, 4, 5} <= set(seen)


def test_a_late_error_names_the_rows_already_written() -> None:
    def rows() -> Any:
        yield {"x": np.ones(3)}
        raise UsageError("bad input")

    with pytest.raises(UsageError, match=r"bad input \(after 3 rows that are already written\)"):
        printed(report(streamed("t", ["x"], rows)))


def test_parquet(tmp_path: Path) -> None:
    from pyarrow import parquet

    path = tmp_path / "x.parquet"
    one = report(table("t", {name: cells for name, cells in mixed_cells().items() if name != "loose"}))
    assert printed(one, format="auto", outputs=[str(path)], quiet=True) == ("", "")
    with parquet.ParquetFile(path) as file:
        read = file.read()
    kinds = {field.name: str(field.type) for field in read.schema}
    assert kinds == {"text": "string", "count": "int64", "half": "halffloat", "brain": "float", "holds": "bool"}
    assert read["text"].to_pylist() == ["plain", 'says "hi", twice', None]
    assert read["count"].to_pylist() == [1, -2, 3]


def mixed_cells() -> dict[str, Any]:
    one = mixed()
    return dict(next(one.rows([column.name for column in one.columns])))


def test_parquet_gathers_small_batches_and_takes_no_rows(tmp_path: Path) -> None:
    from pyarrow import parquet

    small = streamed("t", ["x", "word"], lambda: ({"x": np.ones(1), "word": [word]} for word in (None, "a", "b")))
    empty = streamed("t", ["x"], lambda: iter([]))
    for one, rows in ((small, 3), (empty, 0)):
        path = tmp_path / f"{rows}.parquet"
        printed(report(one), format="auto", outputs=[str(path)])
        with parquet.ParquetFile(path) as file:
            assert (file.num_row_groups, file.metadata.num_rows) == (1, rows)


def test_npy_and_npz(tmp_path: Path) -> None:
    printed(report(mixed()), format="auto", outputs=[str(tmp_path / "x.npy"), str(tmp_path / "x.npz")])
    array = np.load(tmp_path / "x.npy")
    assert array.dtype.names == ("count", "half", "brain", "holds", "loose")
    assert array["half"].dtype == np.float16
    assert array["count"].tolist() == [1, -2, 3]
    with np.load(tmp_path / "x.npz") as archive:
        assert archive["text"].tolist() == ["plain", 'says "hi", twice', ""]
        assert archive["brain"].dtype == np.float32
        assert len(archive.files) == 6


def test_npy_of_many_batches_and_of_none(tmp_path: Path) -> None:
    path = str(tmp_path / "x.npy")
    many = streamed("t", ["x"], lambda: ({"x": np.full(2, row, np.float32)} for row in range(3)))
    printed(report(many), format="auto", outputs=[path])
    assert np.load(path)["x"].tolist() == [0, 0, 1, 1, 2, 2]
    printed(report(streamed("t", ["x"], lambda: iter([]))), format="auto", outputs=[path])
    assert len(np.load(path)) == 0


def test_a_small_csv_needs_numpy_alone() -> None:
    code = """
import sys
import actcli.render
heavy = {"numpy", "rich", "pyarrow", "pandas", "matplotlib", "plotext"}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
import numpy as np
from actcli.report import Column, Report, Table
one = Table("t", (Column("x"),), lambda names: iter([{"x": np.ones(1)}]))
actcli.render.render(Report("r", "r", {"t": one}), terminal=actcli.render.Terminal())
assert heavy & set(sys.modules) == {"numpy"}, heavy & set(sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "x\n1.0\n"), done.stderr
