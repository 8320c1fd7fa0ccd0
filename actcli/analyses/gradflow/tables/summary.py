"""`summary` and `layers`: what a real net does, against theory."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from actcli.analyses.gradflow import verdict
from actcli.analyses.gradflow.cases import Case
from actcli.analyses.gradflow.tables.rows import Audience, Row, activation_column, init_column, percent, table
from actcli.report import Column, Magnitude, Table

_RATIO = ("gradient_ratio", "gradient_ratio_low", "gradient_ratio_high")
_TRAINABLE = Column("trainable", "layers that a signal passes", heading="trainable depth", audience="people")
_GRADIENT = ("gradient", "gradient_low", "gradient_high")


def summary_table(cases: Sequence[Case]) -> Table:
    """Return one row an activation and initialisation, with the verdict and what to do.

    People get all of it for one net, and of several what fits side by side.
    """
    alone: Audience = "all" if len(cases) == 1 else "machines"
    predicted: Audience = "machines" if cases[0].request.is_recurrent else "all"
    theory: Audience = alone if predicted == "all" else "machines"
    plain: Audience = alone if cases[0].request.is_plain else "machines"
    words = ", ".join(f"{word}: {meaning}" for word, meaning in verdict.VERDICTS.items())
    columns = (
        activation_column([case.subject for case in cases]),
        Column("depth", "layers, or time steps", audience="machines"),
        init_column(cases, shown=True),
        Column("arch", "mlp, residual, rnn, lstm or gru", audience="machines"),
        Column("verdict", f"one word: {words}"),
        Column("reason", "the verdict in words"),
        Column(
            "gradient_ratio",
            "gradient at layer 1 over that at the last layer",
            heading="gradient ratio",
            audience=alone,
        ),
        Column("gradient_ratio_low", "low end of its 95 % interval", audience="machines"),
        Column("gradient_ratio_high", "high end of its 95 % interval", audience="machines"),
        Column("theory_gradient_ratio", "the same at infinite width", heading="theory", audience=predicted),
        Column("bound", "largest slope to the power of the depth", audience=plain),
        Column("dead_fraction", "units whose slope is 0 for every example", heading="dead units", audience=alone),
        Column("trainable_depth", "layers that a signal passes, 6·ξ_c", audience="machines"),
        *([_TRAINABLE] if plain == "all" else []),
        Column("suggestion", "what to do about it", audience=alone),
    )

    def rows() -> Iterator[Row]:
        for case in cases:
            ratio, depth = case.measured.ratio(), case.theory.trainable_depth
            yield {
                "activation": case.function.name,
                "depth": case.request.depth,
                "init": case.init.name,
                "arch": case.request.arch,
                "verdict": verdict.verdict(case),
                "reason": verdict.reason(case),
                **dict(zip(_RATIO, map(Magnitude, (ratio.value, ratio.low, ratio.high)), strict=True)),
                "theory_gradient_ratio": Magnitude(case.log_theory_ratio),
                "bound": Magnitude(verdict.bound(case)),
                "dead_fraction": float(case.measured.dead.mean()),
                "trainable_depth": depth,
                "trainable": None if math.isnan(depth) else depth,
                "suggestion": verdict.suggestion(case) or None,
                "finite_width_ratio": Magnitude(case.log_finite_width_ratio),
                "finite_width_spread": math.sqrt(case.log_ratio_variance),
            }

    more = (
        Column(
            "finite_width_ratio", "theory with the correction for this width", heading="at this width", audience=theory
        ),
        Column("finite_width_spread", "theory's standard deviation of ln gradient_ratio", audience="machines"),
    )
    logged = (*_RATIO, "theory_gradient_ratio", "bound", "finite_width_ratio")
    return table("summary", columns, rows, logged=logged, more=more)


def layers_table(cases: Sequence[Case]) -> Table:
    """Return one row a layer: activations, gradients with their intervals, dead and saturated units."""
    recurrent = cases[0].request.is_recurrent
    predicted: Audience = "machines" if recurrent else "all"
    columns = (
        activation_column([case.subject for case in cases]),
        init_column(cases),
        Column("arch", "mlp, residual, rnn, lstm or gru", audience="machines"),
        Column("layer", "1 is next to the input", heading="step" if recurrent else "layer"),
        Column("mean", "mean of the activations"),
        Column("std", "their standard deviation"),
        Column("gradient", "norm of the gradient by the layer's pre-activations"),
        Column(
            "interval", "half of its 95 % interval, relative; a factor from 100 % on", heading="±", audience="people"
        ),
        Column("gradient_low", "low end of its 95 % interval", audience="machines"),
        Column("gradient_high", "high end of its 95 % interval", audience="machines"),
        Column("theory_gradient", "the same at infinite width", heading="theory", audience=predicted),
        Column("dead_fraction", "units whose slope is 0 for every example", audience="machines"),
        Column("dead", "units whose slope is 0 for every example", audience="people"),
        Column("saturated_fraction", "slopes below 1 % of the largest, if one is", audience="machines"),
        Column("saturated", "slopes below 1 % of the largest", audience="people"),
    )
    more = (
        Column("weight_gradient", "norm of the gradient by the layer's weights", audience="machines"),
        Column("one_sign", "share of a unit's weight gradients that have the commoner sign", audience="machines"),
    )

    def rows() -> Iterator[Row]:
        for case in cases:
            yield from _layers(case)

    logged = (*_GRADIENT, "theory_gradient", "weight_gradient")
    title = "Through time" if recurrent else "Layer by layer"
    return table("layers", columns, rows, logged=logged, more=more, title=title)


def _layers(case: Case) -> Iterator[Row]:
    measured, propagation = case.measured, case.propagation
    depth = measured.mean.shape[1]
    theory = np.full(depth, np.nan) if propagation is None else propagation.log_gradient
    means = {
        "mean": measured.mean,
        "std": measured.std,
        "dead_fraction": measured.dead,
        "saturated_fraction": measured.saturated
        if case.subject.saturates
        else np.full_like(measured.saturated, np.nan),
        "one_sign": measured.one_sign,
    }
    averages = {name: values.mean(axis=0) for name, values in means.items()}
    weight_gradients = measured.log_weight_gradient.mean(axis=0)
    for layer, gradient in enumerate(measured.gradient()):
        shares = {name: float(values[layer]) for name, values in averages.items()}
        yield {
            "activation": case.function.name,
            "init": case.init.name,
            "arch": case.request.arch,
            "layer": layer + 1,
            **shares,
            **dict(zip(_GRADIENT, map(Magnitude, (gradient.value, gradient.low, gradient.high)), strict=True)),
            "interval": _plus_minus((gradient.high - gradient.low) / 2),
            "theory_gradient": Magnitude(float(theory[layer])),
            "dead": percent(shares["dead_fraction"]),
            "saturated": percent(shares["saturated_fraction"]),
            "weight_gradient": Magnitude(float(weight_gradients[layer])),
        }


def _plus_minus(half: float) -> str:
    """Return an interval of logarithms, half of it, in percent where it is small and as a factor where it isn't."""
    if math.isnan(half):
        return ""
    return percent(math.expm1(half)) if half < math.log(2) else f"×{Magnitude(half).significant(2)}"
