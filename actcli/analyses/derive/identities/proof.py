"""A proof that two formulas are equal, or none: sound, bounded in time, and not complete."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from actcli.analyses.derive.identities.branches import Piece, TooHardError, pieces
from actcli.analyses.derive.identities.polynomials import Fractions, UndefinedError
from actcli.expressions.nodes import Constant, Node, Number, Operation, operands, rational_value

MAX_DEGREE = 600
"""The degree beyond which polynomials take too long, and SymPy's compiled parts don't look at the clock."""
SECONDS = 4.0
"""Time after which a proof is given up."""


def proved(left: Node, right: Node, *, at_breakpoints: bool = True) -> bool:
    """Tell whether left = right is proved wherever both sides are defined; False means only that no proof was found.

    Cases are proved branch by branch, and at the points between them unless `at_breakpoints` is False.
    """
    from sympy import PolynomialError

    try:
        with _deadline(SECONDS):
            parts = pieces(Operation("subtract", (left, right)))
            return all(_vanishes(part) for part in parts if at_breakpoints or not part.fixed)
    except (TooHardError, PolynomialError, RecursionError, _LateError):
        return False


class _LateError(BaseException):
    """The time is up. Not an Exception, so that nothing on the way takes it for an error of its own."""


@contextmanager
def _deadline(seconds: float) -> Iterator[None]:
    """Raise _LateError in the block when the time is up, on any thread; a profiler that is running pauses."""
    before, end = sys.getprofile(), time.monotonic() + seconds

    def look(*_: object) -> None:
        if time.monotonic() > end:
            raise _LateError  # which ends the profiling too

    sys.setprofile(look)
    try:
        yield
    finally:
        sys.setprofile(before)


def _vanishes(piece: Piece) -> bool:
    """Tell whether the expression is 0 wherever it is defined."""
    if _degree(piece.tree, {}) > MAX_DEGREE:
        raise TooHardError
    divisors: dict[Any, int] = {}
    for _ in range(5):
        fractions = Fractions(divisors)
        try:
            difference = fractions.read(piece.tree)
        except UndefinedError:
            return True
        if not fractions.stale:
            return fractions.is_zero(difference)
    return False


def _degree(node: Node, seen: dict[int, int]) -> int:
    """Return a bound of the degree of the polynomials, functions counted as variables."""
    if id(node) not in seen:
        inner = [_degree(child, seen) for child in operands(node)]
        match node:
            case Operation("multiply" | "divide"):
                seen[id(node)] = sum(inner)
            case Operation("power", (_, exponent)) if (value := rational_value(exponent)) is not None:
                seen[id(node)] = inner[0] * max(1, abs(value.numerator))
            case Operation("add" | "subtract" | "negative"):
                seen[id(node)] = max(inner)
            case Number() | Constant():
                seen[id(node)] = 0
            case _:
                seen[id(node)] = max([1, *inner])
    return seen[id(node)]
