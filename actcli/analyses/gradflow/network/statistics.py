"""What is reported of a layer: spread of activations, size of gradients, units that are dead or saturated, signs."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from actcli.activations.function import Function
from actcli.analyses.gradflow.measured import Measured
from actcli.analyses.gradflow.network.net import LN2, Forward, Net, backward, log_norm, scaled
from actcli.implementations.user import UserFunction

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
    """Find out what slopes of a function mean.

    Where the slope grows without bound, 1 stands for the largest; where nobody knows it, the largest on [−8, 8].
    """
    largest = function.largest_slope
    if math.isnan(largest):
        largest = float(np.nanmax(np.abs(function.derivatives(np.linspace(-8, 8, 1601))[1])))
    left, right = _flat(function, -_FAR), _flat(function, _FAR)
    # A rectifier is off on its flat side; relu6 is one of them until its cap.
    rectifies = left and bool(function.derivatives(np.array([5.0]))[1][0] != 0)
    return Slopes(SATURATED_BELOW * (1.0 if math.isinf(largest) else largest), left or right, rectifies)


_FAR = 1e6


def _flat(function: Function, x: float) -> bool:
    if isinstance(function, UserFunction):
        return bool(function.derivatives(np.array([x]))[1][0] == 0)
    return function.is_flat_at(x)


def statistics(net: Net, slopes: Slopes, passed: Forward, cotangent: Array) -> dict[str, Array]:
    """Return by field of Measured an array (layers,) on the host: the ways forward and back of one batch, summed up."""
    xp = net.device.xp
    found = {name: xp.empty(len(net.layers)) for name in FIELDS}
    for layer in range(len(net.layers)):
        found["mean"][layer], found["std"][layer] = _spread(passed, layer + 1, xp)
        found["dead"][layer], found["saturated"][layer] = _flat_units(passed.slopes[layer], slopes, xp)
        found["one_sign"][layer] = _one_sign(passed.x[layer], xp)
    for layer, delta, exponent in backward(net, passed, cotangent):
        x, more = scaled(passed.x[layer], xp)
        reduced, rest = scaled(delta, xp)
        logarithm = (exponent + rest) * LN2
        found["log_gradient"][layer] = log_norm(reduced, xp) + logarithm - math.log(len(delta)) / 2
        by_weights = log_norm(reduced.T @ x, xp) + (more + passed.exponents[layer]) * LN2
        found["log_weight_gradient"][layer] = by_weights + logarithm
    return {name: net.device.to_numpy(values) for name, values in found.items()}


def _spread(passed: Forward, layer: int, xp: Any) -> tuple[Any, Any]:
    # The square of 1e200 is no number.
    x, more = scaled(passed.x[layer], xp)
    factor = xp.exp2(more + passed.exponents[layer])
    return x.mean() * factor, x.std() * factor


def _flat_units(slope: Array, slopes: Slopes, xp: Any) -> tuple[Any, Any]:
    size = xp.abs(slope)
    zero = size == 0
    small = size < slopes.small
    dead = zero.all(axis=0).mean() if slopes.dies else xp.zeros(())
    return dead, (small & ~zero if slopes.off else small).mean()


def _one_sign(x: Array, xp: Any) -> Any:
    """Return the share of a unit's weight gradients that have the commoner sign, averaged over the batch.

    The gradient of weight j is δ·x_j: whatever δ is, the signs divide as those of x do. Zeros have no sign.
    """
    positive, negative = (x > 0).sum(axis=1), (x < 0).sum(axis=1)
    signed = positive + negative
    share = xp.maximum(positive, negative) / xp.maximum(signed, 1)
    counted = signed > 0
    return (share * counted).sum() / counted.sum()
