"""Fitting a page of texts into so many terminal columns, without touching a number."""

from __future__ import annotations

import re
from collections.abc import Sequence
from textwrap import wrap

from actcli.render.pages import Page

GAP = 3
NARROWEST_FORMULA = 40
"""A formula is broken to fit into this, not into less."""
_NARROWEST_TEXT = 16
"""A column of sentences isn't squeezed below this."""
_LONGEST_WORD = 24
"""Words up to this long stay whole: names, and bit patterns such as `0x3ff0000000000000`."""
_READABLE_TEXT = 30


def aligned(cells: Sequence[list[str]], numeric: Sequence[bool], right: Sequence[bool]) -> list[list[str]]:
    """Return the cells padded so that decimal points of numbers, and the ends of texts on the right, stand in line."""
    return [
        _align(column) if number else _to_the_right(column) if end else column
        for column, number, end in zip(cells, numeric, right, strict=True)
    ]


def unbroken(names: Sequence[str], cells: Sequence[list[str]]) -> int:
    """Return how wide a table is in which headings break between words, and no text does."""
    columns = zip(names, cells, strict=True)
    widest = [max([*map(len, name.split()), *map(extent, column)]) for name, column in columns]
    return sum(widest) + GAP * (len(widest) - 1)


def extent(text: str) -> int:
    """Return the length of the longest line."""
    return max(map(len, text.split("\n")))


def room_for_formulas(names: Sequence[str], page: Page, formulas: Sequence[bool], room: int) -> int:
    """Return how wide each formula may be: what the other columns leave, shared among the columns of formulas."""
    others = GAP * (len(names) - 1)
    for name, column, number, formula in zip(names, page.cells, page.numeric, formulas, strict=True):
        if not formula:
            like = max(len(name), *(len(str(cell)) for cell in column), 0)
            others += like if number else min(like, _READABLE_TEXT)
    return min(max((room - others) // formulas.count(True), NARROWEST_FORMULA), room)


def _align(column: list[str]) -> list[str]:
    points = [match.start() if (match := re.search("[.e]", text)) else len(text) for text in column]
    left = max(points, default=0)
    right = max((len(text) - point for text, point in zip(column, points, strict=True)), default=0)
    return [f"{'':{left - at}}{text:{at + right}}" if text else "" for text, at in zip(column, points, strict=True)]


def _to_the_right(column: list[str]) -> list[str]:
    width = max(map(len, column), default=0)
    return [text.rjust(width) if text else "" for text in column]


def widths(names: Sequence[str], cells: Sequence[list[str]], whole: Sequence[bool], room: int) -> list[int] | None:
    """Return the column widths for a table within `room`, or None if no table fits.

    First everything has the width it likes; else headings break between words and texts wrap, the longest first. The
    cells of `whole` columns, numbers and formulas, never do.
    """
    longest = [max(map(extent, column), default=0) for column in cells]
    ideal = [max(len(name), cell) for name, cell in zip(names, longest, strict=True)]
    least = [
        max(max(map(len, _break(name, 0))), cell if fixed else min(cell, _least(column)))
        for name, cell, column, fixed in zip(names, longest, cells, whole, strict=True)
    ]
    # A broken heading is uglier than a sentence in two lines, a sentence in five uglier than a broken heading.
    readable = [min(like, _READABLE_TEXT) for like in ideal]
    headings = [like if fixed else read for read, like, fixed in zip(readable, ideal, whole, strict=True)]
    fitted = _shared(least, (readable, headings, ideal), room)
    if fitted is None or fitted == ideal:
        return fitted
    # A heading that broke all the same needs no more room than its longest line.
    return [
        max(cell, *map(len, _break(name, width))) if fixed else width
        for name, cell, width, fixed in zip(names, longest, fitted, whole, strict=True)
    ]


def transposed_widths(
    names: Sequence[str], cells: Sequence[list[str]], numeric: Sequence[bool], room: int
) -> list[int] | None:
    """Return the widths for the names and for each row as a column beside them, or None if they don't fit."""
    label = max(map(len, names), default=0)
    rows = list(zip(*cells, strict=True))
    ideal = [label, *(max(map(len, row), default=0) for row in rows)]
    least = [label]
    for row, like in zip(rows, ideal[1:], strict=True):
        texts = [text for text, number in zip(row, numeric, strict=True) if not number]
        numbers = [len(text) for text, number in zip(row, numeric, strict=True) if number]
        least.append(min(like, max([_least(texts), *numbers])))
    return _shared(least, (ideal,), room)


def _shared(least: Sequence[int], goals: Sequence[Sequence[int]], room: int) -> list[int] | None:
    """Widen `least` towards each goal in turn, the neediest first, as far as the room goes."""
    fitted = list(least)
    room -= GAP * (len(fitted) - 1)
    if sum(fitted) > room:
        return None
    for goal in goals:
        while room > sum(fitted) and any(have < want for have, want in zip(fitted, goal, strict=True)):
            neediest = max(range(len(fitted)), key=lambda index: goal[index] - fitted[index])
            fitted[neediest] += 1
    return fitted


def broken_headings(names: Sequence[str], column_widths: Sequence[int]) -> list[str]:
    """Return the headings broken into lines, all of the same number of lines, the text at the bottom."""
    split = [_break(name, width) for name, width in zip(names, column_widths, strict=True)]
    height = max(map(len, split), default=1)
    return ["\n".join([""] * (height - len(lines)) + lines) for lines in split]


def block(names: Sequence[str], row: Sequence[str], whole: Sequence[bool], room: int) -> list[tuple[str, str]]:
    """Return one row as lines, each a label (perhaps empty, padded) and a text; numbers and formulas stay `whole`."""
    label = max(map(len, names), default=0) + 2
    shown: list[tuple[str, str]] = []
    for name, text, fixed in zip(names, row, whole, strict=True):
        parts = text.split("\n") if fixed else (wrap(text, max(room - label, _NARROWEST_TEXT)) or [""])
        if label + max(map(len, parts)) > room:
            # Too narrow even for that: the value goes on lines of its own.
            shown.append((name, ""))
            parts = text.split("\n") if fixed else wrap(text, max(room - 2, _NARROWEST_TEXT))
            shown += [("  ", part) for part in parts]
        else:
            shown += [(f"{name if index == 0 else '':{label}}", part) for index, part in enumerate(parts)]
    return shown


def _break(name: str, width: int) -> list[str]:
    lines = [""]
    for piece in re.findall(r"[^_\s]*(?:_+|\s+|$)", name):
        if lines[-1] and len((lines[-1] + piece).rstrip()) > width:
            lines.append("")
        lines[-1] += piece
    return [line.rstrip() for line in lines]


def _least(column: list[str]) -> int:
    words = [len(word) for text in column for word in text.split()]
    return max([_NARROWEST_TEXT, *(length for length in words if length <= _LONGEST_WORD)])
