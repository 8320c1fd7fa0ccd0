"""An answer against the derivative: the same, equal, or else which mistake leads to it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from typing import Literal

from actcli.activations.function import Function
from actcli.activations.registry import AnyFunction
from actcli.analyses.derive.answers.arranged import arranged
from actcli.analyses.derive.answers.regions import Region, regions
from actcli.analyses.derive.answers.slips import Candidate, candidates
from actcli.analyses.derive.identities.branches import has_cases
from actcli.analyses.derive.identities.equality import DEEP, DIGITS, missed, told_apart, written
from actcli.analyses.derive.identities.places import places
from actcli.analyses.derive.identities.proof import proved
from actcli.analyses.derive.steps import Subject
from actcli.core.agreement import Agreement, Point, agreement, value
from actcli.expressions.direct import Rule, by_definition, by_name, taken
from actcli.expressions.display.text import text
from actcli.expressions.factor import factored
from actcli.expressions.nodes import Application, Node, Number, Operation, substitute, symbols
from actcli.expressions.tidy import size, tidy

Verdict = Literal["right", "equivalent", "wrong", "undecided"]

SEVERAL = 3
"""Points without a value from which on an answer doesn't just have a gap, as x²/x has at 0."""
MAX_REGIONS = 8
MAX_SIZE = 120
"""Expressions longer than this aren't searched for slips: nobody derives them by hand."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What came of an answer. `slip` is the name of the mistake, `agreed` the comparison with the derivative."""

    verdict: Verdict
    reason: str
    slip: str = ""
    agreed: Agreement | None = None
    difference: float | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """The derivative asked for.

    `functions` are ways to write the function, `before` expressions whose first derivative is asked for, `forms` ways
    to write that. `meant` has been applied to them: it replaces parameters by their values, or in a general task leaves
    them and writes the function itself out in them. `shown` is the derivative as people know it.
    """

    subject: Subject
    order: int
    meant: Callable[[Node], Node]
    shown: str
    functions: tuple[Node, ...]
    before: tuple[Node, ...]
    forms: tuple[Node, ...]

    @classmethod
    def of(cls, subject: Subject, function: AnyFunction, order: int, *, general: bool = False) -> Task:
        """Take the derivatives up to that order. Raises UsageError when they become too long to write down."""
        functions = [subject.tree]
        if isinstance(function, Function) and subject.variable == "x" and subject.forms and not general:
            functions.insert(0, subject.name)  # σ(x) itself, whose derivative people know
        before, forms = functions, functions
        for k in range(order):
            before = forms[:2]
            derived = [taken(each, subject.variable, rule) for each in before for rule in _rules(k + 1)]
            forms = [*(subject.forms[k : k + 1] or [factored(derived[0])]), *derived]
        meanings = _meanings(subject, function, general)
        shown = forms[0] if general else substitute(forms[0], _numbers(subject, function))
        groups = (tuple(tidy(meanings(each)) for each in group) for group in (functions, before, forms))
        return cls(subject, order, meanings, text(tidy(shown)), *groups)

    def places(self, given: Node) -> list[Point]:
        """Return the points where an answer is compared beyond the usual ones."""
        return places(given, self.forms[-1], self.functions[-1], given=self.subject.values)

    def compared(
        self, left: Node, right: Node, further: Sequence[Point], within: Region | None = None, digits: int = DIGITS
    ) -> Agreement:
        """Compare two expressions where the function has values, inside a region of it if there is one."""
        domain = within.only(self.functions[-1]) if within else self.functions[-1]
        return agreement(left, right, self.subject.values, digits=digits, further=further, within=domain)

    def mark(self, given: Node) -> Mark:
        """Mark an answer."""
        if arranged(given) in {arranged(form) for form in self.forms}:
            return Mark("right", f"this is {self.shown}")
        further = self.places(given)
        agreed = self.compared(given, self.forms[-1], further)
        if agreed.holds and agreed.one_sided and len(missing := list(self.missing(given))) >= SEVERAL:
            return Mark("wrong", f"the answer has no value at {written(missing[0])}, where the derivative has one")
        how = "the difference is 0 by algebra"
        if agreed.holds and not proved(given, self.forms[-1], at_breakpoints=False):
            agreed = self.compared(given, self.forms[-1], further, digits=DEEP)
            how = f"the values agree to {DEEP} digits at {agreed.points} points"
            case, _ = missed(given, self.forms[-1], agreed.compared) if agreed.holds else ("", "")
            if case:
                return Mark("undecided", f"no point was compared on one of the sides of {case}", agreed=agreed)
        if agreed.holds:
            return Mark("equivalent", f"right up to simplification, to {self.shown}: {how}", agreed=agreed)
        if agreed.counterexample is None:
            return Mark("undecided", agreed.reason, agreed=agreed)
        where = written(agreed.counterexample) or "any x"
        shown, _, difference = told_apart(self.forms[-1], given, agreed.counterexample)
        reason = f"at {where} the derivative is {shown[0]}, the answer {shown[1]}"
        slip = self.slip(given, agreed, further)
        if slip is None:
            return Mark("wrong", reason, agreed=agreed, difference=-difference)
        return Mark("wrong", f"{reason}; {slip.sentence}", slip.slip, agreed, -difference)

    def missing(self, given: Node) -> Iterator[dict[str, Fraction]]:
        """Yield points where the function and its derivative have values and the answer has none."""
        for at in _points(self.subject, given, self.forms[-1], self.functions[-1]):
            here = [value(tree, at) for tree in (self.functions[-1], self.forms[-1], given)]
            if None not in here[:2] and here[2] is None:
                yield at

    def slip(self, given: Node, agreed: Agreement, further: Sequence[Point]) -> Candidate | None:
        """Return the mistake that leads to this answer, if one is known."""
        if symbols(given):  # a bare number may come from many mistakes
            for candidate in self.candidates():
                if self.compared(given, candidate.tree, further).holds:
                    return candidate
        found = self._branch(given, further)
        if found is None and symbols(given):
            found = self._factor(given, further)
        return found or self._constant(given, agreed, further)

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

    def _branch(self, given: Node, further: Sequence[Point]) -> Candidate | None:
        """Find an answer that is right in some of the regions and wrong in others."""
        cases = list(islice(regions(self.forms[0]), MAX_REGIONS))
        compared = [self.compared(given, self.forms[-1], further, case) for case in cases]
        wrong = [case for case, each in zip(cases, compared, strict=True) if each.counterexample]
        if not wrong or not any(each.holds and each.points for each in compared):
            return None
        piece = wrong[0].piece(self.functions[-1])
        of = "" if self.order > 1 or has_cases(piece) else f" of {text(piece)}"
        sentence = f"for {wrong[0].words} the derivative{of} is {text(wrong[0].tree)}"
        return Candidate("branch", given, sentence.replace("{", "{{").replace("}", "}}"))

    def _factor(self, given: Node, further: Sequence[Point]) -> Candidate | None:
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
        return Candidate("factor", multiple, sentence) if self.compared(given, multiple, further).holds else None

    def _constant(self, given: Node, agreed: Agreement, further: Sequence[Point]) -> Candidate | None:
        """Find an answer that differs from the truth by a simple number."""
        constant = _simple(agreed.left - agreed.right)
        shifted = Operation("add", (self.forms[-1], Number(constant)))
        if not constant or not self.compared(given, shifted, further).holds:
            return None
        return Candidate("constant", shifted, f"the answer is off by {constant} everywhere")


def _numbers(subject: Subject, function: AnyFunction) -> dict[str, Node]:
    """Return the values of the parameters other than the variable."""
    parameters = function.parameters if isinstance(function, Function) else {}
    return {name: Number(number) for name, number in parameters.items() if name != subject.variable}


def _meanings(subject: Subject, function: AnyFunction, general: bool) -> Callable[[Node], Node]:
    """Return what makes expressions comparable."""
    if general and isinstance(function, Function):
        return lambda tree: _written_out(tree, function)
    return lambda tree: substitute(tree, {**subject.names, **_numbers(subject, function)})


def _written_out(tree: Node, function: Function) -> Node:
    """Replace a function with parameters by its definition in them."""
    match tree:
        case Operation(name, children):
            return Operation(name, tuple(_written_out(child, function) for child in children))
        case Application(known, child) if known == function:
            return substitute(function.symbolic_tree, {"x": _written_out(child, function)})
        case Application(known, child):
            return Application(known, _written_out(child, function))
        case _:
            return tree


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
