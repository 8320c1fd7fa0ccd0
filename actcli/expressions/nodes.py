"""The expression tree: five immutable node types.

A formula is a tree over the variable `x`, named parameters, exact rational numbers and the constants π and e. A tree
knows nothing about arithmetic; `evaluate` folds it over an algebra.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple, Protocol


class Spelling(NamedTuple):
    """How a function is written: its name in formulas, its symbol for people, and the parameters that aren't usual."""

    name: str
    symbol: str
    settings: Mapping[str, Fraction]


class Known(Protocol):
    """A function with a definition of its own, used inside a formula: `x * sigmoid(1.702*x)`.

    Algebras that carry finite precision call `derivatives`, which is careful; exact ones evaluate `tree`.
    """

    @property
    def name(self) -> str:
        """The name to print."""

    @property
    def spelling(self) -> Spelling:
        """How it is written in an expression; a derivative's `name` ends in primes, its spelling is the function's."""

    @property
    def tree(self) -> Node:
        """The definition, in the variable `x` alone."""

    @property
    def derivative_tree(self) -> Node | None:
        """The derivative in the form that people know, in the variable `x` alone; None where nobody has stated one."""

    @property
    def program(self) -> Any:
        """The definition, flattened for evaluation."""

    @property
    def kink_points(self) -> Sequence[float]:
        """The places where its slope is a convention."""

    def derivatives_of(self, x: Any, order: int, device: Any) -> Sequence[Any]:
        """Return f, f′, … up to `order` of a float64 array of that device."""


@dataclass(frozen=True, slots=True)
class Number:
    """An exact rational number; `0.1` in a formula is one tenth."""

    value: Fraction


@dataclass(frozen=True, slots=True)
class Constant:
    """`pi` or `e`."""

    name: str


@dataclass(frozen=True, slots=True)
class Symbol:
    """The variable `x` or a parameter."""

    name: str


@dataclass(frozen=True, slots=True)
class Operation:
    """An arithmetic operation, a comparison or an elementary function, by name: see `OPERATIONS`."""

    name: str
    operands: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Application:
    """A known function applied to one argument."""

    function: Known
    operand: Node


Node = Number | Constant | Symbol | Operation | Application

COMPARISONS = {"<": "less", "<=": "less_equal", ">": "greater", ">=": "greater_equal", "==": "equal", "!=": "not_equal"}

HOLDS = {
    "less": (-1,), "less_equal": (-1, 0), "greater": (1,), "greater_equal": (0, 1), "equal": (0,), "not_equal": (-1, 1),
}  # fmt: skip
"""The signs of u − v for which a comparison of u and v holds."""

OPPOSITE = {
    "less": "greater_equal", "less_equal": "greater", "greater": "less_equal", "greater_equal": "less",
    "equal": "not_equal", "not_equal": "equal",
}  # fmt: skip
"""The comparison that holds where another doesn't."""

OPERATIONS: dict[str, int] = {
    **dict.fromkeys(("negative", "abs", "sign", "exp", "expm1", "log", "log1p", "sqrt"), 1),
    **dict.fromkeys(("sin", "cos", "sinh", "cosh", "tanh", "erf", "erfc", "Phi", "phi"), 1),
    **dict.fromkeys(("add", "subtract", "multiply", "divide", "power", "maximum", "minimum"), 2),
    **dict.fromkeys(COMPARISONS.values(), 2),
    "where": 3,
}
"""Every operation and its number of operands. An algebra has a method of each name."""


MAX_BITS = 4096


def operands(node: Node) -> tuple[Node, ...]:
    """Return the children of a node, left to right."""
    match node:
        case Operation():
            return node.operands
        case Application():
            return (node.operand,)
        case _:
            return ()


def with_operands(node: Node, change: Callable[[Node], Node]) -> Node:
    """Return the node with each of its children changed."""
    match node:
        case Operation(name, children):
            return Operation(name, tuple(change(child) for child in children))
        case Application(function, child):
            return Application(function, change(child))
        case _:
            return node


def replaced(tree: Node, old: Node, new: Node) -> Node:
    """Return the tree with every occurrence of a part replaced."""
    return new if tree == old else with_operands(tree, lambda child: replaced(child, old, new))


def walk(node: Node) -> Iterator[Node]:
    """Yield every node of the tree, parents first."""
    pending = [node]
    while pending:
        current = pending.pop()
        yield current
        pending += reversed(operands(current))


def symbols(node: Node) -> list[str]:
    """Return the names of the symbols in the tree, in order of first appearance."""
    return list(dict.fromkeys(each.name for each in walk(node) if isinstance(each, Symbol)))


def substitute(node: Node, replacements: dict[str, Node]) -> Node:
    """Return the tree with symbols replaced."""
    if isinstance(node, Symbol):
        return replacements.get(node.name, node)
    return with_operands(node, lambda child: substitute(child, replacements))


def rational_value(node: Node) -> Fraction | None:
    """Return the exact value of a tree of rational numbers under + − × ÷ and integer powers, else None.

    Numbers of more than MAX_BITS bits are left alone: folding them would cost more than they are worth.
    """
    match node:
        case Number(value):
            return value
        case Operation(name, children) if name in ("negative", "add", "subtract", "multiply", "divide", "power"):
            values = [rational_value(child) for child in children]
            if any(value is None for value in values):
                return None
            return _arithmetic(name, [value for value in values if value is not None])
        case _:
            return None


def _arithmetic(name: str, values: list[Fraction]) -> Fraction | None:
    first = values[0]
    if name == "negative":
        return -first
    second = values[1]
    if bits(first) + bits(second) > MAX_BITS:
        return None
    if name == "add":
        return first + second
    if name == "subtract":
        return first - second
    if name == "multiply":
        return first * second
    if name == "divide":
        return first / second if second else None
    if second.denominator != 1 or bits(first) * abs(second.numerator) > MAX_BITS or (not first and second < 0):
        return None
    return first ** int(second)


def bits(value: Fraction) -> int:
    """Return the number of bits of the larger of numerator and denominator."""
    return max(value.numerator.bit_length(), value.denominator.bit_length())
