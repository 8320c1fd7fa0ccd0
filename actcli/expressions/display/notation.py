"""How a tree is written, whatever it is written in: signs, fractions, powers, cases, and where parentheses stand.

A `Notation` folds over the tree in the order that it has, and hands ready-made parts to the few methods in which text,
LaTeX and two-dimensional forms differ.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from enum import IntEnum
from fractions import Fraction
from itertools import pairwise
from typing import Generic, Self, TypeVar

from actcli.expressions.display.names import COMPARISONS, FUNCTIONS, decimal, scientific
from actcli.expressions.display.parts import factors, is_fraction, is_tight, spelt, terms, without_sign
from actcli.expressions.nodes import Application, Constant, Known, Node, Number, Operation, Symbol, symbols

T = TypeVar("T")


class Level(IntEnum):
    """How tightly a form holds together; an operand below what its place needs gets parentheses."""

    CASES = 0
    SUM = 1
    QUOTIENT = 2
    PRODUCT = 3
    POWER = 4
    ATOM = 5


@dataclass(frozen=True, slots=True)
class Written(Generic[T]):
    """A form, and how tightly it holds together."""

    form: T
    level: Level = Level.ATOM


class Notation(ABC, Generic[T]):
    """The fold. `stacked` fractions have a bar, others a slash; `partial` derivatives are written with ∂."""

    def __init__(self, *, stacked: bool, partial: bool) -> None:
        self.stacked, self.partial = stacked, partial

    @classmethod
    def of(cls, tree: Node, *, stacked: bool) -> Self:
        """Return the notation for a tree: derivatives are partial where it has more than one symbol."""
        return cls(stacked=stacked, partial=len(symbols(tree)) > 1)

    # in which notations differ

    @abstractmethod
    def number(self, digits: str) -> T:
        """Write a positive decimal number."""

    @abstractmethod
    def symbol(self, name: str) -> T:
        """Write a variable, a parameter or a constant."""

    @abstractmethod
    def head(self, symbol: str) -> T:
        """Write the name of a function."""

    @abstractmethod
    def call(self, head: T, arguments: Sequence[T], settings: Sequence[T]) -> T:
        """Write a function with its arguments, and the parameters that aren't the usual ones."""

    @abstractmethod
    def sum(self, terms: Sequence[tuple[bool, T]]) -> T:
        """Write terms, each with whether it is subtracted."""

    @abstractmethod
    def times(self, left: T, right: T, *, tight: bool) -> T:
        """Write a product; a `tight` one needs no sign, as 2x."""

    @abstractmethod
    def fraction(self, above: T, below: T) -> T:
        """Write a quotient, with a bar if `stacked`."""

    @abstractmethod
    def power(self, base: T, exponent: Written[T]) -> T:
        """Raise the exponent."""

    @abstractmethod
    def exponential(self, exponent: Written[T]) -> Written[T]:
        """Write a power of e."""

    @abstractmethod
    def root(self, radicand: Written[T]) -> T:
        """Write a square root."""

    @abstractmethod
    def absolute(self, inner: T) -> T:
        """Write an absolute value."""

    @abstractmethod
    def parentheses(self, inner: T) -> T:
        """Write parentheses."""

    @abstractmethod
    def comparison(self, left: T, sign: str, right: T) -> T:
        """Write a condition or an equation."""

    @abstractmethod
    def cases(self, rows: Sequence[tuple[T, T]], otherwise: T) -> Written[T]:
        """Write values with their conditions, and the value where none holds."""

    @abstractmethod
    def derivative(self, d: str, variable: T, inner: T) -> T:
        """Write a derivative that is still to be taken; `d` is d or ∂."""

    # what they share

    def write(self, node: Node) -> Written[T]:
        """Return a node as it is written."""
        match node:
            case Operation("add" | "subtract", _):
                return self._sum(terms(node))
            case _ if (positive := without_sign(node)) is not None:
                return self._sum([(True, positive)])
            case Number(value):
                return self._number(value)
            case Constant(name) | Symbol(name):
                return Written(self.symbol(name))
            case Application(function, operand):
                return Written(self._known(function, operand, None))
            case Operation("multiply", _):
                return self._product(factors(node))
            case Operation("divide", (above, below)):
                return self._quotient(self.write(above), self.write(below))
            case Operation("power", (base, exponent)):
                return self._power(base, exponent)
            case Operation("exp", (exponent,)):
                return self.exponential(self._small(exponent))
            case Operation("sqrt", (radicand,)):
                return Written(self.root(self.write(radicand)), Level.POWER)
            case Operation("abs", (inner,)):
                return Written(self.absolute(self.write(inner).form))
            case Operation("derivative", (inner, Symbol(variable))):
                d = "∂" if self.partial else "d"
                return Written(self.derivative(d, self.symbol(variable), self.write(inner).form), Level.PRODUCT)
            case Operation("where", _):
                return self._cases(node)
            case Operation(name, (left, right)) if name in COMPARISONS:
                # An equation may end in cases without ambiguity; a condition inside cases may not.
                least = Level.CASES if name == "equal" else Level.SUM
                sides = self._at_least(left, Level.SUM), self._at_least(right, least)
                return Written(self.comparison(sides[0], COMPARISONS[name], sides[1]), Level.CASES)
            case Operation(name, parts):
                return Written(self._call(self.head(FUNCTIONS.get(name, name)), parts))

    def _at_least(self, node: Node, level: Level) -> T:
        return self._enclosed(self.write(node), level)

    def _enclosed(self, written: Written[T], level: Level) -> T:
        return written.form if written.level >= level else self.parentheses(written.form)

    def _small(self, node: Node) -> Written[T]:
        """Write an exponent, where a fraction has a slash."""
        small = copy(self)
        small.stacked = False
        return small.write(node)

    def _number(self, value: Fraction) -> Written[T]:
        if found := scientific(value):
            mantissa, exponent = found
            power = Written(self.power(self.number("10"), self.write(Number(Fraction(exponent)))), Level.POWER)
            if mantissa == "1":
                return power
            return Written(self.times(self.number(mantissa), power.form, tight=False), Level.PRODUCT)
        digits = decimal(value)
        if digits is not None:
            return Written(self.number(digits))
        above, below = self.number(str(value.numerator)), self.number(str(value.denominator))
        return self._quotient(Written(above), Written(below))

    def _sum(self, signed: Sequence[tuple[bool, Node]]) -> Written[T]:
        return Written(self.sum([(sign, self._at_least(term, Level.QUOTIENT)) for sign, term in signed]), Level.SUM)

    def _product(self, parts: Sequence[Node]) -> Written[T]:
        first, *rest = parts
        if not rest:
            return self.write(first)
        if isinstance(first, Number) and is_fraction(first) and not any(map(is_fraction, rest)):
            above = rest if first.value.numerator == 1 else [Number(Fraction(first.value.numerator)), *rest]
            below = Written(self.number(str(first.value.denominator)))
            return self._quotient(self._product(above), below)
        form = self._at_least(first, Level.PRODUCT)
        for before, factor in pairwise(parts):
            form = self.times(form, self._at_least(factor, Level.PRODUCT), tight=is_tight(before, factor))
        return Written(form, Level.PRODUCT)

    def _quotient(self, above: Written[T], below: Written[T]) -> Written[T]:
        if self.stacked:
            return Written(self.fraction(above.form, below.form), Level.PRODUCT)
        over = self._enclosed(above, Level.PRODUCT), self._enclosed(below, Level.POWER)
        return Written(self.fraction(*over), Level.QUOTIENT)

    def _power(self, base: Node, exponent: Node) -> Written[T]:
        raised = self._small(exponent)
        whole = isinstance(exponent, Number) and exponent.value.denominator == 1 and exponent.value > 1
        match base:
            case Application(function, operand) if whole and spelt(function).isalpha():
                return Written(self._known(function, operand, raised))
            case Operation(name, (operand,)) if whole and name not in ("negative", "exp", "sqrt", "abs"):
                head = self.power(self.head(FUNCTIONS.get(name, name)), raised)
                return Written(self._call(head, [operand]))
        return Written(self.power(self._at_least(base, Level.ATOM), raised), Level.POWER)

    def _known(self, function: Known, operand: Node, exponent: Written[T] | None) -> T:
        head = self.head(spelt(function))
        settings = [
            self.comparison(self.symbol(name), "=", self.write(Number(value)).form)
            for name, value in function.spelling.settings.items()
        ]
        return self._call(head if exponent is None else self.power(head, exponent), [operand], settings)

    def _call(self, head: T, arguments: Sequence[Node], settings: Sequence[T] = ()) -> T:
        return self.call(head, [self.write(argument).form for argument in arguments], settings)

    def _cases(self, node: Node) -> Written[T]:
        rows: list[tuple[T, T]] = []
        while isinstance(node, Operation) and node.name == "where":
            condition, value, node = node.operands
            rows.append((self.write(value).form, self.write(condition).form))
        return self.cases(rows, self.write(node).form)
