"""From a graph to the statements of a function: what gets a name, and what stays inside a larger expression."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, count

from actcli.tracing.graph import Value, reachable
from actcli.tracing.spelling import ATOM, Spelling, Text

WIDTH = 70
"""Characters of an expression; with its name, type and indent a line stays below 100."""

TELLING = 28
"""Characters from which an expression goes by the name its author gave it, even if it's used only once."""


@dataclass(frozen=True, slots=True)
class Statement:
    """`name = text`; `boolean` for truth values."""

    name: str
    text: str
    boolean: bool


@dataclass(frozen=True, slots=True)
class Body:
    """Statements in order, and the expressions of the results."""

    statements: tuple[Statement, ...]
    results: tuple[Text, ...]


def body(roots: Sequence[Value], spelling: Spelling) -> Body:
    """Return the statements that compute the roots. A value that is used more than once gets a name."""
    return _Writer(roots, spelling).body()


class _Writer:
    def __init__(self, roots: Sequence[Value], spelling: Spelling) -> None:
        self.roots, self.spelling = roots, spelling
        self.statements: list[Statement] = []
        self.written: dict[int, Text] = {}
        self.taken = {"x", *spelling.RESERVED}
        self.uses = Counter(id(operand) for value in reachable(roots) for operand in value.operands)
        self.uses.update(id(root) for root in roots)
        for value in reachable(roots):
            if value.operation in spelling.REPEATED:
                self.uses.update(id(operand) for operand in value.operands)

    def body(self) -> Body:
        for value in reachable(self.roots):
            self.written[id(value)] = self._write(value)
        return Body(tuple(self.statements), tuple(self.written[id(root)] for root in self.roots))

    def _write(self, value: Value) -> Text:
        if value.operation == "x":
            return Text("x")
        if value.is_constant:
            return self.spelling.number(value.number)
        text = self._combined(value)
        while len(text.text) > WIDTH:
            inner = [each for each in value.operands if self._is_long(each)]
            if not inner:
                break
            longest = max(inner, key=lambda each: (bool(each.hint), len(self.written[id(each)].text)))
            self.written[id(longest)] = self._named(longest, self.written[id(longest)])
            text = self._combined(value)
        if self._deserves_a_name(value, text):
            return self._named(value, text)
        return text

    def _combined(self, value: Value) -> Text:
        return self.spelling.operation(value, [self.written[id(each)] for each in value.operands])

    def _is_long(self, value: Value) -> bool:
        return bool(value.operands) and not self._is_cheap(value) and not self._is_name(value)

    def _is_cheap(self, value: Value) -> bool:
        """Tell whether writing it again costs no more than a name."""
        return value.operation == "negative" and self._is_name(value.operands[0])

    def _is_name(self, value: Value) -> bool:
        return self.written[id(value)].text.isidentifier()

    def _deserves_a_name(self, value: Value, text: Text) -> bool:
        if any(value is root for root in self.roots) and self.uses[id(value)] == 1:
            return False
        if self.uses[id(value)] > 1:
            return not self._is_cheap(value)
        return bool(value.hint) and value.operation != "polynomial" and len(text.text) > TELLING

    def _named(self, value: Value, text: Text) -> Text:
        name = self._name(value)
        self.statements.append(Statement(name, text.text, value.is_boolean))
        return Text(name, ATOM)

    def _name(self, value: Value) -> str:
        """Return the author's name for it, numbered where that is taken; without one t1, t2 and so on."""
        stem = value.hint if re.fullmatch("[a-z][a-z_0-9]*", value.hint) and value.operation != "polynomial" else ""
        if stem in self.spelling.RESERVED:
            stem = ""
        numbered = (f"{stem or 't'}{number}" for number in count(2 if stem else 1))
        name = next(each for each in chain([stem] if stem else [], numbered) if each not in self.taken)
        self.taken.add(name)
        return name
