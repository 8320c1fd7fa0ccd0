"""What to tell people of a sample's mean that rare paths carry."""

from __future__ import annotations

import math

from actcli.analyses.gradflow import logs
from actcli.analyses.gradflow.logs import Array, Signed
from actcli.report import Magnitude

RARE = 0.05
"""A mean that rests on a smaller share of its sample is carried by rare paths."""


def note(sizes: Array, mean: Signed, error: float, exact: Signed) -> str:
    """Say on how few draws a mean rests, and how far it is from the exact one; nothing where neither misleads.

    `sizes` are the natural logarithms of the draws, `error` that of the mean's standard error.
    """
    if math.isnan(mean.log) or math.isnan(exact.log) or _agree(mean, exact):
        return ""
    rests_on = logs.effective_size(sizes)
    far = _log_distance(mean, exact) > error + math.log(3)
    if rests_on >= RARE * sizes.size and not far:
        return ""
    if not rests_on:
        return f"all {sizes.size} draws are 0; the exact mean is {Magnitude(exact.log, exact.negative).significant(2)}"
    few = f"the mean of {sizes.size} draws rests on {math.ceil(rests_on)} of them"
    return f"{few}; the exact mean is {_apart(mean, exact)}"


def _agree(mean: Signed, exact: Signed) -> bool:
    """Tell whether a difference is rounding, as for a constant slope."""
    return mean.negative == exact.negative and (mean.log == exact.log or abs(mean.log - exact.log) < 1e-9)


def _log_distance(a: Signed, b: Signed) -> float:
    low, high = sorted((a.log, b.log))
    ratio = math.exp(low - high) if high > -math.inf else 0.0
    return high + (math.log1p(ratio) if a.negative != b.negative else math.log1p(-ratio) if ratio < 1 else -math.inf)


def _apart(mean: Signed, exact: Signed) -> str:
    if mean.negative != exact.negative:
        return "of the other sign"
    nats = exact.log - mean.log
    if math.isinf(nats):
        return "0"
    word = "larger" if nats > 0 else "smaller"
    if abs(nats) < math.log(2):
        return f"{abs(math.expm1(nats)):.0%} {word}".replace("%", " %")
    return f"{Magnitude(abs(nats)).significant(3)} times {word}"
