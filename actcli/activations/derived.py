"""The derivative of a known function as a function in its own right: the tanh′ of `tanh'(2*x)`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from actcli.expressions.algebras.jets import jets
from actcli.expressions.direct import by_definition, taken
from actcli.expressions.evaluate import Program, flatten
from actcli.expressions.nodes import Application, Known, Node, Spelling, Symbol


@dataclass(frozen=True)
class Derived:
    """The derivative of that order of a function of x, taken from its definition by the rules, nothing looked up."""

    base: Known
    order: int

    @property
    def name(self) -> str:
        """The name with its primes: `tanh'`."""
        return self.base.name + "'" * self.order

    @property
    def spelling(self) -> Spelling:
        """How the function itself is written."""
        return self.base.spelling

    @cached_property
    def tree(self) -> Node:
        """The derivative in x alone. Raises UsageError when it is too long to write down."""
        before = self.base.tree if self.order == 1 else Derived(self.base, self.order - 1).tree
        return taken(before, "x", by_definition)

    @property
    def derivative_tree(self) -> Node:
        """The derivative has one more prime."""
        return Application(Derived(self.base, self.order + 1), Symbol("x"))

    @cached_property
    def program(self) -> Program:
        """The tree, flattened for evaluation."""
        return flatten(self.tree)

    @property
    def kink_points(self) -> Sequence[float]:
        """The kinks of the function itself."""
        return self.base.kink_points

    def derivatives_of(self, x: Any, order: int, device: Any) -> Sequence[Any]:
        """Return this derivative and its own, up to `order`, of a float64 array of any values."""
        return jets(self.program, device.array(x, dtype=device.xp.float64), order, device)[0]
