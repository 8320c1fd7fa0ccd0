"""Products of slopes along one path through L layers, as textbooks compute them, in natural logarithms.

Next to the bound (max |φ′|)^L stand pre-activations x drawn uniformly from a range. The draws being independent,
E[Πφ′] = (E φ′)^L exactly; a typical path has the geometric mean exp(L·E ln |φ′|), which lies far below, so that the
mean of a sample rests on a few paths.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from actcli.activations.function import Function
from actcli.analyses.gradflow import logs
from actcli.analyses.gradflow.logs import Array
from actcli.analyses.gradflow.rare_paths import note
from actcli.analyses.gradflow.slopes import largest_slope
from actcli.analyses.gradflow.uniform import averages
from actcli.errors import UsageError

TEXTBOOK_DEPTHS = (1, 5, 10, 15, 20)
TYPICAL = 2.0
"""The pre-activation that textbooks call typical."""
_BLOCK = 1 << 18
"""Draws held at a time."""


@dataclass(frozen=True, slots=True)
class Product:
    """What is left of a gradient after `depth` layers: natural logarithms of sizes (−∞ for 0, NaN for unknown).

    `bound` and `best_case` are φ′ at its largest, anywhere; the bound is unknown where only a search has found it.
    `negative` names the quantities that are below 0; `note` says where the sample's mean misleads.
    """

    depth: int
    bound: float
    best_case: float
    typical: float
    geometric_mean: float
    exact_mean: float
    sample_mean: float
    sample_stderr: float
    median: float
    negative: frozenset[str] = frozenset()
    note: str = ""

    def value(self, name: str) -> float:
        """Return a quantity itself; it may underflow to 0 or overflow to ∞."""
        size = float(np.exp(np.float64(getattr(self, name))))
        return -size if name in self.negative else size

    def log10(self, name: str) -> float:
        """Return the decimal logarithm of a quantity's size."""
        return float(getattr(self, name)) / math.log(10)


def depths(depth: int) -> list[int]:
    """Return the depths of a table that ends at `depth`: 1, 5, 10, 15, 20, 50, 100, 200, 500 … and `depth` itself."""
    found = list(TEXTBOOK_DEPTHS)
    scale = 10
    while 5 * scale < depth:
        found += [5 * scale, 10 * scale, 20 * scale]
        scale *= 10
    return [*(each for each in found if each < depth), depth]


def products(
    function: Function,
    depths: Sequence[int],
    *,
    low: float = -2.0,
    high: float = 2.0,
    samples: int = 1000,
    seed: int = 42,
) -> list[Product]:
    """Return a Product for each depth, in increasing order, with pre-activations uniform on [low, high].

    The draws are those of NumPy's legacy generator: `samples` times `uniform(low, high, L)` for one depth L after the
    other, the same for every function. Raises UsageError for a range too wide for float64.
    """
    if not math.isfinite(high - low):
        raise UsageError(f"pre-activations from {low:g} to {high:g}: the range is too wide for float64")
    stream = np.random.RandomState(seed)
    largest = largest_slope(function)
    typical = float(function.derivatives(np.array([TYPICAL]))[1][0])
    average = averages(function, low, high)
    found = []
    for depth in sorted(depths):
        sample = _draw(function, depth, low, high, samples, stream)
        exact, mean = logs.power(average.slope, depth), logs.mean(*sample)
        error = logs.standard_error(*sample)
        signed = {
            "typical": logs.power(typical, depth),
            "exact_mean": exact,
            "sample_mean": mean,
            "median": logs.median(*sample),
        }
        found.append(
            Product(
                depth,
                bound=depth * logs.log(function.largest_slope),
                best_case=depth * logs.log(largest),
                geometric_mean=depth * average.log_slope,
                sample_stderr=error,
                **{name: each.log for name, each in signed.items()},
                negative=frozenset(name for name, each in signed.items() if each.negative),
                note=note(sample[0], mean, error, exact),
            )
        )
    return found


def remarks(function: Function, low: float, high: float) -> list[str]:
    """Return sentences on quantities that don't exist for a function, or don't mean what they seem to."""
    average = averages(function, low, high)
    said = [average.reason] if average.reason else []
    if math.isinf(function.largest_slope):
        said.append("φ′ grows without bound, so there is no bound on the gradient")
    if math.isnan(function.largest_slope):
        said.append("the largest slope was looked for, not proved: there is no bound")
    if average.log_slope == -math.inf:
        said.append(f"φ′ is 0 on a part of [{low:g}, {high:g}]: the geometric mean is 0")
    if average.slope < 0:
        said.append(f"E φ′ = {average.slope:.3g} is negative: the exact mean changes its sign from layer to layer")
    return said


def _draw(
    function: Function, depth: int, low: float, high: float, samples: int, stream: np.random.RandomState
) -> tuple[Array, Array]:
    """Return the logarithms of the sizes of so many products, and which of them are negative."""
    sizes, negative = np.empty(samples), np.empty(samples, dtype=bool)
    rows = max(1, _BLOCK // depth)
    for start in range(0, samples, rows):
        block = slice(start, min(start + rows, samples))
        slope = function.derivatives(stream.uniform(low, high, (block.stop - block.start, depth)))[1]
        with np.errstate(divide="ignore"):
            sizes[block] = np.log(np.abs(slope)).sum(axis=1)
        negative[block] = np.count_nonzero(slope < 0, axis=1) % 2 == 1
    return sizes, negative
