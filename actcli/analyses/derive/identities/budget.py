"""How much work SymPy would have with a fraction of polynomials, told before it begins: too much is refused."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from math import comb, prod
from typing import Any

from actcli.analyses.derive.identities.branches import TooHardError

MAX_WORK = 50_000
"""Products of terms that a proof may cost altogether, a few seconds."""
MAX_FACTORED = 600
"""Terms times degree of what is factored: factoring may take exponentially longer."""


@dataclass(frozen=True, slots=True)
class Size:
    """A bound of what a fraction multiplied out has: terms above, their degree in each variable, factors below."""

    terms: int = 1
    degrees: Counter[Any] = field(default_factory=Counter)
    below: Counter[Any] = field(default_factory=Counter)


class Budget:
    """The work that is left. Every method raises TooHardError when it is used up."""

    def __init__(self) -> None:
        self.left = MAX_WORK
        self.sizes: dict[Any, Size] = {}

    def spend(self, work: int) -> None:
        """Take work off what is left."""
        self.left -= work
        if self.left < 0:
            raise TooHardError

    def expand(self, u: Any) -> Size:
        """Pay for multiplying an expression out over one denominator."""
        found = self.size(u)
        self.spend(found.terms)
        return found

    def factor(self, u: Any) -> None:
        """Pay for reducing or factoring an expression."""
        found = self.expand(u)
        for size in (found, *(self.size(base) for base in found.below)):
            if size.terms * sum(size.degrees.values()) > MAX_FACTORED:
                raise TooHardError

    def size(self, u: Any) -> Size:
        """Return a bound of the size of an expression, paying for each product on the way."""
        if u not in self.sizes:
            self.sizes[u] = self._size(u)
        return self.sizes[u]

    def _size(self, u: Any) -> Size:
        if u.is_Add:
            return self._sum([self.size(part) for part in u.args])
        if u.is_Mul:
            found = Size()
            for part in u.args:
                found = self._product(found, self.size(part))
            return found
        if u.is_Pow and u.exp.is_Integer:
            return self._power(u.base, int(u.exp))
        return Size() if u.is_Rational else Size(1, Counter({u: 1}))

    def _sum(self, parts: list[Size]) -> Size:
        below: Counter[Any] = Counter()
        for part in parts:
            below |= part.below
        terms, degrees = 0, Counter[Any]()
        for part in parts:
            missing = below - part.below
            for base, power in missing.items():
                part = self._product(part, self._power(base, power))
            terms += part.terms
            degrees |= part.degrees
        return Size(_dense(terms, degrees), degrees, below)

    def _product(self, first: Size, second: Size) -> Size:
        self.spend(first.terms * second.terms)
        degrees = first.degrees + second.degrees
        return Size(_dense(first.terms * second.terms, degrees), degrees, first.below + second.below)

    def _power(self, base: Any, power: int) -> Size:
        found = self.size(base)
        if power < 0:
            # 1/(a/b) is b/a: what is below the base comes above.
            above = Size()
            for factor, times in found.below.items():
                above = self._product(above, self._power(factor, -power * times))
            return Size(above.terms, above.degrees, Counter({base: -power}))
        degrees = Counter({variable: degree * power for variable, degree in found.degrees.items()})
        terms = _dense(comb(found.terms + power - 1, power), degrees)
        self.spend(terms * found.terms)
        return Size(terms, degrees, Counter({factor: times * power for factor, times in found.below.items()}))


def _dense(terms: int, degrees: Counter[Any]) -> int:
    """Bound the terms by those of the dense polynomial of these degrees."""
    return min(terms, prod(degree + 1 for degree in degrees.values()))
