"""JSON lines: one object a line; the appended members are spliced in before each object's closing brace."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from actcli.analyses.filter.output import computed, missing, shown
from actcli.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import BinaryIO

    from actcli.analyses.filter import Job
    from actcli.analyses.filter.output import Output

    Array = np.ndarray[Any, np.dtype[Any]]
    Object = dict[str, Any]

BLOCK = 1 << 20
"""Bytes read at a time; parsed objects take some twenty times their text."""
LONGEST = 16 << 20
"""Bytes in the longest line."""

_MARK = b"\xef\xbb\xbf"
_SPACE = " \t\r\n"
_SPELLED = {"inf", "+inf", "-inf", "infinity", "+infinity", "-infinity", "nan"}
# Whole numbers too, so that those beyond float64 are rounded or infinite like any other.
_decoder = json.JSONDecoder(parse_int=float)


def filter_jsonl(source: BinaryIO, output: Output, jobs: Sequence[Job], *, label: str) -> None:
    """Append the computed members to every object; a member is null where one that it is computed from is.

    A member that isn't there counts as null, unless all objects of the first block lack it. Numbers are JSON's, the
    literals NaN and Infinity, and the strings "inf", "-inf", "nan"; results that are not finite are null. Blank lines
    stay. Raises UsageError for input that is not such lines.
    """
    wanted = list(dict.fromkeys(name for job in jobs for name in job.columns))
    appended = [name for job in jobs for name in job.names]
    checked = False
    for first, lines in _blocks(source, output, label):
        full = [index for index, line in enumerate(lines) if line and not line.isspace()]
        objects = [_object(lines[index], appended, label, first + index) for index in full]
        if objects:
            if not checked:
                _check_keys(objects, wanted, label)
                checked = True
            columns = {name: _column(objects, name, label, full, first) for name in wanted}
            values = [texts for job in jobs for texts in _values(job, columns)]
            members = _members(appended)
            for index, each, *row in zip(full, objects, *values, strict=True):
                lines[index] = _spliced(lines[index], not each, members, row)
        output.write(len(full), "\n".join(lines).encode())
    output.release()


def _blocks(source: BinaryIO, output: Output, label: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the number of the first line, and lines that make up the input when joined with line feeds."""
    number, rest = 1, b""
    chunk = source.read(max(BLOCK, len(_MARK)))
    if chunk.startswith(_MARK):
        output.hold(_MARK)
        chunk = chunk.removeprefix(_MARK) or source.read(BLOCK)
    while chunk or rest:
        # One chunk ahead, so that what is wrong with the end of a small file is known before any of it is written.
        following = source.read(BLOCK) if chunk else b""
        whole, feed, rest = (rest + chunk).rpartition(b"\n") if following else (rest + chunk, b"", b"")
        if len(rest) > LONGEST:
            line = number + (whole + feed).count(b"\n")
            raise UsageError(f"{label}: line {line} is longer than {LONGEST >> 20} MiB")
        if whole or feed:
            lines = _decoded(whole + feed, label, number).split("\n")
            yield number, lines
            number += len(lines) - 1
        chunk = following


def _decoded(block: bytes, label: str, number: int) -> str:
    try:
        return block.decode()
    except UnicodeDecodeError as error:
        line = number + block.count(b"\n", 0, error.start)
        raise UsageError(f"{label}: line {line}: byte 0x{block[error.start]:02X} is not UTF-8") from None


def _object(line: str, appended: Sequence[str], label: str, number: int) -> Object:
    text = line.strip(_SPACE)
    try:
        found, end = _decoder.raw_decode(text)
    except json.JSONDecodeError as error:
        column = line.index(text) + error.pos + 1
        raise UsageError(f"{label}: line {number}: not JSON: {error.msg} at character {column}") from None
    except RecursionError:
        raise UsageError(f"{label}: line {number}: nested too deeply") from None
    if end < len(text):
        column = line.index(text) + end + 1
        raise UsageError(f"{label}: line {number}: not JSON: Extra data at character {column}")
    if not isinstance(found, dict):
        raise UsageError(f"{label}: line {number}: {shown(text)} is not a JSON object")
    for name in appended:
        if name in found:
            what = f"there is a member {name!r} already; choose another name with --as"
            raise UsageError(f"{label}: line {number}: {what}")
    return found


def _check_keys(objects: Sequence[Object], wanted: Sequence[str], label: str) -> None:
    keys = list(dict.fromkeys(key for each in objects for key in each))
    for name in wanted:
        if name not in keys:
            raise missing(name, keys, label)


def _column(
    objects: Sequence[Object], name: str, label: str, indices: Sequence[int], first: int
) -> tuple[Array, Array]:
    """Return the numbers of one column, and where there are none."""
    column = [each.get(name) for each in objects]
    values = np.full(len(column), np.nan)
    for index, value in enumerate(column):
        if isinstance(value, float) or (isinstance(value, str) and value.lower() in _SPELLED):
            values[index] = float(value)
        elif value is not None:
            text = json.dumps(value, ensure_ascii=False)
            line = first + indices[index]
            raise UsageError(f"{label}: line {line}, member {name!r}: {shown(text)} is not a number")
    return values, np.array([value is None for value in column])


def _values(job: Job, columns: dict[str, tuple[Array, Array]]) -> Iterator[list[str]]:
    """Yield the texts of each appended member."""
    from actcli.core.shortest import texts

    empty = np.logical_or.reduce([columns[name][1] for name in job.columns])
    for result in computed(job, [columns[name][0] for name in job.columns]):
        null = empty | ~np.isfinite(result)
        yield ["null" if is_null else text for text, is_null in zip(texts(result), null.tolist(), strict=True)]


def _members(names: Sequence[str]) -> tuple[str, str]:
    """Return the appended members as templates for `%`: as compact text, and with spaces."""
    keys = [json.dumps(name, ensure_ascii=False).replace("%", "%%") for name in names]
    return ",".join(f"{key}:%s" for key in keys), ", ".join(f"{key}: %s" for key in keys)


def _spliced(line: str, bare: bool, members: tuple[str, str], values: Sequence[str]) -> str:
    spaced = '": ' in line
    body = line.rstrip(_SPACE)[:-1].rstrip(_SPACE)
    comma = "" if bare else ", " if spaced else ","
    return body + comma + members[spaced] % tuple(values) + line[len(body) :]
