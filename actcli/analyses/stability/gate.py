"""The gate: bounds that every audit must keep, and the worst case in one line where one doesn't."""

from __future__ import annotations

import math
from collections.abc import Sequence

from actcli.analyses.stability.calls import bits_text
from actcli.analyses.stability.cases import Result
from actcli.analyses.stability.request import Gate
from actcli.core.formats import Format
from actcli.core.shortest import texts
from actcli.core.summary import Case

_NEVER = ("nan_count", "inf_count", "wrong_sign")
"""What no bound allows."""


def failure(results: Sequence[Result], gate: Gate) -> str:
    """Return the worst case of the audits that don't pass, in one line, or an empty text when all pass.

    Without a gate only a user's own code can fail, by not working at all.
    """
    checked = [each for each in results if gate.given or (each.audit.failure and _is_code(each.implementation.name))]
    found = [(result, *failed) for result in checked if (failed := _failure(result, gate))]
    if not found:
        return ""
    worst, _, text = max(found, key=lambda each: each[1])
    case = worst.case
    name = case.function.name + "′" * case.order
    others = f" ({len(found)} of {len(results)} audits fail)" if len(results) > 1 else ""
    return f"FAIL {name} {case.format.name} {worst.implementation.name}: {text}{others}"


def _is_code(name: str) -> bool:
    """Tell whether an implementation is code of the user's own."""
    return ":" in name and not name.startswith("textbook:")


def _failure(result: Result, gate: Gate) -> tuple[tuple[int, float], str] | None:
    """Return how grave the failure of one audit is, and the failure in words."""
    if result.audit.failure:
        return (2, 0.0), result.audit.failure
    summary, format = result.whole.summary, result.case.format
    for name in _NEVER:
        if summary.count(name):
            first = summary.tallies[name].first
            return (1, float(summary.count(name))), f"{_what(first, format)}, {_at(first, format)}"
    bounds = (
        ("ULP", summary.max_ulp, gate.max_ulp, summary.worst_ulp),
        ("relative error", summary.max_relative, gate.max_rel, summary.worst_relative),
        ("absolute error", summary.max_absolute, gate.max_abs, summary.worst_absolute),
    )
    for unit, size, bound, case in bounds:
        if bound is not None and case is not None and size > bound:
            return (0, size / bound if bound else size), f"{size:.4g} {unit} > {bound:g}, {_at(case, format)}"
    return None


def _what(case: Case, format: Format) -> str:
    got, expected = (float(format.from_bits([bits])[0]) for bits in (case.got, case.expected))
    if math.isnan(expected) or math.isinf(expected):
        return f"a number instead of {'NaN' if math.isnan(expected) else 'infinity'}"
    return "NaN" if math.isnan(got) else "infinity" if math.isinf(got) else "wrong sign"


def _at(case: Case, format: Format) -> str:
    patterns = {"x": case.x, "got": case.got, "expected": case.expected}
    return ", ".join(
        f"{name} = {_shortest(bits, format)} ({bits_text(bits, format.name)})" for name, bits in patterns.items()
    )


def _shortest(pattern: int, format: Format) -> str:
    return texts(format.from_bits([pattern]))[0]
