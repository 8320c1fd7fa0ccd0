"""The singular values of a net's input–output Jacobian, measured and by theory.

Pennington, Schoenholz & Ganguli 2017/18: at infinite width the squared singular values of J = Π D_l W_l have the mean
Π σw²μ₁ and var/mean² = Σ (μ₂/μ₁² − 1 − s₁) over the layers, μ_k = E[φ′^{2k}] at the variance of each layer; s₁ is −1
for independent weights and 0 for orthogonal ones. A spread far above 1 means that few directions carry the signal.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from actcli.activations.function import Function
from actcli.analyses.gradflow.network.inits import Init
from actcli.analyses.gradflow.network.net import LN2, scaled
from actcli.analyses.gradflow.network.trials import run_trials, workers
from actcli.analyses.gradflow.network.weights import Weights
from actcli.core.device import CPU
from actcli.errors import UsageError

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class Spectrum:
    """Natural logarithms of the mean squared, the largest and the smallest singular value; var/mean² of the squares.

    Logarithms are averaged over the trials; `spread_error` is the standard error of the mean spread, NaN for one trial.
    −∞ stands for 0, and for what rounding can't tell from 0 beside the largest.
    """

    log_mean: float
    log_largest: float
    log_smallest: float
    spread: float
    spread_error: float
    theory_log_mean: float
    theory_spread: float


def spectrum(function: Function, init: Init, *, depth: int, width: int, trials: int, seed: int) -> Spectrum:
    """Measure the Jacobians of `trials` fully connected nets at one input ~ N(0, 1) each.

    Takes `depth` products and one decomposition of matrices width × width a trial, and keeps none of the layers. Theory
    is NaN where a moment is 0 or infinite.
    """
    found = np.array(
        run_trials(
            lambda seeds: _singular_values(function, init, [width] * (depth + 1), seeds),
            seed=seed,
            trials=trials,
            at_a_time=workers(function, CPU, trials),
            device=CPU,
        )
    )
    spreads = found[:, 3]
    error = float(spreads.std(ddof=1)) / math.sqrt(trials) if trials > 1 else math.nan
    mean, largest, smallest, spread = found.mean(axis=0).tolist()
    return Spectrum(mean, largest, smallest, spread, error, *_theory(function, init, depth, width))


def _singular_values(function: Function, init: Init, widths: list[int], seed: np.random.SeedSequence) -> list[float]:
    """Return ln of the mean square, of the largest and of the smallest, and the spread of the squares, of one net."""
    drawn, ends = seed.spawn(2)
    x = np.random.default_rng(ends).standard_normal(widths[0])
    product, exponent = np.eye(widths[0]), 0.0
    for weights, biases in Weights(init, widths, drawn, CPU, keep=False):
        z = weights @ x
        x, slope = function.derivatives_of(z if biases is None else z + biases, 1, CPU)
        product, more = scaled(slope[:, None] * (weights @ product), np)
        exponent += float(more)
    if not np.isfinite(product).all():
        return [math.nan] * 4
    singular = np.linalg.svd(product, compute_uv=False)
    singular[singular < singular[0] * np.finfo(float).eps * widths[0]] = 0
    squares, shift = singular**2, exponent * LN2
    mean = squares.mean()
    return [
        np.log(mean) + 2 * shift,
        np.log(singular[0]) + shift,
        np.log(singular[-1]) + shift,
        squares.var() / mean**2,
    ]


def _theory(function: Function, init: Init, depth: int, width: int) -> tuple[float, float]:
    from actcli.analyses.gradflow.meanfield.moments import moments
    from actcli.analyses.gradflow.meanfield.signal import propagate

    sigma_w, sigma_b = init.sigma_w(width, width), init.sigma_b(width)
    s_1 = 0 if init.name == "orthogonal" else -1
    try:
        variances = propagate(function, sigma_w, sigma_b, depth, width).q.tolist()
    except UsageError:  # infinite moments
        return math.nan, math.nan
    if not np.isfinite(variances).all():
        return math.nan, math.nan
    log_mean = spread = 0.0
    for q in variances:
        at = moments(function, q)
        mu_1, mu_2 = at.derivative_second_moment.value, at.derivative_fourth_moment.value
        if not 0 < sigma_w * mu_1 < math.inf:
            return math.nan, math.nan
        log_mean += 2 * math.log(sigma_w) + math.log(mu_1)
        spread += mu_2 / mu_1 / mu_1 - 1 - s_1
    return log_mean, spread
