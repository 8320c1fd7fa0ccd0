"""Normalisation of pre-activations as layers do it before anything is learned (γ = 1, β = 0), and its exact gradient.

Batch: Ioffe & Szegedy 2015; layer: Ba, Kiros & Hinton 2016; RMS: Zhang & Sennrich 2019.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

EPSILON = 1e-5
"""What frameworks add to the variance."""


@dataclass(frozen=True, slots=True)
class Norm:
    """Scales to variance 1 along `axis` of (batch, units), after taking the mean away if `centred`."""

    axis: int
    centred: bool

    def forward(self, z: Array, xp: Any) -> Normalised:
        """Return z normalised, with what its gradient needs."""
        if self.centred:
            z = z - z.mean(axis=self.axis, keepdims=True)
        inverse = 1 / xp.sqrt((z * z).mean(axis=self.axis, keepdims=True) + EPSILON)
        return Normalised(self, z * inverse, inverse)


@dataclass(frozen=True, slots=True)
class Normalised:
    """Normalised values and the reciprocal of the deviation they were divided by."""

    norm: Norm
    values: Array
    inverse: Array

    def backward(self, gradient: Array) -> Array:
        """Return the gradient by z from the gradient by the normalised values."""
        axis = self.norm.axis
        result: Array = gradient - self.values * (gradient * self.values).mean(axis=axis, keepdims=True)
        if self.norm.centred:
            result -= gradient.mean(axis=axis, keepdims=True)
        result *= self.inverse
        return result


NORMS = {"batch": Norm(0, True), "layer": Norm(1, True), "rms": Norm(1, False)}
"""By the words after `--norm`; `none` is no norm."""
