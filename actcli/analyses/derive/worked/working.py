"""A formula worked out at a number, one layer at a time, as in a textbook: 1/(1 + e⁻³) = 1/(1 + 0.0498) = 1/1.0498.

Each line replaces the innermost operations on numbers by their values. Values are shown rounded and carried exactly, so
that rounding never adds up.
"""

from __future__ import annotations

import decimal
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from actcli.core.agreement import value as exact_value
from actcli.errors import UsageError
from actcli.expressions.algebras.balls import Absent, RationalAlgebra
from actcli.expressions.display.names import exact_decimal
from actcli.expressions.display.text import text
from actcli.expressions.evaluate import evaluate
from actcli.expressions.nodes import (
    HOLDS,
    OPPOSITE,
    Application,
    Node,
    Number,
    Operation,
    Symbol,
    operands,
    rational_value,
    replaced,
    substitute,
    with_operands,
)
from actcli.expressions.tidy import tidy

DIGITS = 4
MAX_EXPONENT = 13_000
"""Bits of the largest numbers, and of the smallest, that a working shows."""
_LONGEST = 15
"""A number of more characters is written with a power of ten."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the working: a tree to display, in which numbers are texts, and a remark such as `since −2 ≤ 0`."""

    tree: Node
    note: str = ""


@dataclass(frozen=True, slots=True)
class Working:
    """The lines, and the value to 50 digits; None where there is none, and the last line's remark says why."""

    lines: tuple[Line, ...]
    value: Fraction | None


def worked(
    tree: Node,
    x: Fraction,
    digits: int = DIGITS,
    values: Mapping[str, Node] | None = None,
    of: Node | None = None,
) -> Working:
    """Work a formula in x and parameters with these `values` out at a rational number.

    Numbers have `digits` decimals while that leaves two significant digits, else a power of ten and as many significant
    ones; those that are exact in fewer decimals are shown as they are. `of` is the function whose derivative the
    formula is: where that has no value, its derivative has none, whatever the formula says.
    """
    at: dict[str, Node] = {**(values or {}), "x": Number(x)}
    if of is not None and _value(substitute(of, at)) is None:
        return Working((Line(tree, f"the function is not defined at {text(_given(Number(x)))}"),), None)
    tree = tidy(substitute(tree, dict(values))) if values else tree
    tree = substitute(tree, {"x": Number(x)})
    lines = [Line(_shown(tree, 0, digits))]

    def stopped(at: Node, layer: int, why: str) -> Working:
        last = lines[-1]
        remark = f"{text(_shown(at, layer, digits))} {why}"
        return Working((*lines[:-1], Line(last.tree, "; ".join(filter(None, (last.note, remark))))), None)

    while (choice := _choice(tree)) is not None:
        picked = _picked(choice)
        if picked is None:
            return stopped(choice.operands[0], 0, "can't be decided")
        branch, condition, is_tie = picked
        tree = replaced(tree, choice, branch)
        note = f"since {text(_shown(condition, 0, digits))}{': at a kink, by convention' * is_tie}"
        lines.append(Line(_shown(tree, 0, digits), note))
    for layer in range(1, _height(tree) + 1):
        undefined = _undefined(tree, layer)
        if undefined is not None:
            return stopped(undefined, layer - 1, "is not defined")
        shown = _shown(tree, layer, digits)
        if shown != lines[-1].tree:
            lines.append(Line(shown))
    found = _value(tree)
    return Working(tuple(lines), found and found[0])


# cases


def _choice(node: Node) -> Operation | None:
    """Return the outermost choice between branches."""
    if isinstance(node, Operation) and node.name == "where":
        return node
    return next((found for child in operands(node) if (found := _choice(child))), None)


def _picked(choice: Operation) -> tuple[Node, Node, bool] | None:
    """Return the branch that a choice takes, the condition that makes it so, and whether its sides are equal.

    None where they have no values.
    """
    condition, yes, no = choice.operands
    assert isinstance(condition, Operation)
    difference = _value(Operation("subtract", condition.operands))
    if difference is None:
        return None
    sign = (difference[0] > 0) - (difference[0] < 0)
    if sign in HOLDS[condition.name]:
        return yes, condition, sign == 0
    return no, Operation(OPPOSITE[condition.name], condition.operands), sign == 0


# layers


def _height(node: Node) -> int:
    """Return after how many layers a node is a number; a number with a sign is one already."""
    if isinstance(node, Operation) and node.name == "negative" and isinstance(node.operands[0], Number):
        return 0
    return max((1 + _height(child) for child in operands(node)), default=0)


def _undefined(node: Node, layer: int) -> Node | None:
    """Return the innermost part that has no value, among those that become numbers in a layer."""
    for child in operands(node):
        if (found := _undefined(child, layer)) is not None:
            return found
    return node if _height(node) == layer and _value(node) is None else None


def _shown(node: Node, layer: int, digits: int) -> Node:
    """Return a tree with everything that is a number by a layer written as one; given numbers stay as they are."""
    match node:
        case Number():
            return _given(node)
        case Operation("negative", (Number(value),)):
            return _given(Number(-value))
    if isinstance(node, Operation | Application) and _height(node) <= layer and (found := _value(node)) is not None:
        return _written(*found, digits)
    return with_operands(node, lambda child: _shown(child, layer, digits))


def _value(node: Node) -> tuple[Fraction, bool] | None:
    """Return the value of a tree without symbols, and whether it is exact, not just good to 50 digits."""
    rational = rational_value(node)
    if rational is not None:
        return rational, True
    series = evaluate(node, RationalAlgebra(1, +1), {})
    if not isinstance(series, Absent):
        return Fraction(int(series[0].p), int(series[0].q)), True
    ball = exact_value(node, {})
    if ball is None:
        return None
    mantissa, exponent = (int(part) for part in ball.mid().man_exp())
    if abs(exponent) > MAX_EXPONENT:
        raise UsageError("a number on the way has more than 4,000 digits: nobody writes that down; take another --at")
    return mantissa * Fraction(2) ** exponent, bool(ball.is_exact())


def _given(number: Number) -> Node:
    """Return a number of the formula as typed: a decimal in full, 1/3 as it is."""
    value = number.value
    if value < 0:
        return Operation("negative", (_given(Number(-value)),))
    plain = exact_decimal(value)
    return number if value.denominator == 1 or plain is None or len(plain) > _LONGEST else Symbol(plain)


def _written(value: Fraction, exact: bool, digits: int) -> Node:
    """Return a value that was worked out as a node that displays as the text people write."""
    if value < 0:
        return Operation("negative", (_written(-value, exact, digits),))
    if exact and value.denominator == 1 and len(str(value)) <= _LONGEST:
        return Number(value)
    plain = exact_decimal(value) if exact else None
    if plain is not None and len(plain.partition(".")[2]) <= digits and len(plain) <= _LONGEST:
        return Symbol(plain)
    with decimal.localcontext(prec=80):
        number = decimal.Decimal(value.numerator) / decimal.Decimal(value.denominator)
        fixed = f"{number:.{digits}f}"
        if value >= Fraction(10) ** (1 - digits) and len(fixed) <= max(_LONGEST, digits + 3):
            return Symbol(fixed)
        mantissa, exponent = f"{number:.{max(digits, 2) - 1}e}".split("e")
    power = Operation("power", (Number(Fraction(10)), Number(Fraction(exponent))))
    return Operation("multiply", (Symbol(mantissa), power))
