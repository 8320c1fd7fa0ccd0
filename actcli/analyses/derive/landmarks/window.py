"""How far out landmarks are looked for: beyond every known place where another case begins."""

from __future__ import annotations

from fractions import Fraction

from actcli.analyses.derive.identities.branches import ZERO, TooHardError, breakpoints
from actcli.core.seams import delicate, opened, switches
from actcli.expressions.nodes import Node, Operation

RANGE = Fraction(64)
"""Landmarks are looked for on [−64, 64], or as far out as twice the farthest place."""


def window(tree: Node) -> tuple[Fraction, bool]:
    """Return the |x| up to which to look, and whether the same smooth formula certainly holds on all of either tail."""
    definition, farthest, all_known = opened(tree), Fraction(0), True
    for each in dict.fromkeys((definition, *switches(definition), *delicate(definition))):
        try:
            choice = Operation("where", (Operation("less", (each, ZERO)), ZERO, ZERO))
            places = [abs(x) for points in breakpoints(choice).values() for x in points]
        except TooHardError:
            all_known = all_known and each is definition
        else:
            farthest = max([farthest, *places])
    return max(RANGE, 2 * farthest), all_known
