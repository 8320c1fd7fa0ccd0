"""Derivatives taken all at once, by the same rules, for those who don't want to see the steps."""

from __future__ import annotations

from collections.abc import Callable

from actcli.errors import UsageError
from actcli.expressions.differentiate import Found, apply_rule, pending
from actcli.expressions.nodes import Node, Operation, operands
from actcli.expressions.tidy import tidy

MAX_SIZE = 20_000

Rule = Callable[[Node], Found]
"""What becomes of one pending derivative."""


def by_name(target: Node) -> Found:
    """Apply the right rule; known functions keep their names and their known derivatives."""
    return apply_rule(target)


def by_definition(target: Node) -> Found:
    """Apply the right rule; known functions are replaced by their definitions."""
    return apply_rule(target, expand=True)


def taken(tree: Node, variable: str, rule: Rule) -> Node:
    """Return the derivative of a tree by one of its symbols, tidied. Raises UsageError when it is too long."""
    return tidy(taken_as_is(tree, variable, rule))


def taken_as_is(tree: Node, variable: str, rule: Rule) -> Node:
    """Return what the rules leave behind, with all its factors 1. Raises UsageError when it is too long."""
    result = _taken(pending(tree, variable), rule, {})
    if _size(result, {}) > MAX_SIZE:
        raise UsageError("the derivative has become too long to write down; try a lower order, or a simpler formula")
    return result


def _taken(node: Node, rule: Rule, seen: dict[tuple[int, Node | None], tuple[Node, Node]]) -> Node:
    if not isinstance(node, Operation):
        return node
    is_pending = node.name == "derivative"
    # Rules make a new derivative of the same part each time they meet it.
    key = (id(node.operands[0]), node.operands[1]) if is_pending else (id(node), None)
    if key not in seen:
        if is_pending:
            result = _taken(rule(node).after, rule, seen)
        else:
            result = Operation(node.name, tuple(_taken(child, rule, seen) for child in node.operands))
        seen[key] = node, result  # the node itself too, so that the id stays its own
    return seen[key][1]


def _size(node: Node, seen: dict[int, int]) -> int:
    if id(node) not in seen:
        seen[id(node)] = 1 + sum(_size(child, seen) for child in operands(node))
    return seen[id(node)]
