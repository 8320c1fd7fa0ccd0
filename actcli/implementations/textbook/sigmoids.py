"""Sigmoid, tanh, softsign and logit, and the logarithms softplus and log σ."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from actcli.implementations.textbook.variant import Variant, between


def naive_sigmoid(x: Any, out: Any = None) -> Any:
    """Return 1 / (1 + e⁻ˣ)."""
    return np.divide(1, 1 + np.exp(-x), out=out)


def _clipped(bound: int) -> Callable[[Any], Any]:
    return lambda x: naive_sigmoid(between(x, -bound, bound))


def where_sigmoid(x: Any) -> Any:
    """Return a branch for either sign; np.where computes both everywhere."""
    return np.where(x >= 0, 1 / (1 + np.exp(-x)), np.exp(x) / (1 + np.exp(x)))


def masked_sigmoid(x: Any) -> Any:
    """Return a branch for either sign, each computed where it's needed."""
    result = np.empty_like(x)
    positive = x >= 0
    result[positive] = 1 / (1 + np.exp(-x[positive]))
    grown = np.exp(x[~positive])
    result[~positive] = grown / (1 + grown)
    return result


def cached_sigmoid(x: Any) -> Any:
    """Return a remembered value wherever x agrees to 6 decimals with an x seen before in the same array."""
    keys = x.astype(np.float64)
    short = np.abs(keys) < 1e9  # larger ones have no sixth decimal, and np.round multiplies by 10⁶
    keys[short] = np.round(keys[short], 6)
    _, first, which = np.unique(keys, return_index=True, return_inverse=True)
    return _clipped(500)(x[first])[which]


_SIGMOIDS = (
    ("naive", naive_sigmoid, "the definition, 1/(1 + exp(-x))"),
    ("clipped500", _clipped(500), "the definition behind clip(x, -500, 500)"),
    ("clipped250", _clipped(250), "the definition behind clip(x, -250, 250)"),
    ("where", where_sigmoid, "two branches under np.where"),
    ("masked", masked_sigmoid, "two branches over a boolean mask"),
    ("tanh", lambda x: (1 + np.tanh(x / 2)) / 2, "(1 + tanh(x/2))/2"),
    ("cached", cached_sigmoid, "a dictionary whose keys are x rounded to 6 decimals"),
)


def product(sigmoid: Callable[[Any], Any]) -> Callable[..., Any]:
    """Return the derivative s(1 - s) of a function that computes s, which may be there already as the output y."""

    def derivative(x: Any, y: Any = None, out: Any = None) -> Any:
        s = sigmoid(x) if y is None else y
        return np.multiply(s, 1 - s, out=out)

    return derivative


def _sigmoid_bend(x: Any) -> Any:
    s = naive_sigmoid(x)
    return s * (1 - s) * (1 - 2 * s)


def _tanh(x: Any, out: Any = None) -> Any:
    return np.divide(np.exp(x) - np.exp(-x), np.exp(x) + np.exp(-x), out=out)


def _tanh_slope(x: Any, y: Any = None, out: Any = None) -> Any:
    t = np.tanh(x) if y is None else y
    return np.subtract(1, t**2, out=out)


def _tanh_bend(x: Any) -> Any:
    t = np.tanh(x)
    return -2 * t * (1 - t**2)


def _sigmoids() -> Iterator[Variant]:
    for name, sigmoid, source in _SIGMOIDS:
        yield Variant("sigmoid", 0, name, sigmoid, source)
        yield Variant("sigmoid", 1, name, product(sigmoid), f"s(1 - s), s being {source}")
    yield Variant("sigmoid", 1, "quotient", lambda x: np.exp(-x) / (1 + np.exp(-x)) ** 2, "the quotient rule")
    yield Variant("sigmoid", 2, "naive", _sigmoid_bend, "s(1 - s)(1 - 2s)")
    yield Variant("tanh", 0, "naive", _tanh, "sinh/cosh by exponentials")
    yield Variant("tanh", 0, "exp2x", lambda x: (np.exp(2 * x) - 1) / (np.exp(2 * x) + 1), "by exp(2x)")
    yield Variant("tanh", 0, "sigmoid", lambda x: 2 * naive_sigmoid(2 * x) - 1, "2σ(2x) - 1")
    yield Variant("tanh", 1, "naive", _tanh_slope, "1 - tanh²")
    yield Variant("tanh", 1, "sech", lambda x: 1 / np.cosh(x) ** 2, "1/cosh²")
    yield Variant("tanh", 2, "naive", _tanh_bend, "-2t(1 - t²)")
    yield Variant("softsign", 0, "naive", lambda x, out=None: np.divide(x, 1 + np.abs(x), out=out), "the definition")
    yield Variant(
        "softsign", 1, "naive", lambda x, out=None: np.divide(1, (1 + np.abs(x)) ** 2, out=out), "1/(1 + |x|)²"
    )
    yield Variant("logit", 0, "naive", lambda x, out=None: np.log(x / (1 - x), out=out), "the definition")
    yield Variant("logit", 1, "naive", lambda x, out=None: np.divide(1, x * (1 - x), out=out), "1/(x(1 - x))")


def _softplus(x: Any, beta: Any, out: Any = None) -> Any:
    return np.divide(np.log(1 + np.exp(beta * x)), beta, out=out)


def _above_20(x: Any, beta: Any) -> Any:
    return np.where(beta * x > 20, x, np.log1p(np.exp(beta * x)) / beta)


def _softplus_bend(x: Any, beta: Any) -> Any:
    s = naive_sigmoid(beta * x)
    return beta * s * (1 - s)


_LOGARITHMS = (
    Variant("softplus", 0, "naive", _softplus, "the definition"),
    Variant("softplus", 0, "threshold", _above_20, "log1p(exp(βx))/β, and x itself above βx = 20"),
    Variant("softplus", 1, "naive", lambda x, beta, out=None: naive_sigmoid(beta * x, out), "σ(βx) by its definition"),
    Variant("softplus", 2, "naive", _softplus_bend, "βs(1 - s)"),
    Variant(
        "log_sigmoid", 0, "naive", lambda x, out=None: np.log(naive_sigmoid(x), out=out), "the logarithm of the sigmoid"
    ),
    Variant("log_sigmoid", 0, "softplus", lambda x: -np.log(1 + np.exp(-x)), "-log(1 + exp(-x))"),
    Variant("log_sigmoid", 1, "naive", lambda x, out=None: np.subtract(1, naive_sigmoid(x), out=out), "1 - σ(x)"),
)


VARIANTS: tuple[Variant, ...] = (*_sigmoids(), *_LOGARITHMS)
