"""What `parse` is handed to read textbook notation: derivatives by primes, entries of vectors, and f for a function."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING

from actcli.activations.builders import Builders
from actcli.activations.derived import Derived
from actcli.activations.function import Function
from actcli.activations.record import Activation, VectorActivation
from actcli.errors import UsageError
from actcli.expressions.nodes import OPERATIONS, Application, Node, Operation, substitute
from actcli.expressions.parse import Builder, parse

if TYPE_CHECKING:
    from actcli.activations.registry import AnyFunction, Catalogue

MAX_PRIMES = 8
"""The highest derivative: each one multiplies what there is to write down."""

RECIPROCALS = {"sech": "1/cosh(x)", "csch": "1/sinh(x)", "coth": "cosh(x)/sinh(x)"}
"""Functions that textbooks name and programs write out."""


class TextbookBuilders(Builders):
    """The catalogue's functions with primes and subscripts: `tanh'`, `exp''`, `softmax[0]`; sech, csch and coth.

    `function` is what f means: `f(x)`, `f'(x)`.
    """

    def __init__(
        self, catalogue: Catalogue, given: Mapping[str, Fraction], function: AnyFunction | None = None
    ) -> None:
        super().__init__(catalogue, given)
        self.function = function

    def __getitem__(self, name: str) -> Builder:
        found = re.fullmatch(r"([^'\[]+)('*)(?:\[(\d+)\])?", name)
        if found is None:
            raise KeyError(name)
        bare, primes, index = found.groups()
        plain = self._plain(bare, decorated=bool(primes or index))

        def build(positional: tuple[Node, ...], keywords: dict[str, Node]) -> Node:
            record = self._vector(bare)
            if record is not None:
                if primes or keywords:
                    what = "more than one derivative" if primes else "only its entries as arguments here"
                    raise UsageError(f"{record.name} is a function of a whole vector: it has {what}")
                return entry(record, positional, None if index is None else int(index))
            if index is not None:
                raise UsageError(f"{bare} has one value, no entry [{index}]")
            if len(primes) > MAX_PRIMES:
                raise UsageError(f"{bare} has {len(primes)} primes; the limit is {MAX_PRIMES}")
            node = plain(positional, keywords)
            if not primes:
                return node
            assert isinstance(node, Application)
            return Application(Derived(node.function, len(primes)), node.operand)

        return build

    def _vector(self, bare: str) -> VectorActivation | None:
        record = self.function.record if bare == "f" and self.function else self.catalogue.record_of(bare)
        return record if isinstance(record, VectorActivation) else None

    def _plain(self, bare: str, *, decorated: bool) -> Builder:
        """Return what builds the function without primes and subscript."""
        if bare == "f":
            return self._itself
        if self.catalogue.record_of(bare) is not None:
            return super().__getitem__(bare)
        if bare in RECIPROCALS or (decorated and OPERATIONS.get(bare) == 1):
            return lambda positional, keywords: _elementary(bare, decorated, positional, keywords)
        raise KeyError(bare)

    def _itself(self, positional: tuple[Node, ...], keywords: dict[str, Node]) -> Node:
        if not isinstance(self.function, Function):
            raise UsageError("f stands for the activation before the option, and there is none")
        if len(positional) != 1 or keywords:
            raise UsageError("f takes one argument; write f(x)")
        return Application(self.function, positional[0])


def _elementary(name: str, decorated: bool, positional: tuple[Node, ...], keywords: dict[str, Node]) -> Node:
    if len(positional) != 1 or keywords:
        raise UsageError(f"{name} takes 1 argument")
    definition = RECIPROCALS.get(name, f"{name}(x)")
    if decorated:
        return Application(Function(Activation(name=name, definition=definition), {}, name, {}), positional[0])
    return substitute(parse(definition), {"x": positional[0]})


def entry(record: VectorActivation, arguments: tuple[Node, ...], index: int | None) -> Node:
    """Return one entry of a vector function of these arguments, as its definition says.

    The subscript may be missing where there is one entry only. Raises UsageError when there is no such entry.
    """
    count = len(arguments) // 2 if record.halves else len(arguments)
    if not arguments or (record.halves and len(arguments) % 2):
        raise UsageError(f"{record.name} needs {'an even number of arguments' if record.halves else 'an argument'}")
    if index is None and count > 1:
        raise UsageError(f"{record.name} has {count} entries; say which: {record.name}(…)[0]")
    if (index or 0) >= count:
        raise UsageError(f"{record.name} of {len(arguments)} arguments has the entries 0 to {count - 1}, no [{index}]")
    first = arguments[index or 0]
    named = {"x_i": first, "a_i": first, "b_i": arguments[(index or 0) + count] if record.halves else first}

    def total(positional: tuple[Node, ...], keywords: dict[str, Node]) -> Node:
        terms = [substitute(positional[0], {"x_j": argument}) for argument in arguments]
        node = terms[0]
        for term in terms[1:]:
            node = Operation("add", (node, term))
        return node

    formula = re.sub(r"sum_j (\w+\(\w+\))", r"sum_j(\1)", record.definition.partition(", [")[0])
    return substitute(parse(formula, {"sum_j": total}), named)
