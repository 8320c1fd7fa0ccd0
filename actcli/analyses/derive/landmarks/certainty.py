"""Where it isn't certain that every landmark was found."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from actcli.analyses.derive.landmarks.landmark import MINUS, Landmark, uncertain
from actcli.analyses.derive.landmarks.part import Part
from actcli.analyses.derive.landmarks.smooth_parts import SmoothParts
from actcli.core.intervals import Interval, distance, merged
from actcli.core.roots import Root

_CLOSE = Fraction(1, 256)
"""Doubtful intervals that are no farther apart are one."""
_MANY = 6
"""Doubtful intervals after which only the first is named."""
_MISSING = "some may be missing"


class Certainty:
    """Up to where the search came, and the intervals where something may be missing nevertheless."""

    def __init__(self, cut: SmoothParts) -> None:
        self.cut = cut
        existing = [part for part in cut.parts if part.exists]
        searches = [zeros.reach for part in existing for zeros in part.zeros]
        self.reach = min((each for each in (cut.reach, *searches) if each is not None), default=None)
        doubtful = [*cut.undecided, *(each for part in existing for order in range(3) for each in _open(part, order))]
        self.intervals = list(
            merged([each for each in doubtful if self.reach is None or distance(each) < self.reach], _CLOSE)
        )
        self._draw_in()

    def _draw_in(self) -> None:
        """Take intervals that adjoin the end of the search, or are too many, for the end of the search."""
        if len(self.intervals) > _MANY:
            self.reach = min(map(distance, self.intervals))
        while self.reach is not None:
            adjoining = [distance(each) for each in self.intervals if max(-each[0], each[1]) + _CLOSE >= self.reach]
            if not adjoining:
                return
            self.reach = min(adjoining)
            self.intervals = [each for each in self.intervals if distance(each) < self.reach]

    @property
    def complete(self) -> bool:
        """Whether nothing is missing on the whole line."""
        return self.reach is None and not self.intervals and not any(self.unknown_tails())

    def covers(self, x: float) -> bool:
        """Whether no landmark is missing around a place."""
        wide = (each for each in self.intervals if each[1] - each[0] > _CLOSE**4)
        return (self.reach is None or abs(x) <= self.reach) and not any(low <= x <= high for low, high in wide)

    def doubts(self) -> Iterator[Landmark]:
        """Yield a row for each place where something may be missing."""
        for low, high in self.intervals:
            middle = float((low + high) / 2)
            if f"{float(low):.4g}" == f"{float(high):.4g}":
                yield uncertain(middle, f"{middle:.15g}".replace("-", MINUS), f"near here {_MISSING}")
            else:
                span = f"{float(low):.4g} < x < {float(high):.4g}".replace("-", MINUS)
                yield uncertain(middle, f"{middle:.4g}".replace("-", MINUS), f"for {span} {_MISSING}")
        left, right = self.unknown_tails()
        end = self.cut.high if self.reach is None else self.reach
        if self.reach is not None or (left and right):
            yield _outside(float(end), "|x|", ">", end)
        elif right:
            yield _outside(float(end), "x", ">", end)
        elif left:
            yield _outside(-float(end), "x", "<", -end)

    def unknown_tails(self) -> tuple[bool, bool]:
        """Tell of either side whether landmarks may lie beyond the range of the search.

        A record is known to have none there as it stands; any other function has none where it is a straight line.
        """
        if self.cut.stated:
            return False, False
        parts = self.cut.parts[0], self.cut.parts[-1]
        left, right = ((part.exists and not part.straight) or not self.cut.all_known for part in parts)
        return left, right


def _outside(x: float, name: str, relation: str, end: Fraction) -> Landmark:
    shown = f"{float(end):.4g}".replace("-", MINUS)
    if x == 0:
        return uncertain(x, shown, _MISSING)
    return uncertain(x, shown, f"for {name} {relation} {shown} {_MISSING}")


def _open(part: Part, order: int) -> Iterator[Interval]:
    """Yield the doubtful intervals, but those around an extremum where f is 0 to all digits, as of (x² − 2)² at √2."""
    for low, high in part.undecided(order):
        explained = order == 0 and any(_touches(root, low, high) for root in part.inside(order + 1))
        if not explained:
            yield low, high


def _touches(root: Root, low: Fraction, high: Fraction) -> bool:
    return root.low <= high and low <= root.high and high - low < _CLOSE**4
