"""Long polynomials by Horner's rule become functions of their own, so that a formula stays readable around them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from actcli.tracing.graph import Value, reachable
from actcli.tracing.spelling import Spelling

SHORTEST = 6
"""Coefficients from which a polynomial is worth a function."""


def separated(roots: Sequence[Value]) -> list[Value]:
    """Return the roots with every long polynomial as one operation, its coefficients the value's `number`."""
    uses = Counter(id(operand) for value in reachable(roots) for operand in value.operands)
    uses.update(id(root) for root in roots)
    rebuilt: dict[int, Value] = {}
    for value in reachable(roots):
        found = _horner(value, uses)
        if found is not None:
            coefficients, t = found
            new = value.tape.make("polynomial", (rebuilt[id(t)],), coefficients)
        else:
            operands = tuple(rebuilt[id(operand)] for operand in value.operands)
            new = value.tape.make(value.operation, operands, value.number)
        new.hint = new.hint or value.hint
        rebuilt[id(value)] = new
    return [rebuilt[id(root)] for root in roots]


def horner_steps(value: Value, spelling: Spelling) -> list[str]:
    """Return the right sides of Horner's rule: what `p` is, again and again, and at last the value."""
    first, *others = value.number
    steps = []
    for number, c in enumerate(others):
        left = "p" if number else spelling.number(first).text
        steps.append(f"{left} * t {'-' if c < 0.0 else '+'} {spelling.number(abs(c)).text}")
    return steps


def _horner(value: Value, uses: Counter[int]) -> tuple[tuple[float, ...], Value] | None:
    """Return the coefficients, highest power first, and the variable of a chain (… · t ± c) · t ± c."""
    coefficients: list[float] = []
    t: Value | None = None
    current = value
    while (step := _step(current)) is not None:
        inner, factor, constant = step
        if (t is not None and factor is not t) or (coefficients and uses[id(current)] > 1):
            return None
        t = factor
        coefficients.append(constant)
        current = inner
    if t is None or not current.is_constant or len(coefficients) + 1 < SHORTEST:
        return None
    return (current.number, *reversed(coefficients)), t


def _step(value: Value) -> tuple[Value, Value, float] | None:
    """Take u · t ± c apart; u may be a negative constant, whose sign the graph keeps outside."""
    if value.operation not in ("add", "subtract"):
        return None
    product, constant = value.operands
    shift = -1.0 if value.operation == "subtract" else 1.0
    sign = 1.0
    if product.is_constant and shift < 0.0:
        product, constant, sign, shift = constant, product, -1.0, 1.0
    if product.operation == "negative":
        product, sign = product.operands[0], -sign
    if product.operation != "multiply" or not constant.is_constant or constant.is_boolean:
        return None
    u, t = product.operands
    if sign < 0.0:
        if not u.is_constant:
            return None
        u = u.tape.constant(-u.number)
    return u, t, shift * constant.number
