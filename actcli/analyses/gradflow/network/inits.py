"""Initialisations of weights and biases: a distribution, a variance and a spread of the biases each.

Glorot & Bengio 2010 (xavier, keras), He et al. 2015 (he), LeCun et al. 1998 (lecun), Saxe et al. 2014 (orthogonal),
`torch.nn.Linear` (pytorch). `he` follows equation 15 of its paper for a rectifier with the slope a on the left, as
PyTorch's `calculate_gain("leaky_relu", a)` does: variance 2/(1 + a²)/fan_in, with a = 0 for every function but
leaky_relu and prelu. Gains of other functions are not applied. Keras cuts the tails of its normal draws; here they are
whole.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from actcli.activations.function import Function
from actcli.errors import UsageError, suggestion

Array = np.ndarray[Any, Any]
Draw = Callable[[np.random.Generator, int, int], Array]
Variance = Callable[[int, int], float]


@dataclass(frozen=True, slots=True)
class Init:
    """How one layer is drawn: `unit` draws entries of variance 1, `variance` and `bias_variance` scale them."""

    name: str
    unit: Draw
    variance: Variance
    bias_variance: Variance = lambda fan_in, fan_out: 0.0

    def sigma_w(self, fan_in: int, fan_out: int) -> float:
        """Return σw: the weights have the standard deviation σw/√fan_in."""
        return math.sqrt(fan_in * self.variance(fan_in, fan_out))

    def sigma_b(self, fan_in: int) -> float:
        """Return σb, the standard deviation of the biases."""
        return math.sqrt(self.bias_variance(fan_in, fan_in))

    def draw(self, rng: np.random.Generator, fan_in: int, fan_out: int) -> tuple[Array, Array]:
        """Return weights (fan_out, fan_in) and biases (fan_out,), float64."""
        weights = self.unit(rng, fan_out, fan_in)
        weights *= math.sqrt(self.variance(fan_in, fan_out))
        sigma_b = math.sqrt(self.bias_variance(fan_in, fan_out))
        if not sigma_b:
            return weights, np.zeros(fan_out)
        return weights, self.unit(rng, 1, fan_out)[0] * sigma_b


def _normal(rng: np.random.Generator, rows: int, columns: int) -> Array:
    return rng.standard_normal((rows, columns))


def _uniform(rng: np.random.Generator, rows: int, columns: int) -> Array:
    draws = rng.random((rows, columns))
    draws -= 0.5
    draws *= math.sqrt(12)
    return draws


def _orthogonal(rng: np.random.Generator, rows: int, columns: int) -> Array:
    """Draw orthonormal rows or columns, whichever are fewer, uniformly (Haar), scaled to entries of variance 1."""
    tall, wide = max(rows, columns), min(rows, columns)
    q, r = np.linalg.qr(rng.standard_normal((tall, wide)))
    # Without the signs of r's diagonal QR's own choice of signs would show (Mezzadri 2007).
    q *= np.sign(np.diagonal(r)) * math.sqrt(tall)
    return q if rows == tall else np.ascontiguousarray(q.T)


def _mean_fan(fan_in: int, fan_out: int) -> float:
    return 2 / (fan_in + fan_out)


def _fan_in(factor: float) -> Variance:
    return lambda fan_in, fan_out: factor / fan_in


def _longer(fan_in: int, fan_out: int) -> float:
    return 1 / max(fan_in, fan_out)


def _he(function: Function) -> Variance:
    slope = float(function.parameters.get("negative_slope", 0))
    return _fan_in(2 / (1 + slope * slope))


_TABLE: dict[str, tuple[Draw, Callable[[Function], Variance], Variance | None]] = {
    "xavier": (_normal, lambda function: _mean_fan, None),
    "glorot_uniform": (_uniform, lambda function: _mean_fan, None),
    "glorot_normal": (_normal, lambda function: _mean_fan, None),
    "he": (_normal, _he, None),
    "kaiming_uniform": (_uniform, _he, None),
    "kaiming_normal": (_normal, _he, None),
    "lecun": (_normal, lambda function: _fan_in(1), None),
    "orthogonal": (_orthogonal, lambda function: _longer, None),
    "pytorch": (_uniform, lambda function: _fan_in(1 / 3), _fan_in(1 / 3)),
    "keras": (_uniform, lambda function: _mean_fan, None),
}
"""Entries of variance 1, the variance of the weights (which may depend on φ), and that of the biases, None for 0."""

NAMES = (*_TABLE, "normal:S", "critical")


def get_init(name: str, function: Function) -> Init:
    """Return the initialisation of a name for nets of this activation.

    `normal:S` takes the plain standard deviation of the weights; `critical` is the point that theory prefers. Raises
    UsageError for an unknown name, a bad S, and for `critical` where there is no critical point.
    """
    key = name.strip().lower().replace("-", "_")
    if key in _TABLE:
        unit, variance, bias = _TABLE[key]
        return Init(key, unit, variance(function)) if bias is None else Init(key, unit, variance(function), bias)
    if key == "critical":
        return _critical(function)
    if match := re.fullmatch(r"normal:(.*)", name.strip().lower()):
        return _plain_normal(name, match.group(1))
    raise UsageError(f"unknown initialisation {name!r}{suggestion(name, list(NAMES))}; choose from {', '.join(NAMES)}")


def gaussian_init(sigma_w: float, sigma_b: float) -> Init:
    """Return normal weights of standard deviation σw/√fan_in and normal biases of standard deviation σb.

    Raises UsageError when one is negative or not finite.
    """
    for option, sigma in (("--sigma-w", sigma_w), ("--sigma-b", sigma_b)):
        if not 0 <= sigma < math.inf:
            raise UsageError(f"{option} is a standard deviation: a number of at least 0, not {sigma:g}")
    name = f"σw = {sigma_w:g}, σb = {sigma_b:g}"
    return Init(name, _normal, _fan_in(sigma_w**2), lambda fan_in, fan_out: sigma_b**2)


def default_init(function: Function) -> str:
    """Return `he` for the rectifier family, `xavier` otherwise.

    A rectifier passes the positive side on (slope near 1) and less of the negative one. SELU's slope of 1.05 is not
    that: its scale is made for LeCun's variance, which is Xavier's in a net of constant width.
    """
    left, right = (float(slope) for slope in function.derivatives(np.array([-_FAR, _FAR]))[1])
    return "he" if abs(right - 1) < 0.03 and abs(left) < 0.9 else "xavier"


_FAR = 5.0
"""Where ELU, GELU, SiLU and softplus are near their asymptotes, and relu6 below its cap."""


def _plain_normal(name: str, text: str) -> Init:
    try:
        deviation = float(text)
    except ValueError:
        deviation = math.nan
    if not 0 <= deviation < math.inf:
        raise UsageError(f"--init {name}: write normal:S with the standard deviation of the weights, as in normal:0.5")
    return Init(f"normal:{deviation:g}", _normal, lambda fan_in, fan_out: deviation**2)


def _critical(function: Function) -> Init:
    from actcli.analyses.gradflow.meanfield.criticality import critical

    points = critical(function)
    usable = [point for point in points if math.isfinite(point.sigma_w) and math.isfinite(point.sigma_b)]
    if not usable:
        reason = points[0].reason if points else "none was found"
        raise UsageError(f"--init critical: {function.name} has no critical point: {reason}")
    best = next((point for point in usable if point.stable), usable[0])
    init = gaussian_init(best.sigma_w, best.sigma_b)
    return Init("critical", init.unit, init.variance, init.bias_variance)
