"""What a kernel computes, as a graph of values: each operation once, however often its result is used.

Values overload Python's operators, so a kernel that is handed one instead of an array records what it does to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from actcli.core.device import CPU

if TYPE_CHECKING:
    Array = np.ndarray[Any, Any]

COMPARISONS = ("less", "less_equal", "greater", "greater_equal", "equal", "not_equal")
BOOLEAN = (*COMPARISONS, "logical_and", "logical_or", "logical_not", "isnan", "isfinite", "isinf")
"""Operations whose results are true or false. In arithmetic those count as 1 and 0, in every language."""


class Value:
    """The result of an operation; `number` is what a constant holds, `hint` what the kernel's author called it."""

    __slots__ = ("hint", "number", "operands", "operation", "tape")

    def __init__(self, tape: Tape, operation: str, operands: tuple[Value, ...], number: Any) -> None:
        self.tape, self.operation, self.operands, self.number = tape, operation, operands, number
        self.hint = ""

    @property
    def is_constant(self) -> bool:
        """Whether it is a literal number or truth value."""
        return self.operation == "constant"

    @property
    def is_boolean(self) -> bool:
        """Whether it is true or false rather than a real number."""
        return self.operation in BOOLEAN or isinstance(self.number, bool)

    def __bool__(self) -> bool:
        raise TypeError("a kernel decides by xp.where, not by if")

    def __hash__(self) -> int:
        return id(self)

    def __eq__(self, other: Any) -> Any:
        return self.tape.apply("equal", self, other)

    def __ne__(self, other: Any) -> Any:
        return self.tape.apply("not_equal", self, other)

    def __lt__(self, other: Any) -> Value:
        return self.tape.apply("less", self, other)

    def __le__(self, other: Any) -> Value:
        return self.tape.apply("less_equal", self, other)

    def __gt__(self, other: Any) -> Value:
        return self.tape.apply("greater", self, other)

    def __ge__(self, other: Any) -> Value:
        return self.tape.apply("greater_equal", self, other)

    def __add__(self, other: Any) -> Value:
        return self.tape.apply("add", self, other)

    def __radd__(self, other: Any) -> Value:
        return self.tape.apply("add", other, self)

    def __sub__(self, other: Any) -> Value:
        return self.tape.apply("subtract", self, other)

    def __rsub__(self, other: Any) -> Value:
        return self.tape.apply("subtract", other, self)

    def __mul__(self, other: Any) -> Value:
        return self.tape.apply("multiply", self, other)

    def __rmul__(self, other: Any) -> Value:
        return self.tape.apply("multiply", other, self)

    def __truediv__(self, other: Any) -> Value:
        return self.tape.apply("divide", self, other)

    def __rtruediv__(self, other: Any) -> Value:
        return self.tape.apply("divide", other, self)

    def __neg__(self) -> Value:
        return self.tape.apply("negative", self)

    def __abs__(self) -> Value:
        return self.tape.apply("abs", self)

    def __and__(self, other: Any) -> Value:
        return self.tape.apply("logical_and", self, other)

    def __or__(self, other: Any) -> Value:
        return self.tape.apply("logical_or", self, other)

    def __invert__(self) -> Value:
        return self.tape.apply("logical_not", self)


class Tape:
    """Makes values, and hands out the same one for the same operation on the same operands."""

    def __init__(self) -> None:
        self._known: dict[tuple[Any, ...], Value] = {}
        self.x = self.make("x", ())

    def make(self, operation: str, operands: tuple[Value, ...], number: Any = None) -> Value:
        """Return the value of an operation as it stands."""
        key = (operation, *map(id, operands), repr(number))
        if key not in self._known:
            self._known[key] = Value(self, operation, operands, number)
        return self._known[key]

    def constant(self, number: Any) -> Value:
        """Return a literal."""
        return self.make("constant", (), bool(number) if isinstance(number, bool | np.bool_) else float(number))

    def value(self, anything: Any) -> Value:
        """Return a value, from itself or from a number."""
        return anything if isinstance(anything, Value) else self.constant(anything)

    def apply(self, operation: str, *arguments: Any) -> Value:
        """Return the value of an operation, in the simplest form that is the same to the last bit."""
        from actcli.tracing.simplify import simplified

        operands = tuple(self.value(each) for each in arguments)
        if all(each.is_constant for each in operands):
            with np.errstate(all="ignore"):
                return self.constant(numpy_function(operation)(*(each.number for each in operands))[()])
        simple = simplified(self, operation, operands)
        return self.make(operation, operands) if simple is None else simple


def numpy_function(operation: str) -> Any:
    """Return what computes an operation on NumPy arrays."""
    if operation in ("erf", "erfc"):
        return getattr(CPU.xp.special, operation)
    function = getattr(np, operation)
    return lambda *arguments: np.asarray(function(*arguments))


def reachable(roots: Sequence[Value]) -> Iterator[Value]:
    """Yield every value that the roots are made of, operands first, each once."""
    seen: set[int] = set()
    pending = [(root, False) for root in reversed(roots)]
    while pending:
        value, ready = pending.pop()
        if ready:
            yield value
        elif id(value) not in seen:
            seen.add(id(value))
            pending.append((value, True))
            pending += [(operand, False) for operand in reversed(value.operands)]


def _horner(coefficients: Sequence[float], t: Any) -> Any:
    """Return a polynomial, highest power first."""
    total, *others = coefficients
    for c in others:
        total = total * t + c
    return total


def compute(roots: Sequence[Value], x: Any) -> list[Array]:
    """Return the roots at the elements of a float64 array, computed by NumPy."""
    x = np.asarray(x, dtype=np.float64)
    found: dict[int, Any] = {}
    with np.errstate(all="ignore"):
        for value in reachable(roots):
            match value.operation:
                case "x":
                    result = x
                case "constant":
                    result = np.asarray(value.number)
                case "polynomial":
                    result = _horner(value.number, found[id(value.operands[0])])
                case operation:
                    result = numpy_function(operation)(*(found[id(each)] for each in value.operands))
            found[id(value)] = result
    return [np.broadcast_to(found[id(root)], x.shape) for root in roots]
