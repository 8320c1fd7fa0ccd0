"""`theory`, `critical`, `moments`, `initialisers`: what holds at infinite width."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from actcli.analyses.gradflow.cases import Case
from actcli.analyses.gradflow.initialisers import initialisers
from actcli.analyses.gradflow.remedy import remedy
from actcli.analyses.gradflow.subject import Subject
from actcli.analyses.gradflow.tables.rows import Audience, Row, activation_column, init_column, table, vouched
from actcli.report import Column, Table

_THEORY = {
    "q_star": ("variance of pre-activations where it settles", "q*"),
    "chi_1": ("what each layer multiplies the squared gradient by", "χ₁"),
    "chi_parallel": ("what each layer multiplies a change of the variance by", "χ∥"),
    "c_star": ("correlation where two inputs settle", "c*"),
    "xi_q": ("layers over which the variance settles, e-fold", "ξ_q"),
    "xi_c": ("layers over which the correlation settles, e-fold", "ξ_c"),
    "trainable_depth": ("layers that a signal passes, 6·ξ_c", "trainable depth"),
}
_CRITICAL = {
    "sigma_w": ("standard deviation of the weights times √fan_in", "σw"),
    "sigma_b": ("standard deviation of the biases", "σb"),
    "q_star": ("variance of pre-activations there", "q*"),
    "chi_parallel": ("what each layer multiplies a change of the variance by", "χ∥"),
    "gain": ("σw, as frameworks call it", "gain"),
}
_MOMENTS = (
    ("mean", "E φ(z)"),
    ("second_moment", "E φ(z)²"),
    ("derivative_mean", "E φ′(z)"),
    ("derivative_second_moment", "E φ′(z)²"),
    ("derivative_fourth_moment", "E φ′(z)⁴"),
)


def theory_table(cases: Sequence[Case]) -> Table:
    """Return the fixed point of each activation and initialisation; people get the reasons when there is one case."""
    alone: Audience = "all" if len(cases) == 1 else "machines"
    columns = (
        activation_column([case.subject for case in cases]),
        Column("sigma_w", "standard deviation of the weights times √fan_in", heading="σw"),
        Column("sigma_b", "standard deviation of the biases", heading="σb"),
        *(Column(name, meaning, heading=heading) for name, (meaning, heading) in _THEORY.items()),
        Column("verdict", "what happens to gradients in very deep nets: vanishing, critical, exploding or none"),
        Column("reason", "the verdict in words, and why something does not exist", audience=alone),
    )

    def rows() -> Iterator[Row]:
        for case in cases:
            found = case.theory
            yield {
                "activation": case.function.name,
                "sigma_w": found.sigma_w,
                "sigma_b": found.sigma_b,
                **{name: vouched(getattr(found, name), found.errors.get(name, 0.0)) for name in _THEORY},
                "verdict": found.verdict,
                "reason": found.reason or None,
                **{f"{name}_error": found.errors.get(name, math.nan) for name in _THEORY},
                "init": case.init.name,
            }

    more = (
        *(Column(f"{name}_error", f"{name} is at most this far off", audience="machines") for name in _THEORY),
        init_column(cases),
    )
    return table("theory", columns, rows, more=more, title="Infinite width")


def critical_table(subjects: Sequence[Subject]) -> Table:
    """Return the initialisations at which gradients keep their size, and whether they are stable."""
    columns = (
        activation_column(subjects),
        Column("class", "the kind of criticality (Roberts & Yaida)"),
        *(Column(name, meaning, heading=heading) for name, (meaning, heading) in _CRITICAL.items() if name != "gain"),
        Column("stable", "whether the variance comes back when it is off"),
        Column("gain", _CRITICAL["gain"][0]),
    )
    more = (
        *(Column(f"{name}_error", f"{name} is at most this far off", audience="machines") for name in _CRITICAL),
        Column("reason", "why there is no such point, or what is wrong with it"),
    )

    def rows() -> Iterator[Row]:
        for subject in subjects:
            for point in subject.critical:
                figures = {name: getattr(point, name) for name in _CRITICAL}
                yield {
                    "activation": subject.name,
                    "class": point.kind,
                    **{name: vouched(value, point.errors.get(name, 0.0)) for name, value in figures.items()},
                    "stable": point.stable,
                    "reason": point.reason or None,
                    **{f"{name}_error": point.errors.get(name, math.nan) for name in _CRITICAL},
                }

    return table("critical", columns, rows, more=more, title="Critical initialisation")


def moments_table(subjects: Sequence[Subject]) -> Table:
    """Return the Gaussian moments that theory is made of."""
    columns = (
        activation_column(subjects),
        Column("q", "variance of the pre-activations"),
        *(Column(name, meaning, heading=meaning) for name, meaning in _MOMENTS),
    )
    more = (
        *(Column(f"{name}_error", f"{name} is at most this far off", audience="machines") for name, _ in _MOMENTS),
        Column("reason", "what is infinite or does not exist", audience="machines"),
    )

    def rows() -> Iterator[Row]:
        for subject in subjects:
            found = {name: getattr(subject.moments, name) for name, _ in _MOMENTS}
            yield {
                "activation": subject.name,
                "q": subject.request.q,
                **{name: vouched(estimate.value, estimate.error) for name, estimate in found.items()},
                **{f"{name}_error": estimate.error for name, estimate in found.items()},
                "reason": subject.moments.reason or None,
            }

    return table("moments", columns, rows, more=more, title="Gaussian moments")


def initialisers_table(subjects: Sequence[Subject]) -> Table:
    """Return code for the suggested initialisation; no rows for activations and nets that have none."""
    columns = (
        activation_column(subjects),
        Column("framework", "pytorch, keras or jax"),
        Column("code", "one line to paste"),
    )
    more = (Column("parameter", "what it draws: weights or biases"),)

    def rows() -> Iterator[Row]:
        for subject in subjects:
            init = remedy(subject)
            if init is not None:
                for framework, parameter, code in initialisers(init.sigma_w(1, 1), init.sigma_b(1)):
                    yield {
                        "activation": subject.name,
                        "framework": framework,
                        "code": code,
                        "parameter": parameter,
                    }

    return table("initialisers", columns, rows, more=more, title="Code")
