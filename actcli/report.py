"""What analyses return and renderers take: tables as lazy batches of columns, plots as data. No I/O, no formatting.

A `Table` is asked for the columns that are wanted and yields them batch by batch, so a table that nobody prints costs
nothing and one of 10⁹ rows streams in flat memory.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Self

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    Cells = np.ndarray[Any, Any] | Sequence[Any]
    """One column of one batch: a NumPy array (numbers, in the precision they have) or a sequence of cells.

    A cell is a str, a bool, a number (a Magnitude where float64 may be too narrow), None or Mathematics.
    """

Batch = Mapping[str, "Cells"]
"""Columns of equal length, by name. None is an empty cell."""

Rows = Callable[[Sequence[str]], Iterator[Batch]]
"""Given the names of the wanted columns, yield batches that hold at least those."""


@dataclass(frozen=True, slots=True)
class Mathematics:
    """A formula in a cell: one line of Unicode, which programs get, LaTeX for math mode, and a picture.

    `pretty(width, ascii_only)` returns lines that fit into `width` columns where that can be done.
    """

    text: str
    latex: str
    pretty: Callable[[int, bool], str]

    def __str__(self) -> str:
        """Return the text."""
        return self.text


class Magnitude(float):
    """A number known by its sign and the natural logarithm of its size, for which float64 may be too narrow.

    Programs get a float, which is then 0 or infinite; people see the digits, such as 1.816e-6021.
    """

    log: float
    negative: bool

    def __new__(cls, log: float, negative: bool = False) -> Self:
        """Return the number whose size has this natural logarithm."""
        made = super().__new__(cls, -_exp(log) if negative else _exp(log))
        made.log, made.negative = log, negative
        return made

    def __reduce__(self) -> tuple[type[Magnitude], tuple[float, bool]]:
        """Tell pickle how it is made."""
        return type(self), (self.log, self.negative)

    @property
    def log10(self) -> float:
        """The decimal logarithm of its size."""
        return self.log / math.log(10)

    def scientific(self, places: int) -> str:
        """Return it with so many decimals and an exponent, such as 1.816e-6021; its logarithm must be finite."""
        exponent = math.floor(self.log10)
        mantissa = f"{10 ** (self.log10 - exponent):.{places}f}"
        if mantissa.startswith("10"):
            mantissa, exponent = f"{1:.{places}f}", exponent + 1
        return f"{'-' if self.negative else ''}{mantissa}e{exponent:+d}"

    def significant(self, digits: int) -> str:
        """Return it to so many significant digits, however small or large."""
        if _SMALLEST <= abs(self) < math.inf or not math.isfinite(self.log):
            return f"{float(self):.{digits}g}"
        return self.scientific(digits - 1)


class Rounded(float):
    """A number known to so many decimals (below 0: to so many digits before the point); people see no others."""

    decimals: int

    def __new__(cls, value: float, decimals: int) -> Self:
        """Return the number rounded to these decimals."""
        made = super().__new__(cls, round(value, decimals))
        made.decimals = decimals
        return made

    def __reduce__(self) -> tuple[type[Rounded], tuple[float, int]]:
        """Tell pickle how it is made."""
        return type(self), (float(self), self.decimals)


_SMALLEST = 2.0**-1022
"""Below this float64 loses digits."""


def _exp(log: float) -> float:
    try:
        return math.exp(log)
    except OverflowError:
        return math.inf


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name for programs, and what people need to read it.

    `heading` stands over the column in formats for people (default: the name). `audience` says who sees it: a number
    that people read in words is for `machines`, the words are for `people`. Where the column named by `limit_at` holds
    ±inf, this column's number is a limit, which people's formats write as `→ 0`. Numbers stand in line, and so do the
    ends of texts `right`. Where a terminal is too narrow, columns that are `dispensable` are left out, 1 first.
    """

    name: str
    meaning: str = ""
    unit: str = ""
    heading: str = ""
    audience: Literal["all", "people", "machines"] = "all"
    limit_at: str = ""
    right: bool = False
    dispensable: int = 0


@dataclass(frozen=True, slots=True)
class Table:
    """A named table: columns, and a function that yields batches of the wanted ones (each call starts afresh)."""

    name: str
    columns: tuple[Column, ...]
    rows: Rows
    title: str = ""

    def columns_for(self, audience: Literal["people", "machines"]) -> tuple[Column, ...]:
        """Return the columns that this audience sees, in order."""
        return tuple(column for column in self.columns if column.audience in ("all", audience))

    def batches(self, columns: Sequence[Column]) -> Iterator[Batch]:
        """Yield batches that hold at least `columns`."""
        return self.rows([column.name for column in columns])

    def to_pandas(self, rows: int | None = None) -> pd.DataFrame:
        """Return the columns that programs see as one DataFrame, or its first rows; numbers keep their precision."""
        import pandas as pd

        columns = self.columns_for("machines")
        names = [column.name for column in columns]
        frames: list[pd.DataFrame] = []
        for batch in self.batches(columns):
            frames.append(pd.DataFrame({name: _for_pandas(batch[name]) for name in names}).iloc[:rows])
            if rows is not None and (rows := rows - len(frames[-1])) <= 0:
                break
        return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=names)


def _for_pandas(cells: Any) -> Any:
    """Return the texts of formulas, and bfloat16 as float32: pandas would lose it when batches of two formats meet."""
    if isinstance(cells, Sequence) and any(isinstance(cell, Mathematics) for cell in cells):
        return [str(cell) if isinstance(cell, Mathematics) else cell for cell in cells]
    dtype = getattr(cells, "dtype", None)
    return cells.astype("float32") if dtype is not None and dtype.name == "bfloat16" else cells


@dataclass(frozen=True, slots=True)
class Series:
    """One line of a plot: points in order. `dashed` marks theory or a reference, `points` draws markers only.

    `low` and `high` are the ends of an interval around each y, where there is one. A series that belongs to another has
    its name in `beside`, and its colour.
    """

    name: str
    x: Cells
    y: Cells
    style: Literal["line", "dashed", "points"] = "line"
    low: Cells = ()
    high: Cells = ()
    beside: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """A place on the x axis that deserves a line and a name, such as the size of a cache."""

    x: float
    name: str


@dataclass(frozen=True, slots=True)
class Plot:
    """A figure as data; a renderer draws it in a terminal or a file."""

    name: str
    title: str
    x_label: str
    y_label: str
    series: tuple[Series, ...]
    x_log: bool = False
    y_log: bool = False
    marks: tuple[Mark, ...] = ()

    def colour(self, series: Series) -> int:
        """Return the number of the colour in which a series is drawn."""
        leaders = [each.name for each in self.series if not each.beside]
        wanted = series.beside or series.name
        return leaders.index(wanted) if wanted in leaders else len(leaders)


SHOWN_ROWS = 40
"""Rows of a table that a prompt or a notebook shows."""


@dataclass(frozen=True, slots=True, repr=False)
class Report:
    """What a command found out.

    `verdict` is one line in words. `plots` is called only when a plot is asked for. `failed` says which check that the
    user asked for did not hold, and makes the exit status 1. `is_document` makes a whole document of its LaTeX.
    `interrupted` says that the user ended it early, so that it holds only what was found until then.
    """

    name: str
    title: str
    tables: Mapping[str, Table]
    verdict: str = ""
    notes: tuple[str, ...] = ()
    plots: Callable[[], tuple[Plot, ...]] = tuple
    environment: Mapping[str, str] = field(default_factory=dict)
    failed: str = ""
    is_document: bool = False
    interrupted: bool = False

    def __repr__(self) -> str:
        """Return the title and the first rows of every table, for a Python prompt."""
        import numpy as np

        parts = [self.title, *([self.verdict] if self.verdict else [])]
        with np.errstate(all="ignore"):  # pandas compares float16 with powers of ten that it can't hold
            parts += [table.to_pandas(SHOWN_ROWS).to_string(index=False) for table in self.tables.values()]
        return "\n\n".join([*parts, *self.notes, *([self.failed] if self.failed else [])])

    def _repr_html_(self) -> str:
        """Return the title and the first rows of every table as HTML, for notebooks."""
        from html import escape

        import numpy as np

        parts = [f"<h4>{escape(self.title)}</h4>"]
        if self.verdict:
            parts.append(f"<p>{escape(self.verdict)}</p>")
        with np.errstate(all="ignore"):
            parts += [table.to_pandas(SHOWN_ROWS).to_html(index=False) for table in self.tables.values()]
        parts += [f"<p>{escape(note)}</p>" for note in (*self.notes, *([self.failed] if self.failed else []))]
        return "\n".join(parts)
