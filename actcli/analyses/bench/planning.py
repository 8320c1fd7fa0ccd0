"""Which rows there will be, and whether they fit into memory: everything that is known before the first timing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from actcli.activations.function import Function
from actcli.analyses.bench.inputs import inputs
from actcli.analyses.bench.request import ELEMENTWISE, Order, Request, Who, order_text
from actcli.analyses.bench.row import Array, Key, Row
from actcli.analyses.bench.words import bytes_text, size_text
from actcli.analyses.bench.workloads import WORKLOADS, timed_workloads
from actcli.core.formats import get_format
from actcli.errors import ActcliError, UsageError
from actcli.expressions.evaluate import operation_counts
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


def groups(
    functions: Sequence[AnyFunction], who: Who, request: Request, available: int | None, warn: Warn
) -> list[Group]:
    """Return the rows that will be measured, by format and size; `available` are the free bytes of the device.

    Raises UsageError for unknown names, for inputs that can't be made or don't fit into memory, and when nothing is
    left to measure; MissingError for a library that was asked for and isn't there. `warn` hears what is left out.
    """
    for distribution in request.distributions:  # a typo shall not be found after a minute
        inputs(distribution, PROBE, request.formats[0], request.seed)
    probed = [(each, _allocates(each, request, warn)) for each in _offers(functions, who, request, warn)]
    offers = {each: allocates for each, allocates in probed if allocates is not None}
    if not offers:
        raise UsageError("there is nothing left to measure: every implementation was left out")
    by_name = {function.name: function for function in functions}
    found = []
    for format, asked in product(request.formats, request.sizes):
        size = asked if request.workload == ELEMENTWISE else WORKLOADS[request.workload].elements(asked)
        here = {each: allocates for each, allocates in offers.items() if each.dtype == format.name}
        rows = list(_rows(here, size, format, request, by_name))
        _check_memory(rows, asked, available)
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
            instead = f"--workload {function.name}" if function.name in WORKLOADS else "one of one number"
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


def _allocates(offer: Timed, request: Request, warn: Warn) -> bool | None:
    """Try an implementation, and return whether it makes an array of its own; None where it doesn't work."""
    least = PROBE if request.workload == ELEMENTWISE else WORKLOADS[request.workload].row
    x = inputs(request.distributions[0], least, get_format(offer.dtype), request.seed)
    try:
        ready = offer.prepare(x, request.prealloc, request.threads[0])
        with ready.active(), np.errstate(all="ignore"):
            ready.run()
            ready.finish()
    except Exception as error:  # somebody else's code may raise anything
        if isinstance(error, ActcliError) and is_code(offer.name):
            raise
        warn(f"{offer.name} is left out of {offer.activation} {offer.dtype}: {in_words(error)}")
        return None
    return ready.allocates


def _rows(
    offers: Mapping[Timed, bool],
    size: int,
    format: Format,
    request: Request,
    functions: Mapping[str, AnyFunction],
) -> Iterator[Row]:
    """Yield the rows of one format and size; who uses the same threads whatever is asked has one row."""
    seen = set()
    for distribution, (offer, allocates), asked in product(request.distributions, offers.items(), request.threads):
        key = Key(
            activation=offer.activation,
            order=order_text(offer.orders),
            implementation=offer.name,
            device=offer.device,
            threads=offer.threads(asked, size),
            dtype=offer.dtype,
            size=size,
            cache="cold" if request.cold else "hot",
            allocation="alloc" if allocates else "prealloc",
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
                notes=[] if allocates <= (not request.prealloc) else ["allocates its result: it has no out="],
                seed=request.seed,
            )


def _bytes_moved(offer: Timed, size: int, format: Format, request: Request) -> int:
    if request.workload != ELEMENTWISE:
        return WORKLOADS[request.workload].bytes_moved(size, format, offer.orders)
    return size * format.bits // 8 * (1 + len(offer.orders))


def operations(function: AnyFunction | None, orders: Order) -> dict[str, int]:
    """Return how often each operation occurs in the definitions of what is computed; empty where nobody knows."""
    if not isinstance(function, Function) or isinstance(function, UserFunction):
        return {}
    counts: dict[str, int] = {}
    for order in orders:
        tree = function.tree if order == 0 else function.derivative_tree
        if tree is None:
            return {}
        for name, count in operation_counts(tree).items():
            counts[name] = counts.get(name, 0) + count
    return counts


def _check_memory(rows: Sequence[Row], asked: int, available: int | None) -> None:
    """Raise UsageError, with the figure, for a size whose arrays can't all be there at once."""
    if not rows or available is None:
        return
    one = rows[0].key.size * get_format(rows[0].key.dtype).bits // 8
    distributions = len({row.key.distribution for row in rows})
    needed = int(one * (distributions + 1 + TEMPORARIES) + sum(row.bytes_moved - one for row in rows))
    if needed > available:
        raise UsageError(
            f"--size {size_text(asked)} doesn't fit into memory: {len(rows)} rows need {bytes_text(needed)} at least, "
            f"and {bytes_text(available)} are free; choose a smaller size, or fewer rows at a time"
        )
