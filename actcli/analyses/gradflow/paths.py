"""Paths through a net that a slope of 0 cuts: how many survive, and how likely a whole layer dies for one input."""

from __future__ import annotations

import math
from dataclasses import dataclass

from actcli.activations.function import Function
from actcli.analyses.gradflow.flat import flat_probability


@dataclass(frozen=True, slots=True)
class Paths:
    """A net in which each of `width` units a layer passes nothing on with probability `cut`, independently.

    The share of paths through all layers that survive, and the probability that some layer dies for one input, are
    natural logarithms; −∞ is the logarithm of 0.
    """

    depth: int
    width: int
    cut: float
    log_surviving: float
    log_layer_dies: float

    @property
    def surviving(self) -> float:
        """The share itself; it may underflow to 0."""
        return math.exp(self.log_surviving)

    @property
    def layer_dies(self) -> float:
        """The probability itself; it may underflow to 0."""
        return math.exp(self.log_layer_dies)


def paths(function: Function, depth: int, width: int, q: float = 1.0) -> Paths:
    """Return what happens to paths when a unit passes nothing on where φ′ = 0 at a pre-activation z ~ N(0, q)."""
    return cut_paths(flat_probability(function, q), depth, width)


def cut_paths(cut: float, depth: int, width: int) -> Paths:
    """Return what happens to paths when a unit passes nothing on with a given probability."""
    return Paths(depth, width, cut, log_surviving(cut, depth), log_layer_dies(cut, depth, width))


def log_surviving(cut: float, depth: int) -> float:
    """Return ln (1 − cut)^depth."""
    return depth * math.log1p(-cut) if 0 < cut < 1 else -math.inf if cut else 0.0


def log_layer_dies(cut: float, depth: int, width: int) -> float:
    """Return ln (1 − (1 − cut^width)^depth): the probability that all units of some layer pass nothing on."""
    if cut in (0, 1):
        return -math.inf if cut == 0 else 0.0
    one_layer = width * math.log(cut)
    none_dies = depth * math.log1p(-math.exp(one_layer))
    # Where cut^width is so small that only the first term counts, it may be too small for float64.
    return math.log(-math.expm1(none_dies)) if none_dies < -1e-300 else math.log(depth) + one_layer
