"""One word for an audit, and its reason in words that say where things go wrong."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from actcli.analyses.stability.audit import Audit, Found
from actcli.analyses.stability.regions import FEW, KINDS, Regions, has, where
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
        parts = [f"{KINDS[kind]} {where(kind, places)}" for kind, places in _told(kinds, found.regions)]
    elif not summary.count("incorrectly_rounded"):
        word, parts = "exact", [VERDICTS["exact"]]
    else:
        word = "faithful" if summary.max_ulp < 1 else "accurate"
        wrong = summary.count("incorrectly_rounded")
        size = f"{summary.max_ulp:.3g}"
        most = "just over 0.5" if size == "0.5" else f"at most {size}"
        parts = [f"{most} ULP, {_points(wrong)} not correctly rounded"]
    prints = [f"prints {audit.printed[:40]!r}"] if audit.printed else []
    return word, "; ".join([*parts, *_remarks(summary), *prints])


def _told(kinds: list[str], found: Regions) -> list[tuple[str, Regions]]:
    """Return the kinds worth telling, and where they are.

    Who loses all digits somewhere also loses half of them there, and a few; half of them somewhere else is news.
    """
    digits: list[tuple[str, Regions]] = []
    told: list[str] = []
    for kind in (kind for kind in kinds if kind in _DIGITS):
        if has(kind, outside := _outside(kind, told, found)):
            digits.append((kind, outside))
        told.append(kind)
    broken = [(kind, found) for kind in kinds if kind in _BROKEN]
    others = [(kind, found) for kind in kinds if kind not in (*_BROKEN, *_DIGITS)]
    return [*broken, *digits[:1], *others, *digits[1:]][:_MOST_KINDS]


def _outside(kind: str, told: Sequence[str], found: Regions) -> Regions:
    """Return the regions without those stretches of a kind in which there is also one of the kinds that are told."""
    kept = dict(found)
    for side in (-1, 0, 1):
        exponents = sorted({exponent for _, sign, exponent in found if sign == side})
        for has_kind, stretch in groupby(exponents, lambda exponent: (kind, side, exponent) in found):  # noqa: B023
            keys = [(side, exponent) for exponent in stretch]
            if has_kind and any((other, *key) in found for other in told for key in keys):
                for key in keys:
                    del kept[kind, *key]
    return kept


def _remarks(summary: Summary) -> list[str]:
    words = {"out_of_range": "out of range", "non_monotone": "not monotone", "asymmetric": "not symmetric"}
    return [f"{what} at {_points(summary.count(name))}" for name, what in words.items() if summary.count(name)]


def _points(count: int) -> str:
    return "1 point" if count == 1 else f"{count:,} points"
