"""What the user asked a benchmark to do."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from actcli.core.device import CPU, Device
from actcli.core.formats import FLOAT32, Format, get_format
from actcli.core.numbers import split_names
from actcli.errors import UsageError, suggestion

Progress = Callable[[str, float, float], None]
"""`progress(what, done, total)`, in seconds."""

Order = tuple[int, ...]
"""What one call computes: (0,) is f, (1,) is f′, (0, 1) both in one pass."""

ORDERS: dict[str, Order] = {"0": (0,), "1": (1,), "0+1": (0, 1)}
ELEMENTWISE = "elementwise"
BUDGET = 10.0
"""Seconds of measuring, unless told otherwise."""
SIZE = 1_000_000
"""Elements, unless told otherwise."""
CURVE = (1_000, 10_000, 100_000, 1_000_000, 10_000_000)
"""Sizes of a plot of throughput against size, unless told otherwise: from within the first cache to beyond the last."""


@dataclass(frozen=True, slots=True)
class Who:
    """Who computes: the names after `--impl`, where, and what a user's own code needs told."""

    names: Sequence[str] = ("actcli", "textbook")
    device: Device = CPU
    gradient: str = ""
    array: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """The options of a benchmark. `threads` of None is each library's own default."""

    orders: Sequence[Order] = ((0,),)
    formats: Sequence[Format] = (FLOAT32,)
    sizes: Sequence[int] = (SIZE,)
    threads: Sequence[int | None] = (None,)
    distributions: Sequence[str] = ("normal",)
    cold: bool = True
    prealloc: bool = True
    budget: float = BUDGET
    memory: bool = False
    raw: bool = False
    workload: str = ELEMENTWISE
    compare: str | None = None
    fail_above: float | None = None
    force: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what can't be done. Raises UsageError."""
        if not 0 < self.budget < math.inf:
            raise UsageError(f"--budget must be a number of seconds above 0, not {self.budget:g}")
        if self.seed < 0:
            raise UsageError(f"--seed must be at least 0, not {self.seed}")
        if any(count is not None and count < 1 for count in self.threads):
            raise UsageError("--threads must be at least 1")
        if self.fail_above is not None and not 0 <= self.fail_above < math.inf:
            raise UsageError(f"--fail-above must be a percentage of at least 0, not {self.fail_above:g}")
        if self.compare is None and (self.fail_above is not None or self.force):
            option = "--force" if self.fail_above is None else "--fail-above"
            raise UsageError(f"{option} needs an earlier run to compare with: --compare FILE.json")


def request(
    *,
    order: int | str | Sequence[int | str] | None = None,
    dtype: str | Sequence[str] = (),
    size: float | str | Sequence[float | str] = (),
    threads: int | str | Sequence[int | str] | None = None,
    distribution: str | Sequence[str] = "normal",
    workload: str = ELEMENTWISE,
    **others: Any,
) -> Request:
    """Return the request that the words of the command line, or what stands for them in Python, mean.

    Raises UsageError for what can't be read or done.
    """
    from actcli.analyses.bench.workloads import WORKLOADS

    known = [ELEMENTWISE, *WORKLOADS]
    if workload not in known:
        raise UsageError(f"unknown workload {workload!r}{suggestion(workload, known)}; there are {', '.join(known)}")
    if order is None:  # a workload is forward, and forward with backward
        order = "0" if workload == ELEMENTWISE else "0,0+1"
    counts = [] if threads is None else _words(threads)
    return Request(
        orders=tuple(dict.fromkeys(_order(word) for word in _words(order))),
        formats=tuple(dict.fromkeys(get_format(name) for name in _words(dtype))) or (FLOAT32,),
        sizes=tuple(dict.fromkeys(_count(word, "--size") for word in _words(size))) or (SIZE,),
        threads=tuple(dict.fromkeys(_count(word, "--threads") for word in counts)) or (None,),
        distributions=tuple(dict.fromkeys(_words(distribution))),
        workload=workload,
        **others,
    )


def order_text(order: Order) -> str:
    """Return an order as people type it."""
    return "+".join(map(str, order))


def _words(given: Any) -> list[str]:
    """Return the words of a comma list, of one number, or of a sequence of words or numbers."""
    if isinstance(given, str):
        return split_names(given)
    return [str(each) for each in given] if isinstance(given, Sequence) else [str(given)]


def _order(word: str) -> Order:
    if word not in ORDERS:
        raise UsageError(f"--order {word}: choose from 0 (f), 1 (f′) and 0+1 (both in one pass)")
    return ORDERS[word]


def _count(word: str, option: str) -> int:
    """Return a whole number of at least 1, which may be written as 1e6."""
    try:
        number = Fraction(word.replace("−", "-").replace("_", "x"))
    except (ValueError, ZeroDivisionError):
        raise UsageError(f"{option} {word}: not a number; write 1000000 or 1e6") from None
    if number.denominator != 1 or not 1 <= number < 1 << 63:
        raise UsageError(f"{option} {word}: give a whole number of at least 1")
    return int(number)
