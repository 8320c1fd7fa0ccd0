"""Where the variance of the pre-activations settles, from that of the first layer on: q ← σw²·E[f(√q z)²] + σb²."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from actcli.activations.function import Function
from actcli.analyses.gradflow.meanfield.moments import Moments, moments
from actcli.core.gaussian import EPSILON, Estimate


@dataclass(frozen=True, slots=True)
class Step:
    """One application of the map at q: what follows, with its error, and the slope χ∥ of the map."""

    q: float
    following: float
    error: float
    slope: float
    at: Moments

    @property
    def rise(self) -> float:
        """How far q moves; 0 where that can't be told from rounding."""
        return 0.0 if abs(self.following - self.q) <= self.error else self.following - self.q

    @property
    def log_rise(self) -> float:
        """The logarithm of the factor by which q changes."""
        return math.log(self.following / self.q) if self.following > 0 else -math.inf


def step(function: Function, sigma_w2: float, sigma_b2: float, q: float) -> Step:
    """Apply the map once."""
    at = moments(function, q)
    following = sigma_w2 * at.second_moment.value + sigma_b2
    error = sigma_w2 * at.second_moment.error + 2 * EPSILON * following
    return Step(q, following, error, sigma_w2 * at.growth.value, at)


_LOWEST, _HIGHEST = 1e-12, 1e12
"""Where a search ends that has found no fixed point: q goes to 0, unless biases hold it up, or to ∞."""
_STRIDE = 0.5
"""How far ln q moves at most, near 0, between two looks at the map."""
_MOST_LOOKS = 400
"""Newton's method needs a few dozen even where the map touches the diagonal."""


_GRID = 10.0 ** np.arange(-4, 4.5, 0.5)
"""Variances between which other fixed points are looked for. They are the same for all weights, as are the moments."""


def fixed_point(
    function: Function, sigma_w2: float, sigma_b2: float, start: float | None = None
) -> tuple[Estimate, str]:
    """Return the q* that is reached from the variance of a first layer, and what there is to say of it.

    That is `start`, or for inputs N(0, 1) σw² + σb². 0 and ∞ are answers, nan is one where E f² isn't finite. The
    search moves from the start the way q does, to the first fixed point there is. A q that overshoots still comes to
    it: √q·E[f(√q z)²] never falls, so a deviation of ln q that changes its sign shrinks to half or less.
    """
    if start is None:
        start = sigma_w2 + sigma_b2
    if sigma_w2 == 0:
        return Estimate(sigma_b2, EPSILON * sigma_b2), ""
    here = step(function, sigma_w2, sigma_b2, start)
    if not math.isfinite(here.following):
        return Estimate(math.nan, math.inf), here.at.reason
    if not here.rise and all(step(function, sigma_w2, sigma_b2, q * start).rise == 0 for q in (0.25, 4.0)):
        return Estimate(start, 0.0), f"every q is a fixed point, and q stays at {start:.6g}"
    found, words = _reached(function, sigma_w2, sigma_b2, here)
    others = _parting(function, sigma_w2, sigma_b2, start, found.value)
    return found, "; ".join(filter(None, [words, others]))


def _reached(function: Function, sigma_w2: float, sigma_b2: float, here: Step) -> tuple[Estimate, str]:
    """Go where q goes."""
    for _ in range(_MOST_LOOKS):
        if not here.rise:
            break
        there = _ahead(function, sigma_w2, sigma_b2, here)
        if not math.isfinite(there.following) or there.q > _HIGHEST * max(1.0, sigma_b2):
            return Estimate(math.inf, math.inf), "q grows without bound"
        if there.q < _LOWEST and sigma_b2 == 0:
            return Estimate(0.0, 0.0), "q falls to 0"
        dip = _dip(here, there)
        if there.rise * here.rise > 0 and dip is not None:
            there = step(function, sigma_w2, sigma_b2, math.exp(dip))
        if there.rise * here.rise < 0:
            here = _between(function, sigma_w2, sigma_b2, here, there)
            break
        here = there
    return _located(function, sigma_w2, sigma_b2, here), ""


def _parting(function: Function, sigma_w2: float, sigma_b2: float, start: float, found: float) -> str:
    """Say on which side of an unstable fixed point, from which q leaves for another one, it started."""
    steps = [step(function, sigma_w2, sigma_b2, q) for q in _GRID.tolist()]
    for low, high in pairwise(each for each in steps if each.rise and math.isfinite(each.following)):
        if low.rise < 0 < high.rise:
            parting = _between(function, sigma_w2, sigma_b2, low, high).q
            if not math.isclose(parting, found, rel_tol=1e-6):
                side, other = ("above", "below") if start > parting else ("below", "above")
                begins = f"the first layer's q, {start:.6g}, lies {side} the unstable fixed point {parting:.6g}"
                return f"{begins}; from {other} it q goes elsewhere"
    return ""


def _ahead(function: Function, sigma_w2: float, sigma_b2: float, here: Step) -> Step:
    """Go on in the direction in which q moves: by Newton's method, but no farther than one can see."""
    t, rise = math.log(here.q), here.log_rise
    stride = max(_STRIDE, abs(t) / 2)
    falling = 1 - here.slope * here.q / here.following if here.following > 0 else 0.0
    towards = min(abs(rise) / falling, stride) if falling > 0 else stride
    # A step short of rounding would never cross the fixed point that it stands before.
    target = t + math.copysign(max(towards, 4 * EPSILON * max(1.0, abs(t))), rise)
    return step(function, sigma_w2, sigma_b2, math.exp(target))


def _dip(here: Step, there: Step) -> float | None:
    """Return the ln q between two looks where the map may touch the diagonal: the lowest point of a cubic."""
    t0, t1 = math.log(here.q), math.log(there.q)
    width = t1 - t0
    a, b = here.log_rise, there.log_rise
    if not (math.isfinite(a) and math.isfinite(b)):
        return None
    u = (here.slope * here.q / here.following - 1) * width
    v = (there.slope * there.q / there.following - 1) * width
    c2, c3 = 3 * (b - a) - 2 * u - v, 2 * (a - b) + u + v
    discriminant = c2 * c2 - 3 * c3 * u
    if discriminant < 0:
        return None
    for sign in (1, -1):
        denominator = c2 + sign * math.sqrt(discriminant)
        s = -u / denominator if denominator else math.nan
        if 0 < s < 1 and (a + s * (u + s * (c2 + s * c3))) * a < 0:
            return t0 + s * width
    return None


def _between(function: Function, sigma_w2: float, sigma_b2: float, a: Step, b: Step) -> Step:
    """Find the fixed point between two variances that move in opposite directions: Newton, or else bisection."""
    low, high = (a, b) if a.q < b.q else (b, a)
    here = a
    for _ in range(200):
        newton = here.q - (here.q - here.following) / (1 - here.slope) if here.slope != 1 else math.nan
        q = newton if low.q < newton < high.q else math.sqrt(low.q * high.q)
        if not low.q < q < high.q:
            break
        here = step(function, sigma_w2, sigma_b2, q)
        if here.rise == 0:
            break
        if (here.rise > 0) == (low.rise > 0):
            low = here
        else:
            high = here
    return here


def _located(function: Function, sigma_w2: float, sigma_b2: float, here: Step) -> Estimate:
    """Return q with the error that the map's own error and its slope leave; where it touches, the square root."""
    error = max(here.error, abs(here.following - here.q))
    bend = abs(step(function, sigma_w2, sigma_b2, here.q * (1 + 1e-4)).slope - here.slope) / (1e-4 * here.q)
    crossing = error / abs(1 - here.slope) if here.slope != 1 else math.inf
    touching = math.sqrt(2 * error / bend) if bend else math.inf
    found = min(crossing, touching)
    return Estimate(here.q, (2 * found if math.isfinite(found) else 0.0) + EPSILON * here.q)
