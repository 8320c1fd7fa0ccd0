"""`depth`, `underflow`, `paths`: what slopes alone do to a gradient, before any weight."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import partial

from actcli.analyses.gradflow.cases import Case
from actcli.analyses.gradflow.subject import Subject
from actcli.analyses.gradflow.tables.rows import Row, activation_column, percent, table
from actcli.report import Column, Magnitude, Table

_FIGURES = {
    "bound": ("largest slope to the power of the depth: no product of slopes is larger", "bound"),
    "best_case": ("every pre-activation where the slope is largest", "best case"),
    "typical": ("every pre-activation at x = 2", "x = 2"),
    "geometric_mean": ("what a typical path has, exp(L·E ln |φ′|)", "geometric mean"),
    "exact_mean": ("the mean over all paths, (E φ′)^L", "exact mean"),
    "sample_mean": ("the mean of a sample of random paths", "sample mean"),
}

_THEORY = "theory √χ₁"


def depth_table(subjects: Sequence[Subject]) -> Table:
    """Return products of slopes along paths of so many layers, with random pre-activations."""
    columns = (
        activation_column(subjects),
        Column("depth", "layers"),
        *(Column(name, meaning, heading=heading) for name, (meaning, heading) in _FIGURES.items()),
        Column("sample_stderr", "standard error of the sample mean", audience="machines"),
        Column("relative_stderr", "the same, relative to the mean", heading="± stderr", audience="people"),
        Column("median", "the median of the sample"),
    )
    logged = (*_FIGURES, "sample_stderr", "median")

    def rows() -> Iterator[Row]:
        for subject in subjects:
            for product in subject.products:
                sizes = {name: Magnitude(getattr(product, name), name in product.negative) for name in logged}
                yield {
                    "activation": subject.name,
                    "depth": product.depth,
                    **sizes,
                    "relative_stderr": percent(Magnitude(product.sample_stderr - product.sample_mean)),
                    "note": product.note or None,
                }

    more = (Column("note", "where the sample's mean misleads", audience="machines"),)
    return table("depth", columns, rows, logged=logged, more=more, title="Products of slopes")


def paths_table(subjects: Sequence[Subject]) -> Table:
    """Return which share of gradient paths survives units that let nothing through."""
    columns = (
        activation_column(subjects),
        Column("depth", "layers"),
        Column("width", "units a layer"),
        Column("blocked", "share of the units that let no gradient through"),
        Column("surviving", "share of the paths through all layers that are left"),
        Column("layer_dies", "probability that a whole layer lets nothing of an input through", heading="a layer dies"),
    )

    def rows() -> Iterator[Row]:
        from actcli.analyses.gradflow.paths import cut_paths, paths

        for subject in subjects:
            request = subject.request
            known = request.blocked
            compute = partial(paths, subject.function) if known is None else partial(cut_paths, known)
            for depth in subject.depths:
                found = compute(depth, request.width)
                yield {
                    "activation": subject.name,
                    "depth": depth,
                    "width": request.width,
                    "blocked": found.cut,
                    "surviving": Magnitude(found.log_surviving),
                    "layer_dies": Magnitude(found.log_layer_dies),
                }

    return table("paths", columns, rows, logged=("surviving", "layer_dies"), title="Gradient paths")


def underflow_table(cases: Sequence[Case]) -> Table:
    """Return after how many layers gradients leave each floating-point format."""
    columns = (
        activation_column([case.subject for case in cases]),
        Column("init", "the initialisation that theory's factor is of"),
        Column("dtype", "the format of the gradient"),
        Column("source", "where the factor comes from"),
        Column("factor", "what is left of the gradient after each layer"),
        Column("subnormal_depth", "layers after which it is subnormal and loses digits", heading="subnormal at depth"),
        Column("zero_depth", "layers after which it is 0", heading="0 at depth"),
    )

    def rows() -> Iterator[Row]:
        from actcli.analyses.gradflow.underflow import underflow

        for case in cases:
            reasons = {_THEORY: case.theory.reason} if math.isnan(case.theory.chi_1) else {}
            for found in underflow(_factors(case)):
                yield {
                    "activation": case.function.name,
                    "init": case.init.name,
                    "dtype": found.format,
                    "source": found.source,
                    "factor": found.factor,
                    "subnormal_depth": found.subnormal,
                    "zero_depth": found.zero,
                    "reason": reasons.get(found.source) or found.reason or None,
                }

    more = (Column("reason", "why a depth is infinite or unknown", audience="machines"),)
    return table("underflow", columns, rows, more=more, title="Where gradients underflow")


def _factors(case: Case) -> dict[str, float]:
    from actcli.analyses.gradflow.underflow import slope_factors
    from actcli.analyses.gradflow.uniform import averages

    return {
        **slope_factors(case.function),
        "geometric mean": float(Magnitude(averages(case.function, *case.request.preactivations).log_slope)),
        _THEORY: math.sqrt(case.theory.chi_1),
    }
