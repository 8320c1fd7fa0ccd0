"""Signal and gradient at infinite width: Poole et al. 2016, Schoenholz et al. 2017, Hayou et al. 2019."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from actcli.activations.function import Function
from actcli.analyses.gradflow.meanfield.correlation import correlation
from actcli.analyses.gradflow.meanfield.fixed_point import fixed_point
from actcli.analyses.gradflow.meanfield.moments import Moments, moments
from actcli.analyses.gradflow.meanfield.propagation import Propagation, propagate
from actcli.core.gaussian import EPSILON, Estimate

__all__ = ["Propagation", "Theory", "propagate", "theory"]

CRITICAL = 1e-4
"""|ln χ₁| below which gradients keep their size: over 1000 layers they change by 5 % at most."""
_DEPTH_SCALES = 6
"""Depth scales ξ_c up to which nets train (Schoenholz et al. 2017, figure 5)."""


@dataclass(frozen=True, slots=True)
class Theory:
    """What infinite width says of an initialisation.

    `verdict` is vanishing, critical, exploding, or none where there is no fixed point; `reason` says it in words.
    `errors` bounds each figure's error, by its name. What doesn't exist is nan.
    """

    sigma_w: float
    sigma_b: float
    q_star: float
    chi_1: float = math.nan
    chi_parallel: float = math.nan
    c_star: float = math.nan
    xi_q: float = math.nan
    xi_c: float = math.nan
    trainable_depth: float = math.nan
    verdict: str = "none"
    reason: str = ""
    errors: Mapping[str, float] = field(default_factory=dict)


def theory(function: Function, sigma_w: float, sigma_b: float, start: float | None = None) -> Theory:
    """Return fixed points, χ and depth scales of weights N(0, σw²/fan_in) and biases N(0, σb²).

    `start` is the variance of the first pre-activations; for inputs N(0, 1) it is σw² + σb². Raises UsageError where f
    isn't a function of one number.
    """
    sigma_w2, sigma_b2 = sigma_w * sigma_w, sigma_b * sigma_b
    q, words = fixed_point(function, sigma_w2, sigma_b2, start)
    if math.isnan(q.value):
        return Theory(sigma_w, sigma_b, math.nan, reason=words)
    if math.isinf(q.value):
        return _unbounded(function, sigma_w, sigma_b, words)
    at = moments(function, q.value)
    if at.reason and not at.derivative_second_moment.is_known:
        return Theory(sigma_w, sigma_b, q.value, reason=at.reason, errors={"q_star": q.error})
    chi, parallel = _at(function, sigma_w2, q)
    c, slope = Estimate(1.0, 0.0), chi
    if q.value > 0 and sigma_w2 > 0 and (at.jumps or chi.value - 1 > chi.error):
        c, slope = correlation(function, sigma_w2, sigma_b2, q)
    xi_q, xi_c = depth_scale(abs(parallel.value), parallel.error), depth_scale(slope.value, slope.error)
    verdict, reason = _verdict(chi, at)
    return Theory(
        sigma_w,
        sigma_b,
        q.value,
        chi.value,
        parallel.value,
        c.value,
        xi_q.value,
        xi_c.value,
        _DEPTH_SCALES * xi_c.value,
        verdict,
        f"{reason}; {words}" if words else reason,
        {
            "q_star": q.error,
            "chi_1": chi.error,
            "chi_parallel": parallel.error,
            "c_star": c.error,
            "xi_q": xi_q.error,
            "xi_c": xi_c.error,
            "trainable_depth": _DEPTH_SCALES * xi_c.error,
        },
    )


def depth_scale(chi: float, error: float) -> Estimate:
    """Return −1/ln χ: layers over which a deviation shrinks to 1/e; ∞ at χ = 1 and beyond, where it doesn't."""
    if chi >= 1 - error:
        return Estimate(math.inf, 0.0)
    if chi <= error:
        return Estimate(0.0, -1 / math.log(2 * error) if error else 0.0)
    scale = -1 / math.log1p(chi - 1) if chi > 0.5 else -1 / math.log(chi)
    return Estimate(scale, scale * scale * error / chi + EPSILON * scale)


def _at(function: Function, sigma_w2: float, q: Estimate) -> tuple[Estimate, Estimate]:
    """Return χ₁ and χ∥ at q*, with what the error of q* adds to theirs."""
    here, beside = moments(function, q.value), moments(function, q.value * (1 + 1e-4))

    def scaled(name: str) -> Estimate:
        a: Estimate = getattr(here, name)
        b: Estimate = getattr(beside, name)
        drift = abs(b.value - a.value) / 1e-4 * q.error / q.value if q.value > 0 else 0.0
        return Estimate(sigma_w2 * a.value, sigma_w2 * (a.error + drift + 2 * EPSILON * abs(a.value)))

    return scaled("derivative_second_moment"), scaled("growth")


def _unbounded(function: Function, sigma_w: float, sigma_b: float, words: str) -> Theory:
    far = [moments(function, q) for q in (1e20, 1e24)]
    chi = [sigma_w**2 * each.derivative_second_moment.value for each in far]
    if math.isfinite(chi[1]) and abs(chi[1] - chi[0]) <= 1e-6 * chi[0]:
        words += f"; each layer multiplies the squared gradient by {chi[1]:.4g} in the end"
    return Theory(sigma_w, sigma_b, math.inf, reason=f"no fixed point: {words}")


def _verdict(chi: Estimate, at: Moments) -> tuple[str, str]:
    if chi.value == 0:
        why = "the slope is 0 almost everywhere" if at.derivative_second_moment.value == 0 else "the weights are 0"
        return "vanishing", f"{why}, so no gradient passes"
    rate = math.log(chi.value)
    if abs(rate) <= max(CRITICAL, chi.error):
        return "critical", "each layer keeps the squared gradient as it is: the edge of chaos"
    if rate < 0:
        return "vanishing", f"each layer keeps {_percent(chi.value)} of the squared gradient"
    if chi.value < 1.1:
        return "exploding", f"each layer adds {100 * (chi.value - 1):.2g} % to the squared gradient"
    return "exploding", f"each layer multiplies the squared gradient by {chi.value:.4g}"


def _percent(share: float) -> str:
    if share > 0.995:
        return f"all but {100 * (1 - share):.2g} %"
    return f"{100 * share:.3g} %" if share < 0.1 else f"{100 * share:.0f} %"
