"""Numbers for people: a few digits, and limits with an arrow."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, TypeGuard

from actcli.report import Magnitude, Mathematics, Rounded

if TYPE_CHECKING:
    import numpy as np

    from actcli.report import Batch, Cells, Column

DIGITS = 4
_SMALLEST = 2.0**-1022
"""Below this float64 loses digits."""
_LONGEST = 15
"""A plain number of more characters is written in scientific notation."""


def number_text(value: float, digits: int = DIGITS) -> str:
    """Return `value` with `digits` decimals where that leaves 2 significant digits, else in scientific notation."""
    if not math.isfinite(value):
        return _not_finite(value)
    if value == 0 or abs(value) >= 10.0 ** (1 - digits):
        text = f"{value:.{digits}f}"
        if value == 0 or len(text) <= _LONGEST or len(text) <= digits + 3:
            return text
    return f"{value:.{max(digits, 2) - 1}e}"


def magnitude_text(value: Magnitude, digits: int = DIGITS) -> str:
    """Return `value` like any number, in scientific notation where float64 can't hold it."""
    if _SMALLEST <= abs(value) < math.inf or not math.isfinite(value.log):
        return number_text(value, digits)
    return value.scientific(max(digits, 2) - 1)


def rounded_text(value: Rounded, digits: int = DIGITS) -> str:
    """Return `value` like any number, but without digits beyond those that are known."""
    text = number_text(value, digits)
    if not math.isfinite(value) or not value:
        return text
    if "e" not in text:
        return f"{value:.{max(min(digits, value.decimals), 0)}f}"
    places = value.decimals + math.floor(math.log10(abs(value)))
    return f"{value:.{max(min(max(digits, 2) - 1, places), 0)}e}"


def limit_text(value: float, digits: int = DIGITS) -> str:
    """Return `value` as a limit: `→ 0`, `→ -1`, `→ 0.5000`, `→ ∞`; a limit that doesn't exist is plain `nan`."""
    if math.isnan(value):
        return "nan"
    whole = math.isfinite(value) and value == int(value) and abs(value) < 10**_LONGEST
    return f"→ {int(value) if whole else number_text(value, digits)}"


def column_cells(column: Column, batch: Batch, digits: int = DIGITS) -> tuple[list[str | Mathematics], bool]:
    """Return one column of a batch as people read it, and whether it holds numbers.

    Formulas are left to the renderer.

    Inputs (`x`, `worst_x`) and integers are shown as typed. `batch` must hold the column named by `limit_at` too.
    """
    cells = batch[column.name]
    shown: list[str | Mathematics]
    if is_number_array(cells):
        if column.name == "x" or column.name.endswith("_x") or cells.dtype.kind in "iu":
            shown = [*_as_typed(cells)]
        else:
            shown = [number_text(value, digits) for value in cells.astype("float64").tolist()]
        numeric = True
    else:
        values = plain(cells)
        shown = [_cell(value, digits) for value in values]
        kinds = {type(value) for value in values} - {type(None)}
        numeric = bool(kinds) and all(issubclass(kind, int | float) and kind is not bool for kind in kinds)
    if column.limit_at:
        for row, at in enumerate(plain(batch[column.limit_at])):
            if isinstance(at, float) and math.isinf(at) and shown[row]:
                shown[row] = limit_text(float(cells[row]), digits)
    return shown, numeric


def is_number_array(cells: Any) -> TypeGuard[np.ndarray[Any, Any]]:
    """Whether `cells` is a NumPy array of numbers (booleans are not); bfloat16, which NumPy calls void, is one."""
    dtype = getattr(cells, "dtype", None)
    return dtype is not None and (dtype.kind in "iuf" or dtype.name == "bfloat16")


def plain(cells: Cells) -> list[Any]:
    """Return one column's cells as Python values."""
    if is_number_array(cells) and cells.dtype.name == "bfloat16":
        cells = cells.astype("float32")
    if hasattr(cells, "tolist"):
        return list(cells.tolist())
    return [value.item() if hasattr(value, "item") else value for value in cells]


def _cell(value: Any, digits: int) -> str | Mathematics:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case Magnitude():
            return magnitude_text(value, digits)
        case Rounded():
            return rounded_text(value, digits)
        case float():
            return number_text(value, digits)
        case Mathematics():
            return value
        case _:
            return str(value)


def _as_typed(array: Any) -> list[str]:
    from actcli.core.shortest import texts

    spelt = {"inf": "∞", "-inf": "-∞"}
    return [spelt.get(text, text.removesuffix(".0")) for text in texts(array)]


def _not_finite(value: float) -> str:
    return "nan" if math.isnan(value) else "∞" if value > 0 else "-∞"
