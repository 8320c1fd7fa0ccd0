"""Nets for tests, and the same nets written down plainly."""

from __future__ import annotations

from typing import Any

import numpy as np

from actcli.activations.function import Function
from actcli.activations.registry import DEFAULT
from actcli.analyses.gradflow.network.net import Net

Array = np.ndarray[Any, Any]


def function(text: str) -> Function:
    found = DEFAULT.get(text)
    assert isinstance(found, Function)
    return found


def random_net(activation: str, arch: str, norm: str, *, depth: int = 4, width: int = 6, seed: int = 0) -> Net:
    rng = np.random.default_rng(seed)
    layers = [
        (1.3 * rng.standard_normal((width, width)) / width**0.5, rng.standard_normal(width)) for _ in range(depth)
    ]
    return Net(function(activation), layers, arch, norm)


def plain(net: Net, x: Array, nudges: Array) -> Array:
    """Return the output, with `nudges` (layers, batch, units) added to the pre-activations, as textbooks write it."""
    for (weights, biases), nudge in zip(net.layers, nudges, strict=True):
        z = x @ weights.T + (0 if biases is None else biases) + nudge
        if net.norm == "batch":
            z = (z - z.mean(axis=0)) / np.sqrt(z.var(axis=0) + 1e-5)
        if net.norm == "layer":
            z = ((z.T - z.mean(axis=1)) / np.sqrt(z.var(axis=1) + 1e-5)).T
        if net.norm == "rms":
            z = (z.T / np.sqrt((z**2).mean(axis=1) + 1e-5)).T
        x = net.function(z) + (x if net.arch == "residual" else 0)
    return x
