"""Sigmoid and tanh of pre-activations in place, with their slopes, in the precision of the array; where they are kept.

A pre-activation is the sum of hundreds of rounded products: more digits than its format has would be invented ones.
"""

from __future__ import annotations

from typing import Any

from actcli.analyses.bench.workloads.space import Space

LARGEST = {"float32": 87.0, "float64": 708.0}
"""Where exp still has a normal reciprocal; beyond, the slope of sigmoid is taken to be what it is here, below 2e-38."""


def sigmoid(x: Any, slope: Any, xp: Any) -> None:
    """Replace x by σ(x), and fill `slope` with the slope at x where it isn't None."""
    if slope is None:
        xp.negative(x, out=x)
        xp.exp(x, out=x)  # of a gate that is shut it may be ∞, whose reciprocal is right
        x += 1
        xp.divide(1, x, out=x)
        return
    # Looking for a large number takes less time than a minimum everywhere.
    if not xp.max(x) <= LARGEST[x.dtype.name]:
        xp.minimum(x, LARGEST[x.dtype.name], out=x)
    xp.exp(x, out=x)
    d = x + 1
    x /= d
    # Not σ(1 - σ): the difference has no digits left where σ is near 1.
    xp.divide(x, d, out=slope)


def tanh(x: Any, slope: Any, xp: Any) -> None:
    """Replace x by its hyperbolic tangent, and fill `slope` with the slope at x where it isn't None."""
    if slope is not None:
        # Not 1 - tanh², but 1 / cosh²: 0 where exp is 0 or ∞, and digits everywhere else.
        grown = xp.exp(x)
        xp.divide(1, grown, out=slope)
        slope += grown
        xp.divide(2, slope, out=slope)
        xp.square(slope, out=slope)
    xp.tanh(x, out=x)


def naive_sigmoid(x: Any, xp: Any) -> Any:
    """Return 1 / (1 + e⁻ˣ), the formula of the books."""
    return 1 / (1 + xp.exp(-x))


def kept_pair(space: Space, gates: int, shape: tuple[int, ...], keep: bool) -> tuple[Any, Any]:
    """Return memory for the values and slopes of some gates, each a matrix of a shape; None where nothing is kept."""
    if not keep:
        return None, None
    return space.array("values", (gates, *shape)), space.array("slopes", (gates, *shape))


def at(kept: Any, gate: int, block: slice) -> Any:
    """Return the place of a block of a gate, None where nothing is kept."""
    return None if kept is None else kept[gate, block]


def parts(array: Any, count: int) -> list[Any]:
    """Return views of as many equal parts of the last axis."""
    width = array.shape[-1] // count
    return [array[..., k * width : (k + 1) * width] for k in range(count)]
