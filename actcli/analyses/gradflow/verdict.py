"""One word for a net, the reason with figures, and what to do about it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from actcli.analyses.gradflow.cases import Case
from actcli.analyses.gradflow.logs import log
from actcli.analyses.gradflow.remedy import branch_sigma_w
from actcli.report import Magnitude

VERDICTS = {
    "undefined": "the activation has no value where pre-activations go",
    "dead": "no gradient at all reaches layer 1",
    "vanishing": "less than the threshold of the gradient is left at layer 1",
    "exploding": "more than the inverse of the threshold arrives at layer 1, or numbers overflow on the way",
    "unclear": "the interval reaches across a threshold: more trials would tell",
    "stable": "the gradient keeps its size within the thresholds",
    "linear": "the gradient is stable, but the activation is a straight line, and so is the whole net",
}
"""The words, from the worst to the best."""


def verdict(case: Case) -> str:
    """Return the word."""
    ratio, threshold = case.measured.ratio(), math.log(case.request.threshold)
    if ratio.value == -math.inf:
        return "dead"
    if not math.isfinite(ratio.value):
        # What overflows leaves infinities and NaN; so does what was never there.
        return "undefined" if case.subject.gap else "exploding"
    if any(ratio.low < edge < ratio.high for edge in (threshold, -threshold)):
        return "unclear"
    if abs(ratio.value) > -threshold:
        return "vanishing" if ratio.value < 0 else "exploding"
    return "linear" if case.collapses else "stable"


def reason(case: Case) -> str:
    """Return the verdict in words, with figures."""
    ratio, measured, depth = case.measured.ratio(), case.measured, case.request.depth
    unit = case.request.layer
    first, last = f"{unit} 1", f"{unit} {depth}"
    if ratio.value == -math.inf:
        without = int((measured.log_gradient[:, 0] == -math.inf).sum())
        return f"no gradient reaches {first} in {without} of {len(measured.log_gradient)} trials"
    if not math.isfinite(ratio.value) and case.subject.gap:
        return f"{case.subject.gap}, where pre-activations go"
    if not math.isfinite(ratio.value):
        where = measured.overflow_layer
        return f"activations are not finite from {unit} {where} on" if where else "the gradient is not finite"
    if depth == 1:
        return f"the only {unit} is the last one, whose gradient has passed no other"
    if ratio.value > math.log(2) or ratio.low > 0:
        text = f"the gradient grows {_size(ratio.value, 3)} times from {last} to {first}"
    else:
        text = f"{_size(ratio.value, 3)} of the gradient is left at {first}"
    if math.isfinite(ratio.low):
        text += f" ({_size(ratio.low, 3)} to {_size(ratio.high, 3)})"
    return f"{text}; every {unit} is linear, so the net is one linear map" if case.collapses else text


def suggestion(case: Case) -> str:
    """Return what to do about it, an empty text where nothing has to be done."""
    word = verdict(case)
    if word == "linear":
        return "an activation that bends, such as relu or gelu"
    if word == "undefined":
        return "an activation that has a value for every x"
    if word == "unclear":
        return f"--trials {4 * case.request.trials} to narrow the interval"
    if word == "stable":
        return f"{case.init.name} as before" if case.tried and not case.helps else ""
    return _through_time(case) if case.request.is_recurrent else _through_depth(case)


def _through_time(case: Case) -> str:
    if case.request.arch == "rnn":
        return "--arch lstm --forget-bias 1, or --arch gru"
    # The gate that keeps lets σ(b)^T through at best, and weights and inputs take their part.
    nats = math.log(case.request.threshold) / 2 / case.request.depth
    return f"--forget-bias {math.ceil(nats - math.log(-math.expm1(nats)))}, or shorter sequences"


def _through_depth(case: Case) -> str:
    request, point = case.request, case.subject.best_critical
    if request.arch == "residual":
        smaller = f"--sigma-w {branch_sigma_w(request):g}"
        return smaller if request.norm != "none" else f"{smaller}, or --norm layer"
    if request.norm != "none":
        return "--arch residual"  # a normalisation undoes the scale of weights
    if point is None:
        return "tanh with --init critical, or relu with --init he"
    if case.tried and not case.helps:
        return "--arch residual, or --norm layer"
    if case.init.name == "critical" or np.allclose(case.sigmas, (point.sigma_w, point.sigma_b), rtol=1e-3):
        return "--arch residual, or --norm layer"
    warning = {True: "", False: ", though unstable", None: ", half-stable"}[point.stable]
    return f"--init critical (σw = {point.sigma_w:.4g}, σb = {point.sigma_b:.4g}{warning})"


def sentence(cases: Sequence[Case]) -> str:
    """Return the verdict on all cases that were asked for, in one line of words."""
    asked = [case for case in cases if not case.suggested]
    if len(asked) == 1:
        return _in_full(asked[0])
    several_inits = len(asked) > len({case.function.name for case in asked})
    by_word: dict[str, list[str]] = {}
    for case in asked:
        by_word.setdefault(verdict(case), []).append(case.name if several_inits else case.function.name)
    return "; ".join(f"{word}: {', '.join(by_word[word])}" for word in VERDICTS if word in by_word)


def _in_full(case: Case) -> str:
    parts = [f"{case.function.name}: {verdict(case)}", reason(case)]
    # Of the gradient at the output, which has passed as many slopes as the bound has factors.
    left = case.measured.gradient()[0].value
    if verdict(case) == "vanishing" and left <= bound(case) < math.log(case.request.threshold):
        at_best = f"{_size(bound(case))} of the gradient is left after {case.request.depth} layers at best"
        parts[1] = f"{at_best} ({_size(left)} measured)"
    if advice := suggestion(case):
        parts.append(f"use {advice}")
    return "; ".join(parts)


def bound(case: Case) -> float:
    """Return ln of the largest factor that the activation's slopes can leave after all layers: L·ln max|φ′|.

    NaN for nets in which a gradient passes more than slopes and weights.
    """
    return case.request.depth * log(case.function.largest_slope) if case.request.is_plain else math.nan


def failure(cases: Sequence[Case]) -> str:
    """Return which of the cases asked for fails the gate, the worst first, or an empty text."""
    gate = cases[0].request.fail_if
    if gate is None:
        return ""
    words = ("dead", "vanishing") if gate == "vanishing" else ("exploding",)
    asked = [case for case in cases if not case.suggested]
    failing = [case for case in asked if verdict(case) in words]
    if not failing:
        return ""
    sign = 1 if gate == "vanishing" else -1
    worst = min(failing, key=lambda case: _sortable(sign * case.measured.ratio().value))
    others = f" ({len(failing)} of {len(asked)} nets fail)" if len(asked) > 1 else ""
    return f"FAIL {worst.name}: {verdict(worst)}; {reason(worst)}{others}"


def _sortable(value: float) -> float:
    return -math.inf if math.isnan(value) else value


def _size(log: float, digits: int = 2) -> str:
    return Magnitude(log).significant(digits)
