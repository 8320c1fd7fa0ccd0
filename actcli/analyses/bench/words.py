"""Measurements as people read them: three digits, a unit that suits, and nothing that looks like more than it is."""

from __future__ import annotations

import math

from actcli.analyses.bench.measure.statistics import FLOOR

Interval = tuple[float, float, float]
"""A value, and the ends of its 95 % interval."""

_UNITS = ((1.0, "s "), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))


def seconds_text(seconds: float, digits: int = 3) -> str:
    """Return a time in the unit that leaves one to three digits before the point."""
    if math.isnan(seconds):
        return "–"
    factor, unit = _unit(seconds)
    return f"{rounded(seconds / factor, digits)} {unit}"


def time_text(median: Interval) -> str:
    """Return a median with half the width of its interval, in percent."""
    return "–" if math.isnan(median[0]) else f"{seconds_text(median[0])} {_within(median, median[0])}".rstrip()


def spread_text(mean: float, deviation: float) -> str:
    """Return a mean with a standard deviation, in one unit."""
    factor, unit = _unit(mean)
    return f"{rounded(mean / factor, 3)} ± {rounded(deviation / factor, 2)} {unit}"


def ratio_text(ratio: Interval, mark: str = "") -> str:
    """Return a ratio with half the width of its interval; one whose interval comes within 2 % of 1 is no difference."""
    value, low, high = ratio
    if math.isnan(value):
        return ""
    if low == value == high == 1:
        return "1"
    if low < 1 + FLOOR and high > 1 - FLOOR:
        return f"≈ 1 {_within(ratio, 1.0)}"
    return f"{mark}{rounded(value, 3)} {_within(ratio, value)}"


def ulp_text(max_ulp: float, tolerance: float, wrong: bool) -> str:
    """Return an error in ULP; `!` where digits are lost, `✗` where none is left."""
    if math.isnan(max_ulp):
        return ""
    if math.isinf(max_ulp):
        return "✗ wrong"
    return f"✗ {max_ulp:.1g}" if wrong else f"! {max_ulp:.2g}" if max_ulp > tolerance else f"{max_ulp:.3g}"


def percent_text(percent: float) -> str:
    """Return a percentage, or nothing."""
    return "" if math.isnan(percent) else f"{rounded(percent, 2)} %"


def rounded(value: float, digits: int) -> str:
    """Return a number with so many significant digits, and no exponent."""
    if not math.isfinite(value):
        return "∞" if value > 0 else "–"
    exponent = int(f"{value:.{digits - 1}e}".partition("e")[2])  # of the rounded number: 9.999 is 10.0
    places = min(max(digits - 1 - exponent, 0), 6) if value else 0
    return f"{value:.{places}f}"


def size_text(size: int) -> str:
    """Return a number of elements as people write it."""
    exponent = len(str(size)) - 1
    return f"1e{exponent}" if size == 10**exponent and exponent > 3 else f"{size:,}"


def bytes_text(size: float) -> str:
    """Return a number of bytes in the unit that suits it."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1024
    return f"{size:,.3g} TiB"


def _within(interval: Interval, centre: float) -> str:
    """Return how far an interval reaches from a centre, in percent; nothing where it isn't known."""
    _, low, high = interval
    return "" if math.isnan(low) else f"± {rounded(max(high - centre, centre - low) / centre * 100, 2)} %"


def _unit(seconds: float) -> tuple[float, str]:
    return next((each for each in _UNITS if seconds >= each[0] * 0.9995), _UNITS[-1])
