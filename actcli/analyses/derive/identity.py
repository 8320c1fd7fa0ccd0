"""`--check`: whether an equation holds. Proved, or only compared, or refuted at the simplest point found."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

from actcli.activations.derived import Derived
from actcli.activations.function import Function
from actcli.activations.textbook import TextbookBuilders
from actcli.analyses.derive.branches import TooHardError, breakpoints, has_cases
from actcli.analyses.derive.proof import proved
from actcli.core.agreement import agreement, largest_difference, value
from actcli.errors import UsageError
from actcli.expressions.nodes import Application, Node, Number, Operation, Symbol, substitute, symbols, walk
from actcli.expressions.parse import parse
from actcli.report import Batch, Column, Report, Table

if TYPE_CHECKING:
    from actcli.activations.registry import AnyFunction, Catalogue

DIGITS = 50
REACH = Fraction(16)
"""How far from 0 the largest difference is looked for."""

_STEP = Fraction(1, 10**4)

Point = Mapping[str, Fraction]
Verdict = Literal["identity", "agrees", "false", "undecided"]

COLUMNS = (
    Column("left", "the left side"),
    Column("right", "the right side"),
    Column("verdict", "identity (proved), agrees (compared only), false or undecided"),
    Column("points", "points where both sides have values, which agree"),
    Column("digits", "digits to which they were compared", audience="machines"),
    Column("reason", "the verdict in words"),
    Column("counterexample", "the simplest point found where they differ"),
    Column("left_value", "the left side there", heading="left there"),
    Column("right_value", "the right side there", heading="right there"),
    Column("largest_difference", "the largest difference of the sides on [-16, 16]", heading="largest difference"),
    Column("largest_at", "where that is", heading="at x"),
)


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of an equation. `largest` is where the sides of a false one differ most, and by how much."""

    verdict: Verdict
    reason: str
    points: int
    counterexample: Point | None = None
    values: tuple[float, float] | None = None
    largest: tuple[float, float] | None = None
    notes: tuple[str, ...] = ()


def check(
    text: str, catalogue: Catalogue, given: Mapping[str, Fraction] | None = None, function: AnyFunction | None = None
) -> Report:
    """Return the report of an equation `LHS = RHS`, with the table `check`; `failed` is set unless it holds.

    Besides formulas as everywhere, the sides may hold any variables, derivatives `tanh'(x)`, entries of vectors
    `softmax(a, b)[0]`, and `f(x)`, `f'(x)` for `function`. `given` are the values of names that aren't variables.
    Raises UsageError for text that is no equation, and for a given name that isn't in it.
    """
    sides = split(text)
    left, right = _read(sides, catalogue, given or {}, function)
    found = compare(left, right)
    row = _row(sides, found)
    holds = found.verdict in ("identity", "agrees")
    equation = " = ".join(sides)

    def rows(wanted: Sequence[str]) -> Iterator[Batch]:
        yield {name: [cell] for name, cell in row.items()}

    return Report(
        name="derive",
        title=equation,
        tables={"check": Table("check", COLUMNS, rows)},
        verdict=f"{found.verdict}: {found.reason}",
        notes=found.notes,
        failed="" if holds else f"{equation} does not hold: {found.reason}",
    )


def split(text: str) -> tuple[str, str]:
    """Return the two sides of an equation; a = inside brackets names an argument. Raises UsageError."""
    depth, at = 0, []
    for match in re.finditer(r"[()]|[<>!=]?=+", text):
        found = match.group()
        if found in "()":
            depth += 1 if found == "(" else -1
        elif not depth and found == "==":
            raise UsageError(f"--check {text!r}: an equation has a single =; == compares inside a formula")
        elif not depth and found == "=":
            at.append(match.start())
    if len(at) != 1:
        what = f"{len(at)} of them" if at else "none here"
        raise UsageError(f'--check {text!r}: an equation has one = and there {"are" if at else "is"} {what}; '
                         'write "LHS = RHS"')  # fmt: skip
    left, right = text[: at[0]].strip(), text[at[0] + 1 :].strip()
    if not left or not right:
        raise UsageError(f"--check {text!r}: the {'right' if left else 'left'} side is empty")
    return left, right


def _read(
    sides: tuple[str, str], catalogue: Catalogue, given: Mapping[str, Fraction], function: AnyFunction | None
) -> list[Node]:
    builders = TextbookBuilders(catalogue, given, function)
    trees = [parse(side, builders, textbook=True) for side in sides]
    used = {*builders.used, *(name for tree in trees for name in symbols(tree))}
    if isinstance(function, Function):
        used.update(function.parameters)
    unused = next((name for name in given if name not in used), None)
    if unused is not None:
        raise UsageError(f"--param {unused}: there is no {unused} in {' = '.join(sides)}")
    return [substitute(tree, {name: Number(number) for name, number in given.items()}) for tree in trees]


def compare(left: Node, right: Node) -> Finding:
    """Find out whether two formulas are equal wherever both have values."""
    agreed = agreement(left, right, digits=DIGITS)
    at = agreed.counterexample
    at_kinks = not _takes_derivatives_with_cases(left, right)
    if at is None and at_kinks:
        at = _different_breakpoint(left, right)
    if at is not None:
        return _refuted(left, right, at)
    is_proved = agreed.points > 0 and proved(left, right, at_breakpoints=at_kinks)
    notes = tuple(_domain_notes(left, right) if agreed.one_sided else ())
    if not at_kinks:
        notes = (*notes, "nothing is said about kinks, where a slope is a convention")
    counted = f"to {DIGITS} digits" + f" at {agreed.points} points" * bool(symbols(left) or symbols(right))
    if is_proved:
        how = ", branch by branch" if has_cases(left) or has_cases(right) else ""
        where = " where both sides have values" if agreed.one_sided else ""
        reason = f"proved by algebra{how}: left − right is 0{where}; the values agree {counted}"
        return Finding("identity", reason, agreed.points, notes=notes)
    if not agreed.holds:
        return Finding("undecided", agreed.reason, agreed.points, notes=notes)
    return Finding("agrees", f"the values agree {counted}; no proof was found", agreed.points, notes=notes)


def _takes_derivatives_with_cases(*sides: Node) -> bool:
    nodes = (node for side in sides for node in walk(side) if isinstance(node, Application))
    return any(isinstance(node.function, Derived) and has_cases(node.function.base.tree) for node in nodes)


def _different_breakpoint(left: Node, right: Node) -> Point | None:
    """Return a point between cases where the sides differ."""
    names = list(dict.fromkeys((*symbols(left), *symbols(right))))
    try:
        found = sorted(breakpoints(Operation("subtract", (left, right))).items())
    except TooHardError:
        return None
    for name, places in found:
        for place in sorted(places, key=abs):
            at = {**dict.fromkeys(names, Fraction(1)), name: place}
            balls = value(left, at), value(right, at)
            if None not in balls and not balls[0].overlaps(balls[1]):
                return at
    return None


def _refuted(left: Node, right: Node, at: Point) -> Finding:
    balls = value(left, at), value(right, at)
    values = float(balls[0].mid()), float(balls[1].mid())
    shown = [_number(each) for each in values]
    if shown[0] == shown[1]:
        shown = [ball.mid().str(DIGITS, radius=False) for ball in balls]
    reason = f"at {_written(at)} " * bool(at) + f"the left side is {shown[0]}, the right side {shown[1]}"
    largest = _largest(left, right)
    if largest is not None:
        reason += f"; the largest difference is {largest[1]:.3g}, {_where_largest(left, right, largest)}"
    return Finding("false", reason, 0, at, values, largest)


def _largest(left: Node, right: Node) -> tuple[float, float] | None:
    """Return where the difference of two formulas in x is largest, and how large, unless it grows without bound."""
    names = {*symbols(left), *symbols(right)}
    if len(names) != 1:
        return None
    left, right = (substitute(side, {name: Symbol("x") for name in names}) for side in (left, right))
    found = largest_difference(left, right, -REACH, REACH)
    if found is None or abs(found[0]) > REACH - 1:
        return None
    # At a pole the value beside it is nowhere near.
    beside = [value(Operation("subtract", (left, right)), {"x": Fraction(found[0]) + side}) for side in (_STEP, -_STEP)]
    if any(ball is None or abs(float(ball.mid())) < 0.9 * found[1] for ball in beside):
        return None
    return found


def _where_largest(left: Node, right: Node, largest: tuple[float, float]) -> str:
    [name] = {*symbols(left), *symbols(right)}
    mirrored = value(Operation("subtract", (left, right)), {name: -Fraction(largest[0])})
    both = (
        bool(largest[0]) and mirrored is not None and abs(abs(float(mirrored.mid())) - largest[1]) < 1e-9 * largest[1]
    )
    return f"at {name} = {'±' if both else ''}{abs(largest[0]) if both else largest[0]:.3g}"


def _domain_notes(left: Node, right: Node) -> Iterator[str]:
    """Say where one side alone has a value."""
    names = list(dict.fromkeys((*symbols(left), *symbols(right))))
    for number in ("2", "-1", "0", "1/2", "-1/2", "1", "-2", "3"):
        at = dict.fromkeys(names, Fraction(number))
        without = [side for side, tree in (("left", left), ("right", right)) if value(tree, at) is None]
        if len(without) == 1:
            yield f"the {without[0]} side has no value at {_written(at)}, the other one has"
            return
    yield "at some points one side alone has a value"


def _written(at: Point) -> str:
    return ", ".join(f"{name} = {number}" for name, number in at.items())


def _number(number: float) -> str:
    return f"{number:.10g}"


def _row(sides: tuple[str, str], found: Finding) -> dict[str, object]:
    values, largest = found.values or (None, None), found.largest or (None, None)
    return {
        "left": sides[0],
        "right": sides[1],
        "verdict": found.verdict,
        "points": found.points,
        "digits": DIGITS,
        "reason": found.reason,
        "counterexample": _written(found.counterexample) if found.counterexample else None,
        "left_value": values[0],
        "right_value": values[1],
        "largest_difference": largest[1],
        "largest_at": largest[0],
    }
