"""Activations with their initialisations: the nets that are compared, each run once, when asked for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from actcli.activations.function import Function
from actcli.activations.registry import AnyFunction
from actcli.analyses.gradflow.chosen import inits_of
from actcli.analyses.gradflow.network.inits import Init
from actcli.analyses.gradflow.remedy import remedy
from actcli.analyses.gradflow.request import Progress, Request
from actcli.analyses.gradflow.sizes import nets_must_fit
from actcli.analyses.gradflow.subject import Subject
from actcli.errors import UsageError

if TYPE_CHECKING:
    from actcli.analyses.gradflow.meanfield.signal import Propagation, Theory
    from actcli.analyses.gradflow.measured import Measured
    from actcli.analyses.gradflow.recurrent import Through
    from actcli.analyses.gradflow.recurrent.forget_bias import ForgetBias

PLAIN = "--arch mlp without a --norm"
"""The nets that bounds, fixed points, depth scales and Jacobians are computed for."""


class Case:
    """One activation with one initialisation. `suggested` is one that the user didn't name."""

    def __init__(self, subject: Subject, init: Init, *, suggested: bool = False) -> None:
        self.subject, self.init, self.suggested = subject, init, suggested
        self.function, self.request = subject.function, subject.request
        self.tried: Case | None = None
        """The net of the suggested initialisation, where it is run beside this one."""

    @property
    def name(self) -> str:
        """The activation and, for people, its initialisation."""
        return f"{self.function.name} with {self.init.name}"

    @property
    def sigmas(self) -> tuple[float, float]:
        """σw and σb of a hidden layer."""
        width = self.request.width
        return self.init.sigma_w(width, width), self.init.sigma_b(width)

    @cached_property
    def through(self) -> Through:
        """The net of a recurrent architecture, run through time."""
        from actcli.analyses.gradflow.recurrent import run

        request = self.request
        nets_must_fit(request)
        return run(
            self.function,
            self.init,
            arch=request.arch,
            steps=request.depth,
            width=request.width,
            batch=request.batch,
            trials=request.trials,
            seed=request.seed,
            forget_bias=request.forget_bias,
            device=request.device,
            progress=self._progress,
        )

    @cached_property
    def forget_biases(self) -> Sequence[ForgetBias]:
        """The same LSTM with the biases of the textbooks, and that of the request."""
        from actcli.analyses.gradflow.recurrent.forget_bias import BIASES, forget_biases

        request = self.request
        nets_must_fit(request)
        return forget_biases(
            self.function,
            self.init,
            steps=request.depth,
            width=request.width,
            batch=request.batch,
            trials=request.trials,
            seed=request.seed,
            biases=sorted({*BIASES, *([] if request.forget_bias is None else [request.forget_bias])}),
            device=request.device,
            progress=self._progress,
        )

    @cached_property
    def measured(self) -> Measured:
        """The layers of the net, or its time steps."""
        request = self.request
        if request.is_recurrent:
            return self.through.measured
        from actcli.analyses.gradflow.network.run import run

        nets_must_fit(request)
        return run(
            self.function,
            self.init,
            depth=request.depth,
            width=request.width,
            batch=request.batch,
            trials=request.trials,
            seed=request.seed,
            arch=request.arch,
            norm=request.norm,
            device=request.device,
            data=request.data,
            progress=self._progress,
        )

    @property
    def collapses(self) -> bool:
        """Whether the whole net is one linear map, for which neither gates nor norms must bend it."""
        bends = self.request.norm != "none" or self.request.arch in ("lstm", "gru")
        return not bends and self.subject.collapses

    def _progress(self, what: str, done: int, total: int) -> None:
        self.subject.progress(self.name, done, total)

    @cached_property
    def theory(self) -> Theory:
        """The fixed point at infinite width, and how fast signals approach it."""
        from actcli.analyses.gradflow.meanfield.signal import Theory, theory

        if not self.request.is_plain:
            return Theory(*self.sigmas, math.nan, reason=f"the theory of fixed points is that of {PLAIN}")
        if not math.isfinite(self.q1):
            return Theory(*self.sigmas, math.nan, reason="no fixed point: the inputs' mean square is beyond float64")
        return theory(self.function, *self.sigmas, self.q1)

    @cached_property
    def _propagation(self) -> tuple[Propagation | None, str]:
        from actcli.analyses.gradflow.meanfield.signal import propagate

        request = self.request
        if request.is_recurrent:
            return None, f"theory of {request.arch} cells is not drawn"
        try:
            return propagate(
                self.function, *self.sigmas, request.depth, request.width, request.arch, request.norm, self.q0, self.q1
            ), ""
        except UsageError as error:  # infinite moments: the net can be run all the same
            return None, str(error)

    @property
    def propagation(self) -> Propagation | None:
        """The gradient that theory expects at each layer; None where there is none."""
        return self._propagation[0]

    @property
    def no_theory(self) -> str:
        """Why there is no such line, an empty text where there is one."""
        return self._propagation[1]

    @property
    def q0(self) -> float:
        """The mean square of the inputs."""
        data = self.request.data
        if data is None:
            return 1.0
        with np.errstate(over="ignore"):  # then theory has no start
            return float((data**2).mean())

    @property
    def q1(self) -> float:
        """The variance of the first layer's pre-activations: it has as many inputs as an example has numbers."""
        width, data = self.request.width, self.request.data
        features = width if data is None else data.shape[1]
        return self.init.sigma_w(features, width) ** 2 * self.q0 + self.init.sigma_b(features) ** 2

    @property
    def helps(self) -> bool:
        """Whether the suggested initialisation brings the gradient at layer 1 nearer to that at the last layer."""
        return self.tried is not None and self.tried.distance < self.distance

    @property
    def distance(self) -> float:
        """How far the gradient ratio is from 1, as a logarithm; what is not finite is infinitely far."""
        ratio = self.measured.ratio().value
        return abs(ratio) if math.isfinite(ratio) else math.inf

    @property
    def log_ratio_variance(self) -> float:
        """Variance of ln of that ratio, for one example, between nets of this width; NaN where theory has none."""
        # Theory's variance is that of the squared gradient's logarithm.
        return math.nan if self.propagation is None else self.propagation.log_variance / 4

    @property
    def log_finite_width_ratio(self) -> float:
        """Ln of the ratio that a net of this width has in the geometric mean."""
        return math.nan if self.propagation is None else self.log_theory_ratio - self.propagation.log_shortfall

    @cached_property
    def log_theory_ratio(self) -> float:
        """Ln of the gradient at layer 1 over that at layer L, as theory has it; NaN where it has none."""
        if self.propagation is None:
            return math.nan
        logs = self.propagation.log_gradient
        # Of nothing, nothing is left: 0/0 counts as 0.
        return -math.inf if logs[0] == -math.inf else float(logs[0] - logs[-1])


def cases(functions: Sequence[AnyFunction], request: Request, progress: Progress) -> list[Case]:
    """Return the cases of the request, with `--suggest-init` the suggested ones after those asked for.

    Raises UsageError for functions of a vector, and for inits that are unknown or too large.
    """
    found: list[Case] = []
    for function in functions:
        subject = Subject(_elementwise(function), request, progress)
        chosen = [Case(subject, init) for init in inits_of(subject)]
        found += chosen
        init = remedy(subject) if request.suggest_init else None
        if init is None:
            continue
        tried = Case(subject, init, suggested=True)
        if any(np.allclose(case.sigmas, tried.sigmas, rtol=1e-3) for case in chosen):
            continue
        for case in chosen:
            case.tried = tried
        found.append(tried)
    return found


def _elementwise(function: AnyFunction) -> Function:
    if isinstance(function, Function):
        return function
    raise UsageError(
        f"{function.name} takes a whole vector: depth is analysed for activations that take one number, such as gelu"
    )


def distinct(functions: Sequence[AnyFunction]) -> list[AnyFunction]:
    """Return each function once, however often and under whatever spelling it was named."""
    found: list[AnyFunction] = []
    for function in functions:
        if not any(function.name == other.name or function == other for other in found):
            found.append(function)
    return found
