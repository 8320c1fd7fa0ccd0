"""What there is to derive: an activation by x or by a parameter, or the partial derivatives of a vector function."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from actcli.activations.builders import Builders
from actcli.activations.function import Function
from actcli.activations.registry import DEFAULT, AnyFunction
from actcli.activations.vector_function import VectorFunction
from actcli.analyses.derive.identities.places import places
from actcli.analyses.derive.steps import Subject
from actcli.errors import UsageError, suggestion
from actcli.expressions.nodes import Application, Symbol
from actcli.expressions.parse import parse


def subjects(function: AnyFunction, wrt: str | None, *, expand: bool = False) -> list[Subject]:
    """Return what to derive by `wrt`: x or a parameter; a vector function has one subject for each partial derivative.

    Raises UsageError for a variable that isn't there.
    """
    if isinstance(function, VectorFunction):
        return _partials(function, wrt, expand=expand)
    names = ["x", *function.parameters]
    wrt = "x" if wrt is None else wrt
    if wrt not in names:
        raise UsageError(
            f"{function.name} has no {wrt!r} to derive by{suggestion(wrt, names)}; it has {', '.join(names)}"
        )
    tree = function.symbolic_tree
    values = {name: _values(function, name, value) for name, value in function.parameters.items()}
    return [
        Subject(
            Application(function, Symbol("x")),
            tree,
            wrt,
            function.derivative_forms if wrt == "x" else (),
            values,
            [Fraction(at) for at in function.kink_points if abs(at) != float("inf")],
            places(tree, given=values),
            expand,
            rearranged=function.rearranged_forms if wrt == "x" else (),
        )
    ]


def _values(function: Function, name: str, value: Fraction) -> Sequence[Fraction]:
    """Return the value of a parameter, and others that it may take: a formula holds for all of them."""
    declared = next(each for each in function.record.parameters if each.name == name)
    others = (value, value * Fraction(3, 2), value / 2, value + 1)
    return list(dict.fromkeys(other for other in others if declared.domain.contains(other, function.quantity)))


def _partials(function: VectorFunction, wrt: str | None, *, expand: bool) -> list[Subject]:
    record = function.record
    variables = [partial.variable for partial in record.partials]
    if wrt is not None and wrt not in variables:
        raise UsageError(
            f"{function.name} has no {wrt!r} to derive by{suggestion(wrt, variables)}; it has {', '.join(variables)}"
        )
    functions = Builders(DEFAULT, {})
    names = {name: parse(text, functions) for name, text in record.names}
    return [
        Subject(
            Symbol(record.entry), parse(record.model, functions), partial.variable,
            [parse(form, functions) for form in partial.forms],
            {"rest": _POSITIVE} if "rest" in record.model else {}, (), (), expand, names,
            [parse(text, functions) for text in partial.rearranged],
        )
        for partial in record.partials
        if wrt in (None, partial.variable)
    ]  # fmt: skip


_POSITIVE = [Fraction(1), Fraction(2), Fraction(1, 2), Fraction(5), Fraction(1, 7), Fraction(30), Fraction(3, 11)]
"""Values of a sum of exponentials."""
