"""What an answer says at its own breakpoints and those of the function: any value between the one-sided slopes will do.

Where the slopes differ these are the subgradients (Clarke 1983); where they don't there is a derivative.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from actcli.activations.function import MAX_ORDER, Function
from actcli.analyses.derive.identities.branches import TooHardError, breakpoints
from actcli.core.agreement import value
from actcli.core.formats import FLOAT64
from actcli.core.limits import limits_beside
from actcli.expressions.nodes import Node

_RELATIVE = 1e-12


@dataclass(frozen=True, slots=True)
class Place:
    """A breakpoint: the slopes beside it, the one this project takes, and the answer, None where it has no value."""

    x: Fraction
    low: float
    high: float
    used: float
    got: float | None

    @property
    def is_wrong(self) -> bool:
        """Whether the answer lies outside the slopes; NaN for a slope that isn't there settles nothing."""
        if self.got is None:
            return False
        slack = _RELATIVE * max(abs(self.low), abs(self.high))
        return self.got < self.low - slack or self.got > self.high + slack

    @property
    def sentence(self) -> str:
        """Say which values are right, and what the answer gives."""
        if self.low == self.high:
            return f"at x = {self.x} the derivative is {self.low:.10g}, the answer {self.got:.10g}"
        return f"at the kink x = {self.x} any slope from {self.low:.6g} to {self.high:.6g} is right, " \
               f"the answer gives {self.got:.6g}"  # fmt: skip

    @property
    def note(self) -> str:
        """Say what is taken there, if the answer says something else; empty if it doesn't."""
        if self.got is not None and math.isclose(self.got, self.used, rel_tol=_RELATIVE):
            return ""
        says = "has no value" if self.got is None else f"gives {self.got:.6g}"
        return f"at the kink x = {self.x} this project takes {self.used:.6g}, a convention; the answer {says}"


def at_kinks(function: Function, given: Node, order: int) -> Iterator[Place]:
    """Yield the breakpoints of the function and of an answer in x that the slopes beside them can judge, in order."""
    if order > MAX_ORDER:
        return
    for x in sorted(_breakpoints(function.tree) | _breakpoints(given)):
        left, right = (limits_beside(function.reference, x, direction, order) for direction in (-1, 1))
        used = function.reference.at(x, order, FLOAT64)[order].number
        ball = value(given, {"x": x})
        if left[:order] == right[:order]:  # a function that jumps there has no slope
            low, high = sorted((left[order], right[order]))
            yield Place(x, low, high, used, None if ball is None else float(ball.mid()))


def _breakpoints(tree: Node) -> set[Fraction]:
    try:
        return breakpoints(tree).get("x", set())
    except TooHardError:
        return set()
