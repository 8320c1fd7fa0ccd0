"""What people should know beside the figures, in sentences."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from actcli.analyses.gradflow.cases import Case
from actcli.analyses.gradflow.remedy import remedy
from actcli.analyses.gradflow.sizes import WIDEST
from actcli.analyses.gradflow.subject import Subject
from actcli.errors import UsageError
from actcli.report import Magnitude

if TYPE_CHECKING:
    from actcli.analyses.gradflow.meanfield.criticality import Critical

DEAD = SATURATED = 0.2
"""The share of units from which on dead or saturated ones are worth a warning."""

ONE_SIGN = 0.9
"""The share of a unit's weight gradients with the commoner sign from which on weights move up or down together."""


FAR = math.log(1.25)
"""How far theory lies outside the measured interval, as a logarithm, when that is worth a remark."""

ASIDE = 0.05
"""How far beside a half-stable variance, relative to it, a start is tried."""


def about_code(subjects: Sequence[Subject]) -> Iterator[str]:
    """Say where the derivatives of a user's own code come from."""
    for subject in subjects:
        if subject.function.derivatives_note:
            yield f"{subject.name}: derivatives by {subject.function.derivatives_note}"


def about_products(subjects: Sequence[Subject]) -> Iterator[str]:
    """Say where a product of slopes doesn't exist, and where a sample's mean misleads."""
    from actcli.analyses.gradflow.products import remarks

    for subject in subjects:
        for remark in remarks(subject.function, *subject.request.preactivations):
            yield f"{subject.name}: {remark}"
        try:
            misleading = [product for product in subject.products if product.note]
        except UsageError as error:  # too large a sample: the other tables can be had all the same
            yield f"no table depth for {subject.name}: {error}"
            continue
        if misleading:
            last = misleading[-1]
            yield f"{subject.name}: sample mean at depth {last.depth:,}: {last.note}"


def about_nets(cases: Sequence[Case]) -> Iterator[str]:
    """Say which nets have dead or saturated units, learn in a zigzag, collapse, or have no theory."""
    for case in cases:
        measured, unit = case.measured, case.request.layer
        for what, shares, least in (("dead", measured.dead, DEAD), ("saturated", measured.saturated, SATURATED)):
            if what == "saturated" and not case.subject.saturates:
                yield f"{case.function.name}: |φ′| has no largest value, beside which units would be saturated"
                continue
            layers = shares.mean(axis=0)
            if (worst := float(layers.max())) >= least:
                yield f"{case.name}: {_percent(worst)} of the units are {what} in {unit} {int(layers.argmax()) + 1}"
        # The inputs of layer 1 are data: their signs say nothing of the activation.
        if measured.one_sign.shape[1] > 1 and (one_sign := float(measured.one_sign[:, 1:].mean())) >= ONE_SIGN:
            yield f"{case.name}: {_percent(one_sign)} of a unit's weight gradients have one sign: learning zigzags"
        if case.collapses:
            yield f"{case.function.name} is a straight line: the net collapses to one linear map, however deep it is"
        if case.no_theory and not case.request.is_recurrent:
            yield f"no theory for {case.name}: {case.no_theory}"
        yield from _far_from_theory(case)


def _far_from_theory(case: Case) -> Iterator[str]:
    ratio, theory = case.measured.ratio(), case.log_theory_ratio
    outside = max(ratio.low - theory, theory - ratio.high)
    if math.isfinite(outside) and outside > max(FAR, (ratio.high - ratio.low) / 2):
        figures = f"the theory of infinitely wide layers says {_size(theory)}, and {_size(ratio.value)} is measured"
        corrected = case.log_finite_width_ratio
        narrow = f"; corrected for width {case.request.width:,} it says {_size(corrected)}"
        yield f"{case.name}: {figures}{narrow if math.isfinite(corrected) else ''}"


def about_remedies(cases: Sequence[Case]) -> Iterator[str]:
    """Say where no initialisation is suggested, and where the one that there is doesn't help."""
    for case in cases:
        if not case.request.suggest_init or case.suggested:
            continue
        init = remedy(case.subject)
        if case.tried is not None and not case.helps:
            better = (
                f"{case.tried.init.name} brings the gradient no nearer to its size at the output than {case.init.name}"
            )
            yield f"{case.function.name}: {better}: keep {case.init.name}"
        elif case.tried is None and init is not None:
            yield f"{case.name}: that is the suggested initialisation already"
        elif case.request.is_recurrent:
            yield f"no initialisation is suggested for --arch {case.request.arch}: the theory of it is of layers"
        elif case.request.norm != "none" and init is None:
            yield f"no initialisation is suggested with --norm {case.request.norm}, which undoes the scale of weights"


def about_theory(cases: Sequence[Case]) -> Iterator[str]:
    """Say why theory has no answer where it has none."""
    for case in cases:
        if case.theory.verdict == "none" and case.theory.reason:
            yield f"{case.name}: {case.theory.reason}"


def about_critical(subjects: Sequence[Subject]) -> Iterator[str]:
    """Say where there is no critical initialisation, and where it is unstable."""
    for subject in subjects:
        point = subject.best_critical
        if point is None:
            reasons = [each.reason for each in subject.critical if each.reason]
            yield f"{subject.name} has no critical initialisation{': ' + reasons[0] if reasons else ''}"
        elif not point.stable:
            word = "half-stable" if point.stable is None else "unstable"
            elsewhere = _other_fixed_points(subject, point) if point.stable is None else ""
            yield f"{subject.name}: its critical initialisation is {word}: {point.reason}{elsewhere}"
        elif point.kind == "K*=0":
            yield f"{subject.name}: at its critical initialisation q and the gradient fall as a power of the depth"


def _other_fixed_points(subject: Subject, point: Critical) -> str:
    """Say where q goes from the side on which it drifts away."""
    from actcli.analyses.gradflow.meanfield.signal import theory

    found = ""
    for side, factor in (("below", 1 - ASIDE), ("above", 1 + ASIDE)):
        there = theory(subject.function, point.sigma_w, point.sigma_b, factor * point.q_star)
        if math.isfinite(there.q_star) and abs(there.q_star / point.q_star - 1) > ASIDE:
            found += f"; a start {side} it ends at the stable q* = {there.q_star:.4g}, where χ₁ = {there.chi_1:.4g}"
    return found


def about_phase(subjects: Sequence[Subject]) -> Iterator[str]:
    """Say where a plane of initialisations has no critical line."""
    for subject in subjects:
        if not np.isfinite(subject.phase.line[0]).any():
            right, top = subject.plane
            reasons = [each.reason for each in subject.critical if each.reason]
            why = f": {reasons[0]}" if reasons else ""
            kind = "stable critical" if np.isfinite(subject.phase.unstable[0]).any() else "critical"
            yield f"{subject.name}: no {kind} line up to σw² = {right:g} and σb² = {top:g}{why}"


def about_jacobian(cases: Sequence[Case]) -> Iterator[str]:
    """Say that the net whose Jacobian is decomposed may be narrower than the one asked for."""
    if (width := cases[0].request.width) > WIDEST:
        yield f"singular values are those of nets of {WIDEST} units a layer, not {width:,}: wider ones take too long"


def _size(log: float) -> str:
    return Magnitude(log).significant(3)


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
