"""The ReLU family and the piecewise linear functions."""

from __future__ import annotations

from typing import Any

import numpy as np

from actcli.implementations.textbook.variant import Variant, between, maximum, minimum, number


def _hinge(x: Any, left: Any) -> Any:
    """Return 1 where x is positive and `left` elsewhere."""
    return np.where(x > 0, number(x, 1), left)


def _inside(x: Any, low: Any, high: Any) -> Any:
    return ((x > low) & (x < high)).astype(x.dtype)


def _celu(x: Any, alpha: Any, out: Any = None) -> Any:
    return np.add(maximum(x, 0), np.minimum(alpha * (np.exp(x / alpha) - 1), number(x, 0)), out=out)


VARIANTS: tuple[Variant, ...] = (
    Variant("relu", 0, "maximum", lambda x, out=None: maximum(x, 0, out), "max(0, x)"),
    Variant("relu", 0, "product", lambda x: x * (x > 0).astype(x.dtype), "x times a mask"),
    Variant("relu", 1, "maximum", lambda x: (x > 0).astype(x.dtype), "the mask x > 0"),
    Variant("relu2", 0, "maximum", lambda x, out=None: np.square(maximum(x, 0), out=out), "max(0, x)²"),
    Variant("relu2", 1, "maximum", lambda x, out=None: np.multiply(2, maximum(x, 0), out=out), "2·max(0, x)"),
    Variant("relu6", 0, "maximum", lambda x, cap, out=None: minimum(maximum(x, 0), cap, out), "min(max(0, x), 6)"),
    Variant("relu6", 1, "maximum", lambda x, cap: _inside(x, 0, cap), "the mask 0 < x < 6"),
    *(
        Variant(name, order, "where", compute, source)
        for name in ("leaky_relu", "prelu")
        for order, compute, source in (
            (0, lambda x, negative_slope: np.where(x > 0, x, negative_slope * x), "a branch for either sign"),
            (1, lambda x, negative_slope: _hinge(x, negative_slope), "1 or the negative slope"),
        )
    ),
    Variant("elu", 0, "where", lambda x, alpha: np.where(x > 0, x, alpha * (np.exp(x) - 1)), "the definition"),
    Variant("elu", 1, "where", lambda x, alpha: _hinge(x, alpha * np.exp(x)), "1 or α·exp(x)"),
    Variant(
        "selu",
        0,
        "where",
        lambda x, alpha, scale: scale * np.where(x > 0, x, alpha * (np.exp(x) - 1)),
        "the definition",
    ),
    Variant("selu", 1, "where", lambda x, alpha, scale: scale * _hinge(x, alpha * np.exp(x)), "1 or α·exp(x)"),
    Variant(
        "celu",
        0,
        "maximum",
        _celu,
        "the definition",
    ),
    Variant("celu", 1, "maximum", lambda x, alpha: _hinge(x, np.exp(x / alpha)), "1 or exp(x/α)"),
    Variant("hard_tanh", 0, "clip", lambda x, out=None: between(x, -1, 1, out), "clip(x, -1, 1)"),
    Variant("hard_tanh", 1, "clip", lambda x: _inside(x, -1, 1), "the mask |x| < 1"),
    Variant(
        "hard_sigmoid",
        0,
        "clip",
        lambda x, slope, offset, out=None: between(slope * x + offset, 0, 1, out),
        "the definition",
    ),
    Variant(
        "hard_swish",
        0,
        "clip",
        lambda x, out=None: np.divide(x * between(x + 3, 0, 6), 6, out=out),
        "x·clip(x + 3, 0, 6)/6",
    ),
    Variant("binary_step", 0, "where", lambda x: (x >= 0).astype(x.dtype), "the mask x ≥ 0"),
)
