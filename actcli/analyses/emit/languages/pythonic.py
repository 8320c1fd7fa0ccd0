"""What Python, NumPy, PyTorch and JAX have in common."""

from __future__ import annotations

import keyword
from collections.abc import Sequence
from typing import ClassVar

from actcli.analyses.emit.source import RESULTS, WIDEST, Routine, Source
from actcli.tracing.body import Body, body
from actcli.tracing.graph import Value
from actcli.tracing.polynomials import horner_steps
from actcli.tracing.spelling import ATOM, COMPARISON, UNARY, Spelling, Text, indented

NAMES_TAKEN = frozenset(
    (*keyword.kwlist, *RESULTS, "abs", "min", "max", "math", "np", "torch", "jax", "jnp", "erf", "erfc")
)


class ArraySpelling(Spelling):
    """Operations on arrays: `module.function(…)`, and & | ~ on truth values."""

    MODULE: ClassVar[str]
    RESERVED = NAMES_TAKEN

    def operation(self, value: Value, operands: list[Text]) -> Text:
        if value.operation in ("erf", "erfc"):
            return self.call(self.special(value.operation), operands)
        return super().operation(value, operands)

    def special(self, name: str) -> str:
        """Return the name of a special function."""
        return name

    def __init_subclass__(cls) -> None:
        cls.NAMES = _Qualified(cls.MODULE)
        cls.INFINITY, cls.NAN = f"{cls.MODULE}.inf", f"{cls.MODULE}.nan"

    def spell_logical_and(self, value: Value, a: Text, b: Text) -> Text:
        return Text(f"{a.within(ATOM)} & {b.within(ATOM)}", COMPARISON)

    def spell_logical_or(self, value: Value, a: Text, b: Text) -> Text:
        return Text(f"{a.within(ATOM)} | {b.within(ATOM)}", COMPARISON)

    def spell_logical_not(self, value: Value, a: Text) -> Text:
        return Text(f"~{a.within(ATOM)}", UNARY)

    def spell_polynomial(self, value: Value, t: Text) -> Text:
        return self.call(f"_{value.hint}", [t])

    def whole(self, output: Value, text: Text) -> Text:
        """Write a result, which has the shape of x even if it is a number."""
        return self.full(output.number) if output.is_constant else text

    def full(self, number: float) -> Text:
        """Write an array of the shape of x, filled with a number."""
        known = {0.0: "zeros_like(x)", 1.0: "ones_like(x)"}
        return Text(f"{self.MODULE}.{known.get(number) or f'full_like(x, {self.number(number).text})'}")


class _Qualified(dict[str, str]):
    """Names of a module: every function is called what NumPy calls it."""

    def __init__(self, module: str) -> None:
        super().__init__()
        self.module = module

    def __missing__(self, name: str) -> str:
        return f"{self.module}.{name}"


def guarded(source: Source, order: int) -> Value:
    """Return a derivative with the limits put in where the arithmetic doesn't give them."""
    (output,), guards = source.routine(order).outputs, source.routine(order).guards
    if guards:
        output.hint = output.hint or ("value", "slope", "curvature")[order]
    for guard in reversed(guards):
        output = output.tape.apply("where", guard.condition, *guard.values, output)
    return output


def array_function(source: Source, routine: Routine, spelling: ArraySpelling, name: str, decorator: str) -> list[str]:
    """Return the lines of a function of an array."""
    outputs = [guarded(source, order) for order in routine.orders]
    written = body(outputs, spelling)
    results = [spelling.whole(output, text) for output, text in zip(outputs, written.results, strict=True)]
    lines = [*assignments(written), *returned(results)]
    return [f"@{decorator}", *definition(source, routine, name, lines)]


def assignments(written: Body) -> list[str]:
    """Return the statements of a body."""
    return [f"{each.name} = {each.text}" for each in written.statements]


def returned(results: Sequence[Text]) -> list[str]:
    """Return the statement that returns the results; long ones get names first."""
    line = f"return {', '.join(result.text for result in results)}"
    if len(line) <= WIDEST:
        return [line]
    names = RESULTS[: len(results)]
    return [*(f"{name} = {each.text}" for name, each in zip(names, results, strict=True)), f"return {', '.join(names)}"]


def definition(source: Source, routine: Routine, name: str, lines: Sequence[str]) -> list[str]:
    """Return a Python function of x."""
    return [f"def {name}(x):", f'    """{source.returns(routine.orders)}"""', *indented(lines)]


def polynomial_functions(source: Source, spelling: Spelling) -> list[list[str]]:
    """Return the functions of the long polynomials."""
    parts = []
    for value in source.polynomials:
        *steps, last = horner_steps(value, spelling)
        body_lines = [
            '"""Return a polynomial in t by Horner\'s rule."""',
            *(f"p = {step}" for step in steps),
            f"return {last}",
        ]
        parts.append([f"def _{value.hint}(t):", *indented(body_lines)])
    return parts


def module(source: Source, precision: Sequence[str], imports: Sequence[str], parts: Sequence[Sequence[str]]) -> str:
    """Return a Python file: docstring, imports, and functions two lines apart."""
    first, *others = source.about(precision)
    head = [f'"""{first}', *others, '"""'] if others else [f'"""{first}"""']
    return "\n".join(
        [*head, *([""] if imports else []), *imports, *(line for part in parts for line in ("", "", *part)), ""]
    )
