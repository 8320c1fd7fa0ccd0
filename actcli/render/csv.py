"""CSV and TSV: RFC 4180 with LF, UTF-8, no byte-order mark; quotes only where needed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from actcli.report import Table


def csv_bytes(table: Table, delimiter: str = ",") -> Iterator[tuple[int, bytes | memoryview]]:
    """Yield numbers of rows and their bytes, the header first (0 rows)."""
    from actcli.render.lines import lines

    names = [column.name for column in table.columns_for("machines")]
    cell = _writer(delimiter, alone=len(names) == 1)
    yield 0, (delimiter.join(cell(name) for name in names) + "\n").encode("utf-8", "backslashreplace")
    before = [""] + [delimiter] * (len(names) - 1)
    yield from lines(table.batches(table.columns_for("machines")), names, before, "\n", cell)


def _writer(delimiter: str, alone: bool) -> Callable[[Any], str]:
    """Return what writes one cell; in a column `alone` an empty cell is quoted, since readers skip blank lines."""
    special = re.compile(f'["\r\n{delimiter}]')
    empty = '""' if alone else ""

    def cell(value: Any) -> str:
        if value is None:
            return empty
        text = value if isinstance(value, str) else value_text(value)
        if not text:
            return empty
        return '"' + text.replace('"', '""') + '"' if special.search(text) else text

    return cell


def value_text(value: Any) -> str:
    """Return the text of a single value: `true`, `12`, `0.1`; a NumPy number keeps the precision it has."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if hasattr(value, "dtype"):
        import numpy as np

        from actcli.core.shortest import texts

        return texts(np.array([value]))[0] if value.dtype.kind != "U" else str(value)
    return repr(value) if isinstance(value, float) else str(value)
