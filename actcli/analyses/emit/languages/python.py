"""Plain Python: floats and the math module, which raises where IEEE 754 has an infinity or NaN."""

from __future__ import annotations

from typing import ClassVar

from actcli.analyses.emit.languages.pythonic import (
    NAMES_TAKEN,
    assignments,
    definition,
    module,
    polynomial_functions,
    returned,
)
from actcli.analyses.emit.source import Routine, Source
from actcli.tracing.body import body
from actcli.tracing.graph import Value
from actcli.tracing.nans import first_operand
from actcli.tracing.ranges import LARGEST_EXPONENT, Interval, Ranges
from actcli.tracing.spelling import AND, CONDITIONAL, NOT, OR, Spelling, Text, indented

PRECISION = ("For Python floats; takes any of them, raises for none.",)

HELPERS = {
    "_divide": '''
def _divide(a, b):
    """Return a / b; infinite or NaN where b is 0."""
    return a / b if b else a * math.copysign(math.inf, b)
''',
    "_exp": '''
def _exp(x):
    """Return exp(x); infinite where that is too large."""
    return math.inf if x > 709.782712893384 else math.exp(x)
''',
    "_expm1": '''
def _expm1(x):
    """Return exp(x) - 1; infinite where that is too large."""
    return math.inf if x > 709.782712893384 else math.expm1(x)
''',
    "_sinh": '''
def _sinh(x):
    """Return sinh(x); infinite where that is too large."""
    return math.copysign(math.inf, x) if abs(x) > 710.475860073943 else math.sinh(x)
''',
    "_cosh": '''
def _cosh(x):
    """Return cosh(x); infinite where that is too large."""
    return math.inf if abs(x) > 710.475860073943 else math.cosh(x)
''',
    "_log": '''
def _log(x):
    """Return log(x); -inf at 0, NaN below."""
    if x > 0.0:
        return math.log(x)
    return -math.inf if x == 0.0 else math.nan
''',
    "_log1p": '''
def _log1p(x):
    """Return log(1 + x); -inf at -1, NaN below."""
    if x > -1.0:
        return math.log1p(x)
    return -math.inf if x == -1.0 else math.nan
''',
    "_sqrt": '''
def _sqrt(x):
    """Return the square root of x; NaN below 0."""
    return math.sqrt(x) if x >= 0.0 else math.nan
''',
    "_sin": '''
def _sin(x):
    """Return sin(x); NaN where x is infinite."""
    return math.sin(x) if math.isfinite(x) else math.nan
''',
    "_cos": '''
def _cos(x):
    """Return cos(x); NaN where x is infinite."""
    return math.cos(x) if math.isfinite(x) else math.nan
''',
    "_min": '''
def _min(a, b):
    """Return the smaller of two numbers, NaN if either is."""
    return a if a < b or math.isnan(a) else b
''',
    "_max": '''
def _max(a, b):
    """Return the larger of two numbers, NaN if either is."""
    return a if a > b or math.isnan(a) else b
''',
    "_power": '''
def _power(x, y):
    """Return x to the power of y; infinite or NaN where IEEE 754 says so."""
    try:
        return math.pow(x, y)
    except OverflowError:
        size = math.inf
    except ValueError:
        size = math.nan if x else math.inf
    return math.copysign(size, x) if y % 2.0 == 1.0 else size
''',
}
"""What the math module lacks. A function comes without where its argument can't get that far."""


def _total(name: str, argument: Interval) -> bool:
    """Tell whether a function of the math module has a value wherever its argument may lie."""
    match name:
        case "exp" | "expm1" | "sinh" | "cosh":
            return argument.high <= LARGEST_EXPONENT and (name[-1] != "h" or argument.low >= -LARGEST_EXPONENT)
        case "log":
            return argument.low > 0.0
        case "log1p":
            return argument.low > -1.0
        case "sqrt":
            return argument.low >= 0.0
        case "sin" | "cos":
            return max(map(abs, argument)) < float("inf")
        case _:
            return f"_{name}" not in HELPERS


class PythonSpelling(Spelling):
    """Operations on floats; remembers which helpers they take."""

    INFINITY, NAN = "math.inf", "math.nan"
    NAMES: ClassVar[dict[str, str]] = {"abs": "abs"}
    RESERVED = NAMES_TAKEN

    def __init__(self) -> None:
        self.ranges = Ranges()
        self.helpers: set[str] = set()

    def operation(self, value: Value, operands: list[Text]) -> Text:
        if value.operation == "divide" and not self.ranges.of(value.operands[1]).excludes_zero():
            return self._helped("_divide", operands)
        if value.operation in self.NAMES or hasattr(self, f"spell_{value.operation}") or len(operands) != 1:
            return super().operation(value, operands)
        if value.operation == "negative":
            return super().operation(value, operands)
        if _total(value.operation, self.ranges.of(value.operands[0])):
            return self.call(f"math.{value.operation}", operands)
        return self._helped(f"_{value.operation}", operands)

    def _helped(self, name: str, operands: list[Text]) -> Text:
        self.helpers.add(name)
        return self.call(name, operands)

    def spell_power(self, value: Value, a: Text, b: Text) -> Text:
        return self._helped("_power", [a, b])

    def spell_copysign(self, value: Value, a: Text, b: Text) -> Text:
        return self.call("math.copysign", [a, b])

    def spell_minimum(self, value: Value, a: Text, b: Text) -> Text:
        return self._extreme("min", value, a, b)

    def spell_maximum(self, value: Value, a: Text, b: Text) -> Text:
        return self._extreme("max", value, a, b)

    def _extreme(self, name: str, value: Value, a: Text, b: Text) -> Text:
        match first_operand(value):
            case None:
                return self._helped(f"_{name}", [a, b])
            case first:
                return self.call(name, [b, a] if first else [a, b])

    def spell_logical_and(self, value: Value, a: Text, b: Text) -> Text:
        return Text(f"{a.within(AND)} and {b.within(NOT)}", AND)

    def spell_logical_or(self, value: Value, a: Text, b: Text) -> Text:
        return Text(f"{a.within(OR)} or {b.within(AND)}", OR)

    def spell_logical_not(self, value: Value, a: Text) -> Text:
        return Text(f"not {a.within(NOT)}", NOT)

    def spell_where(self, value: Value, condition: Text, a: Text, b: Text) -> Text:
        return Text(f"{a.within(OR)} if {condition.within(OR)} else {b.text}", CONDITIONAL)

    def spell_polynomial(self, value: Value, t: Text) -> Text:
        return self.call(f"_{value.hint}", [t])


def emit(source: Source) -> str:
    """Return a module of functions of a float."""
    spelling = PythonSpelling()
    functions = [_function(source, routine, spelling) for routine in source.routines]
    helpers = [text.strip().split("\n") for name, text in HELPERS.items() if name in spelling.helpers]
    needs_math = any("math." in line for part in (*helpers, *functions) for line in part)
    parts = [*helpers, *polynomial_functions(source, spelling), *functions]
    return module(source, PRECISION, ["import math"] if needs_math else [], parts)


def _function(source: Source, routine: Routine, spelling: PythonSpelling) -> list[str]:
    lines: list[str] = []
    for guard in routine.guards:
        due = ", ".join(text.text for text in body(guard.values, spelling).results)
        condition = body([guard.condition], spelling).results[0].text
        lines += [f"if {condition}:", *indented([f"return {due}"])]
    written = body(routine.outputs, spelling)
    lines += [*assignments(written), *returned(written.results)]
    return definition(source, routine, f"{source.name}{routine.suffix}", lines)
