"""What people should know beside the figures, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from actcli.analyses.gradflow.cases import Case
from actcli.analyses.gradflow.sizes import WIDEST
from actcli.analyses.gradflow.subject import Subject
from actcli.errors import UsageError

DEAD = SATURATED = 0.2
"""The share of units from which on dead or saturated ones are worth a warning."""

ONE_SIGN = 0.9
"""The share of a unit's weight gradients with the commoner sign from which on weights move up or down together."""


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
            layers = shares.mean(axis=0)
            if (worst := float(layers.max())) >= least:
                yield f"{case.name}: {_percent(worst)} of the units are {what} in {unit} {int(layers.argmax()) + 1}"
        if (one_sign := float(measured.one_sign.mean())) >= ONE_SIGN:
            yield f"{case.name}: {_percent(one_sign)} of a unit's weight gradients have one sign: learning zigzags"
        if case.collapses:
            yield f"{case.function.name} is a straight line: the net collapses to one linear map, however deep it is"
        if case.no_theory and not case.request.is_recurrent:
            yield f"no theory for {case.name}: {case.no_theory}"


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
            yield f"{subject.name}: its critical initialisation is {word}: {point.reason}"


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


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
