"""What a net's layers were measured to do over several trials, and the intervals that follow."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with the ends of its 95 % confidence interval, NaN where one trial says nothing of the spread."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Measured:
    """The layers of a net, or the time steps of a recurrent one: arrays (trials, layers), layer 1 next to the input.

    `mean` and `std` are those of the activations over batch and units. `log_gradient` is ln of the gradient, the norm
    of ∂output/∂z for a random unit cotangent, averaged over the batch, so that the gradient is a geometric mean.
    Examples of which no gradient arrives at layer 1 do not count, unless all are so. `log_weight_gradient` is ln of
    the norm of the gradient of a layer's weights, summed over the batch. Both are −∞ where nothing arrives. `dead` is
    the fraction of units whose slope is 0 for every example, `saturated` the fraction of units and examples with a
    slope below a hundredth of the largest, `one_sign` the share of a unit's weight gradients that have the commoner
    sign.
    """

    mean: Array
    std: Array
    log_gradient: Array
    dead: Array
    saturated: Array
    one_sign: Array
    log_weight_gradient: Array

    def ratio(self) -> Interval:
        """Return ln of the gradient at layer 1 over the gradient at layer L: geometric mean and t-interval."""
        first, last = self.log_gradient[:, 0], self.log_gradient[:, -1]
        # Of nothing, nothing is left: 0/0 counts as 0.
        gone = first == -math.inf
        with np.errstate(invalid="ignore"):
            return interval(np.where(gone, -math.inf, first - np.where(gone, 0.0, last)))

    def gradient(self) -> list[Interval]:
        """Return ln of the gradient at each layer: geometric mean and t-interval."""
        return [interval(logs) for logs in self.log_gradient.T]

    @property
    def overflow_layer(self) -> int | None:
        """The first layer whose activations left the range of float64 in some trial, None if none did."""
        lost = ~np.isfinite(self.std).all(axis=0)
        return int(lost.argmax()) + 1 if lost.any() else None


def interval(values: Array) -> Interval:
    """Return the mean of independent values with Student's 95 % interval.

    A value of −∞ (a gradient of 0) makes the mean −∞, which has no interval: its ends are NaN, as with one value.
    """
    with np.errstate(invalid="ignore"):
        mean = float(values.mean())
    if len(values) < 2 or not math.isfinite(mean):
        return Interval(mean, math.nan, math.nan)
    import scipy.special

    quantile = float(scipy.special.stdtrit(len(values) - 1, 0.975))
    half = quantile * float(values.std(ddof=1)) / math.sqrt(len(values))
    return Interval(mean, mean - half, mean + half)
