"""The gradient of a residual net of finite width, whose mean direction grows faster than the rest where E f isn't 0.

Backward, g ← g + Wᵀr with r = f′(z) g. The forward pass has fixed W x = z − b, so that Wᵀr = x·h/|x|² + noise
perpendicular to x, with h = (z − b)·r. The first part is of order 1/n at one layer, but g keeps it and passes it on: by
Euler g₁·x₁ = g_L·x_L for every f with f(cx) = c f(x), however fast x grows. What matters of g are therefore s = Σ gᵢ,
w = g·x and G = |g|². Given these, g = s/n + β(x − E x) + rest, where the rest is independent of this layer; sums over
units follow with Gaussian moments, and second moments of s, w and G from layer to layer.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from typing import Any

import numpy as np

from actcli.activations.function import Function
from actcli.analyses.gradflow.places import edges, slope_noise, value_and_slope
from actcli.core.gaussian import expectations

Array = np.ndarray[Any, Any]

GROWTH = (0.5, 1.0, 1.0, 0.5, 1.0)
"""Powers of E f² that the mixed moments go with once slopes have reached their limits."""


def mixed_moments(function: Function, q: float) -> Array:
    """Return E zf′, E zff′, E (zf′)², E ff′² and E (ff′)² at z ~ N(0, q)."""
    scale, noise = math.sqrt(q), slope_noise(function)

    def integrands(unit: Array) -> Array:
        z = scale * unit
        value, slope = value_and_slope(function, z)
        leaning = z * slope
        return np.stack([leaning, leaning * value, leaning**2, value * slope**2, (value * slope) ** 2])

    found = expectations(
        integrands, breaks=edges(function, scale), noise=[noise, noise, 2 * noise, 2 * noise, 2 * noise]
    )
    return np.array([each.value for each in found])


@dataclass(frozen=True, slots=True)
class Block:
    """A layer x + f(z), z = W x + b, in units of the root mean square of x.

    `grown` is the root mean square of x + f(z); `mean` and `spread` are mean and variance of x, `shift` and `more`
    those of f; `slope2` is E f′². With p = (z − b)·f′: `pull` is E p, `shared` Cov(p, f), `loose`
    Var p. `tilt` is E[f′²(f − E f)] and `bend` E[f′²(f − E f)²].
    """

    grown: float
    mean: float
    spread: float
    shift: float
    more: float
    slope2: float
    sigma_w2: float
    pull: float
    shared: float
    loose: float
    tilt: float
    bend: float

    @property
    def is_known(self) -> bool:
        """Tell whether all of it is within float64."""
        return all(map(math.isfinite, astuple(self)))


def block(mean: float, spread: float, sigma_w2: float, q: float, own: Sequence[float], mixed: Sequence[float]) -> Block:
    """Return a layer from the mean and variance of x, E f, E f², E f′² and the mixed moments at variance q."""
    unit2 = spread + mean * mean
    unit = math.sqrt(unit2)
    share = sigma_w2 * unit2 / q if q else 0.0  # of W x in z: W x = share·z + what is independent of z
    average, second, slope2 = own
    leaning, by_value, leaning2, tilted, bent = mixed
    more = max(second - average * average, 0.0)
    pull = share * leaning
    return Block(
        grown=math.hypot(math.sqrt(spread + more), mean + average) / unit,
        mean=mean / unit,
        spread=spread / unit2,
        shift=average / unit,
        more=more / unit2,
        slope2=slope2,
        sigma_w2=sigma_w2,
        pull=pull / unit,
        shared=share * (by_value - leaning * average) / unit2,
        loose=(share * share * leaning2 + share * (1 - share) * q * slope2 - pull * pull) / unit2,
        tilt=(tilted - average * slope2) / unit,
        bend=(bent - 2 * average * tilted + average * average * slope2) / unit2,
    )


def gradients(blocks: Sequence[Block], width: int) -> Array:
    """Return ln E|f′g|² of layers 1 … L for a random unit cotangent g at the output."""
    found, log_square = np.empty(len(blocks)), 0.0
    last = blocks[-1]
    mean = (last.mean + last.shift) / last.grown
    # Second moments of s and w over that of |g|, in units of the root mean square of x.
    second = np.array([[1.0, mean], [mean, 1.0]])
    with np.errstate(all="ignore"):
        for layer in range(len(blocks) - 1, -1, -1):
            square, grown, second = _back(blocks[layer], second, width)
            found[layer] = log_square + np.log(square)
            log_square += np.log(grown)
    return found


def _back(at: Block, second: Array, width: int) -> tuple[float, float, Array]:
    """Return E|f′g|² and the E|g|² before the layer over that beyond it, and the second moments of s and w there."""
    # From here on in units of the layer's input. w = mean·s + spread·b, where b is β times the width.
    mean, spread = at.mean + at.shift, at.spread + at.more
    split = np.array([[1.0, 0.0], [-mean / spread, at.grown / spread]])
    joint = np.zeros((4, 4))  # of s, b, and what the rest of g adds to g·f and to h
    joint[:2, :2] = split @ second @ split.T
    (ss, sb), (_, bb) = joint[:2, :2]
    rest = max(1 - (ss + bb * spread) / width, 0.0)
    own = 1 - at.more / spread
    joint[2:, 2:] = rest * np.array(
        [[at.more * own, at.shared * own], [at.shared * own, at.loose - at.shared * at.shared / spread]]
    )
    aligned = ss * at.slope2 + 2 * sb * at.tilt + bb * (at.slope2 * at.spread + at.bend)
    square = at.slope2 * rest + aligned / width
    noise = at.sigma_w2 * square

    s, w = np.array([1.0, 0, 0, 0]), np.array([mean, spread, 0, 0])
    by_x, h = w - [at.shift, at.more, 1, 0], np.array([at.pull, at.shared, 0, 1])
    grown = 1 + (2 * h @ joint @ by_x + h @ joint @ h) / width + noise * (1 - 1 / width)
    new = np.stack([s + at.mean * h, by_x + h])
    before = new @ joint @ new.T
    before[0, 0] += noise * at.spread
    return square, grown, before / grown


def coherence(share: float) -> tuple[float, float]:
    """Return mean and variance of ln(1 − ρ + ρz²), z ~ N(0, 1): a share ρ of |g|² goes with one random number."""
    if not share > 0:
        return 0.0, 0.0

    def powers(z: Array) -> Array:
        logs = np.log1p(share * (z * z - 1))
        return np.stack([logs, logs * logs])

    mean, square = expectations(powers)
    return mean.value, square.value - mean.value**2
