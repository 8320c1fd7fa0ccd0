"""Light simplification: what a careful hand leaves out when it writes a formula down.

Sums collect like terms, products collect powers of equal factors, numbers are multiplied out. Nothing is expanded or
reordered beyond that, so a formula keeps its shape, and its value wherever it has one.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from actcli.expressions.nodes import OPPOSITE, Application, Node, Number, Operation, bits, operands, rational_value

ZERO, ONE = Number(Fraction(0)), Number(Fraction(1))
HALF = Fraction(1, 2)

MAX_FOLDED_BITS = 256
"""Numbers longer than this are left as they are written."""

Factors = dict[Node, Fraction]
"""A product: factor → exponent, in order of appearance."""


def tidy(tree: Node) -> Node:
    """Return the tree with numbers folded, like terms and equal factors collected, and neutral elements gone."""
    match tree:
        case Operation("derivative", (operand, variable)):
            return Operation("derivative", (tidy(operand), variable))
        case Operation(name, children):
            return _rebuilt(name, tuple(tidy(child) for child in children))
        case Application(function, child):
            return Application(function, tidy(child))
        case _:
            return tree


def _rebuilt(name: str, children: tuple[Node, ...]) -> Node:
    node = Operation(name, children)
    match name:
        case "add" | "subtract":
            return _sum(_terms(node))
        case "negative" | "multiply" | "divide" | "sqrt" | "power":
            return _product(*_factors(node))
        case "where" if children[1] == children[2]:
            return children[1]
        case "where" if _is_cases(children[1]) and not _is_cases(children[2]):
            # Cases inside the first branch read as one list when the other branch comes first.
            condition = children[0]
            assert isinstance(condition, Operation)
            return Operation(name, (Operation(OPPOSITE[condition.name], condition.operands), children[2], children[1]))
        case "exp" | "cosh" | "cos" if children[0] == ZERO:
            return ONE
        case "expm1" | "log1p" | "sinh" | "tanh" | "sin" | "erf" | "sign" | "abs" if children[0] == ZERO:
            return ZERO
        case "log" if children[0] == ONE:
            return ZERO
        case _:
            return node


def _is_cases(node: Node) -> bool:
    return isinstance(node, Operation) and node.name == "where"


def number(value: Fraction | int) -> Number:
    """Return the node of a rational number."""
    return Number(Fraction(value))


# sums


def _terms(node: Node, sign: int = 1) -> Iterable[tuple[Fraction, Factors]]:
    """Yield the terms of a sum, each as a coefficient and the product of the rest."""
    match node:
        case Operation("add", (left, right)):
            yield from _terms(left, sign)
            yield from _terms(right, sign)
        case Operation("subtract", (left, right)):
            yield from _terms(left, sign)
            yield from _terms(right, -sign)
        case Operation("negative", (operand,)):
            yield from _terms(operand, -sign)
        case _:
            coefficient, factors = _factors(node)
            yield sign * coefficient, factors


def _sum(terms: Iterable[tuple[Fraction, Factors]]) -> Node:
    collected: dict[frozenset[tuple[Node, Fraction]], tuple[Fraction, Factors]] = {}
    for coefficient, factors in terms:
        key = frozenset(factors.items())
        before = collected[key][0] if key in collected else Fraction(0)
        collected[key] = (before + coefficient, factors)
    left = [(coefficient, factors) for coefficient, factors in collected.values() if coefficient]
    if not left:
        return ZERO
    # A sum reads better when it doesn't begin with a minus sign.
    first = next((index for index, (coefficient, _) in enumerate(left) if coefficient > 0), 0)
    left.insert(0, left.pop(first))
    total = _product(*left[0])
    for coefficient, factors in left[1:]:
        term = _product(abs(coefficient), factors)
        total = Operation("add" if coefficient > 0 else "subtract", (total, term))
    return total


# products


def _factors(node: Node) -> tuple[Fraction, Factors]:
    """Return a product as its rational coefficient and its other factors with their exponents."""
    coefficient, factors = Fraction(1), Factors()

    def collect(part: Node, exponent: Fraction) -> None:
        nonlocal coefficient
        match part:
            case Number(value) if exponent.denominator == 1 and _folds(value, exponent):
                coefficient *= value ** int(exponent)
            case Operation("negative", (operand,)) if exponent.denominator == 1:
                coefficient *= Fraction(-1) ** int(exponent)
                collect(operand, exponent)
            case Operation("multiply", (left, right)) if exponent.denominator == 1:
                collect(left, exponent)
                collect(right, exponent)
            case Operation("divide", (left, right)) if exponent.denominator == 1:
                collect(left, exponent)
                collect(right, -exponent)
            case Operation("sqrt", (operand,)):
                # √(x²) is not x: only a whole power may go inside.
                place(
                    operand if exponent.denominator == 1 else part,
                    exponent * (HALF if exponent.denominator == 1 else 1),
                )
            case Operation("power", (base, Number(inner))) if (inner.denominator, exponent.denominator) == (1, 1):
                collect(base, inner * exponent)
            case Operation("power", (base, Number(inner))) if exponent.denominator == 1:
                place(base, inner * exponent)
            case _:
                place(part, exponent)

    def place(base: Node, exponent: Fraction) -> None:
        constant = rational_value(base)
        base = base if constant is None else Number(constant)
        if base == ZERO and exponent < 0:
            exponent = Fraction(-1)  # a division by zero has no powers
        factors[base] = factors.get(base, Fraction(0)) + exponent
        if not factors[base]:
            del factors[base]

    collect(node, Fraction(1))
    # What was half a power may have become a whole one: √2·√2.
    for base in [base for base, exponent in factors.items() if isinstance(base, Number) and exponent.denominator == 1]:
        assert isinstance(base, Number)
        if _folds(base.value, factors[base]):
            coefficient *= base.value ** int(factors.pop(base))
    return coefficient, factors


def _folds(value: Fraction, exponent: Fraction) -> bool:
    return bool(value or exponent > 0) and bits(value) * abs(int(exponent)) <= MAX_FOLDED_BITS


def _product(coefficient: Fraction, factors: Factors) -> Node:
    if not coefficient:
        return ZERO
    above = [_power(base, exponent) for base, exponent in factors.items() if exponent > 0]
    below = [_power(base, -exponent) for base, exponent in factors.items() if exponent < 0]
    size = abs(coefficient)
    if is_decimal(size):
        if size != 1 or not above:
            above.insert(0, number(size))
    else:
        if size.numerator != 1 or not above:
            above.insert(0, number(size.numerator))
        below.insert(0, number(size.denominator))
    node = _chain(above)
    if below:
        node = Operation("divide", (node, _chain(below)))
    return node if coefficient > 0 else _negative(node)


def is_decimal(value: Fraction) -> bool:
    """Tell whether a number is better written as a decimal (1.702) than as a fraction (1/2, 1/3)."""
    denominator = value.denominator
    for prime in (2, 5):
        while denominator % prime == 0:
            denominator //= prime
    return denominator == 1 and (value.denominator == 1 or value.denominator > 16)


def _negative(node: Node) -> Node:
    return Number(-node.value) if isinstance(node, Number) else Operation("negative", (node,))


def _power(base: Node, exponent: Fraction) -> Node:
    if exponent == 1:
        return base
    if exponent == HALF:
        return Operation("sqrt", (base,))
    return Operation("power", (base, number(exponent)))


def _chain(factors: list[Node]) -> Node:
    node = factors[0]
    for factor in factors[1:]:
        node = Operation("multiply", (node, factor))
    return node


def size(tree: Node) -> int:
    """Return how much there is to read: nodes of the tree, and long numbers for what they are."""
    own = 1
    if isinstance(tree, Number):
        own += (len(str(tree.value)) - 1) // 3
    return own + sum(size(child) for child in operands(tree))
