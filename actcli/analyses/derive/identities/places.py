"""Where formulas have to be looked at: between and at their breakpoints, beside them, and far beyond."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import islice, pairwise, product

from actcli.analyses.derive.identities.branches import (
    MAX_CELLS,
    TooHardError,
    conditions,
    distinct,
    is_too_long,
    opened,
    zeros,
)
from actcli.core.agreement import Point
from actcli.core.points import WIDE, points
from actcli.expressions.nodes import Node, Number, Operation, rational_value, substitute, symbols

SETTINGS = 6
"""Settings of the other variables in which each variable's breakpoints are looked for."""
MAX_PLACES = 400

_INSIDE = [Fraction(k, 18) for k in range(1, 18)]
_BEYOND = [Fraction(k) for k in ("1", "1/2", "2", "3", "5", "8", "13", "21")]
_BESIDE = Fraction(1, 10**6)

_EDGES = {"log": Fraction(0), "sqrt": Fraction(0), "log1p": Fraction(-1)}
"""Where the domain of an operation begins."""


def places(*trees: Node, given: Mapping[str, Sequence[Fraction]] | None = None) -> list[Point]:
    """Return points at, beside, between and beyond the breakpoints of formulas and the edges of their domains.

    What isn't linear in one variable, the others fixed, has no breakpoints here. `given` are values for some of the
    symbols, as for `agreement`.
    """
    given = given or {}
    names = list(dict.fromkeys(name for tree in trees for name in symbols(tree)))
    free = [name for name in names if name not in given]
    borders = [border for tree in trees for border in _borders(opened(tree))]
    settings = list(islice(points(names, given, ()), SETTINGS if len(names) > 1 else 1))
    found: dict[tuple[Fraction, ...], Point] = {}
    for setting in settings if free else ():
        for name in free:
            for number in (*around(_zeros(borders, name, setting)), *(WIDE if setting is settings[0] else ())):
                point = {**setting, name: number}
                found.setdefault(tuple(point.values()), point)
    if len(free) > 1:
        for numbers in (*_cells(borders, free), *(dict.fromkeys(free, number) for number in WIDE)):
            point = {**settings[0], **numbers}
            found.setdefault(tuple(point.values()), point)
    return list(islice(found.values(), MAX_PLACES))


def _cells(borders: Sequence[Node], free: Sequence[str]) -> Iterator[Point]:
    """Yield the points whose every coordinate is at, between or just beyond breakpoints of its own variable."""
    axes = []
    for name in free:
        found = _zeros([border for border in borders if symbols(border) == [name]], name, {})
        middle = [(left + right) / 2 for left, right in pairwise(found)]
        axes.append([*found, *middle, found[0] - 1, found[-1] + 1] if found else [Fraction(1)])
    for numbers in islice(product(*axes), MAX_CELLS):
        yield dict(zip(free, numbers, strict=True))


def is_solved(condition: Operation, *, alone: bool) -> bool:
    """Tell whether the breakpoints of a comparison are known, `alone` without fixing other variables."""
    border = Operation("subtract", condition.operands)
    names = symbols(border)
    if alone and len(names) > 1:
        return False
    for name in names:
        try:
            zeros(substitute(border, {other: Number(Fraction(7, 3)) for other in names if other != name}))
        except TooHardError:
            continue
        return True
    return rational_value(border) is not None


def _borders(tree: Node) -> Iterator[Node]:
    """Yield what is 0 where another case, or the domain, begins."""
    if is_too_long(tree):
        return
    for condition in conditions(tree):
        yield Operation("subtract", condition.operands)
    for node in distinct(tree):
        match node:
            case Operation("log" | "sqrt" | "log1p" as name, (u,)):
                yield Operation("subtract", (u, Number(_EDGES[name])))
            case Operation("power", (u, exponent)) if (number := rational_value(exponent)) is None or number < 1:
                yield u
            case Operation("divide", (_, v)):
                yield v


def _zeros(borders: Sequence[Node], name: str, setting: Point) -> list[Fraction]:
    others: dict[str, Node] = {other: Number(number) for other, number in setting.items() if other != name}
    found: set[Fraction] = set()
    for border in borders:
        if name in symbols(border):
            try:
                found |= zeros(substitute(border, others))
            except TooHardError:
                continue
    return sorted(found)


def around(breakpoints: Sequence[Fraction]) -> Iterator[Fraction]:
    """Yield numbers at breakpoints in order, between, beside and beyond them."""
    yield from sorted(breakpoints, key=abs)
    gaps = [(left, right - left) for left, right in pairwise(breakpoints)]
    yield from (left + width / 2 for left, width in gaps)
    if breakpoints:
        yield from (breakpoints[-1] + each for each in _BEYOND)
        yield from (breakpoints[0] - each for each in _BEYOND)
    for place in breakpoints:
        yield from (place + _BESIDE, place - _BESIDE)
    yield from (left + width * each for left, width in gaps for each in _INSIDE)
