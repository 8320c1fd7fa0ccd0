"""An answer against the derivative: the same, equal, or else which mistake leads to it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from actcli.activations.function import Function
from actcli.activations.registry import AnyFunction
from actcli.analyses.derive.answers.arranged import arranged
from actcli.analyses.derive.answers.slips import Candidate, candidates
from actcli.analyses.derive.identities.equality import written
from actcli.analyses.derive.identities.proof import proved
from actcli.analyses.derive.steps import Subject
from actcli.core.agreement import Agreement, agreement, value
from actcli.expressions.direct import Rule, by_definition, by_name, taken
from actcli.expressions.display.text import text
from actcli.expressions.factor import factored
from actcli.expressions.nodes import Node, Number, Operation, substitute, symbols
from actcli.expressions.tidy import size, tidy

Verdict = Literal["right", "equivalent", "wrong", "undecided"]

SEVERAL = 3
"""Points without a value from which on an answer doesn't just have a gap, as x²/x has at 0."""
MAX_SIZE = 120
"""Expressions longer than this aren't searched for slips: nobody derives them by hand."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What came of an answer. `slip` is the name of the mistake, `agreed` the comparison with the derivative."""

    verdict: Verdict
    reason: str
    slip: str = ""
    agreed: Agreement | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """The derivative asked for.

    `functions` are ways to write the function, `before` expressions whose first derivative is asked for, `forms` ways
    to write that. Parameters other than the variable have their values in them, from `numbers`;
    `shown` is the derivative as people know it.
    """

    subject: Subject
    order: int
    numbers: Mapping[str, Node]
    shown: str
    functions: tuple[Node, ...]
    before: tuple[Node, ...]
    forms: tuple[Node, ...]

    @classmethod
    def of(cls, subject: Subject, function: AnyFunction, order: int) -> Task:
        """Take the derivatives up to that order. Raises UsageError when they become too long to write down."""
        parameters = function.parameters if isinstance(function, Function) else {}
        numbers: dict[str, Node] = {
            name: Number(number) for name, number in parameters.items() if name != subject.variable
        }
        functions = [subject.tree]
        if isinstance(function, Function) and subject.variable == "x" and subject.forms:
            functions.insert(0, subject.name)  # σ(x) itself, whose derivative people know
        before, forms = functions, functions
        for k in range(order):
            before = forms[:2]
            derived = [taken(each, subject.variable, rule) for each in before for rule in _rules(k + 1)]
            forms = [*(subject.forms[k : k + 1] or [factored(derived[0])]), *derived]
        meaning = {**subject.names, **numbers}
        return cls(subject, order, numbers, text(tidy(substitute(forms[0], numbers))), *(
            tuple(tidy(substitute(each, meaning)) for each in group) for group in (functions, before, forms)
        ))  # fmt: skip

    def fixed(self, tree: Node) -> Node:
        """Return a tree with the values of the other parameters."""
        return substitute(tree, dict(self.numbers))

    def compared(self, left: Node, right: Node) -> Agreement:
        return agreement(left, right, self.subject.values)

    def mark(self, given: Node) -> Mark:
        """Mark an answer."""
        if arranged(given) in {arranged(form) for form in self.forms}:
            return Mark("right", f"this is {self.shown}")
        agreed = self.compared(given, self.forms[-1])
        if agreed.holds and agreed.one_sided and len(missing := list(self.missing(given))) >= SEVERAL:
            return Mark("wrong", f"the answer has no value at {written(missing[0])}, where the derivative has one")
        if agreed.holds:
            how = (
                "the difference is 0 by algebra"
                if proved(given, self.forms[-1], at_breakpoints=False)
                else f"the values agree to 50 digits at {agreed.points} points"
            )
            return Mark("equivalent", f"right up to simplification, to {self.shown}: {how}", agreed=agreed)
        if agreed.counterexample is None:
            return Mark("undecided", agreed.reason, agreed=agreed)
        where = written(agreed.counterexample) or "any x"
        reason = f"at {where} the derivative is {agreed.right:.10g}, the answer {agreed.left:.10g}"
        slip = self.slip(given, agreed)
        if slip is None:
            return Mark("wrong", reason, agreed=agreed)
        return Mark("wrong", f"{reason}; {slip.sentence}", slip.slip, agreed)

    def missing(self, given: Node) -> Iterator[dict[str, Fraction]]:
        """Yield points where the function and its derivative have values and the answer has none."""
        for at in _points(self.subject, given, self.forms[-1], self.functions[-1]):
            here = [value(tree, at) for tree in (self.functions[-1], self.forms[-1], given)]
            if None not in here[:2] and here[2] is None:
                yield at

    def slip(self, given: Node, agreed: Agreement) -> Candidate | None:
        """Return the mistake that leads to this answer, if one is known."""
        if not symbols(given):
            return self._constant(given, agreed)  # a bare number may come from many mistakes
        for candidate in self.candidates():
            if self.compared(given, candidate.tree).holds:
                return candidate
        return self._factor(given) or self._constant(given, agreed)

    def candidates(self) -> Iterator[Candidate]:
        """Yield wrong answers, the likeliest first."""
        truth, variable = self.forms[-1], self.subject.variable
        yield Candidate("not_derived", self.functions[0], "this is the function itself, not its derivative")
        asked = f"derivative number {self.order} was asked for"
        if self.order > 1:
            yield Candidate("order", self.before[-1], f"{asked}, this is number {self.order - 1}")
        expressions = {arranged(each): each for each in self.before if size(each) <= MAX_SIZE}
        yield from candidates(list(expressions.values()), variable, _rules(self.order))
        yield Candidate("sign", Operation("negative", (truth,)), "the sign is wrong")
        if size(self.forms[0]) <= MAX_SIZE:
            following = taken(self.forms[0], variable, by_name)
            yield Candidate("order", following, f"{asked}, this is number {self.order + 1}")

    def _factor(self, given: Node) -> Candidate | None:
        """Find an answer that is a simple multiple of the truth."""
        at = next(iter(_points(self.subject, given, self.forms[-1])), None)
        if at is None:
            return None
        quotient = value(Operation("divide", (given, self.forms[-1])), at)
        factor = Fraction(0) if quotient is None else _simple(float(quotient.mid()))
        if not factor:
            return None
        multiple = Operation("multiply", (Number(factor), self.forms[-1]))
        sentence = f"the answer is {factor} times the derivative; a factor {1 / factor} is missing"
        return Candidate("factor", multiple, sentence) if self.compared(given, multiple).holds else None

    def _constant(self, given: Node, agreed: Agreement) -> Candidate | None:
        """Find an answer that differs from the truth by a simple number."""
        constant = _simple(agreed.left - agreed.right)
        shifted = Operation("add", (self.forms[-1], Number(constant)))
        if not constant or not self.compared(given, shifted).holds:
            return None
        return Candidate("constant", shifted, f"the answer is off by {constant} everywhere")


def _rules(order: int) -> tuple[Rule, ...]:
    """Return the rules people use: nobody opens a definition up after the first derivative."""
    return (by_name, by_definition) if order == 1 else (by_name,)


def _simple(number: float) -> Fraction:
    """Return the simple fraction next to a number; 0 where there is none."""
    return Fraction(number).limit_denominator(100) if math.isfinite(number) else Fraction(0)


def _points(subject: Subject, *trees: Node) -> Iterator[dict[str, Fraction]]:
    """Yield points where trees may be compared."""
    names = list(dict.fromkeys(name for tree in trees for name in symbols(tree)))
    for number in ("1", "-1", "2", "1/2", "-2", "-1/2", "3", "-3"):
        yield {name: subject.values[name][0] if name in subject.values else Fraction(number) for name in names}
