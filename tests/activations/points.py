"""Points where kernels go wrong: tails, roots, subnormals, kinks, and the neighbours of all of those."""

from __future__ import annotations

from typing import Any

import numpy as np

from actcli.activations.function import Function
from actcli.core.formats import FLOAT64, Format

Array = np.ndarray[Any, Any]


def directed(function: Function, format: Format) -> Array:
    """Return float64 numbers, exact in the format, that probe a function where it is hardest."""
    kinks = [float(at) for at, _ in function.kinks()]
    scale = [0.0, 1.0, 2.0, 3.0, 5.0, 6.0, 10.0, 17.0, 37.0, 88.0, 100.0, 104.0, 700.0, 709.8, 745.0, 745.2, 1000.0]
    limits = np.finfo(np.float64) if format is FLOAT64 else np.finfo(np.float32)
    extremes = [limits.max, limits.tiny, limits.smallest_subnormal, limits.eps, 1e-5, 1e-10, 0.5 + limits.eps]
    seeds = np.array([*kinks, *scale, *extremes, *roots(function)])
    seeds = np.concatenate([seeds, -seeds])
    dense = np.concatenate([np.linspace(-12, 12, 97), np.linspace(-45, 45, 61), np.linspace(-760, 760, 41)])
    return near(np.concatenate([seeds, dense]), format)


def near(values: Array, format: Format) -> Array:
    """Return the numbers of the format nearest to the values, with two neighbours on each side; finite ones only."""
    with np.errstate(over="ignore", under="ignore"):
        centre = values.astype(format.dtype)
    found = [centre]
    up = down = centre
    for _ in range(2):
        with np.errstate(over="ignore", under="ignore"):
            up, down = (np.nextafter(up, up.dtype.type(np.inf)), np.nextafter(down, down.dtype.type(-np.inf)))
        found += [up, down]
    everything = np.unique(np.concatenate(found).astype(np.float64))
    return everything[np.isfinite(everything)]


def random_bits(format: Format, count: int, seed: int) -> Array:
    """Return finite numbers uniform over the bit patterns of the format, half of them of ordinary size."""
    generator = np.random.default_rng(seed)
    with np.errstate(over="ignore"):
        patterns = generator.integers(0, 1 << format.bits, count // 2, dtype=np.uint64).astype(format.unsigned)
        anywhere = format.from_bits(patterns)
        ordinary = (generator.standard_normal(count // 2) * 10 ** generator.uniform(-3, 2.5, count // 2)).astype(
            format.dtype
        )
        together = np.concatenate([anywhere, ordinary])
        values = np.where(np.isnan(together), 1, together).astype(np.float64)
    return values[np.isfinite(values)]


def roots(function: Function) -> list[float]:
    """Return the places where f, f′ or f″ changes sign, found on a grid and by bisection."""
    grid = np.linspace(-12, 12, 2401) + 1e-3 / 3
    found = []
    for k, values in enumerate(function.derivatives(grid, 2)):
        for position in np.flatnonzero(values[:-1] * values[1:] < 0):
            low, high = grid[position], grid[position + 1]
            for _ in range(60):
                middle = (low + high) / 2
                same = np.sign(function.derivatives(np.array([middle]), 2)[k][0]) == np.sign(values[position])
                low, high = (middle, high) if same else (low, middle)
            found.append(float(high))
    return found
