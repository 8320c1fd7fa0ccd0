"""Functions of a row, and the binary cross-entropy of logits."""

from __future__ import annotations

from typing import Any

import numpy as np

from actcli.implementations.textbook.gates import gelu_erf
from actcli.implementations.textbook.sigmoids import naive_sigmoid, product
from actcli.implementations.textbook.variant import Variant, between, maximum


def naive_softmax(x: Any, out: Any = None) -> Any:
    """Return exp(x) / Σ exp(x) of each row."""
    terms = np.exp(x)
    return np.divide(terms, np.sum(terms, axis=-1, keepdims=True), out=out)


def _shifted(x: Any) -> Any:
    return x - np.max(x, axis=-1, keepdims=True)


def _log_sum(x: Any) -> Any:
    return x - np.log(np.sum(np.exp(x), axis=-1, keepdims=True))


def _halves(x: Any) -> tuple[Any, Any]:
    first, second = np.split(x, 2, axis=-1)
    return first, second


def _glu(x: Any) -> Any:
    value, gate = _halves(x)
    return value * naive_sigmoid(gate)


def _swiglu(x: Any) -> Any:
    gate, value = _halves(x)
    return gate * naive_sigmoid(gate) * value


def _geglu(x: Any) -> Any:
    gate, value = _halves(x)
    return gelu_erf(gate) * value


def _of_probabilities(p: Any, target: Any, out: Any = None) -> Any:
    return np.negative(target * np.log(p) + (1 - target) * np.log(1 - p), out=out)


def _chain(x: Any, target: Any, out: Any = None) -> Any:
    p = naive_sigmoid(x)
    return np.multiply((p - target) / (p * (1 - p)), p * (1 - p), out=out)


def _of_logits(x: Any, target: Any) -> Any:
    return maximum(x, 0) - x * target + np.log1p(np.exp(-np.abs(x)))


_EPSILON = 1e-7
VARIANTS: tuple[Variant, ...] = (
    Variant("softmax", 0, "naive", naive_softmax, "exp(x)/Σexp(x)"),
    Variant("softmax", 0, "shifted", lambda x: naive_softmax(_shifted(x)), "the same, shifted by the maximum"),
    Variant("softmax", 1, "naive", product(naive_softmax), "s(1 - s)"),
    Variant("softmax", 1, "shifted", product(lambda x: naive_softmax(_shifted(x))), "s(1 - s), s being shifted"),
    Variant(
        "log_softmax", 0, "naive", lambda x, out=None: np.log(naive_softmax(x), out=out), "the logarithm of the softmax"
    ),
    Variant("log_softmax", 0, "log_shifted", lambda x: np.log(naive_softmax(_shifted(x))), "its logarithm, s shifted"),
    Variant("log_softmax", 0, "shifted", lambda x: _log_sum(_shifted(x)), "x - max - log Σexp(x - max)"),
    Variant("log_softmax", 1, "naive", lambda x, out=None: np.subtract(1, naive_softmax(x), out=out), "1 - s"),
    Variant("log_softmax", 1, "shifted", lambda x: 1 - naive_softmax(_shifted(x)), "1 - s, s being shifted"),
    Variant("glu", 0, "naive", _glu, "a·σ(b)"),
    Variant("swiglu", 0, "naive", _swiglu, "a·σ(a)·b"),
    Variant("geglu", 0, "erf", _geglu, "½a(1 + erf(a/√2))·b"),
    Variant(
        "bce_with_logits",
        0,
        "probabilities",
        lambda x, target, out=None: _of_probabilities(naive_sigmoid(x), target, out),
        "-(t·log p + (1 - t)·log(1 - p)), p = σ(x)",
    ),
    Variant(
        "bce_with_logits",
        0,
        "clipped",
        lambda x, target: _of_probabilities(between(naive_sigmoid(x), _EPSILON, 1 - _EPSILON), target),
        "from probabilities clipped to [1e-7, 1 - 1e-7]",
    ),
    Variant("bce_with_logits", 0, "logits", _of_logits, "max(x, 0) - x·t + log1p(exp(-|x|))"),
    Variant("bce_with_logits", 1, "probabilities", _chain, "(p - t)/(p(1 - p)) times p(1 - p), the chain rule"),
    Variant("bce_with_logits", 1, "logits", lambda x, target: naive_sigmoid(x) - target, "σ(x) - t"),
)
