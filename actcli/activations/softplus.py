"""Softplus, the smooth ReLU, and its mirror image log-sigmoid."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from actcli.activations.record import POSITIVE, Activation, Convention, Interval, Limits, Parameter, Real, Saturation, Use
from actcli.core.doubles import far_out, scaled


def softplus(x: Any, xp: Any, *, beta: Real) -> Iterator[Any]:
    """Yield log(1 + e^βx) / β and its derivatives."""
    right = x > 0.0
    a, tail = scaled(xp.abs(x), beta.exact, xp)
    near, far = far_out(a, xp)
    z = xp.exp(-near)
    if tail is not None:
        z = z - z * tail
    # log(1 + e^βx) overflows on the right: take βx out of the logarithm there.
    log = xp.log1p(z)
    yield right * x + (log if beta == 1.0 else log / float(beta)) * far
    yield xp.where(right, 1.0, z * far) / (1.0 + z)
    # Not σ(1 - σ): 1 - σ has no digits left on the right.
    bend = z / (1.0 + z * (2.0 + z))
    yield (bend if beta == 1.0 else bend * float(beta)) * far


def log_sigmoid(x: Any, xp: Any) -> Iterator[Any]:
    """Yield log σ(x) and its derivatives."""
    z = xp.exp(-xp.abs(x))
    # log(σ) of a σ that rounds to 0 or 1 says nothing.
    yield xp.minimum(x, 0.0) - xp.log1p(z)
    yield xp.where(x > 0.0, z, 1.0) / (1.0 + z)
    yield -z / (1.0 + z * (2.0 + z))
