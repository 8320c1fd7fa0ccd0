"""One word for an audit, and its reason in words that say where things go wrong."""

from __future__ import annotations

from actcli.analyses.stability.audit import Audit, Found
from actcli.analyses.stability.regions import FEW, KINDS, has, where
from actcli.core.summary import Summary

VERDICTS = {
    "exact": "every answer is correctly rounded",
    "faithful": "every answer is one of the two numbers next to the exact value",
    "accurate": f"at most {FEW:g} ULP",
    "inaccurate": "digits are lost, though never all of a normal number",
    "unstable": "somewhere no digit is right",
    "broken": "NaN, an infinity or a sign where none belongs, or a finite number where one does",
    "failed": "it raised, hung, or answered with something else than an array of its input's shape and dtype",
}
"""The words, from the best to the worst."""

_BROKEN = ("nan", "no_nan", "infinity", "no_infinity", "wrong_sign")
_DIGITS = ("lost", "half", "few")
_MOST_KINDS = 3


def verdict(found: Found, audit: Audit) -> tuple[str, str]:
    """Return the word and the reason for what came out at all points of an audit, or some."""
    if audit.failure:
        return "failed", audit.failure
    summary = found.summary
    kinds = [kind for kind in KINDS if has(kind, found.regions)]
    if kinds:
        word = "broken" if kinds[0] in _BROKEN else "unstable" if kinds[0] == "lost" else "inaccurate"
        parts = [f"{KINDS[kind]} {where(kind, found.regions)}" for kind in _told(kinds)]
    elif not summary.count("incorrectly_rounded"):
        word, parts = "exact", [VERDICTS["exact"]]
    else:
        word = "faithful" if summary.max_ulp < 1 else "accurate"
        wrong = summary.count("incorrectly_rounded")
        parts = [f"at most {summary.max_ulp:.3g} ULP, {_points(wrong)} not correctly rounded"]
    prints = [f"prints {audit.printed[:40]!r}"] if audit.printed else []
    return word, "; ".join([*parts, *_remarks(summary), *prints])


def _told(kinds: list[str]) -> list[str]:
    """Return the kinds worth telling: who loses all digits somewhere also loses half of them, and a few."""
    digits = [kind for kind in kinds if kind in _DIGITS][:1]
    others = [kind for kind in kinds if kind not in (*_BROKEN, *_DIGITS)]
    return [*[kind for kind in kinds if kind in _BROKEN], *digits, *others][:_MOST_KINDS]


def _remarks(summary: Summary) -> list[str]:
    words = {"out_of_range": "out of range", "non_monotone": "not monotone", "asymmetric": "not symmetric"}
    return [f"{what} at {_points(summary.count(name))}" for name, what in words.items() if summary.count(name)]


def _points(count: int) -> str:
    return "1 point" if count == 1 else f"{count:,} points"
