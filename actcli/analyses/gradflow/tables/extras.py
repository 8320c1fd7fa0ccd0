"""`jacobian`, `clipping`, `gates`, `neuron`, `phase`: for those who ask."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from actcli.analyses.gradflow.cases import Case
from actcli.analyses.gradflow.network.inits import get_init
from actcli.analyses.gradflow.subject import Subject
from actcli.analyses.gradflow.tables.rows import Row, activation_column, init_column, table
from actcli.report import Column, Magnitude, Table

WIDEST = 100
"""Units of a net whose Jacobian is decomposed."""


def jacobian_table(cases: Sequence[Case]) -> Table:
    """Return the spread of singular values, with the weights as drawn and orthogonal ones of the same variance."""
    columns = (
        activation_column([case.subject for case in cases]),
        init_column(cases),
        Column("weights", "as the initialisation draws them, or orthogonal"),
        Column("depth", "layers", audience="machines"),
        Column("width", "units a layer"),
        Column("mean_square", "mean of the squared singular values", heading="mean s²"),
        Column("theory_mean_square", "the same at infinite width", heading="theory s²"),
        Column("spread", "variance over squared mean of the squared singular values"),
        Column("spread_stderr", "its standard error", heading="± stderr"),
        Column("theory_spread", "the same at infinite width", heading="theory spread"),
        Column("largest", "largest singular value", heading="largest s"),
        Column("smallest", "smallest singular value", heading="smallest s"),
    )

    def rows() -> Iterator[Row]:
        from actcli.analyses.gradflow.network.jacobian import spectrum

        for case in cases:
            request = case.request
            width = min(request.width, WIDEST)
            orthogonal = replace(case.init, name="orthogonal", unit=get_init("orthogonal", case.function).unit)
            for init in (case.init, *([] if case.init.name == "orthogonal" else [orthogonal])):
                found = spectrum(
                    case.function, init, depth=request.depth, width=width, trials=request.trials, seed=request.seed
                )
                yield {
                    "activation": case.function.name,
                    "init": case.init.name,
                    "weights": "as drawn" if init is case.init else "orthogonal",
                    "depth": request.depth,
                    "width": width,
                    "mean_square": Magnitude(found.log_mean),
                    "theory_mean_square": Magnitude(found.theory_log_mean),
                    "spread": found.spread,
                    "spread_stderr": found.spread_error,
                    "theory_spread": found.theory_spread,
                    "largest": Magnitude(found.log_largest),
                    "smallest": Magnitude(found.log_smallest),
                }

    logged = ("mean_square", "theory_mean_square", "largest", "smallest")
    return table("jacobian", columns, rows, logged=logged, title="Singular values of the input–output Jacobian")


def clipping_table(cases: Sequence[Case]) -> Table:
    """Return what clipping the whole gradient to a norm does to the first and the last layer."""
    columns = (
        activation_column([case.subject for case in cases]),
        init_column(cases),
        Column("layer", "1, next to the input, and the last"),
        Column("before", "norm of the gradient by the layer's weights"),
        Column("after", "the same when the whole gradient is clipped"),
        Column("norm", "norm of the whole gradient before", heading="whole before"),
        Column("clip", "the norm that it is clipped to", heading="clipped to"),
    )

    def rows() -> Iterator[Row]:
        from actcli.analyses.gradflow.network.clipping import clip

        for case in cases:
            threshold = case.request.clip
            assert threshold is not None
            found = clip(case.measured, threshold)
            layers = ((1, found.first, found.first_after), (case.request.depth, found.last, found.last_after))
            for layer, before, after in layers:
                yield {
                    "activation": case.function.name,
                    "init": case.init.name,
                    "layer": layer,
                    "before": Magnitude(before),
                    "after": Magnitude(after),
                    "norm": Magnitude(found.log_norm),
                    "clip": threshold,
                }

    return table("clipping", columns, rows, logged=("before", "after", "norm"), title="Gradient clipping")


def gates_table(cases: Sequence[Case]) -> Table:
    """Return how open the gates of a recurrent cell are, and what the gate that keeps leaves over all steps."""
    columns = (
        activation_column([case.subject for case in cases]),
        init_column(cases),
        Column("arch", "lstm or gru", audience="machines"),
        Column("gate", "the gate"),
        Column("mean", "its mean over steps, units and examples"),
        Column("saturated_fraction", "where its slope is below 1 % of the largest", heading="saturated"),
        Column("kept", "what it leaves of a gradient from the last step to the first, on the direct way"),
    )

    def rows() -> Iterator[Row]:
        for case in cases:
            through, path = case.through, case.through.cell_path
            kept = None if path is None else Magnitude(float(path[:, 0].mean()))
            for gate in through.gates:
                yield {
                    "activation": case.function.name,
                    "init": case.init.name,
                    "arch": case.request.arch,
                    "gate": gate.gate,
                    "mean": gate.mean,
                    "saturated_fraction": gate.saturated,
                    "kept": kept if gate.gate == through.keeper else None,
                }

    return table("gates", columns, rows, logged=("kept",), title="Gates")


_KEPT = ("kept", "kept_low", "kept_high")


def forget_bias_table(cases: Sequence[Case]) -> Table:
    """Return what LSTM's forget gates leave of a gradient along the cell, for several biases."""
    columns = (
        activation_column([case.subject for case in cases]),
        init_column(cases),
        Column("bias", "bias of the forget gate"),
        Column("textbook", "σ(b)^T, which leaves weights and inputs out", heading="σ(b)^T"),
        Column("kept", "geometric mean over units and examples of the product of the gates"),
        Column("kept_low", "low end of its 95 % interval", heading="low"),
        Column("kept_high", "high end of its 95 % interval", heading="high"),
        Column("norm", "root mean square of the same"),
    )

    def rows() -> Iterator[Row]:
        for case in cases:
            for found in case.forget_biases:
                ends = (found.typical.value, found.typical.low, found.typical.high)
                yield {
                    "activation": case.function.name,
                    "init": case.init.name,
                    "bias": found.bias,
                    "textbook": Magnitude(found.textbook),
                    **dict(zip(_KEPT, map(Magnitude, ends), strict=True)),
                    "norm": Magnitude(found.norm.value),
                }

    return table("forget_bias", columns, rows, logged=("textbook", *_KEPT, "norm"), title="Forget bias")


def neuron_table(subjects: Sequence[Subject]) -> Table:
    """Return what the unit of the request does with every example."""
    columns = (
        activation_column(subjects),
        Column("example", "row of the data"),
        Column("z", "pre-activation w·x + b"),
        Column("value", "φ(z)", heading="φ(z)"),
        Column("derivative", "φ′(z)", heading="φ′(z)"),
        Column("verdict", "of the unit: dead where no example of the data passes a gradient, else alive"),
    )

    def rows() -> Iterator[Row]:
        for subject in subjects:
            found = subject.neuron
            numbers = zip(found.z.tolist(), found.value.tolist(), found.slope.tolist(), strict=True)
            for example, (z, value, slope) in enumerate(numbers, start=1):
                yield {
                    "activation": subject.name,
                    "example": example,
                    "z": z,
                    "value": value,
                    "derivative": slope,
                    "verdict": "dead" if found.dead else "alive",
                }

    return table("neuron", columns, rows, title="One unit over the data")


def phase_table(subjects: Sequence[Subject]) -> Table:
    """Return the critical line in the plane of variances, and lines of equal depth scale ξ_c."""
    columns = (
        activation_column(subjects),
        Column("line", "critical, or contour of ξ_c"),
        Column("xi", "the depth scale along a contour, in layers", heading="ξ_c"),
        Column("sigma_w2", "variance of the weights times fan_in", heading="σw²"),
        Column("sigma_b2", "variance of the biases", heading="σb²"),
    )

    def rows() -> Iterator[Row]:
        for subject in subjects:
            phase = subject.phase
            for line, xi, (x, y) in [
                ("critical", math.inf, phase.line),
                *(("contour", xi, (x, y)) for xi, x, y in phase.contours),
            ]:
                inside = np.isfinite(x)
                for sigma_w2, sigma_b2 in zip(x[inside].tolist(), y[inside].tolist(), strict=True):
                    yield {
                        "activation": subject.name,
                        "line": line,
                        "xi": xi,
                        "sigma_w2": sigma_w2,
                        "sigma_b2": sigma_b2,
                    }

    return table("phase", columns, rows, title="Phase diagram")
