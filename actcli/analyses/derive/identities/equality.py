"""Are two formulas equal? Values refute, algebra proves; where neither succeeds, their values agree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from actcli.activations.derived import Derived
from actcli.analyses.derive.identities.branches import TooHardError, breakpoints, has_cases
from actcli.analyses.derive.identities.proof import proved
from actcli.core.agreement import agreement, largest_difference, value
from actcli.expressions.nodes import Application, Node, Operation, Symbol, substitute, symbols, walk

DIGITS = 50
REACH = Fraction(16)
"""How far from 0 the largest difference is looked for."""

_STEP = Fraction(1, 10**4)

Point = Mapping[str, Fraction]
Verdict = Literal["identity", "agrees", "false", "undecided"]


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
    reason = f"at {written(at)} " * bool(at) + f"the left side is {shown[0]}, the right side {shown[1]}"
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
            yield f"the {without[0]} side has no value at {written(at)}, the other one has"
            return
    yield "at some points one side alone has a value"


def written(at: Point) -> str:
    """Return a point in words: `x = 1, beta = 1/2`."""
    return ", ".join(f"{name} = {number}" for name, number in at.items())


def _number(number: float) -> str:
    return f"{number:.10g}"
