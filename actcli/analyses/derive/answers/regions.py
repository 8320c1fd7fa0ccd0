"""The regions in which a derivative with cases has none, in words: x ≤ 0, or −3 < x < 3."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce

from actcli.expressions.display.text import text
from actcli.expressions.nodes import OPPOSITE, Node, Number, Operation, replaced, walk
from actcli.expressions.tidy import tidy


@dataclass(frozen=True, slots=True)
class Region:
    """Where all of the conditions hold, an expression is `tree`."""

    conditions: tuple[Operation, ...]
    tree: Node

    @property
    def words(self) -> str:
        """The conditions for people."""
        return " and ".join(text(condition) for condition in self.conditions)

    def only(self, tree: Node) -> Node:
        """Return an expression that has values in the region alone, where `tree` has them."""
        nowhere = Operation("log", (Number(Fraction(-1)),))
        return reduce(lambda inner, each: Operation("where", (each, inner, nowhere)), self.conditions, tree)

    def piece(self, tree: Node) -> Node:
        """Return what another expression is in the region, as far as its cases are the same ones."""
        for condition in self.conditions:
            for holds, index in ((condition, 1), (_opposite(condition), 2)):
                for node in list(walk(tree)):
                    if isinstance(node, Operation) and node.name == "where" and node.operands[0] == holds:
                        tree = replaced(tree, node, node.operands[index])
        return tidy(tree)


def regions(tree: Node, conditions: tuple[Operation, ...] = ()) -> Iterator[Region]:
    """Yield an expression case by case."""
    found = next((node for node in walk(tree) if isinstance(node, Operation) and node.name == "where"), None)
    if found is None:
        yield Region(conditions, tidy(tree))
        return
    condition, yes, no = found.operands
    assert isinstance(condition, Operation)
    yield from regions(replaced(tree, found, yes), (*conditions, condition))
    yield from regions(replaced(tree, found, no), (*conditions, _opposite(condition)))


def _opposite(condition: Operation) -> Operation:
    return Operation(OPPOSITE[condition.name], condition.operands)
