"""What people see in a tree: the terms of a sum, the factors of a product, a leading minus sign."""

from __future__ import annotations

from actcli.expressions.display.names import FUNCTIONS, GREEK, PRIMES, decimal, scientific
from actcli.expressions.nodes import Constant, Known, Node, Number, Operation, Symbol


def spelt(function: Known) -> str:
    """Return what people call a function; the name of a derivative ends in primes."""
    primes = len(function.name) - len(function.name.rstrip("'"))
    symbol = function.spelling.symbol.rstrip("'′")
    return FUNCTIONS.get(symbol, symbol) + PRIMES[primes]


def terms(node: Node) -> list[tuple[bool, Node]]:
    """Return the terms of a sum, left to right, each with whether it is subtracted."""
    found: list[tuple[bool, Node]] = []
    waiting = [(False, node)]
    while waiting:
        subtracted, term = waiting.pop()
        match term:
            case Operation("add", (left, right)) if not subtracted:
                waiting += [(False, right), (False, left)]
            case Operation("subtract", (left, right)) if not subtracted:
                waiting += [(True, right), (False, left)]
            case _:
                positive = None if subtracted else without_sign(term)
                found.append((subtracted, term) if positive is None else (True, positive))
    return found


def without_sign(node: Node) -> Node | None:
    """Return a node without the minus sign that it begins with, or None where it doesn't."""
    match node:
        case Operation("negative", (operand,)):
            return operand
        case Number(value) if value < 0:
            return Number(-value)
        case Operation("multiply" | "divide" as name, (left, right)):
            positive = without_sign(left)
            return None if positive is None else Operation(name, (positive, right))
        case _:
            return None


def factors(node: Node) -> list[Node]:
    """Return the factors of a product, left to right."""
    found: list[Node] = []
    waiting = [node]
    while waiting:
        factor = waiting.pop()
        match factor:
            case Operation("multiply", (left, right)) if without_sign(factor) is None:
                waiting += [right, left]
            case _:
                found.append(factor)
    return found


def is_fraction(node: Node) -> bool:
    """Tell whether a node is written as a quotient."""
    match node:
        case Number(value):
            return decimal(value) is None and scientific(value) is None
        case Operation(name, _):
            return name == "divide"
        case _:
            return False


def is_tight(left: Node, right: Node) -> bool:
    """Tell whether a product is read without a sign: a number before a letter or a power of one."""
    if isinstance(right, Operation) and right.name == "power":
        right = right.operands[0]
    letter = isinstance(right, Symbol | Constant) and (len(right.name) == 1 or right.name in GREEK)
    plain = isinstance(left, Number) and left.value != 1 and scientific(left.value) is None and not is_fraction(left)
    return letter and plain
