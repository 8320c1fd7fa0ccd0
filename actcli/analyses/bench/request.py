"""What the user asked a benchmark to do."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from numbers import Number
from typing import Any, TypeVar

import numpy as np

from actcli.core.apply import usable_cores
from actcli.core.device import CPU, Device
from actcli.core.formats import FLOAT32, Format, get_format
from actcli.core.numbers import split_names
from actcli.errors import UsageError, suggestion

Progress = Callable[[str, float, float], None]
"""`progress(what, done, total)`, in seconds."""

Value = TypeVar("Value")
Order = tuple[int, ...]
"""What one call computes: (0,) is f, (1,) is f′, (0, 1) both in one pass."""

ORDERS: dict[str, Order] = {"0": (0,), "1": (1,), "0+1": (0, 1)}
ELEMENTWISE = "elementwise"
BUDGET = 10.0
"""Seconds of measuring, unless told otherwise."""
SIZE = 1_000_000
"""Elements, unless told otherwise."""
MOST_THREADS = 4
"""Threads a core, at the most."""
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
        most = max((count for count in self.threads if count is not None), default=0)
        if most > MOST_THREADS * (cores := usable_cores()):  # libraries that can't start so many end the process
            raise UsageError(f"--threads {most} is too many for {cores} cores: give at most {MOST_THREADS * cores}")
        if self.fail_above is not None and not 0 <= self.fail_above < math.inf:
            raise UsageError(f"--fail-above must be a percentage of at least 0, not {self.fail_above:g}")
        if self.compare is None and (self.fail_above is not None or self.force):
            option = "--force" if self.fail_above is None else "--fail-above"
            raise UsageError(f"{option} needs an earlier run to compare with: --compare FILE.json")


def request(
    *,
    order: Any = None,
    dtype: Any = (),
    size: Any = (),
    threads: Any = None,
    distribution: Any = "normal",
    workload: str = ELEMENTWISE,
    **others: Any,
) -> Request:
    """Return the request that the words of the command line, or what stands for them in Python, mean.

    `order`, `dtype`, `size` and `threads` are comma lists, single values, sequences or arrays of these; None or an
    empty tuple stands for the usual. Raises UsageError for what can't be read or done.
    """
    from actcli.analyses.bench.workloads import WORKLOADS

    known = [ELEMENTWISE, *WORKLOADS]
    if workload not in known:
        raise UsageError(f"unknown workload {workload!r}{suggestion(workload, known)}; there are {', '.join(known)}")
    usual = ["0"] if workload == ELEMENTWISE else ["0", "0+1"]  # a workload is forward, and forward with backward
    return Request(
        orders=_each(map(_order, _words(order, "--order") or usual)),
        formats=_each(map(get_format, _words(dtype, "--dtype"))) or (FLOAT32,),
        sizes=_each(_count(word, "--size", "1000000 or 1e6") for word in _words(size, "--size")) or (SIZE,),
        threads=_each(_count(word, "--threads", "1 or 1,2") for word in _words(threads, "--threads")) or (None,),
        distributions=_each(names(distribution, "--distribution")),
        workload=workload,
        **others,
    )


def names(given: Any, option: str) -> list[str]:
    """Return the names of a comma list or a sequence. Raises UsageError for anything else, and where there is none."""
    if isinstance(given, str):
        return split_names(given)
    if not isinstance(given, Sequence) or not given or not all(isinstance(each, str) for each in given):
        raise UsageError(f"{option} takes names, not {given!r}")
    return [*given]


def order_text(order: Order) -> str:
    """Return an order as people type it."""
    return "+".join(map(str, order))


def _each(values: Iterable[Value]) -> tuple[Value, ...]:
    """Return values in their order, each once."""
    return tuple(dict.fromkeys(values))


def _words(given: Any, option: str) -> list[str]:
    """Return the words of a comma list, of one number or dtype, or of several of these; none for the usual.

    Raises UsageError for what is none of these.
    """
    if given is None or (isinstance(given, tuple) and not given):
        return []
    if isinstance(given, str):
        return split_names(given)
    plain = given.tolist() if isinstance(given, np.ndarray) else given
    parts = plain if isinstance(plain, list | tuple | range) else [plain]
    if not parts:
        raise UsageError(f"{option} is empty: leave it away, or give at least one")
    return [_word(part, option) for part in parts]


def _word(part: Any, option: str) -> str:
    if isinstance(part, np.dtype) or (isinstance(part, type) and issubclass(part, np.generic)):
        return np.dtype(part).name
    if isinstance(part, bool) or not isinstance(part, str | Number):
        raise UsageError(f"{option} takes numbers and text, not {part!r}")
    return str(part)


def _order(word: str) -> Order:
    if word not in ORDERS:
        raise UsageError(f"--order {word}: choose from 0 (f), 1 (f′) and 0+1 (both in one pass)")
    return ORDERS[word]


def _count(word: str, option: str, example: str) -> int:
    """Return a whole number of at least 1, which may be written as 1e6."""
    try:
        number = Fraction(word.replace("−", "-").replace("_", "x"))
    except (ValueError, ZeroDivisionError):
        raise UsageError(f"{option} {word}: not a number; write {example}") from None
    if number.denominator != 1 or not 1 <= number < 1 << 63:
        raise UsageError(f"{option} {word}: give a whole number of at least 1")
    return int(number)
