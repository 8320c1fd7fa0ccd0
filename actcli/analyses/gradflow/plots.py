"""The gradient at every layer, and the plane of initialisations."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from actcli.analyses.gradflow.cases import Case
from actcli.report import Plot, Series

Array = np.ndarray[Any, Any]

_NARROW = 300 * math.log(10)
"""Natural logarithms of sizes that float64 holds, and a logarithmic axis takes."""


def plots(cases: Sequence[Case]) -> tuple[Plot, ...]:
    """Return the gradient norms, or with `--phase-diagram` one plane an activation."""
    if cases[0].request.phase_diagram:
        return tuple(_phase(case) for case in cases if not case.suggested)
    return (_gradients(cases),)


def _gradients(cases: Sequence[Case]) -> Plot:
    lines = [series for case in cases for series in _lines(case)]
    logs = np.concatenate([np.asarray(line.y, dtype=np.float64) for line in lines])
    fits = bool(np.all(np.abs(logs[np.isfinite(logs)]) < _NARROW))

    def scaled(cells: Any) -> Any:
        return np.exp(cells) if fits else np.asarray(cells) / math.log(10)

    shown = tuple(replace(line, y=scaled(line.y), low=scaled(line.low), high=scaled(line.high)) for line in lines)
    several = len({case.function.name for case in cases}) > 1
    title = "Gradient norm by layer" if several else f"{cases[0].function.name}: gradient norm by layer"
    step = "time step" if cases[0].request.is_recurrent else "layer"
    return Plot("gradients", title, step, "gradient" if fits else "log₁₀ gradient", shown, y_log=fits)


def _lines(case: Case) -> Iterator[Series]:
    """Yield the measured line with its band, and theory's, in natural logarithms."""
    intervals = case.measured.gradient()
    layers = np.arange(1, len(intervals) + 1)
    y, low, high = (np.array([getattr(each, end) for each in intervals]) for end in ("value", "low", "high"))
    yield Series(case.name, layers, y, low=low, high=high)
    if case.propagation is not None and np.isfinite(case.propagation.log_gradient).any():
        yield Series(f"{case.name}, theory", layers, case.propagation.log_gradient, "dashed", beside=case.name)


def _phase(case: Case) -> Plot:
    """Draw the critical line, what isn't stable of it, contours of the depth scale, and the initialisation itself."""
    phase, (sigma_w, sigma_b) = case.subject.phase, case.sigmas
    # The two sides of the critical line are one series, with a gap between them.
    contours: dict[float, list[Array]] = {}
    for xi, x, y in phase.contours:
        contours.setdefault(xi, []).append(np.array([[*x, math.nan], [*y, math.nan]]))
    curves = {xi: np.hstack(parts) for xi, parts in contours.items()}
    lines = [Series(f"ξ_c = {xi:g}", x, y, "dashed") for xi, (x, y) in curves.items()]
    if np.isfinite(phase.unstable[0]).any():
        lines.append(Series("χ₁ = 1, unstable", *phase.unstable, "dashed"))
    point = Series(case.init.name, [sigma_w**2], [sigma_b**2], "points")
    title = f"{case.function.name}: how deep signals reach"
    return Plot("phase", title, "σw²", "σb²", (Series("critical", *phase.line), *lines, point))
