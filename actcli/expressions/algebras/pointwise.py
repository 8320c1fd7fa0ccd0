"""Arb balls at one point, for trees of several symbols that may hold pending derivatives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from flint import ctx

from actcli.expressions.algebras.balls import Absent, BallAlgebra, Condition
from actcli.expressions.evaluate import Program, run


class NoticesTies:
    """Mixed into an algebra of series: `tied` tells that a comparison was between equals."""

    tied = False

    def _compare(self, u: Any, v: Any, holds: Sequence[bool]) -> Condition:
        self.tied |= bool((u - v)[0] == 0)
        return super()._compare(u, v, holds)  # type: ignore[misc,no-any-return] # the algebra mixed into has it

    def sign(self, u: Any) -> Any:
        self.tied |= bool(u[0] == 0)
        return super().sign(u)  # type: ignore[misc] # likewise


class PointAlgebra(NoticesTies, BallAlgebra):
    """Balls at one point, as series of `length` terms in one of the symbols; the other symbols are constants.

    Where it is tied, another side of a kink has a say.
    """

    def __init__(self, point: Mapping[str, Fraction], variable: str = "", length: int = 1) -> None:
        super().__init__(length, +1)
        self.point, self.name = point, variable
        ctx.cap = max(ctx.cap, length)
        self.symbols = {
            name: self.variable(number) if name == variable else self.number(number) for name, number in point.items()
        }

    def series(self, program: Program) -> Any:
        """Return the value of a program at the point."""
        return run(program, self, self.symbols)

    def derivative(self, pending: tuple[Program, str]) -> Any:
        """Differentiate the series of the operand, which has to be one term longer than the result."""
        program, name = pending
        if self.name not in ("", name):
            raise ValueError(f"a derivative by {name} inside one by {self.name}")
        longer = PointAlgebra(self.point, name, self.length + 1)
        series = longer.series(program)
        self.tied |= longer.tied
        if isinstance(series, Absent):
            return series
        return self._series([(k + 1) * series[k + 1] for k in range(self.length)])
