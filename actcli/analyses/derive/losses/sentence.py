"""What a form loses in floating point, said in a sentence with figures, each rounded so that the sentence is true."""

from __future__ import annotations

import math
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal

from actcli.analyses.derive.losses.loss import DIGITS, INFINITE, NAN, ZERO, Failure, Loss, Measured
from actcli.expressions.display.text import text

NEGLIGIBLE = 16.0
"""ULP up to which a form loses nothing."""
_TINY = 2e-45
"""The smallest float32 is smaller: a bound below is 0 to any reader."""
_NOUNS = ("function", "derivative", "second derivative")


def sentence(loss: Loss) -> str:
    """Return what was measured in words: `Typed out in float64, σ(x)·(1 − σ(x)) is 0 from x = 36.74 on, …`."""
    noun = _NOUNS[loss.order] if loss.order < len(_NOUNS) else f"derivative of order {loss.order}"
    found = f"Typed out in {loss.format.name}, {text(loss.obvious.tree)} {_verdict(loss.obvious, loss, noun)}"
    if loss.careful is not None and loss.careful.failures:
        found += f"; the careful form {_verdict(loss.careful, loss, noun)}"
    elif loss.careful is not None:
        found += f"; the careful form stays within {_ulp(loss.careful.max_ulp)}{_next_to_zeros(loss.careful, loss)}"
    return f"{found}{_kernel(loss)}."


def _kernel(loss: Loss) -> str:
    """Say how the record's kernel does, where the best formula that one would write down isn't good enough."""
    best = loss.careful or loss.obvious
    poor = best.failures or max(best.max_ulp, best.ulp_at_zeros) > NEGLIGIBLE
    if not poor or loss.kernel_ulp is None:
        return ""
    return f"; actcli's own kernel, which --emit writes out, stays within {_ulp(loss.kernel_ulp)} at all points tried"


def _verdict(found: Measured, loss: Loss, noun: str) -> str:
    """Say what became of a form, as the rest of a sentence that begins with it."""
    if not found.points:
        return "has no finite value to compare"
    if found.failures:
        told = _told(found.failures)
        places = [_place(each, twin) for each, twin in told if each.kind == DIGITS]
        phrases = [f"has lost half its digits {_listed(places)}"] if places else []
        phrases += [_phrase(each, twin, noun) for each, twin in told if each.kind != DIGITS]
        if phrases:
            return _listed(phrases)
        return f"is off by up to {_ulp(found.max_ulp)} near x = {_short(found.worst_x)}"
    next_to_zeros = _next_to_zeros(found, loss)
    if found.max_ulp == 0 and not next_to_zeros:
        return f"is exact at the {found.points} points tried"
    if found.max_ulp <= NEGLIGIBLE:
        kept = "stays within" if next_to_zeros else "loses nothing: at most"
        return f"{kept} {_ulp(found.max_ulp)} at the {found.points} points tried{next_to_zeros}"
    return f"is off by up to {_ulp(found.max_ulp)} near x = {_short(found.worst_x)}{next_to_zeros}"


def _next_to_zeros(found: Measured, loss: Loss) -> str:
    if found.ulp_at_zeros <= NEGLIGIBLE or found.ulp_at_zeros <= found.max_ulp:
        return ""
    zeros = _listed([_short(zero) for zero in loss.zeros])
    where = f"its zero at x = {zeros}" if len(loss.zeros) == 1 else f"its zeros at x = {zeros}"
    return f", and within {_ulp(found.ulp_at_zeros)} next to {where}"


def _told(failures: tuple[Failure, ...]) -> list[tuple[Failure, Failure | None]]:
    """Return the failures worth telling, those on the right with their mirror images on the left, if they have one.

    Not told are lost digits where something worse begins at the same place, and what lies within a bounded stretch.
    """
    bounded = [each for each in failures if each.kind == DIGITS and math.isfinite(each.low + each.high)]
    worse = {each.begins for each in failures if each.kind != DIGITS}
    told = [
        each
        for each in failures
        if (each.kind == DIGITS and each.begins not in worse)
        or (each.kind != DIGITS and not any(other.low <= each.low and each.high <= other.high for other in bounded))
    ]
    twins = {(each.kind, -each.high, -each.low): each for each in told if each.low == -math.inf < -each.high}
    left = {id(twins[key]) for each in told if (key := (each.kind, each.low, each.high)) in twins}
    return [(each, twins.get((each.kind, each.low, each.high))) for each in told if id(each) not in left]


def _place(failure: Failure, twin: Failure | None) -> str:
    if math.isinf(failure.low) and math.isinf(failure.high):
        return "everywhere"
    if math.isinf(failure.high):
        return f"from {'|x|' if twin else 'x'} = {_bound(failure.low, ROUND_CEILING)} on"
    if math.isinf(failure.low):
        return f"from x = {_bound(failure.high, ROUND_FLOOR)} down"
    return f"between x = {_bound(failure.low, ROUND_CEILING)} and {_bound(failure.high, ROUND_FLOOR)}"


def _phrase(failure: Failure, twin: Failure | None, noun: str) -> str:
    value = {ZERO: "0", INFINITE: "infinite", NAN: "NaN"}[failure.kind]
    truth = _short(failure.truth, digits=2)
    if twin and twin.truth == -failure.truth:
        truth = f"±{truth.removeprefix('−')}"
    still = "still " if failure.kind == ZERO else ""
    return f"is {value} {_place(failure, twin)}, where the {noun} is {still}{truth}"


def _listed(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _ulp(size: float) -> str:
    return f"{_short(size, ROUND_CEILING, digits=2)} ULP"


def _bound(value: float, rounding: str) -> str:
    return "0" if abs(value) < _TINY else _short(value, rounding)


def _short(value: float, rounding: str = ROUND_HALF_EVEN, digits: int = 4) -> str:
    """Return a few digits of a number, rounded to the side that keeps the sentence true."""
    rounded = Context(prec=digits, rounding=rounding).create_decimal(Decimal(value))
    return f"{float(rounded):.{max(digits, 4)}g}".replace("-", "−")
