"""A net of one activation, forward and backward, at depths where plain numbers leave the range of float64.

Layer l: z = W x + b, normalised where there is a norm; x ← φ(z), or x + φ(z) in a residual net. The gradients of every
example are divided by a power of two after every layer and its exponent is kept; so are the activations where
φ(cx) = cφ(x), by one for the batch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from actcli.activations.function import Function
from actcli.analyses.gradflow.network.norms import NORMS, Normalised
from actcli.core.device import CPU, Device

Array = np.ndarray[Any, Any]
Layer = tuple[Array, Array | None]
"""Weights (fan_out, fan_in) and biases (fan_out,), None for zeros."""


@dataclass(frozen=True, slots=True)
class Net:
    """The layers, from the input on, and how they are put together.

    `scales` tells that φ(cx) = cφ(x) for c > 0, so that activations may be rescaled.
    """

    function: Function
    layers: Sequence[Layer]
    arch: str = "mlp"
    norm: str = "none"
    scales: bool = False
    device: Device = CPU


@dataclass(slots=True)
class Forward:
    """What the way forward leaves for the way back.

    `x` are x_0 … x_L (batch, units), each to be multiplied by 2^exponent; `slopes` and `normalised` are those of the
    layers.
    """

    x: list[Array]
    exponents: list[Any]
    slopes: list[Array] = field(default_factory=list)
    normalised: list[Normalised] = field(default_factory=list)


def forward(net: Net, x: Array) -> Forward:
    """Send inputs (batch, fan_in) through the net. What overflows becomes ±∞ or NaN, silently."""
    xp = net.device.xp
    norm = NORMS.get(net.norm)
    exponent = xp.zeros(())
    passed = Forward([x], [exponent])
    for layer in range(len(net.layers)):
        weights, biases = net.layers[layer]
        z = x @ weights.T
        if biases is not None:
            z += biases * xp.exp2(-exponent) if net.scales else biases
        if norm is not None:
            passed.normalised.append(norm.forward(z, xp))
            z = passed.normalised[-1].values
        # One thread: those of the product before it are still awake and waiting for the next one.
        value, slope = net.function.derivatives_of(z, 1, net.device)
        x = x + value if net.arch == "residual" else value
        if net.scales and norm is None:
            x, more = scaled(x, xp)
            exponent = exponent + more
        passed.x.append(x)
        passed.exponents.append(exponent)
        passed.slopes.append(slope)
    return passed


def backward(net: Net, passed: Forward, cotangent: Array) -> Iterator[tuple[int, Array, Any]]:
    """Yield (layer from 0, gradient by its z before any norm, exponent) from the last layer to the first.

    The gradient (batch, units) of Σ cotangent · x_L is to be multiplied by 2^exponent (batch, 1).
    """
    xp = net.device.xp
    # A batch norm mixes the examples.
    axis = None if net.norm == "batch" else 1
    gradient, exponent = scaled(cotangent, xp, axis)
    for layer in reversed(range(len(net.layers))):
        delta = gradient * passed.slopes[layer]
        if passed.normalised:
            delta = passed.normalised[layer].backward(delta)
        yield layer, delta, exponent
        if layer:
            earlier = delta @ net.layers[layer][0]
            gradient, more = scaled(gradient + earlier if net.arch == "residual" else earlier, xp, axis)
            exponent = exponent + more


def scaled(array: Array, xp: Any, axis: int | None = None) -> tuple[Array, Any]:
    """Return array/2^k, its largest entry between 1 and 2, and k; k is 0 where that is 0 or not finite.

    There is one k for the array, or with an axis of 1 one for each row: an array (rows, 1).
    """
    if axis is None:
        largest = xp.maximum(array.max(), -array.min())
    else:
        largest = xp.maximum(array.max(axis=axis, keepdims=True), -array.min(axis=axis, keepdims=True))
    exponent = xp.floor(xp.log2(largest))
    # 2^−k must be a number.
    exponent = xp.where(xp.isfinite(exponent), xp.maximum(exponent, _LEAST), 0.0)
    return array * xp.exp2(-exponent), exponent


_LEAST = -1000.0


def log_norm(array: Array, xp: Any) -> Any:
    """Return ln of the square root of the sum of squares, −∞ for zeros."""
    flat, exponent = scaled(array.reshape(-1), xp)
    return xp.log(xp.dot(flat, flat)) / 2 + exponent * LN2


def log_norms(array: Array, exponent: Any, xp: Any) -> Array:
    """Return ln of the norm of each row of array·2^exponent, −∞ for zeros."""
    reduced, more = scaled(array, xp, 1)
    squares = (reduced * reduced).sum(axis=1)
    found: Array = xp.log(squares) / 2 + ((exponent + more) * LN2).reshape(-1)
    return found


def together(array: Array, exponent: Any, xp: Any) -> tuple[Array, Any]:
    """Return array/2^k for rows array·2^exponent, and k: the largest entry lies between 1 and 2, if it isn't 0."""
    reduced, more = scaled(array, xp, 1)
    exponents = exponent + more
    top = xp.where(reduced.any(axis=1, keepdims=True), exponents, -xp.inf).max()
    top = xp.where(xp.isfinite(top), top, 0.0)
    # Rows of zeros may have larger ones, and 0·∞ is no number.
    return reduced * xp.exp2(xp.minimum(exponents - top, 0.0)), top


LN2 = float(np.log(2.0))
