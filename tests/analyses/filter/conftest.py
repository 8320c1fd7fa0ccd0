"""What the tests of all formats share: a job, and a filter from bytes to bytes."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from actcli.analyses.filter import Job, filter_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def square_plus_one(inputs: Sequence[Any]) -> list[Any]:
    (z,) = inputs
    with np.errstate(over="ignore"):
        return [z * z + z.dtype.type(1)]


class Stream(io.RawIOBase):
    """A pipe: it can't seek, and gives no more than asked for."""

    def __init__(self, content: bytes) -> None:
        self._content = io.BytesIO(content)
        self.largest = 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        self.largest = max(self.largest, size)
        assert size >= 0, "reads everything at once"
        return self._content.read(size)


@pytest.fixture
def f() -> Job:
    return Job(("z",), ("f",), square_plus_one)


@pytest.fixture
def run(f: Job) -> Callable[..., bytes]:
    def filtered(content: bytes, *jobs: Job, kind: str, label: str = "data", **options: Any) -> bytes:
        sink = io.BytesIO()
        source: Any = Stream(content)
        rows = filter_rows(source, sink, jobs or (f,), kind=kind, label=label, **options)
        filtered.rows = rows  # type: ignore[attr-defined]
        return sink.getvalue()

    return filtered


@pytest.fixture
def pipe() -> type[Stream]:
    return Stream


@pytest.fixture
def two() -> Job:
    return Job(("z", "w"), ("sum", "largest"), lambda a: [a[0] + a[1], np.maximum(a[0], a[1])])
