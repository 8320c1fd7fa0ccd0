"""The array namespace that kernels get when they are recorded instead of run: the `xp` of a device without numbers."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from actcli.errors import UsageError
from actcli.tracing.graph import BOOLEAN, Tape, Value

FUNCTIONS = frozenset(
    "add subtract multiply divide negative abs sign exp expm1 log log1p sqrt sin cos sinh cosh tanh power copysign "
    "minimum maximum where".split()
).union(BOOLEAN)
"""What the kernels' arithmetic consists of, by NumPy's names. Every language spells each of them."""

SPECIAL = frozenset(("erf", "erfc"))
"""Special functions that C, Python and the array libraries all have."""


class Namespace:
    """Records the functions called on values of one tape; `name` is the activation that error messages speak of."""

    inf, nan, pi, e = math.inf, math.nan, math.pi, math.e

    def __init__(self, tape: Tape, name: str, known: frozenset[str] = FUNCTIONS) -> None:
        self._tape, self._name, self._known = tape, name, known

    @property
    def special(self) -> Namespace:
        """The special functions."""
        return Namespace(self._tape, self._name, SPECIAL)

    def __getattr__(self, operation: str) -> Callable[..., Value]:
        if operation not in self._known:
            raise UsageError(
                f"{self._name} can't be emitted: its kernel uses {operation}, which not every language has"
            )
        return lambda *arguments: self._tape.apply(operation, *arguments)

    def float64(self, number: float) -> Value:
        """Return a literal."""
        return self._tape.constant(number)

    def asarray(self, number: Any, dtype: Any = None) -> Value:
        """Return a value, which is an array already."""
        return self._tape.value(number)

    def zeros_like(self, x: Value) -> Value:
        """Return 0."""
        return self._tape.constant(0.0)

    def ones_like(self, x: Value) -> Value:
        """Return 1."""
        return self._tape.constant(1.0)
