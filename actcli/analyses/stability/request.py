"""What the user asked an audit to do."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from actcli.analyses.stability.calls import TIMEOUT
from actcli.analyses.stability.points import KINDS, Span
from actcli.core.formats import BFLOAT16, FLOAT16, FLOAT32, Format, get_format
from actcli.core.numbers import read_number, split_names
from actcli.errors import UsageError, suggestion

Progress = Callable[[str, int, int], None]
"""`progress(what, done, total)`: points done of a long audit, or audits done of several."""

ORDERS = (0, 1, 2)
FORMATS = (FLOAT16, BFLOAT16, FLOAT32)
"""Formats audited unless told otherwise."""

WORST = 10
"""Worst cases kept, unless told otherwise."""


@dataclass(frozen=True, slots=True)
class Gate:
    """What must hold: a largest error in ULP, relative or absolute; none of them given is no gate."""

    max_ulp: float | None = None
    max_rel: float | None = None
    max_abs: float | None = None

    def __post_init__(self) -> None:
        """Refuse what isn't a bound."""
        for name, bound in (("ulp", self.max_ulp), ("rel", self.max_rel), ("abs", self.max_abs)):
            if bound is not None and not bound >= 0:
                raise UsageError(f"--max-{name} must be a number of at least 0, not {bound:g}")

    @property
    def given(self) -> bool:
        """Whether there is anything to hold."""
        return any(bound is not None for bound in (self.max_ulp, self.max_rel, self.max_abs))


@dataclass(frozen=True, slots=True)
class Request:
    """The options of an audit. `points` of None are all numbers of a 16-bit format and a sample of a wider one.

    `checkpoint` is a file that lets an exhaustive float32 audit go on where it was cut off.
    """

    orders: Sequence[int] = (0,)
    formats: Sequence[Format] = FORMATS
    points: str | None = None
    range: tuple[float, float] | None = None
    samples: int | None = None
    seed: int = 0
    by_binade: bool = False
    flush: bool = False
    worst: int = WORST
    workers: int | None = None
    timeout: float = TIMEOUT
    checkpoint: str | None = None
    gate: Gate = Gate()

    def __post_init__(self) -> None:
        """Refuse what can't be done. Raises UsageError."""
        if self.points is not None and self.points not in KINDS:
            near = suggestion(self.points, list(KINDS))
            raise UsageError(f"--points {self.points!r}{near}; choose from {', '.join(KINDS)}")
        if self.range is not None and self.range[0] > self.range[1]:
            low, high = self.range
            raise UsageError(f"--range {low!r}:{high!r} has its ends reversed: write {high!r}:{low!r}")
        least = {"samples": 1, "worst": 1, "workers": 1, "seed": 0}
        for name, bound in least.items():
            number = getattr(self, name)
            if number is not None and number < bound:
                raise UsageError(f"--{name} must be at least {bound}, not {number}")
        if not 0 < self.timeout < math.inf:
            raise UsageError(f"--timeout must be a number of seconds above 0, not {self.timeout:g}")

    def kind(self, format: Format) -> str:
        """Return which points are taken in a format."""
        return self.points or ("exhaustive" if format.bits == 16 else "sampled")

    def span(self, format: Format) -> Span:
        """Return the numbers of the format that are asked for. Raises UsageError when there are none."""
        return Span.between(*self.range, format) if self.range else Span.whole(format)


def request(
    *,
    order: int | str | Sequence[int] = (0,),
    dtype: str | Sequence[str] = (),
    range: str | tuple[float, float] | None = None,
    by: str | None = None,
    subnormals: str = "keep",
    max_ulp: float | None = None,
    max_rel: float | None = None,
    max_abs: float | None = None,
    worst: int | None = None,
    **others: Any,
) -> Request:
    """Return the request that the words of the command line, or what stands for them in Python, mean.

    Raises UsageError for what can't be read or done.
    """
    for name, word, known in (("--by", by, ("binade",)), ("--subnormals", subnormals, ("keep", "flush"))):
        if word is not None and word not in known:
            raise UsageError(f"{name} {word!r}{suggestion(word, list(known))}; choose from {', '.join(known)}")
    names = split_names(dtype) if isinstance(dtype, str) else dtype
    return Request(
        orders=_orders(order),
        formats=tuple(dict.fromkeys(get_format(name) for name in names)) or FORMATS,
        range=_ends(range) if isinstance(range, str) else range,
        by_binade=by is not None,
        flush=subnormals == "flush",
        worst=WORST if worst is None else worst,
        gate=Gate(max_ulp, max_rel, max_abs),
        **others,
    )


def _orders(order: int | str | Sequence[int]) -> tuple[int, ...]:
    words = (
        order.replace("+", ",").split(",") if isinstance(order, str) else [order] if isinstance(order, int) else order
    )
    found = [ORDERS[int(word)] if str(word).strip() in ("0", "1", "2") else None for word in words]
    if None in found or not found:
        raise UsageError(f"--order must be 0, 1 or 2, or several of them as in 0,1, not {order}")
    return tuple(dict.fromkeys(each for each in found if each is not None))


def _ends(text: str) -> tuple[float, float]:
    low, colon, high = text.partition(":")
    if not colon or ":" in high:
        raise UsageError(f"--range {text!r}: write A:B, such as -10:10")
    return read_number(low), read_number(high)
