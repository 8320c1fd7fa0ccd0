"""Arb balls that stay exact where all is rational: that 1/3 = 1/3 is a tie, no ball alone can tell."""

from __future__ import annotations

from typing import Any

from actcli.expressions.algebras.balls import Absent, Condition, RationalAlgebra
from actcli.expressions.algebras.pointwise import NoticesTies, PointAlgebra
from actcli.expressions.evaluate import Program, Step, run


class _Rationals(NoticesTies, RationalAlgebra):
    """Rationals at a point."""

    def __init__(self) -> None:
        super().__init__(1, +1)


class MixedAlgebra(PointAlgebra):
    """Pairs of a ball and the rational that it holds, absent where there is none."""

    def apply(self, step: Step, arguments: list[Any]) -> Any:
        """Return the value of one step, rational if those of its arguments are."""
        if step.method == "known":
            return run(step.fixed.program, self, {"x": arguments[0]})
        rationals = _Rationals()
        exact = rationals.apply(step, [rational for _, rational in arguments])
        self.tied |= rationals.tied
        if isinstance(exact, Absent):
            return super().apply(step, [ball for ball, _ in arguments]), exact
        if isinstance(exact, Condition):
            return exact, exact
        return self._series([exact[0]]), exact

    def series(self, program: Program) -> Any:
        """Return the value of a program at the point."""
        rationals = _Rationals()
        symbols = {name: (self.symbols[name], rationals.number(number)) for name, number in self.point.items()}
        return run(program, self, symbols)[0]
