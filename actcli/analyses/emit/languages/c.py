"""C: a header of static inline functions that needs <math.h> alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from actcli.analyses.emit.source import RESULTS, Routine, Source
from actcli.tracing.body import body
from actcli.tracing.graph import Value
from actcli.tracing.nans import first_operand
from actcli.tracing.polynomials import horner_steps
from actcli.tracing.spelling import AND, ATOM, COMPARISON, CONDITIONAL, OR, SUM, UNARY, Spelling, Text, indented

PRECISION = (
    "Computed in double; the float versions, with suffix f, round the result once.",
    "Sums are arranged so that what rounding loses can be given back: compile without -ffast-math,",
    "and with -ffp-contract=off where the compiler would fuse multiplications and additions.",
)

_KEYWORDS = (
    "auto break case char const continue default do double else enum extern float for goto if inline int long register "
    "restrict return short signed sizeof static struct switch typedef union unsigned void volatile while "
    "class delete new private public this template operator near far"
).split()


class CSpelling(Spelling):
    """Operations on doubles, by the functions of <math.h>."""

    INFINITY, NAN = "INFINITY", "NAN"
    NAMES: ClassVar[dict[str, str]] = {
        "abs": "fabs", "power": "pow", "isnan": "isnan", "isinf": "isinf", "isfinite": "isfinite",
        **{each: each for each in "exp expm1 log log1p sqrt sin cos sinh cosh tanh erf erfc copysign".split()},
    }  # fmt: skip
    REPEATED = frozenset(("minimum", "maximum"))
    RESERVED = frozenset((*_KEYWORDS, *NAMES.values(), *RESULTS, "gamma", "y0", "y1", "yn", "j0", "j1", "jn"))

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix

    def truth(self, value: bool) -> Text:
        return Text(str(int(value)))

    def spell_minimum(self, value: Value, a: Text, b: Text) -> Text:
        return self._extreme(">", value, a, b)

    def spell_maximum(self, value: Value, a: Text, b: Text) -> Text:
        return self._extreme("<", value, a, b)

    def _extreme(self, beyond: str, value: Value, a: Text, b: Text) -> Text:
        first = first_operand(value)
        if first == 1:
            a, b = b, a
        test = f"{a.within(SUM)} {beyond} {b.within(SUM)}"
        if first is None:
            test = f"isnan({b.text}) || {test}"
        return Text(f"{test} ? {b.text} : {a.text}", CONDITIONAL)

    def spell_logical_and(self, value: Value, a: Text, b: Text) -> Text:
        return Text(f"{a.within(AND)} && {b.within(COMPARISON)}", AND)

    def spell_logical_or(self, value: Value, a: Text, b: Text) -> Text:
        # gcc -Wall asks for parentheses around && within ||.
        either = [each.text if each.strength == OR else each.within(COMPARISON) for each in (a, b)]
        return Text(" || ".join(either), OR)

    def spell_logical_not(self, value: Value, a: Text) -> Text:
        return Text(f"!{a.within(ATOM)}", UNARY)

    def spell_where(self, value: Value, condition: Text, a: Text, b: Text) -> Text:
        return Text(f"{condition.within(OR)} ? {a.within(OR)} : {b.text}", CONDITIONAL)

    def spell_polynomial(self, value: Value, t: Text) -> Text:
        return self.call(f"{self.prefix}_{value.hint}", [t])


def emit(source: Source) -> str:
    """Return a header with double and float functions."""
    spelling = CSpelling(source.name)
    guard = f"{source.name.upper()}_H"
    lines = [
        *comment(source.about(PRECISION)),
        *[f"#ifndef {guard}", f"#define {guard}", "", "#include <math.h>", ""],
        "#if defined(__FAST_MATH__) || (defined(__FLT_EVAL_METHOD__) && __FLT_EVAL_METHOD__ == 2)",
        f'#error "{source.name} needs IEEE 754 arithmetic in double: no -ffast-math, no x87"',
        *["#endif", "", "#if defined(__clang__)", "#pragma STDC FP_CONTRACT OFF", "#endif"],
    ]
    for part in functions(source, spelling, "static inline"):
        lines += ["", *part]
    return "\n".join([*lines, "", f"#endif /* {guard} */", ""])


def comment(lines: Sequence[str]) -> list[str]:
    """Return a block comment."""
    return ["/*", *(f" * {line}".rstrip() for line in lines), " */"]


def functions(source: Source, spelling: CSpelling, qualifiers: str) -> list[list[str]]:
    """Return the functions of doubles and floats, after the polynomials they call."""
    parts = [_polynomial(value, spelling, qualifiers) for value in source.polynomials]
    parts += [_function(source, routine, spelling, qualifiers) for routine in source.routines]
    return parts + [_narrow(source, routine, qualifiers) for routine in source.routines if len(routine.orders) == 1]


def _polynomial(value: Value, spelling: CSpelling, qualifiers: str) -> list[str]:
    first, *steps, last = horner_steps(value, spelling)
    lines = [f"double p = {first};", *(f"p = {step};" for step in steps), f"return {last};"]
    name = spelling.spell_polynomial(value, Text("double t")).text
    return [f"{qualifiers} double {name}", "{", *indented(lines), "}"]


def _function(source: Source, routine: Routine, spelling: CSpelling, qualifiers: str) -> list[str]:
    places = [f"*{RESULTS[k]}" for k in routine.orders[1:]]
    lines: list[str] = []
    for guard in routine.guards:
        due = [text.text for text in body(guard.values, spelling).results]
        condition = body([guard.condition], spelling).results[0].text
        lines += [f"if ({condition}) {{", *indented(_results(due, places)), "}"]
    written = body(routine.outputs, spelling)
    lines += [f"const {'int' if each.boolean else 'double'} {each.name} = {each.text};" for each in written.statements]
    lines += _results([result.text for result in written.results], places)
    arguments = ", ".join(["double x", *(f"double {place}" for place in places)])
    return [
        f"/* {source.returns(routine.orders).replace('Return ', '').removesuffix('.')} */",
        f"{qualifiers} double {source.name}{routine.suffix}({arguments})",
        *["{", *indented([*_unused(routine), *lines]), "}"],
    ]


def _unused(routine: Routine) -> list[str]:
    """Return what keeps compilers from complaining of an x that plays no part."""
    plays = routine.guards or any(not output.is_constant for output in routine.outputs)
    return [] if plays else ["(void)x;"]


def _results(results: Sequence[str], places: Sequence[str]) -> list[str]:
    first, *others = results
    return [*(f"{place} = {text};" for place, text in zip(places, others, strict=True)), f"return {first};"]


def _narrow(source: Source, routine: Routine, qualifiers: str) -> list[str]:
    name = f"{source.name}{routine.suffix}"
    return [f"{qualifiers} float {name}f(float x)", "{", f"    return (float){name}(x);", "}"]
