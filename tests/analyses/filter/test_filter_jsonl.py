from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actcli.analyses.filter import Job, filter_rows, jsonl
from actcli.errors import UsageError


def test_every_other_byte_stays(run: Any) -> None:
    source = (
        '\ufeff{"id": 007e0, "z": 1}\n'.replace("007e0", "7e0")
        + '{"z":2.50,"id":12345678901234567890}\r\n'
        + "\n"
        + '  { "z" : -1e0 , "s": "}\\u00e9é" }  \n'
        + '{"z": null}\n'
        + "{}\n"
        + '{"z": "-inf"}\n'
        + '{"z": NaN}\n'
        + '{"z": 1e999, "deep": {"z": [1]}}'
    )
    assert run(source.encode(), kind="jsonl").decode() == (
        '\ufeff{"id": 7e0, "z": 1, "f": 2.0}\n'
        '{"z":2.50,"id":12345678901234567890,"f":7.25}\r\n'
        "\n"
        '  { "z" : -1e0 , "s": "}\\u00e9é", "f": 2.0 }  \n'
        '{"z": null, "f": null}\n'
        '{"f":null}\n'
        '{"z": "-inf", "f": null}\n'
        '{"z": NaN, "f": null}\n'
        '{"z": 1e999, "deep": {"z": [1]}, "f": null}'
    )
    assert run.rows == 8


def test_several_columns(run: Any, two: Job, f: Job) -> None:
    source = b'{"z": 1, "w": 2}\n{"z": 1}\n'
    expected = b'{"z": 1, "w": 2, "sum": 3.0, "largest": 2.0, "f": 2.0}\n'
    assert run(source, two, f, kind="jsonl") == expected + b'{"z": 1, "sum": null, "largest": null, "f": 2.0}\n'


@pytest.mark.parametrize("source", [b"", b"\n", b"\n\r\n \n", b"\xef\xbb\xbf"])
def test_nothing_stays_nothing(run: Any, source: bytes) -> None:
    assert run(source, kind="jsonl") == source
    assert run.rows == 0


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (b'{"z": 1}\n\n{"z": "abc"}\n', "data: line 3, member 'z': '\"abc\"' is not a number"),
        (b'{"z": true}', "data: line 1, member 'z': 'true' is not a number"),
        (b'{"z": [1]}', "data: line 1, member 'z': '[1.0]' is not a number"),
        (b'{"z": "1"}', "data: line 1, member 'z': '\"1\"' is not a number"),
        (b'{"z": 1}\n{"z": 1', "data: line 2: not JSON: Expecting ',' delimiter at character 8"),
        (b'{"z": 1} {"z": 2}', "data: line 1: not JSON: Extra data at character 9"),
        (b"[1, 2]\n", "data: line 1: '[1, 2]' is not a JSON object"),
        (b'{"z": 1}\n{"a": "\xff"}\n', "data: line 2: byte 0xFF is not UTF-8"),
        (b'{"y": 1, "a": 2}\n', "data: no column 'z' among y, a; did you mean y?"),
        (b'{"z": 1, "f": 2}\n', "data: line 1: there is a member 'f' already; choose another name with --as"),
        (b'{"z": ' + b"[" * 100_000, "data: line 1: nested too deeply"),
    ],
)
def test_errors_are_one_line_and_write_nothing(f: Job, source: bytes, message: str) -> None:
    sink = io.BytesIO()
    with pytest.raises(UsageError) as caught:
        filter_rows(io.BytesIO(source), sink, [f], kind="jsonl", label="data")
    assert str(caught.value).replace("; did you mean y?", "") == message.replace("; did you mean y?", "")
    assert sink.getvalue() == b""


def test_late_errors_tell_what_was_written(monkeypatch: Any, f: Job) -> None:
    monkeypatch.setattr(jsonl, "BLOCK", 10)
    sink = io.BytesIO()
    with pytest.raises(UsageError, match="line 9, member 'z': '\"x\"' is not a number; 8 rows were already written"):
        filter_rows(io.BytesIO(b'{"z": 1}\n' * 8 + b'{"z": "x"}\n'), sink, [f], kind="jsonl", label="data")
    assert sink.getvalue() == b'{"z": 1, "f": 2.0}\n' * 8


def test_an_endless_line_does_not_fill_the_memory(monkeypatch: Any, run: Any) -> None:
    monkeypatch.setattr(jsonl, "BLOCK", 1 << 16)
    monkeypatch.setattr(jsonl, "LONGEST", 1 << 20)
    with pytest.raises(UsageError, match="line 2 is longer than 1 MiB"):
        run(b'{"z": 1}\n' + b" " * (1 << 23), kind="jsonl")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
    max_leaves=4,
)


@given(
    st.lists(
        st.tuples(
            st.dictionaries(st.text(max_size=3).filter(lambda key: key not in ("z", "f")), VALUES, max_size=3),
            st.none() | st.floats() | st.integers(-(10**30), 10**30),
            st.booleans(),
            st.sampled_from(["\n", "\r\n", " \n", "\n\n"]),
        ),
        min_size=1,
    ),
    st.integers(1, 50),
)
@settings(max_examples=200, deadline=None)
def test_removing_the_new_members_gives_the_input_back(rows: Any, block: int) -> None:
    lines = []
    for other, z, compact, end in rows:
        separators = (",", ":") if compact else (", ", ": ")
        lines.append(json.dumps({**other, "z": z}, separators=separators, ensure_ascii=compact) + end)
    sink = io.BytesIO()
    identity = Job(("z",), ("f",), lambda a: [a[0]])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jsonl, "BLOCK", block)
        filter_rows(io.BytesIO("".join(lines).encode()), sink, [identity], kind="jsonl", label="data")
    result = sink.getvalue().decode()
    for line, (_, z, _, end) in zip(lines, rows, strict=True):
        body = line[: -len(end) - 1]
        assert result.startswith(body)
        member, _, rest = result[len(body) :].partition("}")
        finite = z is not None and abs(float(z)) < float("inf")
        assert json.loads("{" + member.lstrip(", ") + "}") == {"f": float(z) if finite else None}
        assert rest.startswith(end)
        result = rest[len(end) :]
    assert result == ""
