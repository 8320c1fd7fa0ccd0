"""The derivation, line by line, each line compared with the one before it to 50 digits.

A derivation starts from the definition, takes the derivative one rule at a time, and ends in the form that people
know. For a higher order it goes on from there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from actcli.core.agreement import Agreement, agreement
from actcli.errors import UsageError
from actcli.expressions.differentiate import opened, pending, rewrites
from actcli.expressions.display import text
from actcli.expressions.factor import factored
from actcli.expressions.nodes import Node, substitute

Progress = Callable[[int, int], None]
"""Told the order, and the number of lines so far."""

MAX_ORDER = 8
"""Beyond it nobody reads the result, and each order doubles or triples its length."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a derivation.

    `rule` is one of RULES, or for a line that takes no derivative `given`, `written_out`, `rearranged`,
    `factored` or `known_form`.
    `expression` is the whole line, `before` and `after` what the rule changed in it, `matched` the meaning of its
    letters. `parent` is the number of the line whose rule left this derivative to be taken. `agreement` compares the
    line with the one before it; None for the line that is given.
    """

    number: int
    order: int
    rule: str
    expression: Node
    agreement: Agreement | None = None
    before: Node | None = None
    after: Node | None = None
    matched: Mapping[str, Node] = field(default_factory=dict)
    parent: int | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """What is derived: an expression, the variable, the forms people know of its derivatives, and where to compare.

    `name` is what the expression is called: σ(x), or sᵢ for an entry of a vector.
    `values` are the values that parameters take in comparisons, `avoid` the points where no derivative exists,
    `further` points in every case of a formula with cases, `names` the meaning of symbols that only the known forms
    use. `rearranged` are the lines before the first known form.
    """

    name: Node
    tree: Node
    variable: str
    forms: Sequence[Node]
    values: Mapping[str, Sequence[Fraction]]
    avoid: Sequence[Fraction]
    further: Sequence[Mapping[str, Fraction]] = ()
    expand: bool = False
    names: Mapping[str, Node] = field(default_factory=dict)
    rearranged: Sequence[Node] = ()


@dataclass(frozen=True, slots=True)
class Derivation:
    """The lines of a derivation, and the derivative of each order in the form it ends in."""

    subject: Subject
    lines: tuple[Line, ...]
    results: tuple[Node, ...]

    @property
    def failed(self) -> list[Line]:
        """The lines that don't equal the line before them."""
        return [line for line in self.lines if line.agreement is not None and not line.agreement.holds]

    @property
    def compared(self) -> int:
        """How many lines were compared."""
        return sum(line.agreement is not None for line in self.lines)


def derivation(
    subject: Subject, order: int, *, progress: Progress = lambda order, lines: None, first: int = 0
) -> Derivation:
    """Derive an expression `order` times, comparing every line with the one before.

    Raises UsageError for an order outside 1 … 8, an expression that isn't differentiable anywhere, or a derivative too
    long to write down.
    """
    if not 1 <= order <= MAX_ORDER:
        raise UsageError(
            f"order must lie in 1 … {MAX_ORDER}, not {order}: each order makes the formula two or three times as long"
        )
    lines: list[Line] = [Line(first, 1, "given", subject.tree)]
    results: list[Node] = []
    expression = subject.tree
    for k in range(1, order + 1):
        expression = substitute(expression, dict(subject.names))
        if subject.expand:
            expression = opened(expression)
            if k == 1 and expression != subject.tree:
                lines.append(_line(subject, len(lines) + first, 1, "written_out", subject.tree, expression))
        try:
            for line in _one_order(subject, expression, k, len(lines) + first):
                if line.agreement is not None and not line.agreement.points:
                    _check_differentiable(subject)
                lines.append(line)
                progress(k, len(lines))
        except UsageError as error:
            raise UsageError(f"order {k}: {error}") if k > 1 else error from None
        expression = lines[-1].expression
        results.append(expression)
    return Derivation(subject, tuple(lines), tuple(results))


def _check_differentiable(subject: Subject) -> None:
    """Raise UsageError for an expression without a value, or without a derivative, at any of the points tried."""
    for tree, lacks in ((subject.tree, "real value"), (pending(subject.tree, subject.variable), "derivative")):
        if not _compared(subject, tree, tree).points:
            raise UsageError(f"{text(subject.tree)} has no {lacks} at any of the points tried, between −20 and 20")


def _one_order(subject: Subject, tree: Node, order: int, number: int) -> Iterator[Line]:
    start = number
    last = pending(tree, subject.variable)
    for step in rewrites(tree, subject.variable):
        parent = None if step.parent is None else start + step.parent
        yield Line(
            number, order, step.rule, step.whole, _compared(subject, last, step.whole),
            step.before, step.after, step.matched, parent,
        )  # fmt: skip
        last, number = step.whole, number + 1
    for rule, line in _closing(subject, last, order):
        yield _line(subject, number, order, rule, last, line)
        last, number = line, number + 1


def _line(subject: Subject, number: int, order: int, rule: str, before: Node, after: Node) -> Line:
    """Return a line that says the same as the one before in another form."""
    return Line(number, order, rule, after, _compared(subject, before, after), before, after)


def _closing(subject: Subject, last: Node, order: int) -> Iterator[tuple[str, Node]]:
    """Yield the lines after the last rule, up to the form that people know, or else the factored one."""
    if order > len(subject.forms):
        shorter = factored(last)
        if shorter != last:
            yield "factored", shorter
        return
    if order == 1:
        yield from (("rearranged", line) for line in subject.rearranged)
    form = subject.forms[order - 1]
    if form != last:
        yield "known_form", form


def _compared(subject: Subject, left: Node, right: Node) -> Agreement:
    meant = substitute(right, dict(subject.names))
    return agreement(left, meant, subject.values, avoid=subject.avoid, further=subject.further)
