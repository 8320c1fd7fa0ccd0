"""What happens where one smooth part of a function takes over from another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flint import arb

from actcli.activations.function import Function
from actcli.analyses.derive.landmarks.landmark import Landmark, approached, mark, number, vertical
from actcli.analyses.derive.landmarks.part import Part
from actcli.core.roots import Root
from actcli.core.seams import opened
from actcli.core.signs import derivatives, exact_ball, rational_at
from actcli.expressions.nodes import Operation, walk

_NAMES = "f", "f′", "f″"
_SINGLE_OUT = {"equal", "not_equal", "sign"}
"""What may give f another value at one point than on either side of it."""


@dataclass(frozen=True)
class Meeting:
    """A place, the parts to its left and right, and what f, f′, f″ tend to from there.

    `here` is f at the place: None where it has no value, NaN where it isn't known.
    """

    place: Root
    left: Part
    right: Part
    here: Any
    before: list[Any]
    after: list[Any]

    @classmethod
    def of(cls, place: Root, left: Part, right: Part, function: Function) -> Meeting:
        """Work out what happens at a place of a function."""
        nothing = [None, None, None]
        before = left.towards(place, right=True) if left.exists else nothing
        after = right.towards(place, right=False) if right.exists else nothing
        return cls(place, left, right, _value(place, function, before[0], after[0]), before, after)

    @property
    def sides(self) -> list[tuple[str, Any]]:
        """What f tends to from each side on which it has values, None where that isn't known."""
        both = (("below", self.left, self.before), ("above", self.right, self.after))
        return [(name, towards[0]) for name, part, towards in both if part.exists]

    @property
    def continuous(self) -> bool:
        """Whether f is as near as can be told what it tends to."""
        if self.here is None or not self.here.is_finite():
            return False
        return all(value is not None and value.overlaps(self.here) for _, value in self.sides)

    def landmarks(self) -> Iterator[Landmark]:
        """Yield the landmarks at the place."""
        if not self.sides:
            return
        if not self.continuous:
            yield from self.broken()
        elif len(self.sides) == 1:
            if self.here == 0:
                yield mark("zero", self.place.ball, self.here)  # an end of the domain, as of √x
        else:
            yield from self.joined()

    def broken(self) -> Iterator[Landmark]:
        """Yield what there is where f jumps, grows without bound or has no value."""
        x, known = self.place.ball, [value for _, value in self.sides if value is not None]
        finite = [value for value in known if value.is_finite()]
        if len(finite) < 2 or self.here is None:
            for name, value in self.sides:
                if value is not None:
                    yield approached(x, value, name)
        if len(finite) < len(known):
            yield vertical(x)
        elif len(known) < len(self.sides):
            names = [name for name, value in self.sides if value is None]
            note = f"no limit from {' or '.join(names)} was found"
            yield mark("undefined" if self.here is None else "uncertain", x, self.here, note=note)
        elif len(known) == 2:
            if not known[0].overlaps(known[1]):
                yield mark("jump", x, self.here, note=f"f jumps from {number(known[0])} to {number(known[1])}")
            elif self.here is None:
                yield mark("undefined", x, None)
            elif self.here.is_finite():
                yield mark("jump", x, self.here, note=f"f = {number(self.here)} there, but tends to {number(known[0])}")
            else:
                yield mark("uncertain", x, None, note="whether f jumps there")
        elif self.here is not None:
            yield mark("uncertain", x, None, note="whether f has a value there")

    def joined(self) -> Iterator[Landmark]:
        """Yield what there is where f goes on without a jump."""
        x = self.place.ball
        flat = self.left.zeros[0].identically_zero or self.right.zeros[0].identically_zero
        if 0 in self.here and not flat:
            yield mark("zero", x, arb(0), note="" if self.here == 0 else "f is 0 to 100 digits")
        slopes, bends = self.signs(1), self.signs(2)
        if None in slopes:
            yield mark("uncertain", x, self.here, note="whether there is a minimum or maximum")
        elif slopes[0] * slopes[1] < 0:
            yield mark("minimum" if slopes[1] > 0 else "maximum", x, self.here)
        smooth = False
        for order, (a, b) in enumerate(zip(self.before, self.after, strict=True)):
            if a is None or b is None:
                yield mark("uncertain", x, self.here, note=f"whether {_NAMES[order]} jumps")
            elif not a.overlaps(b):
                yield mark("kink", x, self.here, note=f"{_NAMES[order]} jumps from {number(a)} to {number(b)}")
            elif a.is_finite():
                continue
            else:
                smooth = order == 1  # a vertical tangent, as of the cube root
            break
        else:
            order, smooth = 3, True
        if (smooth or order >= 2) and None not in bends and bends[0] * bends[1] < 0:
            yield mark("inflection", x, self.here)

    def signs(self, order: int) -> Any:
        """Return the signs of a derivative on either side, None where one isn't known."""
        return self.left.sign(order, right=True), self.right.sign(order, right=False)


def _value(place: Root, function: Function, before: Any, after: Any) -> Any:
    """Return f at a place: what the formula itself says there, None for no value, NaN for an unknown one."""
    if place.low == place.high:
        exact = rational_at(function.program, 0, place.low)
        if exact is not None:
            return exact_ball(exact)
        found = derivatives(function.program, exact_ball(place.low), 0)
        return arb("nan") if found is None else found[0] if found else None
    single = any(isinstance(node, Operation) and node.name in _SINGLE_OUT for node in walk(opened(function.tree)))
    if before is None or after is None or single or not before.overlaps(after):
        return arb("nan")
    return after
