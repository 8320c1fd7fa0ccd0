"""The catalogue's functions as formulas call them: `leaky_relu(x, 0.2)` becomes a node of the tree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING

from actcli.activations.record import REALS, Activation, Parameter, VectorActivation
from actcli.errors import UsageError
from actcli.expressions.nodes import Application, Node, Number, rational_value, substitute, symbols
from actcli.expressions.parse import LARGEST, SMALLEST, Builder

if TYPE_CHECKING:
    from actcli.activations.registry import Catalogue

AnyRecord = Activation | VectorActivation


class Builders(Mapping[str, Builder]):
    """The catalogue's functions as a formula calls them, by name; `given` are the values of free parameters.

    In the definition of `own_name` that name means the elementary operation: sign(x) is defined as sign(x).
    """

    def __init__(self, catalogue: Catalogue, given: Mapping[str, Fraction], own_name: str = "") -> None:
        self.catalogue, self.own_name = catalogue, own_name
        self.numbers: dict[str, Node] = {name: Number(value) for name, value in given.items()}
        self.used: set[str] = set()

    def __getitem__(self, name: str) -> Builder:
        record = self.catalogue.record_of(name)
        if record is None or record.name == self.own_name:
            raise KeyError(name)

        def build(positional: tuple[Node, ...], keywords: dict[str, Node]) -> Node:
            return self._apply(record, positional, keywords)

        return build

    def __iter__(self) -> Iterator[str]:
        return (name for name in self.catalogue.names() if name in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _apply(self, record: AnyRecord, positional: tuple[Node, ...], keywords: Mapping[str, Node]) -> Node:
        if isinstance(record, VectorActivation):
            raise UsageError(f"{record.name} is a function of a whole vector and can't be part of a formula")
        if not positional:
            raise UsageError(f"{record.name} needs an argument; write {record.name}(x)")
        declared = list(parameters_of(record))
        if len(positional) > 1 + len(declared):
            takes = ", ".join(["x", *declared])
            raise UsageError(f"{record.name} takes {takes}, not {len(positional)} arguments")
        own: dict[str, Fraction] = {}
        for name, node in [*zip(declared, positional[1:], strict=False), *keywords.items()]:
            if name in own:
                raise UsageError(f"{record.name}: {name} is given twice")
            if name not in declared:
                raise UsageError(f"{record.name} has no parameter {name!r}{listed(declared)}")
            self.used.update(each for each in symbols(node) if each in self.numbers)
            value = rational_value(substitute(node, self.numbers))
            if value is None or (value and not SMALLEST <= abs(value) <= LARGEST):
                raise UsageError(f"{record.name}: {name} must be a finite number")
            own[name] = value
        return Application(self.catalogue.bind(record, own), positional[0])


def parameters_of(record: AnyRecord) -> dict[str, Parameter]:
    """Return what a record declares, by name; a vector function has its axis."""
    if isinstance(record, VectorActivation):
        return {"axis": Parameter("axis", "-1", REALS, "the axis along which the vector lies")}
    return {parameter.name: parameter for parameter in record.parameters}


def listed(names: list[str]) -> str:
    """Return the end of a message that says which parameters there are."""
    return f"; it has {', '.join(names)}" if names else "; it has none"
