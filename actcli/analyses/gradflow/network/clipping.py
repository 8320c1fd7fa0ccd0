"""Clipping the whole gradient to a norm: it tames an explosion, and leaves the ratio between layers as it was.

Pascanu, Mikolov & Bengio 2013: g ← g·min(1, threshold/‖g‖), with the norm over the weights of all layers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from actcli.analyses.gradflow.measured import Measured
from actcli.errors import UsageError


@dataclass(frozen=True, slots=True)
class Clipping:
    """Natural logarithms of the whole norm, the factor, and the weight gradients of layers 1 and L before and after."""

    threshold: float
    log_norm: float
    log_factor: float
    first: float
    first_after: float
    last: float
    last_after: float


def clip(measured: Measured, threshold: float = 1.0) -> Clipping:
    """Return what clipping to a norm does to the gradients, geometric means over the trials.

    Raises UsageError unless the threshold is a positive number.
    """
    if not 0 < threshold < math.inf:
        raise UsageError(f"the norm that gradients are clipped to is a number above 0, not {threshold:g}")
    logs = measured.log_weight_gradient
    with np.errstate(invalid="ignore"):  # of a net that overflows, no norm is known
        norms = np.logaddexp.reduce(2 * logs, axis=1) / 2
    factor = float(np.minimum(0.0, math.log(threshold) - norms).mean())
    first, last = float(logs[:, 0].mean()), float(logs[:, -1].mean())
    return Clipping(threshold, float(norms.mean()), factor, first, first + factor, last, last + factor)
