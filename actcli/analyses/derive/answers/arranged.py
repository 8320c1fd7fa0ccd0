"""The same formula but for the order in which terms and factors are written: what two such have in common."""

from __future__ import annotations

from collections.abc import Hashable, Iterator

from actcli.expressions.nodes import Application, Node, Operation
from actcli.expressions.tidy import tidy


def arranged(tree: Node) -> Hashable:
    """Return something equal for trees that differ in the order of terms and factors only."""
    return _ordered(tidy(tree))


def _ordered(node: Node) -> Hashable:
    match node:
        case Operation("add" | "subtract" | "negative"):
            return "sum", frozenset(_counted(_terms(node, 1)))
        case Operation("multiply" | "divide"):
            return "product", frozenset(_counted(_factors(node, 1)))
        case Operation(name, children):
            return name, tuple(_ordered(child) for child in children)
        case Application(function, operand):
            return function, _ordered(operand)
        case _:
            return node


def _counted(parts: Iterator[tuple[Hashable, int]]) -> Iterator[tuple[Hashable, int]]:
    counts: dict[Hashable, int] = {}
    for part, sign in parts:
        counts[part] = counts.get(part, 0) + sign
    yield from counts.items()


def _terms(node: Node, sign: int) -> Iterator[tuple[Hashable, int]]:
    match node:
        case Operation("add" | "subtract" as name, (u, v)):
            yield from _terms(u, sign)
            yield from _terms(v, sign if name == "add" else -sign)
        case Operation("negative", (u,)):
            yield from _terms(u, -sign)
        case _:
            yield _ordered(node), sign


def _factors(node: Node, sign: int) -> Iterator[tuple[Hashable, int]]:
    match node:
        case Operation("multiply" | "divide" as name, (u, v)):
            yield from _factors(u, sign)
            yield from _factors(v, sign if name == "multiply" else -sign)
        case _:
            yield _ordered(node), sign
