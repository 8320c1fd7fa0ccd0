"""Audits at more points than fit in memory: chunk by chunk, on several processes, against the certified reference."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from actcli.activations.function import Function
from actcli.analyses.stability.audit import Audit, How, Truth, audit
from actcli.analyses.stability.cases import Case
from actcli.analyses.stability.points import Span
from actcli.analyses.stability.request import Progress
from actcli.analyses.stability.truth import certified
from actcli.core.certified import Certified
from actcli.core.sweep import sweep
from actcli.implementations.provider import Implementation

PART = 1 << 22
"""Points of a part: a second of work for one process."""

BLOCK = 1 << 15
"""Points at a time: what is computed for them stays in the second-level cache."""


@dataclass(frozen=True, slots=True)
class Audits:
    """The audits of the implementations of a case, in order."""

    each: tuple[Audit, ...]

    def merge(self, other: Audits) -> Audits:
        """Return the audits of the points of both."""
        return Audits(tuple(first.merge(second) for first, second in zip(self.each, other.each, strict=True)))

    def to_json(self) -> Any:
        """Return plain data for a checkpoint."""
        return [audit.to_json() for audit in self.each]

    def from_json(self, data: Any) -> Audits:
        """Return the audits that plain data describe."""
        return Audits(tuple(Audit.from_json(each) for each in data))


@dataclass(frozen=True, slots=True)
class Job:
    """What a worker does with a part. Who has failed isn't asked again."""

    implementations: tuple[Implementation, ...]
    reference: Certified
    how: How
    lowest: int
    failed: dict[str, Audit] = field(default_factory=dict, compare=False)

    def __call__(self, part: Span) -> Audits:
        """Return the audits of one part."""
        found = Audits(tuple(Audit({}) for _ in self.implementations))
        for block in part.chunks(BLOCK):
            found = found.merge(self._block(block))
        return found

    def _block(self, block: Span) -> Audits:
        # Whether the first point steps back shows beside the last one of the block before.
        lead = int(bool(self.how.rules.direction) and block.low > self.lowest)
        truth = certified(self.reference, Span(block.format, block.low - lead, block.high).numbers())
        return Audits(tuple(self._one(implementation, truth, lead) for implementation in self.implementations))

    def _one(self, implementation: Implementation, truth: Truth, lead: int) -> Audit:
        if implementation.name not in self.failed:
            found = audit(implementation, truth, self.how, lead)
            if not found.failure:
                return found
            self.failed[implementation.name] = found
        return self.failed[implementation.name]


def swept(case: Case, how: How, progress: Progress) -> list[Audit]:
    """Return the audits of a case at every number of its range."""
    assert isinstance(case.function, Function)
    span = case.request.span(case.format)
    implementations = tuple(case.implementations)
    job = Job(implementations, Certified(case.function.reference, case.order, case.format), how, span.low)
    parts = list(span.chunks(PART))
    name = f"{case.function.name}{'′' * case.order} {case.format.name}"
    found = sweep(
        job,
        parts,
        Audits(tuple(Audit({}) for _ in implementations)),
        workers=case.request.workers,
        progress=lambda done, total: progress(f"{name}: points", min(done * PART, span.size), span.size),
        checkpoint=case.request.checkpoint,
        fingerprint=f"{[(each.name, each.order, each.dtype) for each in implementations]} {case.function!r} {how}",
    )
    return list(found.each)
