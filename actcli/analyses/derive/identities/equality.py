"""Are two formulas equal? Values refute, algebra proves; where neither succeeds, their values agree."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

from actcli.activations.derived import Derived
from actcli.analyses.derive.identities.branches import conditions, has_cases, opened
from actcli.analyses.derive.identities.places import is_solved, places
from actcli.analyses.derive.identities.proof import proved, signs
from actcli.core.agreement import Agreement, agreement, largest_difference, value
from actcli.expressions.display.text import text
from actcli.expressions.nodes import HOLDS, Application, Node, Operation, Symbol, substitute, symbols, walk

DIGITS = 50
"""Digits to which values are compared before a proof is looked for."""
DEEP = 1000
"""Digits to which they are compared where no proof is found."""
REACH = Fraction(16)
"""How far from 0 the largest difference is looked for."""

_SHOWN = 60
_STEP = Fraction(1, 10**4)

Point = Mapping[str, Fraction]
Verdict = Literal["identity", "agrees", "false", "undecided"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of an equation. `largest` is where the sides of a false one differ most, and by how much."""

    verdict: Verdict
    reason: str
    points: int
    digits: int = DIGITS
    counterexample: Point | None = None
    values: tuple[float, float] | None = None
    difference: float | None = None
    largest: tuple[float, float] | None = None


def compare(left: Node, right: Node) -> Finding:
    """Find out whether two formulas are equal wherever both have values."""
    at_kinks = not _takes_derivatives_with_cases(left, right)
    further = places(left, right)
    agreed = agreement(left, right, digits=DIGITS, further=further, ties=at_kinks)
    if agreed.counterexample is not None:
        return _refuted(left, right, agreed.counterexample)
    exceptions = _exceptions(left, right, agreed, () if at_kinks else further)
    counted = f"at {agreed.points} points" * bool(symbols(left) or symbols(right))
    if left == right:
        where = f"the values exist {counted}" if agreed.points else "no point was found where it has a value"
        return Finding("identity", f"both sides are the same formula; {where}".rstrip(), agreed.points)
    if agreed.points and proved(left, right, at_breakpoints=at_kinks):
        how = ", branch by branch" if has_cases(left) or has_cases(right) else ""
        reason = f"proved by algebra{how}: left − right is 0{exceptions}; the values agree to {DIGITS} digits {counted}"
        return Finding("identity", reason.rstrip(), agreed.points)
    return _compared(left, right, further, at_kinks, exceptions)


def _compared(left: Node, right: Node, further: Collection[Point], at_kinks: bool, exceptions: str) -> Finding:
    """Compare values to many digits, where there is no proof."""
    agreed = agreement(left, right, digits=DEEP, further=further, ties=at_kinks)
    if agreed.counterexample is not None:
        return _refuted(left, right, agreed.counterexample)
    if not agreed.holds:
        return Finding("undecided", _without_value(left, right, agreed) or agreed.reason, agreed.points, DEEP)
    case, sampled = missed(left, right, agreed.compared)
    counted = f" at {agreed.points} points" * bool(symbols(left) or symbols(right))
    reason = f"the values agree to {DEEP} digits{counted}{exceptions}; no proof was found"
    if case:
        return Finding("undecided", f"no point was compared on one of the sides of {case}", agreed.points, DEEP)
    if sampled:
        reason += f"; where the case {sampled} begins isn't known, so points were spread from −1.3e9 to 1.3e9"
    return Finding("agrees", reason, agreed.points, DEEP)


def _takes_derivatives_with_cases(*sides: Node) -> bool:
    nodes = (node for side in sides for node in walk(side) if isinstance(node, Application))
    return any(isinstance(node.function, Derived) and has_cases(node.function.base.tree) for node in nodes)


def _exceptions(left: Node, right: Node, agreed: Agreement, kinks: Collection[Point]) -> str:
    """Say where one side alone has a value, and at which kinks they differ, where a slope is a convention."""
    words = ""
    if agreed.alone is not None:
        at, side = agreed.alone
        words += f" wherever both sides have values: at {written(at)} only the {side} side has one"
    if kinks:
        words += "; at kinks a slope is a convention and isn't compared"
        found = agreement(left, right, further=kinks, ties=True)
        if found.counterexample is not None:
            words += f": at {written(found.counterexample)} the left side takes {found.left:.6g}, " \
                     f"the right side {found.right:.6g}"  # fmt: skip
    return words


def _without_value(left: Node, right: Node, agreed: Agreement) -> str:
    """Say which side has no value, where no point could be compared for that."""
    if agreed.points or agreed.undecided:
        return ""
    where = " at any of the points tried" if symbols(left) or symbols(right) else ""
    if agreed.alone is None:
        return f"neither side has a value{where}"
    if agreed.undefined:
        return f"there is no value of both sides{where}"
    return f"the {'right' if agreed.alone[1] == 'left' else 'left'} side has no value{where}"


def missed(left: Node, right: Node, compared: Sequence[Point]) -> tuple[str, str]:
    """Return a comparison in the formulas that came out one way at all points, and one whose borders aren't known."""
    sampled = ""
    for condition in (each for side in (left, right) for each in conditions(opened(side))):
        if is_solved(condition, alone=True):
            continue
        border = Operation("subtract", condition.operands)
        possible = signs(border) if not has_cases(border) else {-1, 0, 1}
        holds = HOLDS[condition.name]
        outcomes = {sign in holds for sign in possible}
        if len(outcomes) < 2:
            continue
        if not is_solved(condition, alone=False):
            sampled = sampled or text(condition)
        met: set[bool] = set()
        for at in compared:
            ball = value(border, {name: at[name] for name in symbols(border)})
            if ball is not None:
                met.add((1 if ball > 0 else -1 if ball < 0 else 0) in holds)
            if len(met) == 2:
                break
        else:
            return text(condition), sampled
    return "", sampled


def _refuted(left: Node, right: Node, at: Point) -> Finding:
    shown, values, difference = told_apart(left, right, at)
    reason = f"at {written(at)} " * bool(at) + f"the left side is {shown[0]}, the right side {shown[1]}"
    largest = _largest(left, right)
    if largest is not None:
        reason += f"; the largest difference is {largest[1]:.3g}, {_where_largest(left, right, largest)}"
    return Finding("false", reason, 0, DIGITS, at, values, difference, largest)


def told_apart(left: Node, right: Node, at: Point) -> tuple[tuple[str, str], tuple[float, float], float]:
    """Return two unequal values in words and as numbers, and their difference."""
    balls = [value(side, at, DIGITS) for side in (left, right)]
    difference = value(Operation("subtract", (left, right)), at)
    values = float(balls[0].mid()), float(balls[1].mid())
    for digits in range(10, _SHOWN):
        shown = [_number(ball, digits) for ball in balls]
        if shown[0] != shown[1]:
            return (shown[0], shown[1]), values, float(difference.mid())
    return (_number(balls[0], 10), f"differs from it by {_number(-difference, 6)}"), values, float(difference.mid())


def _number(ball: Any, digits: int) -> str:
    """Return a value to some digits; Arb writes the numbers that are beyond float64."""
    number = float(ball.mid())
    if digits <= 15 and (ball.is_zero() or 1e-300 < abs(number) < 1e300):
        return f"{number:.{digits}g}"
    return str(ball.mid().str(digits, radius=False))


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


def written(at: Point) -> str:
    """Return a point in words: `x = 1, beta = 1/2`."""
    return ", ".join(f"{name} = {number}" for name, number in at.items())
