"""The catalogue: from what a user types to a function that computes.

An activation argument is a name or alias, a name with parameters (`leaky_relu(0.2)`, `leaky_relu:0.2`), or a formula in
x. All become the same kind of object, so that every command takes all of them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from keyword import iskeyword

from actcli.activations.builders import AnyRecord, Builders, listed, parameters_of
from actcli.activations.function import Function
from actcli.activations.record import REALS, Activation, Parameter, VectorActivation
from actcli.activations.vector_function import VectorFunction
from actcli.activations.words import exact_number, name_key, plain, read_number, split_list
from actcli.errors import FormulaError, UsageError, suggestion
from actcli.expressions.nodes import OPERATIONS, Application, Known, symbols, walk
from actcli.expressions.parse import CALLABLE, parse

AnyFunction = Function | VectorFunction


def builtin_records() -> list[AnyRecord]:
    """Return every record of the project, in the order of `actcli list`."""
    from actcli.activations import gelus, hard, rectifiers, sigmoids, silus, softplus, vectors

    families = (sigmoids, rectifiers, gelus, silus, softplus, hard)
    return [*(record for family in families for record in family.ACTIVATIONS), *vectors.VECTORS]


@dataclass(frozen=True, slots=True)
class Definition:
    """An activation that a configuration file adds: a formula, and the defaults of its parameters as exact text."""

    definition: str
    parameters: Mapping[str, str]


LARGEST_SIZE = 10_000
"""Operations of an activation that a configuration adds, when all that it calls is written out."""

RESERVED = frozenset((*CALLABLE, "clip", "max", "min", "pow", "x", "pi", "e", "inf", "nan"))
"""Names that mean something in every formula."""


class Catalogue:
    """The records by name and alias, plus what a configuration adds."""

    def __init__(self, added: Mapping[str, Definition] | None = None) -> None:
        self._added = dict(added or {})
        self._bound: dict[tuple[object, ...], Function] = {}

    @cached_property
    def records(self) -> list[AnyRecord]:
        """Every record, the added ones last. Raises UsageError when an added name is taken or its formula is wrong."""
        found = builtin_records()
        taken = {name_key(name) for record in found for name in (record.name, *record.aliases)}
        for name, definition in self._added.items():
            if not name.isidentifier() or iskeyword(name):
                raise UsageError(f"[activations.{name}]: a name consists of letters, digits and _")
            if name in RESERVED:
                raise UsageError(f"[activations.{name}]: this name has a meaning in every formula; choose another")
            if name_key(name) in taken:
                raise UsageError(f"[activations.{name}]: there is an activation of this name already")
            for key in definition.parameters:
                if not key.isidentifier() or key in RESERVED:
                    raise UsageError(f"[activations.{name}]: {key!r} can't be the name of a parameter; choose another")
            parameters = tuple(
                Parameter(key, str(read_number(text, f"[activations.{name}]: {key}")), REALS, "")
                for key, text in definition.parameters.items()
            )
            found.append(Activation(name=name, definition=definition.definition, parameters=parameters))
        return found

    def check(self) -> None:
        """Raise UsageError for an added activation whose name is taken or whose formula can't be read."""
        for record in self.records[len(builtin_records()) :]:
            try:
                function = self.get(record.name)
                if isinstance(function, Function):
                    free = [name for name in symbols(function.tree) if name != "x"]
                    if free:
                        raise UsageError(f"{free[0]} is neither x nor one of its parameters")
                    if _size(function, {}) > LARGEST_SIZE:
                        raise UsageError(f"with the functions it calls it has more than {LARGEST_SIZE} operations")
            except UsageError as error:
                raise UsageError(f"[activations.{record.name}]: {error}") from None
            except RecursionError:
                raise UsageError(f"[activations.{record.name}]: it is defined by itself, or too deeply") from None

    @cached_property
    def _by_key(self) -> dict[str, AnyRecord]:
        return {name_key(name): record for record in self.records for name in (record.name, *record.aliases)}

    def names(self) -> list[str]:
        """Return every name and alias, for completion and suggestions."""
        return [name for record in self.records for name in (record.name, *record.aliases)]

    def has(self, name: str) -> bool:
        """Tell whether a name or alias is in the catalogue, however it is written."""
        return name_key(name) in self._by_key

    def get(self, text: str, given: Mapping[str, Fraction] | None = None) -> AnyFunction:
        """Return the function that `text` means; `given` sets parameters by name, and unused ones are an error."""
        function, used = self.resolve(text, given or {})
        unused = [name for name in given or {} if name not in used]
        if unused:
            raise UsageError(
                f"{function.name} has no parameter {unused[0]!r}{listed(list(parameters_of(function.record)))}"
            )
        return function

    def get_all(self, text: str, given: Mapping[str, Fraction] | None = None) -> list[AnyFunction]:
        """Return the functions of a list separated by commas outside parentheses."""
        given = given or {}
        resolved = [self.resolve(part, given) for part in split_list(text)]
        for name in given:
            if not any(name in used for _, used in resolved):
                names = ", ".join(function.name for function, _ in resolved)
                raise UsageError(f"{names}: no parameter {name!r}{listed(list(parameters_of(resolved[0][0].record)))}")
        return [function for function, _ in resolved]

    def resolve(self, text: str, given: Mapping[str, Fraction]) -> tuple[AnyFunction, set[str]]:
        """Return the function that `text` means, and the names in `given` that set parameters of it."""
        text = text.strip().replace("−", "-")
        if not text:
            raise UsageError("the name of the activation is empty")
        record = self._by_key.get(name_key(text))
        if record is not None:
            return self._bind(record, {}, given, None)
        call = re.fullmatch(r"([\w.σ-]+)\s*(?:\((.*)\)|:([^:]+))", text, re.DOTALL)
        if call and (record := self._by_key.get(name_key(call.group(1)))) is not None:
            listed = call.group(2) if call.group(3) is None else call.group(3)
            arguments = None if re.search(r"(?<![\w.])x(?![\w(])", listed) else listed
            if arguments is not None and arguments.count("(") == arguments.count(")"):
                return self._bind(record, self._arguments(record, text, arguments), given, text)
        return self._formula(text, given)

    def _arguments(self, record: AnyRecord, text: str, arguments: str) -> dict[str, Fraction]:
        """Read the arguments of `name(0.2)` or `name(negative_slope=0.2)`."""
        taken = list(parameters_of(record))
        if not taken and arguments.strip():
            raise UsageError(f"{text}: {record.name} takes no parameters, and the variable of a formula is called x")
        found: dict[str, Fraction] = {}
        for position, part in enumerate(split_list(arguments) if arguments.strip() else []):
            name, equals, value = part.partition("=")
            name = name.strip() if equals else (taken[position] if position < len(taken) else "")
            if name not in taken:
                what = f"no parameter {name!r}" if equals else f"no more than {len(taken)} parameters"
                raise UsageError(f"{text}: {record.name} has {what}{listed(taken)}")
            if name in found:
                raise UsageError(f"{text}: {name} is given twice")
            found[name] = read_number(value if equals else part, f"{text}: {name}")
        return found

    def _bind(
        self, record: AnyRecord, own: Mapping[str, Fraction], given: Mapping[str, Fraction], typed: str | None
    ) -> tuple[AnyFunction, set[str]]:
        declared = parameters_of(record)
        used = {name for name in given if name in declared}
        for name in used:
            if name in own:
                raise UsageError(f"{typed}: {name} is also given by --param")
        values = {**own, **{name: given[name] for name in used}}
        shown = typed or record.name
        if used and not own:
            shown = f"{record.name}({', '.join(f'{name}={plain(values[name])}' for name in declared if name in used)})"
        if isinstance(record, VectorActivation):
            axis = values.get("axis", Fraction(-1))
            if axis.denominator != 1:
                raise UsageError(f"{record.name}: axis is a whole number, not {plain(axis)}")
            return VectorFunction(record, int(axis), shown), used
        exact = {name: values.get(name, Fraction(parameter.default)) for name, parameter in declared.items()}
        function = Function(record, exact, shown, Builders(self, {}, record.name))
        for name, parameter in declared.items():
            if not parameter.domain.contains(exact[name], function.quantity):
                raise UsageError(f"{record.name}: {name} must lie in {parameter.domain}, not {plain(exact[name])}")
        return function, used

    def _formula(self, text: str, given: Mapping[str, Fraction]) -> tuple[AnyFunction, set[str]]:
        try:
            tree = parse(text, builders := Builders(self, given))
        except FormulaError as error:
            if re.fullmatch(r"[^\W\d][\w.-]*", text) and not error.message.startswith("the formula"):
                raise self._unknown(text) from None
            raise
        free = [name for name in symbols(tree) if name != "x"]
        if free == [text]:
            raise self._unknown(text)
        missing = [name for name in free if name not in given]
        if missing:
            names = ", ".join(missing)
            raise UsageError(
                f"{text}: {names} {'has' if len(missing) == 1 else 'have'} no value; "
                f"give {' '.join(f'--param {name}=NUMBER' for name in missing)}"
            )
        own = {name: given[name] for name in free}
        parameters = tuple(Parameter(name, str(value), REALS, "") for name, value in own.items())
        record = Activation(name=text, definition=text, parameters=parameters)
        return Function(record, own, text, builders), {*own, *builders.used}

    def _unknown(self, text: str) -> UsageError:
        if text in CALLABLE and OPERATIONS.get(text) == 1:
            return UsageError(f"{text} is no activation by itself; write the formula {text}(x)")
        return UsageError(f"unknown activation {text!r}{suggestion(text, self.names())}; `actcli list` shows them all")

    def record_of(self, name: str) -> AnyRecord | None:
        """Return the record of a name or alias as a formula spells it: `ReLU6(x)` is relu6."""
        return self._by_key.get(name_key(name))

    def bind(self, record: Activation, own: Mapping[str, Fraction]) -> Function:
        """Return one function for each record and parameters, so that formulas can share what they compute."""
        key = (record.name, *sorted(own.items()))
        if key not in self._bound:
            arguments = ", ".join(f"{name}={plain(value)}" for name, value in own.items())
            function, _ = self._bind(record, own, {}, f"{record.name}({arguments})" if own else None)
            assert isinstance(function, Function)
            self._bound[key] = function
        return self._bound[key]


def _size(function: Known, known: dict[str, int]) -> int:
    """Return the number of operations of a definition with every function it calls opened up.

    Raises RecursionError when it calls itself.
    """
    if function.name not in known:
        known[function.name] = sum(
            _size(node.function, known) if isinstance(node, Application) else 1 for node in walk(function.tree)
        )
    return known[function.name]


DEFAULT = Catalogue()


def get(name: str, **parameters: float | str | Fraction) -> AnyFunction:
    """Return the activation of a name, alias, `name(param=value)` or formula, with parameters bound.

    Numbers mean the decimals they print as: `negative_slope=0.2` is one fifth, as in a formula. Raises UsageError for
    an unknown name or a bad parameter.
    """
    if not isinstance(name, str):
        raise UsageError(f"the name of an activation is text, not {name!r}")
    return DEFAULT.get(name, {key: exact_number(value, key) for key, value in parameters.items()})
