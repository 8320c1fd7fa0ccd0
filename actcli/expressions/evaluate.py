"""The fold: expression tree × algebra → value.

A tree is first flattened into a `Program`, a list of steps in which equal subtrees appear once and rational
arithmetic is already done exactly. Running a program over an algebra is one loop, for every algebra alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from actcli.errors import UsageError
from actcli.expressions.nodes import (
    Application,
    Constant,
    Known,
    Node,
    Number,
    Operation,
    Symbol,
    rational_value,
)


@dataclass(frozen=True, slots=True)
class Step:
    """One operation: the algebra's method, the numbers of the steps it takes as arguments, and a fixed argument."""

    method: str
    arguments: tuple[int, ...] = ()
    fixed: Any = None


@dataclass(frozen=True, slots=True)
class Program:
    """Steps in order of evaluation; the last one is the result."""

    steps: tuple[Step, ...]


def flatten(tree: Node) -> Program:
    """Return the program of a tree: post-order, common subtrees once, rational constants folded exactly."""
    steps: list[Step] = []
    numbered: dict[Step, int] = {}

    def place(step: Step) -> int:
        if step not in numbered:
            numbered[step] = len(steps)
            steps.append(step)
        return numbered[step]

    def visit(node: Node) -> int:
        value = rational_value(node)
        if value is not None:
            return place(Step("number", (), value))
        match node:
            case Number(value):
                return place(Step("number", (), value))
            case Constant(name):
                return place(Step("constant", (), name))
            case Symbol(name):
                return place(Step("symbol", (), name))
            case Operation("power", (base, exponent)) if (power := rational_value(exponent)) is not None:
                if power.denominator == 1:
                    return place(Step("integer_power", (visit(base),), int(power)))
                if power == Fraction(1, 2):
                    return place(Step("sqrt", (visit(base),)))
                return place(Step("power", (visit(base), visit(exponent))))
            case Operation("derivative", (operand, Symbol(variable))):
                # Pending: whoever evaluates it must run the operand's program as a series in the variable.
                return place(Step("derivative", (), (flatten(operand), variable)))
            case Operation(name, children):
                return place(Step(name, tuple(visit(child) for child in children)))
            case Application(function, child):
                return place(Step("known", (visit(child),), function))

    visit(tree)
    return Program(tuple(steps))


def run(program: Program, algebra: Any, symbols: Mapping[str, Any]) -> Any:
    """Return the value of a program over an algebra. Raises UsageError for a symbol that has no value."""
    values: list[Any] = []
    for step in program.steps:
        if step.method == "symbol":
            if step.fixed not in symbols:
                raise UsageError(f"{step.fixed} has no value")
            values.append(symbols[step.fixed])
        else:
            values.append(algebra.apply(step, [values[number] for number in step.arguments]))
    return values[-1]


class StepByName:
    """Applies a step by the algebra's method of its name."""

    def apply(self, step: Step, arguments: list[Any]) -> Any:
        """Return the value of one step from those of its arguments."""
        match step.method:
            case "number" | "constant" | "derivative":
                return getattr(self, step.method)(step.fixed)
            case "integer_power":
                return self.integer_power(arguments[0], step.fixed)
            case "known":
                return self.known(step.fixed, arguments[0])
            case method:
                return getattr(self, method)(*arguments)

    def integer_power(self, base: Any, exponent: int) -> Any:
        """Return base to an integer power."""
        raise NotImplementedError

    def known(self, function: Known, argument: Any) -> Any:
        """Apply a function that has a definition of its own."""
        raise NotImplementedError


def evaluate(tree: Node, algebra: Any, symbols: Mapping[str, Any]) -> Any:
    """Return the value of a tree over an algebra."""
    return run(flatten(tree), algebra, symbols)


def operation_counts(tree: Node) -> dict[str, int]:
    """Return how often each operation is computed, known functions opened up, numbers and symbols left out."""
    counts: dict[str, int] = {}

    def count(program: Program) -> None:
        for step in program.steps:
            if step.method == "known":
                count(flatten(step.fixed.tree))
            elif step.method not in ("number", "constant", "symbol"):
                name = "power" if step.method == "integer_power" else step.method
                counts[name] = counts.get(name, 0) + 1

    count(flatten(tree))
    return counts
