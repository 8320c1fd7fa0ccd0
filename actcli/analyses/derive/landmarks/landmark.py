"""One landmark of a function: its numbers, their digits and closed forms."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from flint import arb

from actcli.analyses.derive.landmarks.closed_form import closed_form
from actcli.core.signs import exact_ball

KINDS = (
    "zero", "minimum", "maximum", "inflection", "kink", "jump", "undefined", "flat", "largest slope", "limit",
    "asymptote", "uncertain",
)  # fmt: skip
"""Every kind of landmark, in the order they are listed."""
MINUS = "−"
"""The minus of texts for people; closed forms have the ASCII one."""


@dataclass(frozen=True, slots=True)
class Landmark:
    """One landmark.

    `x` and `value` are correctly rounded; the value is f(x), except |f′(x)| for the largest slope and the limit for a
    limit. `x_text` and `value_text` have 15 digits, all certain. `x_form` and `value_form` are closed forms, exact or
    in agreement to 90 digits, "" where there is none. `note` says in words what the numbers don't.
    """

    kind: str
    x: float
    value: float
    x_text: str = ""
    value_text: str = ""
    x_form: str = ""
    value_form: str = ""
    note: str = ""

    @property
    def closed_form(self) -> str:
        """The closed forms as one text: `x = √2`, `f = 1/2 at x = 0`, `y = x`."""
        if self.kind in ("asymptote", "flat"):
            return self.x_form
        name = "max |f′|" if self.kind == "largest slope" else "f"
        parts = [
            "" if not self.x_form else f"x = {self.x_form}",
            f"{name} = {self.value_form}" if self.value_form else "",
        ]
        return ", ".join(part for part in (parts[:1] if self.kind == "zero" else parts) if part)


def mark(kind: str, x: Any, value: Any, *, note: str = "") -> Landmark:
    """Make a landmark of Arb balls; `value` is None where there is none."""
    x, value = _settled(x), _settled(value)
    return Landmark(
        kind,
        float(x.mid()) if x.is_finite() else float(x),
        math.nan if value is None else float(value.mid()) if value.is_finite() else float(value),
        number(x),
        number(value),
        closed_form(x) if x.is_finite() else "",
        closed_form(value) if value is not None and value.is_finite() else "",
        note,
    )


def _settled(ball: Any) -> Any:
    """Take a ball around 0 for 0 when it agrees with 0 to 100 digits."""
    return arb(0) if ball is not None and 0 in ball and ball.rad() < arb(10) ** -100 else ball


def limit(end: float, value: Fraction | float, *, stated: bool = False) -> Landmark:
    """Make the landmark of a limit at ±∞; only a record's own are known exactly."""
    exact = isinstance(value, Fraction) and stated
    form = closed_form(exact_ball(Fraction(value))) if exact else ""
    text = plain(end)
    return Landmark("limit", end, float(value), text, plain(value), "", form, f"x → {text}")


def approached(x: Any, value: Any, side: str) -> Landmark:
    """Make the landmark of a limit at x, from below or above."""
    found = mark("limit", x, value)
    return replace(found, x_form="", value_form="", note=f"x → {number(x, short=True)} from {side}")


def vertical(x: Any) -> Landmark:
    """Make the landmark of a vertical asymptote."""
    there = mark("asymptote", x, None, note="vertical")
    return replace(there, x_form=f"x = {there.x_form or there.x_text.replace(MINUS, '-')}")


def uncertain(x: float, where: str, note: str) -> Landmark:
    """Make a row that says what isn't known."""
    return Landmark("uncertain", x, math.nan, where, note=note)


def plain(x: Fraction | float) -> str:
    """Write a number or ±∞ for people, "" for NaN."""
    if isinstance(x, float) and not math.isfinite(x):
        return {math.inf: "∞", -math.inf: f"{MINUS}∞"}.get(x, "")
    return number(exact_ball(Fraction(x)))


def number(ball: Any, *, short: bool = False) -> str:
    """Return 15 certain digits, fewer where a number has fewer; with `short` the closed form if there is one."""
    if ball is None:
        return ""
    if not ball.is_finite():
        return "∞" if ball > 0 else f"{MINUS}∞" if ball < 0 else ""
    if ball == 0:
        return "0"
    if short and (form := closed_form(ball)):
        return form.replace("-", MINUS)
    text = str(ball.str(15, radius=False))
    digits, e, exponent = text.partition("e")
    digits = digits.rstrip("0").rstrip(".") if "." in digits else digits
    return f"{digits}{e}{exponent}".replace("-", MINUS)


def straight(rate: Fraction | float, level: Fraction | float) -> str:
    """Write rate·x + level, with the ASCII minus of closed forms."""
    rest = plain(level).replace(MINUS, "-")
    if not rate:
        return rest
    term = "x" if rate == 1 else "-x" if rate == -1 else f"{plain(rate)}x".replace(MINUS, "-")
    return term if not level else f"{term} {'-' if level < 0 else '+'} {rest.removeprefix('-')}"
