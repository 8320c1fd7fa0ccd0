"""Where filtered rows go, and the words that messages about them share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from actcli.errors import UsageError, suggestion

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, BinaryIO

    import numpy as np

    from actcli.analyses.filter import Job

    Array = np.ndarray[Any, np.dtype[Any]]

_LONGEST_SHOWN = 60
_MOST_LISTED = 30


class Output:
    """A sink that counts rows. What precedes the rows is held back until the first of them were computed."""

    def __init__(self, sink: BinaryIO, progress: Callable[[int], None] | None) -> None:
        self.sink = sink
        self.rows = 0
        self._progress = progress
        self._held = b""

    def hold(self, head: bytes) -> None:
        """Keep the head of the file (byte order mark, names) until rows or the end follow."""
        self._held += head

    def write(self, rows: int, *pieces: bytes | memoryview) -> None:
        """Write so many whole rows."""
        self.release()
        for piece in pieces:
            self.sink.write(piece)
        self.count(rows)

    def count(self, rows: int) -> None:
        """Note so many rows as written, for formats whose own writer writes them."""
        self.rows += rows
        if self._progress is not None:
            self._progress(self.rows)

    def release(self) -> None:
        """Write what is held back."""
        if self._held:
            self.sink.write(self._held)
            self._held = b""


def computed(job: Job, inputs: Sequence[Array]) -> list[Array]:
    """Return what the job yields for copies of these arrays, which it may overwrite.

    Raises ValueError when that isn't one array of the inputs' shape for every name, which is a programmer's mistake.
    """
    import numpy as np

    results = [np.asarray(result) for result in job.compute([np.array(each) for each in inputs])]
    shapes = [result.shape for result in results]
    if shapes != [inputs[0].shape] * len(job.names):
        raise ValueError(f"{job.names} of arrays of shape {inputs[0].shape}: compute returned shapes {shapes}")
    return results


def check_columns(jobs: Sequence[Job], names: Sequence[str], label: str) -> None:
    """Check that there is exactly one column of each wanted name. Raises UsageError otherwise."""
    for job in jobs:
        for column in job.columns:
            times = names.count(column)
            if times > 1:
                raise UsageError(f"{label}: {times} columns are called {column!r}; rename all but one")
            if not times:
                raise missing(column, names, label)


def check_appended(jobs: Sequence[Job], names: Sequence[str], label: str) -> None:
    """Check that no column has the name of one to append. Raises UsageError otherwise."""
    for job in jobs:
        for name in job.names:
            if name in names:
                raise UsageError(f"{label}: there is a column {name!r} already; choose another name with --as")


def missing(column: str, names: Sequence[str], label: str) -> UsageError:
    """Return the error for a column that is not among the names."""
    listed = ", ".join(_one_line(name) for name in names[:_MOST_LISTED])
    if len(names) > _MOST_LISTED:
        listed += f" … ({len(names)} in all)"
    return UsageError(f"{label}: no column {column!r} among {listed or 'no columns'}{suggestion(column, list(names))}")


def shown(text: str) -> str:
    """Return text from a file as a message shows it: quoted, on one line, not too long."""
    return repr(text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1] + "…")


def _one_line(name: str) -> str:
    return name if name.isprintable() and name else repr(name)
