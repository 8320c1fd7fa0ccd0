"""Factored form: what is left to do by hand once every derivative is taken.

Everything that isn't + − × ÷ or a whole power counts as a letter (x, σ(x), e⁻ˣ, √π, 1.702), and SymPy factors the
rational function in these letters. The result is ordered for reading: `1 − 6σ + 6σ²`, constants first.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from actcli.expressions.nodes import Node, Number, Operation, Symbol
from actcli.expressions.tidy import is_decimal, number, size, tidy

MAX_SIZE = 600
MAX_LETTERS = 6
"""Beyond these SymPy may take longer than anybody wants to wait."""


def factored(tree: Node) -> Node:
    """Return the shorter of the tree, tidied, and its factored form; branch by branch where it has cases."""
    tree = tidy(tree)
    match tree:
        case Operation("where", (condition, a, b)):
            return tidy(Operation("where", (condition, factored(a), factored(b))))
        case Operation("add" | "subtract" | "multiply" | "divide" | "power" | "negative"):
            found = _factored(tree) if size(tree) <= MAX_SIZE else None
            return found if found is not None and size(found) <= size(tree) else tree
        case _:
            return tree


def _factored(tree: Node) -> Node | None:
    import sympy

    letters: dict[Node, Any] = {}
    expression = _to_sympy(tree, letters)
    if not letters or len(letters) > MAX_LETTERS:
        return None
    meanings = {symbol: letter for letter, symbol in letters.items()}
    above, below = sympy.fraction(sympy.factor(sympy.together(expression)))
    node = _product(above, meanings)
    return tidy(node if below == 1 else Operation("divide", (node, _product(below, meanings))))


def _to_sympy(node: Node, letters: dict[Node, Any]) -> Any:
    import sympy

    match node:
        case Number(value) if value.denominator == 1 or not is_decimal(value):
            return sympy.Rational(value.numerator, value.denominator)
        case Operation("add", (u, v)):
            return _to_sympy(u, letters) + _to_sympy(v, letters)
        case Operation("subtract", (u, v)):
            return _to_sympy(u, letters) - _to_sympy(v, letters)
        case Operation("negative", (u,)):
            return -_to_sympy(u, letters)
        case Operation("multiply", (u, v)):
            return _to_sympy(u, letters) * _to_sympy(v, letters)
        case Operation("divide", (u, v)):
            return _to_sympy(u, letters) / _to_sympy(v, letters)
        case Operation("power", (u, Number(exponent))) if exponent.denominator == 1 and abs(exponent) <= 16:
            return _to_sympy(u, letters) ** int(exponent)
        case _:
            # Decimals stay whole; they, parameters and x come first: 1.702·b·x·σ(x).
            rank = 0 if isinstance(node, Number) else 1 + (node == Symbol("x")) if isinstance(node, Symbol) else 3
            return letters.setdefault(node, sympy.Symbol(f"t{rank}{len(letters):03}"))


def _product(expression: Any, meanings: dict[Any, Node]) -> Node:
    """Return a factored polynomial as a tree: the coefficient, then single letters, then sums."""
    import sympy

    coefficient, factors = sympy.factor_list(expression)
    single = sorted(((factor, power) for factor, power in factors if factor in meanings), key=str)
    sums = _conjugates_joined([(factor, power) for factor, power in factors if factor not in meanings])
    node: Node = _rational(coefficient)
    for factor, power in single:
        node = Operation("multiply", (node, _power(meanings[factor], power)))
    for factor, power in sums:
        total, sign = _sum(factor, meanings)
        if sign < 0 and power % 2:
            node = Operation("negative", (node,))
        node = Operation("multiply", (node, _power(total, power)))
    return tidy(node)


def _conjugates_joined(sums: list[tuple[Any, int]]) -> list[tuple[Any, int]]:
    """Multiply (1 − t)·(1 + t) out again: people write 1 − t²."""
    import sympy

    joined: list[tuple[Any, int]] = []
    for factor, power in sums:
        for index, (other, same) in enumerate(joined):
            product = sympy.expand(factor * other)
            if power == same and len(sympy.Add.make_args(factor)) == len(sympy.Add.make_args(product)) == 2:
                joined[index] = product, power
                break
        else:
            joined.append((factor, power))
    return joined


def _sum(polynomial: Any, meanings: dict[Any, Node]) -> tuple[Node, int]:
    """Return a sum in ascending powers that begins with a plus sign, and the sign taken out for that."""
    import sympy

    letters = sorted(polynomial.free_symbols, key=str)
    terms = sorted(sympy.Poly(polynomial, *letters).terms(), key=lambda term: (sum(term[0]), [-k for k in term[0]]))
    sign = 1 if terms[0][1] > 0 else -1
    node: Node = number(0)
    for powers, coefficient in terms:
        term: Node = _rational(coefficient * sign)
        for letter, power in zip(letters, powers, strict=True):
            if power:
                term = Operation("multiply", (term, _power(meanings[letter], power)))
        node = Operation("add", (node, term))
    return tidy(node), sign


def _power(base: Node, exponent: int) -> Node:
    return base if exponent == 1 else Operation("power", (base, number(exponent)))


def _rational(value: Any) -> Node:
    return number(Fraction(int(value.p), int(value.q)))
