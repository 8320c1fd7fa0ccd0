from __future__ import annotations

import csv
import io
import math
import re
import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from actcli.analyses.filter import Job, filter_rows, records
from actcli.errors import UsageError


def test_every_other_byte_stays(run: Any) -> None:
    source = (
        b"\xef\xbb\xbfid,name, z ,note\r\n"
        b'007,"a,b",0.10,"say ""hi"""\r\n'
        b"1.50,plain,-5,  trailing  \n"
        b',"",1e3,"two\nlines\r\n"\r\n'
        b'9999999999999999999999,5" pipe, +3 ,\xc3\xa9\n'
        b'0,,"-2","'
        b'"'
    )
    assert run(source, kind="csv") == (
        b"\xef\xbb\xbfid,name, z ,note,f\r\n"
        b'007,"a,b",0.10,"say ""hi""",1.01\r\n'
        b"1.50,plain,-5,  trailing  ,26.0\n"
        b',"",1e3,"two\nlines\r\n",1000001.0\r\n'
        b'9999999999999999999999,5" pipe, +3 ,\xc3\xa9,10.0\n'
        b'0,,"-2","",5.0'
    )
    assert run.rows == 5


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n", b"\r"])
def test_the_last_line_ends_as_it_did(run: Any, end: bytes) -> None:
    assert run(b"z\n2" + end, kind="csv") == b"z,f\n2,5.0" + end


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n"])
def test_a_header_alone_has_no_rows(run: Any, end: bytes) -> None:
    assert run(b"id,z" + end, kind="csv") == b"id,z,f" + end
    assert run.rows == 0


@pytest.mark.parametrize("empty", [b"", b"  ", b'""', b'" "', b" " * 300])
def test_an_empty_cell_gives_empty_cells(run: Any, two: Job, f: Job, empty: bytes) -> None:
    source = b"z,w\n%b,1\n2,%b\n3,4\n" % (empty, empty)
    expected = b"z,w,f,sum,largest\n%b,1,,,\n2,%b,5.0,,\n3,4,10.0,7.0,4.0\n" % (empty, empty)
    assert run(source, f, two, kind="csv") == expected


def test_blank_lines_of_a_single_column_are_empty_cells(run: Any) -> None:
    assert run(b"z\n\n1\r\n\r\n\n", kind="csv") == b"z,f\n,\n1,2.0\r\n,\r\n,\n"


NUMBERS = (
    "0 -0 1 1. .5 5. +3 -5 −5 −1e−3 1e5 1E+5 1e400 -1e400 1e-400 4.9e-324 2e-324 inf -inf +inf Infinity -INFINITY nan "
    "NaN -nan 0.1 0.30000000000000004 9007199254740993 2.2250738585072011e-308 179769313486231580793728971405303e276 "
    "00012 1_000 123456789012345678901234567890 7.2057594037927933e16 0.000000000000000000000000000000000000000000001"
).split()


@pytest.mark.parametrize("wrap", ["{}", " {} ", '"{}"', '" {}"', "\t{}"])
@pytest.mark.parametrize("text", NUMBERS)
def test_numbers_are_what_float_says(text: str, wrap: str) -> None:
    (got,) = _values(["1", wrap.format(text)])[1:]
    expected = float(text.replace("−", "-"))
    assert np.float64(got).tobytes() == np.float64(expected).tobytes() or (math.isnan(got) and math.isnan(expected))


@pytest.mark.parametrize(
    "text", ["abc", "NA", "null", "1,5", "nan(12)", "0x10", "1e", "--5", "1 2", "-", "True", "5 %"]
)
def test_other_text_is_an_error(text: str) -> None:
    with pytest.raises(UsageError, match="row 2, column 'z': " + re.escape(repr(text))):
        _values(["1", f'"{text}"'])


def _values(cells: list[str]) -> list[float]:
    seen: list[float] = []

    def keep(inputs: Any) -> Any:
        seen.extend(inputs[0].tolist())
        return inputs

    source = io.BytesIO("\n".join(["z", *cells]).encode())
    filter_rows(source, io.BytesIO(), [Job(("z",), ("f",), keep)], kind="csv", label="data.csv")
    return seen


def test_results_keep_their_own_precision(run: Any) -> None:
    third = Job(("z",), ("f",), lambda a: [(a[0] / 3).astype(np.float32)])
    assert run(b"z\n1\n", third, kind="csv") == b"z,f\n1,0.33333334\n"


def test_results_that_are_not_finite_are_words(run: Any) -> None:
    assert run(b"z\ninf\n-inf\nnan\n1e200\n", kind="csv") == b"z,f\ninf,inf\n-inf,inf\nnan,nan\n1e200,inf\n"


@pytest.mark.parametrize(
    ("options", "source", "expected"),
    [
        ({"kind": "tsv"}, b'a,b\tz\n"x\ty"\t1\n', b'a,b\tz\tf\n"x\ty"\t1\t2.0\n'),
        ({"kind": "csv", "delimiter": ";"}, b"a,b;z\n1,5;1\n", b"a,b;z;f\n1,5;1;2.0\n"),
        ({"kind": "csv", "delimiter": r"\t"}, b"a,b\tz\n1,5\t1\n", b"a,b\tz\tf\n1,5\t1\t2.0\n"),
        ({"kind": "csv", "delimiter": " "}, b"a z\n1,5 1\n", b"a z f\n1,5 1 2.0\n"),
        ({"kind": "tsv", "delimiter": "|"}, b"a|z\n\t|1\n", b"a|z|f\n\t|1|2.0\n"),
        ({"kind": "csv"}, b"a;z\n1,5;1\n", b"a;z;f\n1,5;1;2.0\n"),
        ({"kind": "csv"}, b"a\tz\n1;5\t1\n", b"a\tz\tf\n1;5\t1\t2.0\n"),
    ],
)
def test_delimiters(run: Any, options: Any, source: bytes, expected: bytes) -> None:
    assert run(source, **options) == expected


@pytest.mark.parametrize("delimiter", ["", ",,", '"', "\n", "é", "e", "5", ".", "-"])
def test_a_delimiter_that_numbers_need_is_refused(run: Any, delimiter: str) -> None:
    with pytest.raises(UsageError, match="is not one ASCII character"):
        run(b"z\n1\n", kind="csv", delimiter=delimiter)


def test_without_header_columns_are_numbers(run: Any) -> None:
    second = Job(("2",), ("f",), lambda a: [a[0] + 1])
    source = b"\xef\xbb\xbfx,1\r\ny,2"
    assert run(source, second, kind="csv", header=False) == b"\xef\xbb\xbfx,1,2.0\r\ny,2,3.0"
    assert run(b"", second, kind="csv", header=False) == b""
    first = Job(("1",), ("f",), lambda a: [a[0] + 1])
    assert run(b"\xef\xbb\xbf1,x\n", first, kind="csv", header=False) == b"\xef\xbb\xbf1,x,2.0\n"
    with pytest.raises(UsageError, match=r"^data: no column '3' among 1, 2"):
        run(source, Job(("3",), ("f",), list), kind="csv", header=False)


def test_names_are_quoted_only_if_needed(run: Any) -> None:
    names = Job(("z",), ("plain name", "a,b", 'say "f"', "two\nlines"), lambda a: [a[0]] * 4)
    assert run(b"z\n", names, kind="csv") == b'z,plain name,"a,b","say ""f""","two\nlines"\n'


def test_quoted_names_are_found(run: Any) -> None:
    tricky = Job(('z, "raw"',), ("f",), lambda a: [a[0]])
    assert run(b'"z, ""raw""","two\nlines"\n1,2\n', tricky, kind="csv") == b'"z, ""raw""","two\nlines",f\n1,2,1.0\n'


ERRORS = [
    (b"", "data: the file is empty, without even a header"),
    (b"\xef\xbb\xbf", "data: the file is empty, without even a header"),
    (b"a,zz\n1,2\n", "data: no column 'z' among a, zz; did you mean zz?"),
    (b"z,a,z\n1,2,3\n", "data: 2 columns are called 'z'; rename all but one"),
    (b"z,f\n1,2\n", "data: there is a column 'f' already; choose another name with --as"),
    (b"a,z\n1,2\nx,abc\n", "data: row 2, column 'z': 'abc' is not a number"),
    (b'a,z\n"1\n2",2\nx,abc\n', "data: row 2 (line 4), column 'z': 'abc' is not a number"),
    (b'a,"z\n"\n"1",2\nx,abc\n', "data: row 2 (line 4), column 'z': 'abc' is not a number"),
    (b"z,a\nNA,1\n", "data: row 1, column 'z': 'NA' is not a number; leave cells without a value empty"),
    (b'z,a\n"two\nlines",1\n', "data: row 1, column 'z': 'two\\nlines' is not a number"),
    (b"z\n" + b"x" * 99 + b"\n", f"data: row 1, column 'z': '{'x' * 59}…' is not a number"),
    (b"a,z\n1,2\n3\n", "data: row 2 has 1 cell where the header has 2"),
    (b"a,z\n1,2\n3,4,5\n6\n", "data: row 2 has 3 cells where the header has 2"),
    (b"a,z\n1,2\n3,4,5", "data: row 2 has 3 cells where the header has 2"),
    (b"a,b,z\n1,2\n3,4,5,6\n", "data: row 1 has 2 cells where the header has 3"),
    (b"a,z\n1,2\n\n3,4\n", "data: row 2 is an empty line where 2 cells are expected"),
    (b"a,z\r\n\r\n3,4\r\n", "data: row 1 is an empty line where 2 cells are expected"),
    (b'a,z\n1,2\n"3,4\n5,6\n', "data: row 2: a quote is opened and never closed; is the file cut short?"),
    (b'"a,z\n1,2\n', "data: the header: a quote is opened and never closed; is the file cut short?"),
    (b"a,z\n1,2\n\x00,4\n", "data: row 2: a NUL byte; this is not a text file"),
    (
        b"a,z\n1,2\n\xe9t\xe9,4\n",
        "data: row 2: byte 0xE9 is not UTF-8; convert the file first (iconv -f LATIN1 -t UTF-8)",
    ),
    (
        b"\xe9t\xe9,z\n1,2\n",
        "data: the header: byte 0xE9 is not UTF-8; convert the file first (iconv -f LATIN1 -t UTF-8)",
    ),
    (
        "a,z\n1,2\n".encode("utf-16"),
        "data: the text is UTF-16; convert it to UTF-8 first (iconv -f UTF-16 -t UTF-8)",
    ),
    (
        b"a,z\n1,2\r3,4\r5,6\n",
        "data: row 1: a carriage return without a line feed; convert the line ends first (tr '\\r' '\\n')",
    ),
    (
        b"a,z\r1,2\r",
        "data: the header: a carriage return without a line feed; convert the line ends first (tr '\\r' '\\n')",
    ),
]


@pytest.mark.parametrize(("source", "message"), ERRORS)
def test_errors_are_one_line_and_write_nothing(f: Job, source: bytes, message: str) -> None:
    sink = io.BytesIO()
    with pytest.raises(UsageError) as caught:
        filter_rows(io.BytesIO(source), sink, [f], kind="csv", label="data")
    assert str(caught.value) == message
    assert sink.getvalue() == b""


def test_two_columns_of_one_name_are_refused(run: Any, f: Job) -> None:
    with pytest.raises(UsageError, match="'f' is asked for twice"):
        run(b"z\n1\n", f, f, kind="csv")


def test_no_columns_are_refused(run: Any) -> None:
    with pytest.raises(UsageError, match="name the columns"):
        run(b"z\n1\n", Job((), ("f",), list), kind="csv")


def test_a_wrong_result_is_a_defect(run: Any) -> None:
    with pytest.raises(ValueError, match="compute returned shapes"):
        run(b"z\n1\n2\n", Job(("z",), ("f",), lambda a: [a[0][:1]]), kind="csv")


@pytest.mark.parametrize(
    ("bad", "why"), [(b"x", "'x' is not a number"), (b'"', "never closed"), (b"1,2", "has 2 cells"), (b"\xff", "UTF-8")]
)
@pytest.mark.parametrize(("block", "most"), [(8, 100), (16, 2), (1, 1)])
def test_late_errors_tell_what_was_written(
    monkeypatch: Any, f: Job, bad: bytes, why: str, block: int, most: int
) -> None:
    monkeypatch.setattr(records, "BLOCK", block)
    monkeypatch.setattr(records, "MOST_RECORDS", most)
    sink = io.BytesIO()
    good = b"".join(b"%d\n" % number for number in range(1, 21))
    with pytest.raises(UsageError, match=re.escape(why)) as caught:
        filter_rows(io.BytesIO(b"z\n" + good + bad + b"\n"), sink, [f], kind="csv", label="data")
    assert str(caught.value).startswith("data: row 21")
    written = sink.getvalue().splitlines(keepends=True)
    assert str(caught.value).endswith(f"; {len(written) - 1} rows were already written")
    assert written == [b"z,f\n", *(b"%d,%d.0\n" % (n, n * n + 1) for n in range(1, len(written)))]


def test_a_late_error_after_one_row(monkeypatch: Any, f: Job) -> None:
    monkeypatch.setattr(records, "BLOCK", 1)
    with pytest.raises(UsageError, match="row 2, column 'z': 'x' is not a number; 1 row was already written"):
        filter_rows(io.BytesIO(b"z\n1\nx\n"), io.BytesIO(), [f], kind="csv", label="data")


def test_an_endless_quote_does_not_fill_the_memory(monkeypatch: Any, run: Any) -> None:
    monkeypatch.setattr(records, "BLOCK", 1 << 16)
    monkeypatch.setattr(records, "LONGEST", 1 << 20)
    with pytest.raises(UsageError, match="row 2 is longer than 1 MiB; is a quote opened and never closed"):
        run(b'z\n1\n"2\n' + b"3\n" * (1 << 20), kind="csv")


def test_progress_is_told_the_rows_so_far(monkeypatch: Any, run: Any) -> None:
    monkeypatch.setattr(records, "BLOCK", 4)
    told: list[int] = []
    run(b"z\n1\n2\n3\n4\n5\n", kind="csv", progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 5
    assert len(told) > 1


def test_memory_is_bounded(pipe: Any, f: Job) -> None:
    class Sink:
        written = 0

        def write(self, piece: Any) -> int:
            self.written += len(piece)
            return len(piece)

    source = pipe(b"id,z\n" + b"0000123,0.5\n" * 3_000_000)
    sink: Any = Sink()
    tracemalloc.start()
    filter_rows(source, sink, [f], kind="csv", label="data")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sink.written == len("id,z,f\n") + 3_000_000 * len("0000123,0.5,1.25\n")
    assert source.largest <= records.BLOCK
    assert peak < 20 * records.BLOCK


TEXT = st.text(st.sampled_from('ab07,;"\n\r é😀\t-.'), max_size=6)
NUMBER = st.one_of(
    st.floats().map(repr),
    st.floats(allow_nan=False, width=32).map(lambda x: f"{x:+.3g}"),
    st.integers(-(10**20), 10**20).map(str),
    st.sampled_from(["", " ", *NUMBERS, "-.5e1 ", "  inf"]),
)


def _written(cell: str, quote: bool) -> str:
    if quote or cell[:1] == '"' or any(character in cell for character in ",\n\r"):
        return '"' + cell.replace('"', '""') + '"'
    return cell


@st.composite
def tables(draw: st.DrawFn) -> tuple[str, list[str], list[int]]:
    """A table, the numbers in it as they are spelled, and the length of each record."""
    width = draw(st.integers(1, 4))
    place = draw(st.integers(0, width - 1))
    ends = st.sampled_from(["\n", "\r\n"])
    pieces = [",".join("z" if column == place else f"c{column}" for column in range(width)) + draw(ends)]
    spelled = draw(st.lists(NUMBER, max_size=8))
    for number in spelled:
        cells = [draw(TEXT) if column != place else number for column in range(width)]
        pieces.append(",".join(_written(cell, draw(st.booleans())) for cell in cells) + draw(ends))
    if draw(st.booleans()):
        cut = pieces[-1].rstrip("\r\n")
        # A last record of nothing is no record unless its line ends.
        pieces[-1] = cut if cut else pieces[-1]
    return "".join(pieces), spelled, [len(piece.encode()) for piece in pieces]


@given(tables(), st.integers(1, 40), st.integers(1, 10), st.booleans())
@example(('z,c1\n1,"a""\n"\n', ["1"], [5, 9]), 1, 1, True)
@settings(max_examples=400, deadline=None)
def test_removing_the_new_cells_gives_the_input_back(table: Any, block: int, most: int, mark: bool) -> None:
    text, spelled, lengths = table
    source = (b"\xef\xbb\xbf" if mark else b"") + text.encode()
    identity = Job(("z",), ("f",), lambda a: [a[0]])
    sink = io.BytesIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(records, "BLOCK", block)
        patch.setattr(records, "MOST_RECORDS", most)
        assert filter_rows(io.BytesIO(source), sink, [identity], kind="csv", label="data") == len(spelled)
    result, position = sink.getvalue(), 3 if mark else 0
    removed, cells = result[:position], []
    for start, length in zip(np.cumsum([0, *lengths]), lengths, strict=False):
        record = source[(3 if mark else 0) + start :][:length]
        end = b"\r\n" if record.endswith(b"\r\n") else b"\n" if record.endswith(b"\n") else b""
        body = record[: len(record) - len(end)]
        assert result[position:].startswith(body + b",")
        position += len(body) + 1
        cell = re.match(rb"[^\r\n]*", result[position:])
        assert cell is not None
        cells.append(cell[0].decode())
        position += len(cell[0])
        assert result[position:].startswith(end)
        position += len(end)
        removed += body + end
    assert removed == source
    assert position == len(result)
    assert cells[0] == "f"
    for got, text_in in zip(cells[1:], spelled, strict=True):
        expected = repr(float(text_in.replace("−", "-"))) if text_in.strip() else ""
        assert got == expected


@given(
    st.lists(st.lists(st.text(st.sampled_from('a",\n é'), max_size=5), min_size=3, max_size=3), max_size=6), st.data()
)
@settings(max_examples=300, deadline=None)
def test_cells_are_those_of_the_csv_module(rows: list[list[str]], data: st.DataObject) -> None:
    """Stray quotes too: only at the start of a cell do they quote."""
    lines = []
    for number, row in enumerate(rows):
        raw = [cell.replace(",", "").replace("\n", "").lstrip('"') for cell in row]
        cells = [
            bare if data.draw(st.booleans()) else _written(cell, True) for bare, cell in zip(raw, row, strict=True)
        ]
        lines.append(",".join([*cells, str(number)]))
    text = "\n".join(["a,b,c,z", *lines])
    sink = io.BytesIO()
    identity = Job(("z",), ("f",), lambda a: [a[0]])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(records, "BLOCK", data.draw(st.integers(1, 30)))
        filter_rows(io.BytesIO(text.encode()), sink, [identity], kind="csv", label="data")
    before = list(csv.reader(io.StringIO(text, newline="")))
    after = list(csv.reader(io.StringIO(sink.getvalue().decode(), newline="")))
    assert [row[:-1] for row in after] == before
    assert [row[-1] for row in after[1:]] == [f"{number}.0" for number in range(len(rows))]
