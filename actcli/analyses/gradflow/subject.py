"""One activation, and what holds for it whatever the initialisation; everything is computed once, when asked for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from actcli.activations.function import Function
from actcli.analyses.gradflow.gaps import gap
from actcli.analyses.gradflow.request import Progress, Request
from actcli.analyses.gradflow.sizes import sample_must_fit
from actcli.analyses.gradflow.slopes import largest_slope

if TYPE_CHECKING:
    from actcli.analyses.gradflow.meanfield.criticality import Critical
    from actcli.analyses.gradflow.meanfield.moments import Moments
    from actcli.analyses.gradflow.meanfield.phase import Phase
    from actcli.analyses.gradflow.neuron import Response
    from actcli.analyses.gradflow.products import Product


class Subject:
    """One activation, and what holds for it whatever the initialisation."""

    def __init__(self, function: Function, request: Request, progress: Progress) -> None:
        self.function, self.request, self.progress = function, request, progress

    @property
    def name(self) -> str:
        """What tables call it."""
        return self.function.name

    @cached_property
    def depths(self) -> list[int]:
        """The depths of tables that go from 1 to the depth asked for."""
        from actcli.analyses.gradflow.products import depths

        return depths(self.request.depth)

    @cached_property
    def products(self) -> Sequence[Product]:
        """The products of slopes at each of the depths."""
        from actcli.analyses.gradflow.products import products

        request = self.request
        sample_must_fit(request, self.depths)
        low, high = request.preactivations
        return products(self.function, self.depths, low=low, high=high, samples=request.samples, seed=request.seed)

    @cached_property
    def collapses(self) -> bool:
        """Whether the activation is a straight line, so that a net of it is one linear map."""
        from actcli.analyses.gradflow.network.linearity import collapses

        return collapses(self.function)

    @cached_property
    def saturates(self) -> bool:
        """Whether slopes have a largest size, so that some are small beside it."""
        return math.isfinite(largest_slope(self.function))

    @cached_property
    def gap(self) -> str:
        """Where the activation has no value, in words; an empty text where it has one everywhere."""
        return gap(self.function)

    @cached_property
    def moments(self) -> Moments:
        """The Gaussian moments at the variance asked for."""
        from actcli.analyses.gradflow.meanfield.moments import moments

        return moments(self.function, self.request.q)

    @cached_property
    def critical(self) -> Sequence[Critical]:
        """The critical points: the class's own, or the one at the σb that was given."""
        from actcli.analyses.gradflow.meanfield.criticality import critical

        return critical(self.function, self.request.sigma_b)

    @cached_property
    def phase(self) -> Phase:
        """The plane of initialisations around those of the request."""
        from actcli.analyses.gradflow.meanfield.phase import phase

        right, top = self.plane
        return phase(self.function, (0.0, right), (0.0, top))

    @cached_property
    def plane(self) -> tuple[float, float]:
        """The largest σw² and σb² of that plane."""
        point = self.best_critical
        sigmas_w = [self.request.sigma_w or 0.0, *([point.sigma_w] if point else [])]
        sigmas_b = [self.request.sigma_b or 0.0, *([point.sigma_b] if point else [])]
        return max(4.0, 1.5 * max(sigmas_w) ** 2), max(0.5, 1.5 * max(sigmas_b) ** 2)

    @cached_property
    def neuron(self) -> Response:
        """What the unit of the request does with the data."""
        from actcli.analyses.gradflow.neuron import neuron

        unit, data = self.request.neuron, self.request.data
        assert unit is not None
        assert data is not None
        return neuron(self.function, unit.weights, unit.bias, data)

    @property
    def best_critical(self) -> Critical | None:
        """The critical point to initialise at, a stable one if there is any."""
        points = [point for point in self.critical if math.isfinite(point.sigma_w) and math.isfinite(point.sigma_b)]
        return next((point for point in points if point.stable), points[0] if points else None)
