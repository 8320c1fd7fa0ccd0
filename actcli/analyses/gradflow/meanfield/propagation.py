"""Signal and gradient layer by layer at infinite width, from the first layer on rather than at the fixed point."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from actcli.activations.function import Function
from actcli.analyses.gradflow.meanfield.moments import SMALLEST, moments
from actcli.analyses.gradflow.meanfield.residual import GROWTH, Block, block, coherence, gradients, mixed_moments
from actcli.analyses.gradflow.network.norms import EPSILON
from actcli.errors import UsageError

Array = np.ndarray[Any, Any]

_LARGEST = 1e30
"""The largest variance whose moments are computed; beyond, f is a power and its slopes have reached their limits."""


@dataclass(frozen=True, slots=True)
class Propagation:
    """Variances q of what f sees and ln gradient for layers 1 … L, and the variance that finite width adds.

    The gradient of a layer is that by its pre-activations, for a random unit cotangent at the output.
    That of a residual net without a norm counts what its mean direction adds at this width. For one example,
    `log_variance` is that of ln gradient²(layer 1 : layer L) between networks of this width (Hanin 2018), and
    `log_shortfall` is how far the expected ln gradient(layer 1 : layer L) lies below the theory, in residual nets to
    within about depth/(4·width).
    """

    q: Array
    log_gradient: Array
    log_variance: float
    log_shortfall: float


def propagate(
    function: Function,
    sigma_w: float,
    sigma_b: float,
    depth: int,
    width: int,
    arch: str = "mlp",
    norm: str = "none",
    q0: float = 1.0,
    q1: float | None = None,
) -> Propagation:
    """Return the theory for weights N(0, σw²/fan_in), biases N(0, σb²) and inputs of mean square `q0`.

    `q1` is the variance of the first layer's pre-activations, where its weights or biases are drawn otherwise.

    All is nan for batch norm, where examples depend on each other. Raises UsageError where a moment is infinite.
    """
    if arch not in ("mlp", "residual"):
        raise UsageError(f"there is no theory of {arch!r} layers; there are mlp and residual")
    if norm == "batch":
        return Propagation(np.full(depth, math.nan), np.full(depth, math.nan), math.nan, math.nan)
    residual, normed = arch == "residual", norm != "none"
    coherent = residual and not normed
    at = _Moments(function, mixed=coherent)
    q, gain, ratio = np.empty(depth), np.empty(depth), np.empty(depth)
    blocks: list[Block] = []
    square, mean, spread = q0, 0.0, max(q0, SMALLEST)
    for layer in range(depth):
        variance = sigma_w * sigma_w * square + sigma_b * sigma_b
        if layer == 0 and q1 is not None:
            variance = q1
        divisor = variance + EPSILON if normed else 1.0
        q[layer] = variance / divisor if normed and math.isfinite(variance) else 1.0 if normed else variance
        if layer and q[layer] == q[layer - 1] and not residual:
            q[layer:], gain[layer:], ratio[layer:] = q[layer], gain[layer - 1], ratio[layer - 1]
            break
        average, second, slope2, slope4, *mixed = at(float(q[layer]))
        gain[layer] = slope2 / divisor
        ratio[layer] = slope4 / slope2**2 if slope2 else math.nan
        if coherent:
            # In units of their inputs, layers beyond float64 are as the last one within it.
            new = block(mean, spread, sigma_w * sigma_w, variance, (average, second, slope2), mixed)
            blocks.append(new if new.is_known or not blocks else blocks[-1])
            spread += max(second - average * average, 0.0)
        square, mean = (square + 2 * mean * average + second, mean + average) if residual else (second, average)
    back = sigma_w * sigma_w * gain
    with np.errstate(divide="ignore"):
        steps = np.log1p(back[1:]) if residual else np.log(back[:-1])
        beyond = np.append(np.cumsum(steps[::-1])[::-1], 0.0)
        log_square = np.log(gain) + beyond if residual else np.log(gain[-1]) + beyond
    log_variance = _log_variance(back, ratio, width, residual)
    shortfall = log_variance / 4
    if coherent:
        apart, log_square = log_square, gradients(blocks, width)
        # What goes with the sum of the cotangent is as random as one number, not as many.
        more = (log_square[0] - log_square[-1]) - (apart[0] - apart[-1])
        lowered, spread = coherence(-math.expm1(-more))
        log_variance, shortfall = log_variance + spread, shortfall - lowered / 2
    return Propagation(q, log_square / 2, log_variance, shortfall)


def _log_variance(back: Array, ratio: Array, width: int, residual: bool) -> float:
    """Return the sum over layers of what one random matrix adds to the variance of ln gradient²."""
    if residual:
        r = back[1:]
        return float(np.sum((4 * r + r * r * (3 * ratio[1:] - 1)) / (1 + r) ** 2) / width)
    return float(np.sum(3 * ratio[:-1] - 1) / width)


class _Moments:
    """E f, E f², E f′², E f′⁴ at any variance, and after them the `mixed` ones.

    Where layers crowd, from Chebyshev interpolants in ln q, after a number of them computed directly.
    """

    DIRECTLY = 12
    WIDTH, DEGREE = 0.5, 14
    TOLERANCE = 1e-12

    def __init__(self, function: Function, *, mixed: bool) -> None:
        self.function, self.mixed = function, mixed
        self.visits: Counter[int] = Counter()
        self.cells: dict[int, Callable[[float], Array] | None] = {}

    def __call__(self, q: float) -> list[float]:
        found: list[float] = self.at(q).tolist()  # NumPy's scalars would warn when the variance overflows
        return found

    def at(self, q: float) -> Array:
        if not 0 < q < _LARGEST:
            return self.direct(q)
        t = math.log(q)
        number = math.floor(t / self.WIDTH)
        self.visits[number] += 1
        if self.visits[number] <= self.DIRECTLY:
            return self.direct(q)
        if number not in self.cells:
            self.cells[number] = self.interpolant(number * self.WIDTH)
        curve = self.cells[number]
        return self.direct(q) if curve is None else curve(t)

    def direct(self, q: float) -> Array:
        beyond = max(q / _LARGEST, 1.0)
        at = moments(self.function, min(q, _LARGEST))
        if at.reason and not (at.second_moment.is_known and at.derivative_second_moment.is_known):
            raise UsageError(at.reason)
        names = (at.mean, at.second_moment, at.derivative_second_moment, at.derivative_fourth_moment)
        found, growth = [each.value for each in names], [0.5, 1.0, 0.0, 0.0]
        if self.mixed:
            found += mixed_moments(self.function, min(max(q, SMALLEST), _LARGEST)).tolist()
            growth += GROWTH
        values = np.array(found)
        if beyond > 1 and found[1] > 0:
            power = at.growth.value * _LARGEST / found[1]
            with np.errstate(over="ignore"):
                values *= np.float64(beyond) ** (power * np.array(growth))
        return values

    def interpolant(self, low: float) -> Callable[[float], Array] | None:
        """Return a polynomial for one cell; None where it misses the moments between its nodes."""
        nodes = np.cos(np.pi * (np.arange(self.DEGREE + 1) + 0.5) / (self.DEGREE + 1))
        values = np.array([self.direct(math.exp(low + self.WIDTH * (1 + x) / 2)) for x in nodes])
        coefficients = np.polynomial.chebyshev.chebfit(nodes, values, self.DEGREE)

        def curve(t: float) -> Array:
            x = min(max(2 * (t - low) / self.WIDTH - 1, -1.0), 1.0)
            return np.asarray(np.cos(math.acos(x) * np.arange(self.DEGREE + 1)) @ coefficients)

        between = low + self.WIDTH * np.array([0.011, 0.37, 0.983])
        truth = [self.direct(math.exp(t)) for t in between]
        close = all(
            np.allclose(curve(t), each, rtol=self.TOLERANCE, atol=1e-15) for t, each in zip(between, truth, strict=True)
        )
        return curve if close else None
