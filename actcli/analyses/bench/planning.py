"""Which rows there will be, and whether they fit into memory: everything that is known before the first timing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from actcli.activations.function import Function
from actcli.analyses.bench.inputs import inputs
from actcli.analyses.bench.measure.clock import WALL, Clock
from actcli.analyses.bench.request import ELEMENTWISE, Order, Request, Who, order_text
from actcli.analyses.bench.row import Array, Key, Row
from actcli.analyses.bench.words import bytes_text, size_text
from actcli.analyses.bench.workloads import WORKLOADS, timed_workloads
from actcli.core.formats import get_format
from actcli.errors import UsageError
from actcli.expressions.evaluate import operation_counts
from actcli.expressions.nodes import Application, Node, Operation, substitute, with_operands
from actcli.implementations.resolve import is_code
from actcli.implementations.timed import timed
from actcli.implementations.user import UserFunction
from actcli.implementations.user_code import in_words

if TYPE_CHECKING:
    from actcli.activations.registry import AnyFunction
    from actcli.core.formats import Format
    from actcli.implementations.timed import Timed

TEXTBOOK = "textbook"
"""The implementation that speedups are taken over."""

TEMPORARIES = 3
"""Arrays of the input's size that a formula of the books holds while it computes."""

PROBE = 64
"""Elements that every implementation is tried on."""

Warn = Callable[[str], None]


@dataclass(slots=True)
class Group:
    """Rows of one format and size, which are measured together.

    `inputs(distribution, k)` is the k-th of as many equal arrays as one likes, in memory of its own.
    """

    format: Format
    size: int
    rows: Sequence[Row]
    seed: int
    _made: dict[tuple[str, int], Array] = field(default_factory=dict)

    def inputs(self, distribution: str, k: int) -> Array:
        """Return the array; it is made when first asked for."""
        if (distribution, k) not in self._made:
            first = k == 0
            made = inputs(distribution, self.size, self.format, self.seed) if first else self.inputs(distribution, 0)
            self._made[distribution, k] = made if first else made.copy()
        return self._made[distribution, k]

    def forget(self) -> None:
        """Let the arrays go."""
        self._made.clear()


@dataclass(frozen=True, slots=True)
class _Trial:
    """Whether an implementation makes an array of its own, and the seconds of the very first call."""

    allocates: bool
    first_call: float


def groups(
    functions: Sequence[AnyFunction],
    who: Who,
    request: Request,
    available: int | None,
    warn: Warn,
    clock: Clock = WALL,
) -> list[Group]:
    """Return the rows that will be measured, by format and size; `available` are the free bytes of the device.

    Every implementation is tried once on a few elements, and what that first call takes by the clock is noted. `warn`
    hears what is left out. Raises UsageError for unknown names, for code of the user's own that fails, for inputs that
    can't be made or don't fit into memory, and when nothing is left to measure; MissingError for a library that was
    asked for and isn't there.
    """
    for distribution in request.distributions:  # a typo shall not be found after a minute
        inputs(distribution, PROBE, request.formats[0], request.seed)
    tried = [(each, _tried(each, request, warn, clock)) for each in _offers(functions, who, request, warn)]
    offers = {each: trial for each, trial in tried if trial is not None}
    if not offers:
        raise UsageError("there is nothing left to measure: every implementation was left out")
    by_name = {function.name: function for function in functions}
    found = []
    for format, asked in product(request.formats, request.sizes):
        size = asked if request.workload == ELEMENTWISE else WORKLOADS[request.workload].elements(asked)
        here = {each: trial for each, trial in offers.items() if each.dtype == format.name}
        rows = list(_rows(here, size, format, request, by_name))
        _check_memory(rows, asked, available, shared=who.device.kind == "cpu")
        found.append(Group(format, size, rows, request.seed))
    return [group for group in found if group.rows]


def _offers(functions: Sequence[AnyFunction], who: Who, request: Request, warn: Warn) -> list[Timed]:
    """Return who computes what; the textbook always does, since speedups are over it."""
    names = list(dict.fromkeys((*who.names, TEXTBOOK)))
    if request.workload != ELEMENTWISE:
        found = timed_workloads(
            request.workload, names, request.sizes[0], request.formats, device=who.device, warn=warn
        )
        offered = [each for each in found if each.orders in request.orders]
        if not offered:
            raise UsageError(f"--workload {request.workload} has --order 0 (forward) and 0+1 (forward and backward)")
        return offered
    for function in functions:
        if not isinstance(function, Function):
            other = "silu, gelu or another of one number"
            instead = f"--workload {function.name}" if function.name in WORKLOADS else other
            raise UsageError(f"{function.name} is a function of a vector: measure {instead} instead")
    return timed(
        names,
        functions,
        request.orders,
        request.formats,
        device=who.device,
        gradient=who.gradient,
        array=who.array,
        warn=warn,
    )


def _tried(offer: Timed, request: Request, warn: Warn, clock: Clock) -> _Trial | None:
    """Call an implementation for the first time; None where it doesn't work. Raises UsageError for a user's code."""
    least = PROBE if request.workload == ELEMENTWISE else WORKLOADS[request.workload].row
    x = inputs(request.distributions[0], least, get_format(offer.dtype), request.seed)
    try:
        ready = offer.prepare(x, request.prealloc, request.threads[0])
        with ready.active(), np.errstate(all="ignore"):
            start = clock.now()
            ready.run()
            ready.finish()
            first_call = clock.now() - start
            ready.answer()  # what comes out can be looked at, too
    except (Exception, SystemExit) as error:  # somebody else's code may raise anything
        if is_code(offer.name):
            raise UsageError(f"{offer.name} raised {in_words(error)}") from error
        warn(f"{offer.name} is left out of {offer.activation} {offer.dtype}: {in_words(error)}")
        return None
    return _Trial(ready.allocates, first_call)


def _rows(
    offers: Mapping[Timed, _Trial],
    size: int,
    format: Format,
    request: Request,
    functions: Mapping[str, AnyFunction],
) -> Iterator[Row]:
    """Yield the rows of one format and size; who uses the same threads whatever is asked has one row."""
    seen = set()
    for distribution, (offer, trial), asked in product(request.distributions, offers.items(), request.threads):
        key = Key(
            activation=offer.activation,
            order=order_text(offer.orders),
            implementation=offer.name,
            device=offer.device,
            threads=offer.threads(asked, size),
            dtype=offer.dtype,
            size=size,
            cache="cold" if request.cold else "hot",
            allocation="alloc" if trial.allocates else "prealloc",
            distribution=distribution,
        )
        if key not in seen:
            seen.add(key)
            yield Row(
                key,
                offer,
                asked,
                bytes_moved=_bytes_moved(offer, size, format, request),
                operations=operations(functions.get(offer.activation), offer.orders),
                notes=[] if trial.allocates <= (not request.prealloc) else ["allocates its result: it has no out="],
                seed=request.seed,
                first_call=trial.first_call,
            )


def _bytes_moved(offer: Timed, size: int, format: Format, request: Request) -> int:
    if request.workload != ELEMENTWISE:
        return WORKLOADS[request.workload].bytes_moved(size, format, offer.orders)
    return size * format.bits // 8 * (1 + len(offer.orders))


def operations(function: AnyFunction | None, orders: Order) -> dict[str, int]:
    """Return how often each operation occurs in the definitions of what is computed; empty where nobody knows.

    What f and f′ share is counted once.
    """
    if not isinstance(function, Function) or isinstance(function, UserFunction):
        return {}
    trees = [function.tree if order == 0 else function.derivative_tree for order in orders]
    known = [_opened(tree) for tree in trees if tree is not None]
    if len(known) < len(trees):
        return {}
    # Only within one tree are common parts counted once: a sum joins them, and is taken off again.
    counts = operation_counts(reduce(lambda left, right: Operation("add", (left, right)), known))
    counts["add"] = counts.get("add", 0) - (len(known) - 1)
    return {name: count for name, count in counts.items() if count}


def _opened(tree: Node) -> Node:
    """Replace known functions by their definitions."""
    if isinstance(tree, Application):
        return _opened(substitute(tree.function.tree, {"x": tree.operand}))
    return with_operands(tree, _opened)


def _check_memory(rows: Sequence[Row], asked: int, available: int | None, *, shared: bool) -> None:
    """Raise UsageError, with the figure, for a size whose arrays can't all be there at once.

    In the machine's own memory rows share their inputs; on a GPU each has a copy of them. A plain copy for each number
    of threads has its own array to write into.
    """
    if not rows or available is None:
        return
    one = rows[0].key.size * get_format(rows[0].key.dtype).bits // 8
    inputs_once = len({row.key.distribution for row in rows}) if shared else 1
    copies = len({1, *(row.key.threads for row in rows)})
    needed = int(one * (inputs_once + copies + TEMPORARIES) + sum(row.bytes_moved - one * shared for row in rows))
    if needed > available:
        raise UsageError(
            f"--size {size_text(asked)} doesn't fit into memory: {len(rows)} rows need {bytes_text(needed)} at least, "
            f"and {bytes_text(available)} are free; choose a smaller size, or fewer rows at a time"
        )
