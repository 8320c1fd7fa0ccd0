"""Cases: one derivative of one function in one format, everybody who computes it, and the audit of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np

from actcli.activations.function import Function
from actcli.activations.registry import AnyFunction
from actcli.analyses.stability import points
from actcli.analyses.stability.audit import Audit, Found, How, Truth, audit
from actcli.analyses.stability.directed import directed
from actcli.analyses.stability.request import Progress, Request
from actcli.analyses.stability.rows import Rows, rows_of, rules_of
from actcli.analyses.stability.rules import rules_for
from actcli.analyses.stability.truth import certified, exact
from actcli.core.certified import Certified
from actcli.core.formats import Format
from actcli.errors import UsageError
from actcli.implementations.provider import Implementation

Array = np.ndarray[Any, Any]

MOST_EXACT = 1 << 20
"""Numbers of float64 that an exhaustive audit takes: arbitrary precision decides some 20,000 a second."""


@dataclass(frozen=True, slots=True)
class Case:
    """What is audited against one truth. `inputs` are the only points there are answers for, if not None."""

    function: AnyFunction
    order: int
    format: Format
    implementations: Sequence[Implementation]
    request: Request
    inputs: Array | None = None

    @property
    def how(self) -> How:
        """How it is audited."""
        request, flush = self.request, self.request.flush
        if isinstance(self.function, Function):
            rules = rules_for(self.function, self.order, self.format, flush=flush)
        else:
            rules = rules_of(self.function, self.order, self.format, flush=flush)
        if self.inputs is not None:
            rules = rules.without_symmetry()
        return How(rules, request.worst, request.by_binade, request.timeout)

    @property
    def is_swept(self) -> bool:
        """Whether there are too many points to hold at once."""
        return (
            isinstance(self.function, Function)
            and self.inputs is None
            and self.format.bits == 32
            and self.request.kind(self.format) == "exhaustive"
        )

    def points(self) -> Array:
        """Return the numbers at which an element-wise function is audited. Raises UsageError when there are none."""
        assert isinstance(self.function, Function)
        span, kind = self.request.span(self.format), self.request.kind(self.format)
        if self.inputs is not None:
            return span.hold(points.ordinals(self.inputs, self.format))
        if kind == "sampled":
            places = directed(self.function, self.order, span)
            return points.sampled(span, places, self.request.samples or points.SAMPLES, self.request.seed)
        if kind == "extremes":
            return self.extremes()
        if span.size > MOST_EXACT:
            raise UsageError(
                f"--points exhaustive: {self.format.name} has {span.size:,} numbers there, and at most "
                f"{MOST_EXACT:,} can be tried; narrow the --range, or take --points sampled"
            )
        return span.numbers()

    def extremes(self) -> Array:
        """Return the extreme numbers asked for. Raises UsageError when there are none."""
        found = points.extremes(self.request.span(self.format))
        if self.inputs is not None:
            found = found[np.isin(self.format.to_bits(found), self.format.to_bits(self.inputs))]
        if not found.size:
            raise UsageError("there is none of the extreme points in this range; take other --points")
        return found


@dataclass(frozen=True, slots=True)
class Result:
    """The audit of one implementation, and what came out at all points."""

    case: Case
    implementation: Implementation
    audit: Audit
    whole: Found


def run(case: Case, progress: Progress) -> list[Result]:
    """Audit every implementation of a case. Raises UsageError when there are no points."""
    return [
        Result(case, implementation, audit, audit.whole(case.format, case.request.worst))
        for implementation, audit in zip(case.implementations, _audits(case, progress), strict=True)
    ]


def _audits(case: Case, progress: Progress) -> list[Audit]:
    how = case.how
    if case.is_swept:
        from actcli.analyses.stability.sweeping import swept

        return swept(case, how, progress)
    if isinstance(case.function, Function):
        truth = _truth(case.function, case)
        return [audit(implementation, truth, how) for implementation in case.implementations]
    arrays = rows_of(case.request, case.format, case.function.record.halves)
    rows = [Rows(case.function, case.order, case.format, array) for array in arrays]
    return [reduce(Audit.merge, [each.audit(one, how) for each in rows]) for one in case.implementations]


def _truth(function: Function, case: Case) -> Truth:
    x = case.points()
    if case.request.kind(case.format) == "exhaustive" and case.format.bits == 16 and case.inputs is None:
        return certified(Certified(function.reference, case.order, case.format), x)
    return exact(function, case.order, case.format, x)
