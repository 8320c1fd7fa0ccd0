"""Medians and ratios with intervals, and what may be said of a change. Everything is a bootstrap, and seeded.

Nothing is assumed of how times are distributed: they are skewed, with several modes and outliers, so that means and
standard deviations describe the outliers. Sources: Efron, "Bootstrap methods: another look at the jackknife" (1979);
Politis and Romano, "A circular block-resampling procedure for stationary data" (1992); that load only adds time: Chen
and Revels, "Robust benchmarking in noisy environments" (2016).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

Array = np.ndarray[Any, Any]
Verdict = Literal["same", "faster", "slower", "unclear"]

LEVEL = 0.95
NORMAL = 1.96
"""Standard deviations that enclose as much of a normal distribution."""
RESAMPLES = 1_000
MATTERS = 0.05
"""Relative change below which two times count as the same."""

FLOOR = 0.02
"""Relative difference of two rows of one run below which they count as equal: memory's layout alone makes as much."""

ENOUGH = 6
"""Samples below which no interval is told: the smallest and largest of five enclose the median in 94 % of cases."""

DECISIVE = 20
"""Samples that both runs must have before one may be called slower or faster than the other."""

SPREAD = 0.10
"""Interquartile range over median above which a measurement is called noisy."""

QUIET = 0.1
"""The quantile that stands for a run's times without other load."""

LOAD = 0.25
"""Part of the distance from that quantile to the median that may differ between runs."""

REMEDY = "close other programs, keep the clock frequency fixed, pin the process to a core, or raise --budget"


def median_interval(seconds: Array, seed: int = 0) -> tuple[float, float, float]:
    """Return the median of the samples that aren't NaN, and the ends of its 95 % interval (NaN below six samples)."""
    return _median_interval(seconds, [1], seed)


def ratio_interval(numerator: Array, denominator: Array, seed: int = 0) -> tuple[float, float, float]:
    """Return the median of the ratios pair by pair, with the ends of its 95 % interval (NaN below six pairs).

    Both arrays hold one time a round. Noise that lasts longer than a round touches both halves of a pair, and cancels.
    What drifts from one to the other doesn't: the interval is drawn from single rounds and from blocks of neighbouring
    ones, and reaches as far as either.
    """
    rounds = min(len(numerator), len(denominator))
    ratios = numerator[:rounds] / denominator[:rounds]
    return _median_interval(ratios, [1, block_length(int(np.isfinite(ratios).sum()))], seed)


def half_width(seconds: Array) -> float:
    """Return half the width of the median's 95 % interval, relative to the median; infinite below six samples.

    This one is for deciding when to stop, and takes microseconds of the budget: it lies between the ranks that enclose
    the median by the binomial distribution, and is hardly wider than the bootstrap's.
    """
    ordered = np.sort(seconds[np.isfinite(seconds)])
    if ordered.size < ENOUGH:
        return math.inf
    lower = max(0, int(ordered.size / 2 - NORMAL * math.sqrt(ordered.size) / 2))
    median = float(np.median(ordered))
    return float(ordered[-1 - lower] - ordered[lower]) / 2 / median if median > 0 else math.inf


def spread(seconds: Array) -> float:
    """Return interquartile range over median; NaN without samples."""
    there = seconds[np.isfinite(seconds)]
    if not there.size:
        return math.nan
    lower, median, upper = np.quantile(there, [0.25, 0.5, 0.75])
    return float((upper - lower) / median) if median > 0 else math.nan


def change_interval(before: Array, after: Array, seed: int = 0) -> tuple[float, float, float]:
    """Return the relative change of the median from one run to another, and the ends of its 95 % interval.

    The ends are NaN where either run has fewer than six samples.
    The interval holds the noise between runs, too. Other load on a machine only ever adds time, and lasts: within a run
    neighbouring rounds resemble each other, and the medians of two runs differ by more than either run shows. So the
    interval is that of the first decile, which load reaches last, from blocks of neighbouring rounds; it is widened by
    a part of the distance from decile to median, which says how much load there was; and it reaches to the change of
    the median, so that runs whose medians and deciles disagree leave the matter open.
    """
    first, second = (each[np.isfinite(each)] for each in (before, after))
    if not first.size or not second.size:
        return math.nan, math.nan, math.nan
    change = float(np.median(second) / np.median(first) - 1)
    if min(first.size, second.size) < ENOUGH:
        return change, math.nan, math.nan
    generator = np.random.default_rng(seed)
    earlier, later = (_resampled(each, QUIET, block_length(each.size), generator) for each in (first, second))
    low, high = _ends(later / earlier - 1)
    load = LOAD * math.hypot(*(np.median(each) / np.quantile(each, QUIET) - 1 for each in (first, second)))
    return change, min(change, low - load), max(change, high + load)


def relative_change_interval(before: Array, after: Array, seed: int = 0) -> tuple[float, float, float]:
    """Return the same for times over those of a yardstick in the same rounds.

    Load touches both and cancels: medians drawn from blocks of neighbouring rounds are noise enough.
    """
    change = float(np.median(after) / np.median(before) - 1)
    if min(before.size, after.size) < ENOUGH:
        return change, math.nan, math.nan
    generator = np.random.default_rng(seed)
    earlier, later = (_resampled(each, 0.5, block_length(each.size), generator) for each in (before, after))
    return change, *_ends(later / earlier - 1)


def block_length(samples: int) -> int:
    """Return how many neighbouring rounds are drawn together: the square root of their number."""
    return max(1, math.isqrt(samples))


def verdict(low: float, high: float, matters: float = MATTERS) -> Verdict:
    """Return what the interval of a relative change allows to say: `same`, `faster`, `slower` or `unclear`.

    `same` where the whole interval is too small to matter; `slower` where it excludes no change and reaches what
    matters; `faster` likewise.
    """
    if -matters <= low and high <= matters:
        return "same"
    if low > 0 and high >= matters:
        return "slower"
    if high < 0 and low <= -matters:
        return "faster"
    return "unclear"


def _median_interval(values: Array, blocks: Sequence[int], seed: int) -> tuple[float, float, float]:
    """Return the median, and the ends of the interval that encloses those drawn in blocks of several lengths."""
    there = values[np.isfinite(values)]
    median = float(np.median(there)) if there.size else math.nan
    if there.size < ENOUGH:
        return median, math.nan, math.nan
    generator = np.random.default_rng(seed)
    ends = [_ends(_resampled(there, 0.5, block, generator)) for block in blocks]
    return median, min(low for low, _ in ends), max(high for _, high in ends)


def _resampled(values: Array, quantile: float, block: int, generator: np.random.Generator) -> Array:
    """Return a quantile of each of many series drawn, in circular blocks of neighbours, from one series."""
    size = values.size
    starts = generator.integers(0, size, (RESAMPLES, -(-size // block), 1))
    drawn = ((starts + np.arange(block)) % size).reshape(RESAMPLES, -1)[:, :size]
    found: Array = np.quantile(values[drawn], quantile, axis=1)
    return found


def _ends(resampled: Array) -> tuple[float, float]:
    low, high = np.quantile(resampled, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)
