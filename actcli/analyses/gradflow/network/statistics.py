"""What is reported of a layer: spread of activations, size of gradients, units that are dead or saturated, signs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from actcli.activations.function import Function
from actcli.analyses.gradflow.measured import Measured
from actcli.analyses.gradflow.network.net import (
    LN2,
    Forward,
    Net,
    backward,
    log_norm,
    log_norms,
    scaled,
    together,
)
from actcli.analyses.gradflow.slopes import is_flat_at, largest_slope

Array = np.ndarray[Any, Any]

FIELDS = tuple(field.name for field in fields(Measured))

SATURATED_BELOW = 0.01
"""Of the largest slope."""


@dataclass(frozen=True, slots=True)
class Slopes:
    """What a slope of a function means: `small` is saturated; an exact 0 may be `off`, and not saturated.

    A function with a flat side can have dead units (`dies`); an underflowed slope isn't flat.
    """

    small: float
    dies: bool
    off: bool


def slopes_of(function: Function) -> Slopes:
    """Find out what slopes of a function mean. Where the slope grows without bound, 1 stands for the largest."""
    largest = largest_slope(function)
    left, right = is_flat_at(function, -_FAR), is_flat_at(function, _FAR)
    # A rectifier is off on its flat side; relu6 is one of them until its cap.
    rectifies = left and bool(function.derivatives(np.array([5.0]))[1][0] != 0)
    return Slopes(SATURATED_BELOW * (1.0 if math.isinf(largest) else largest), left or right, rectifies)


_FAR = 1e6


def statistics(net: Net, slopes: Slopes, passed: Forward, cotangent: Array) -> dict[str, Array]:
    """Return by field of Measured an array (layers,) on the host: the ways forward and back of one batch, summed up."""
    xp = net.device.xp
    found = {name: xp.empty(len(net.layers)) for name in FIELDS}
    for layer in range(len(net.layers)):
        found["mean"][layer], found["std"][layer] = _spread(passed, layer + 1, xp)
        found["dead"][layer], found["saturated"][layer] = flat_units(passed.slopes[layer], slopes, xp)
        found["one_sign"][layer] = one_sign([passed.x[layer]], xp)
    gradients = xp.empty((len(net.layers), len(cotangent)))
    for layer, delta, exponent in backward(net, passed, cotangent):
        gradients[layer] = log_norms(delta, exponent, xp)
        x, more = scaled(passed.x[layer], xp)
        reduced, rest = together(delta, exponent, xp)
        exponents = rest + more + passed.exponents[layer]
        found["log_weight_gradient"][layer] = log_norm(reduced.T @ x, xp) + exponents * LN2
    found["log_gradient"] = log_gradient(gradients, xp)
    return {name: net.device.to_numpy(values) for name, values in found.items()}


def log_gradient(logs: Array, xp: Any) -> Array:
    """Return the mean over the examples of ln of the gradient, for arrays (layers, batch).

    Examples without any gradient at the first layer count in none, unless all are like that; a layer that no gradient
    reaches has −∞.
    """
    reached = logs != -math.inf
    counted = reached & xp.where(reached[0].any(), reached[0], True)
    number = counted.sum(axis=1)
    mean = xp.where(counted, logs, 0.0).sum(axis=1) / xp.maximum(number, 1)
    found: Array = xp.where(number > 0, mean, -math.inf)
    return found


def _spread(passed: Forward, layer: int, xp: Any) -> tuple[Any, Any]:
    # The square of 1e200 is no number.
    x, more = scaled(passed.x[layer], xp)
    factor = xp.exp2(more + passed.exponents[layer])
    return x.mean() * factor, x.std() * factor


def flat_units(slope: Array, slopes: Slopes, xp: Any) -> tuple[Any, Any]:
    """Return the share of units that are dead, and that of units and examples that are saturated."""
    size = xp.abs(slope)
    zero = size == 0
    small = size < slopes.small
    dead = zero.all(axis=0).mean() if slopes.dies else xp.zeros(())
    return dead, (small & ~zero if slopes.off else small).mean()


def one_sign(inputs: Sequence[Array], xp: Any) -> Any:
    """Return the share of a unit's weight gradients that have the commoner sign, averaged over the batch.

    The gradient of a weight is δ times its input: whatever δ is, the signs divide as those of the inputs do. Zeros have
    no sign, and examples with nothing else don't count.
    """
    positive = sum((each > 0).sum(axis=1) for each in inputs)
    negative = sum((each < 0).sum(axis=1) for each in inputs)
    signed = positive + negative
    share = xp.maximum(positive, negative) / xp.maximum(signed, 1)
    counted = signed > 0
    return (share * counted).sum() / counted.sum()
