"""An expression with cases, cut into the pieces of the space of its variables on which it has none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise, product

from actcli.expressions.nodes import (
    COMPARISONS,
    HOLDS,
    Application,
    Node,
    Number,
    Operation,
    Symbol,
    operands,
    rational_value,
    substitute,
    symbols,
)

MAX_CELLS = 64
MAX_SIZE = 2000
ZERO = Number(Fraction(0))

Values = Mapping[str, Fraction]


class TooHardError(Exception):
    """The expression is too long, or its conditions are not linear in one variable."""


@dataclass(frozen=True, slots=True)
class Piece:
    """The expression on one piece: `tree` has no cases left, and the breakpoints in `fixed` stand for variables."""

    tree: Node
    fixed: Values


def pieces(tree: Node) -> Iterator[Piece]:
    """Yield the expression on each interval between breakpoints, and at the breakpoints themselves.

    Known functions are opened up; max, min, |u| and sign become cases. Raises TooHardError.
    """
    found = breakpoints(tree)
    tree = opened(tree)
    axes = [_cells(sorted(points)) for points in found.values()]
    count = 1
    for axis in axes:
        count *= len(axis)
    if count > MAX_CELLS:
        raise TooHardError
    for cells in product(*axes):
        at = {name: value for name, (value, _) in zip(found, cells, strict=True)}
        fixed = {name: value for name, (value, is_point) in zip(found, cells, strict=True) if is_point}
        numbers: dict[str, Node] = {name: Number(value) for name, value in fixed.items()}
        yield Piece(substitute(_resolved(tree, at), numbers), fixed)


def breakpoints(tree: Node) -> dict[str, set[Fraction]]:
    """Return, for each variable, the points where another case may begin. Raises TooHardError."""
    tree = opened(tree)
    if is_too_long(tree):
        raise TooHardError
    found: dict[str, set[Fraction]] = {name: set() for name in symbols(tree)}
    for condition in conditions(tree):
        names = symbols(condition)
        if len(names) > 1:
            raise TooHardError
        for name in names:
            found[name] |= zeros(Operation("subtract", condition.operands))
    return found


def zeros(border: Node) -> set[Fraction]:
    """Return where an expression in one variable is 0, whatever its cases. Raises TooHardError for a curve."""
    return {-constant / slope for slope, constant in _lines(border) if slope}


def has_cases(tree: Node) -> bool:
    """Tell whether the expression, its known functions opened up, has a max, min, |u|, sign or choice in it."""
    return next(conditions(opened(tree)), None) is not None


def _cells(points: list[Fraction]) -> list[tuple[Fraction, bool]]:
    """Return a value of each open interval between the points, and the points, which are marked."""
    if not points:
        return [(Fraction(0), False)]
    inside = [(left + right) / 2 for left, right in pairwise(points)]
    between = [points[0] - 1, *inside, points[-1] + 1]
    return [*((value, False) for value in between), *((point, True) for point in points)]


def opened(tree: Node) -> Node:
    """Replace known functions by their definitions and every kind of case by `where`; shared parts stay shared."""
    return _opened(tree, {})


def _opened(node: Node, seen: dict[int, tuple[Node, Node]]) -> Node:
    if id(node) in seen:
        return seen[id(node)][1]
    match node:
        case Application(function, operand):
            result = substitute(_opened(function.tree, seen), {"x": _opened(operand, seen)})
        case Operation(name, children):
            result = _as_cases(name, tuple(_opened(child, seen) for child in children))
        case _:
            result = node
    seen[id(node)] = node, result  # the node itself too, so that its id stays its own
    return result


def _as_cases(name: str, parts: tuple[Node, ...]) -> Node:
    def where(comparison: str, left: Node, right: Node, yes: Node, no: Node) -> Node:
        return Operation("where", (Operation(comparison, (left, right)), yes, no))

    match name:
        case "maximum":
            return where("greater_equal", *parts, *parts)
        case "minimum":
            return where("less_equal", *parts, *parts)
        case "abs":
            return where("greater_equal", parts[0], ZERO, parts[0], Operation("negative", parts))
        case "sign":
            below = where("less", parts[0], ZERO, Number(Fraction(-1)), ZERO)
            return where("greater", parts[0], ZERO, Number(Fraction(1)), below)
        case _:
            return Operation(name, parts)


def is_too_long(tree: Node) -> bool:
    """Tell whether a tree, shared parts counted as often as they stand in it, is too long to be taken apart."""
    return _size(tree, {}) > MAX_SIZE


def _size(node: Node, seen: dict[int, int]) -> int:
    if id(node) not in seen:
        seen[id(node)] = 1 + sum(_size(child, seen) for child in operands(node))
    return seen[id(node)]


def conditions(tree: Node) -> Iterator[Operation]:
    """Yield the comparisons of an opened tree."""
    for node in distinct(tree):
        if isinstance(node, Operation) and node.name in COMPARISONS.values():
            yield node


def distinct(tree: Node) -> Iterator[Node]:
    """Yield every node, shared ones once."""
    pending, seen = [tree], set[int]()
    while pending:
        node = pending.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        yield node
        pending += operands(node)


Line = tuple[Fraction, Fraction]
"""a and b of a·x + b."""


def _lines(node: Node) -> set[Line]:
    """Return the lines an expression is made of, one for each choice of branches. Raises TooHardError for a curve."""
    value = rational_value(node)
    if value is not None:
        return {(Fraction(0), value)}
    match node:
        case Symbol():
            return {(Fraction(1), Fraction(0))}
        case Operation("where", (_, yes, no)):
            return _lines(yes) | _lines(no)
        case Operation("negative", (u,)):
            return {(-a, -b) for a, b in _lines(u)}
        case Operation("add" | "subtract" | "multiply" | "divide" as name, (u, v)):
            return {_combined(name, line, other) for line, other in product(_few(_lines(u)), _few(_lines(v)))}
    raise TooHardError


def _few(lines: set[Line]) -> set[Line]:
    if len(lines) > MAX_CELLS:
        raise TooHardError
    return lines


def _combined(name: str, line: Line, other: Line) -> Line:
    (a, b), (c, d) = line, other
    match name:
        case "add":
            return a + c, b + d
        case "subtract":
            return a - c, b - d
        case "multiply" if not (a and c):
            return a * d + c * b, b * d
        case "divide" if d and not c:
            return a / d, b / d
    raise TooHardError


def _resolved(node: Node, at: Values) -> Node:
    match node:
        case Operation("where", (condition, yes, no)):
            assert isinstance(condition, Operation)
            [(slope, constant)] = _lines(_resolved(Operation("subtract", condition.operands), at))
            value = slope * next((at[name] for name in symbols(condition)), Fraction(0)) + constant
            sign = (value > 0) - (value < 0)
            return _resolved(yes if sign in HOLDS[condition.name] else no, at)
        case Operation(name, children):
            return Operation(name, tuple(_resolved(child, at) for child in children))
        case _:
            return node
