"""A formula as the smooth formulas it consists of, and the places where one takes over from another.

These places are the zeros of what stands inside abs and sign and between the sides of max, min and comparisons, and of
what must not be 0 for a formula to be smooth: denominators, what stands inside log and √, bases of powers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from actcli.core.exact import arb_context
from actcli.core.roots import BUDGET, Interval, Root, roots
from actcli.core.signs import sign_at, simplest
from actcli.expressions.evaluate import Program, flatten
from actcli.expressions.nodes import (
    COMPARISONS,
    Application,
    Constant,
    Node,
    Number,
    Operation,
    operands,
    rational_value,
    substitute,
)

_COMPARE: dict[str, Callable[[int], bool]] = {
    "less": lambda sign: sign < 0,
    "less_equal": lambda sign: sign <= 0,
    "greater": lambda sign: sign > 0,
    "greater_equal": lambda sign: sign >= 0,
    "equal": lambda sign: sign == 0,
    "not_equal": lambda sign: sign != 0,
}
_SWITCHES = {"maximum", "minimum", *COMPARISONS.values()}


@dataclass(frozen=True)
class Piece:
    """The formula in x that holds between two places, without a comparison in it."""

    low: Fraction
    high: Fraction
    tree: Node

    @cached_property
    def program(self) -> Program:
        """The formula, flattened for evaluation."""
        return flatten(self.tree)


@dataclass(frozen=True)
class Pieces:
    """Smooth pieces from left to right and the places between them, one fewer.

    `reach` is the |x| up to which no place is missing outside the `undecided` intervals, None for all of the range.
    """

    pieces: tuple[Piece, ...]
    places: tuple[Root, ...]
    reach: Fraction | None = None
    undecided: tuple[Interval, ...] = ()


def pieces(tree: Node, low: Fraction, high: Fraction) -> Pieces:
    """Cut a formula in x into smooth pieces on [low, high]."""
    with arb_context():
        return _Cutting(low, high).cut(opened(tree))


class _Cutting:
    """The places found so far."""

    def __init__(self, low: Fraction, high: Fraction) -> None:
        self.low, self.high = low, high
        self.places: list[Root] = []
        self.reach: Fraction | None = None
        self.undecided: list[Interval] = []

    def cut(self, tree: Node) -> Pieces:
        for difference in dict.fromkeys(switches(tree)):
            for left, right in self.gaps():
                chosen = branch(difference, _sample(left, right))
                self.smooth(chosen, left, right)
                self.look(chosen, left, right)
        for left, right in self.gaps():
            self.smooth(branch(tree, _sample(left, right)), left, right)
        parts = (Piece(left, right, branch(tree, _sample(left, right))) for left, right in self.gaps())
        return Pieces(tuple(parts), tuple(self.places), self.reach, tuple(self.undecided))

    def gaps(self) -> list[Interval]:
        starts = [self.low, *(place.high for place in self.places)]
        stops = [*(place.low for place in self.places), self.high]
        return list(zip(starts, stops, strict=True))

    def smooth(self, tree: Node, low: Fraction, high: Fraction) -> None:
        """Find the places where a formula without choices may still not be smooth."""
        for each in dict.fromkeys(delicate(tree)):
            self.look(each, low, high)

    def look(self, tree: Node, low: Fraction, high: Fraction) -> None:
        """Make the zeros of a formula on an interval places."""
        program = flatten(tree)
        for start, stop in [each for each in self.gaps() if low <= each[0] and each[1] <= high]:
            found = roots(program, 0, start, stop, BUDGET // 4)
            inside = [root for root in found.roots if start < root.low and root.high < stop]
            self.places = _merged([*self.places, *inside])
            self.undecided += [each for each in found.undecided if start < each[0] and each[1] < stop]
            if found.reach is not None:
                self.reach = found.reach if self.reach is None else min(self.reach, found.reach)


def branch(tree: Node, at: Fraction) -> Node:
    """Return the formula that holds around a point which is no kink: every choice made as it is there."""

    def sign(u: Node) -> int:
        return sign_at(flatten(u), 0, at) or 0

    def chosen(node: Node) -> Node:
        match node:
            case Operation("where", (Operation(comparison, (u, v)), a, b)):
                holds = _COMPARE[comparison](sign(Operation("subtract", (chosen(u), chosen(v)))))
                return chosen(a if holds else b)
            case Operation("maximum" | "minimum" as name, (a, b)):
                left, right = chosen(a), chosen(b)
                larger = sign(Operation("subtract", (left, right))) >= 0
                return left if larger == (name == "maximum") else right
            case Operation("abs", (a,)):
                inner = chosen(a)
                return inner if sign(inner) >= 0 else Operation("negative", (inner,))
            case Operation("sign", (a,)):
                return Number(Fraction(sign(chosen(a))))
            case Operation(name, children):
                return Operation(name, tuple(chosen(child) for child in children))
            case Application(function, child):
                return Application(function, chosen(child))
            case _:
                return node

    return chosen(tree)


def opened(tree: Node) -> Node:
    """Replace known functions that aren't smooth everywhere by their definitions."""
    match tree:
        case Operation(name, children):
            return Operation(name, tuple(opened(child) for child in children))
        case Application(function, child):
            inner, definition = opened(child), opened(function.tree)
            if any(True for found in (switches, delicate) for _ in found(definition)):
                return substitute(definition, {"x": inner})
            return Application(function, inner)
        case _:
            return tree


def switches(tree: Node) -> Iterator[Node]:
    """Yield what changes sign where a choice changes, the innermost choices first."""
    for child in operands(tree):
        yield from switches(child)
    match tree:
        case Operation("abs" | "sign", (a,)):
            yield a
        case Operation(name, (a, b)) if name in _SWITCHES:
            yield Operation("subtract", (a, b))


def delicate(tree: Node) -> Iterator[Node]:
    """Yield what makes a formula end, grow without bound or have a kink where it is 0, the innermost first."""
    for child in operands(tree):
        yield from delicate(child)
    match tree:
        case Operation("divide", (_, u)) | Operation("log" | "sqrt", (u,)):
            pass
        case Operation("log1p", (u,)):
            u = Operation("add", (Number(Fraction(1)), u))
        case Operation("power", (u, exponent)):
            power = rational_value(exponent)
            if power is not None and power.denominator == 1 and power >= 0:
                return
        case _:
            return
    if not _positive(u):
        yield u


def _positive(tree: Node) -> bool:
    """Tell whether a formula is positive wherever it has a value, by its form alone."""
    value = rational_value(tree)
    if value is not None:
        return value > 0
    match tree:
        case Constant() | Operation("exp" | "cosh" | "phi" | "Phi" | "erfc", _):
            return True
        case Operation("add", (u, v)):
            return (_positive(u) and _not_negative(v)) or (_not_negative(u) and _positive(v))
        case Operation("multiply" | "divide" | "power", (u, v)):
            return _positive(u) and (tree.name == "power" or _positive(v))
        case Operation("sqrt", (u,)):
            return _positive(u)
        case _:
            return False


def _not_negative(tree: Node) -> bool:
    match tree:
        case Operation("power", (_, exponent)) if (power := rational_value(exponent)) is not None:
            return power % 2 == 0 or _positive(tree)
        case Operation("sqrt" | "abs", _):
            return True
        case Operation("add", (u, v)):
            return _not_negative(u) and _not_negative(v)
        case Operation("multiply" | "divide", (u, v)):
            return u == v or (_not_negative(u) and _not_negative(v))
        case _:
            return _positive(tree) or rational_value(tree) == 0


def _sample(low: Fraction, high: Fraction) -> Fraction:
    """Return a rational inside an interval that no one would choose for a kink."""
    width = high - low
    return simplest(low + width * Fraction(37, 97), low + width * Fraction(38, 97))


def _merged(places: list[Root]) -> list[Root]:
    """Sort, with places that two choices share once."""
    result: list[Root] = []
    for place in sorted(places, key=lambda root: (root.low, root.high)):
        if not result or place.low > result[-1].high:
            result.append(place)
        elif place.low == place.high:
            result[-1] = place
    return result
