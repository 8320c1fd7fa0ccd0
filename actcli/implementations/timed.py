"""What benchmarks run: computations bound to arrays that exist already, so that a call converts nothing.

An `Implementation` takes and returns NumPy arrays, whatever that costs its library. A `Timed` hands out the same
function on the library's own arrays; everything that isn't the computation happens in `prepare`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from actcli.core.apply import THREADED_FROM
from actcli.core.device import CPU, Device
from actcli.errors import UsageError
from actcli.implementations.resolve import Warn, choose, gather

if TYPE_CHECKING:
    from actcli.activations.registry import AnyFunction
    from actcli.core.formats import Format

Array = np.ndarray[Any, Any]


def nothing() -> None:
    """Do nothing: what is left to wait for when a call has returned its results."""


@dataclass(frozen=True, slots=True)
class Ready:
    """One computation, bound to arrays that exist already in the library's own form.

    `run` computes once; it converts and copies nothing, and writes into an array that has been touched before unless
    it `allocates` its result. It returns what the library answers: an array, or a tuple of them, one an order.
    `finish` returns when everything that was asked for is done. `answer` computes once more and returns the results as
    NumPy arrays, one an order. `active` gives the context in which all three are called: it sets threads, the device
    and the like, once for any number of calls and outside what is timed. `own_stream`: the work is on a stream of the
    library's own, which events on the device's current one don't see.
    """

    run: Callable[[], object]
    answer: Callable[[], tuple[Array, ...]]
    finish: Callable[[], None] = nothing
    allocates: bool = True
    active: Callable[[], AbstractContextManager[object]] = nullcontext
    own_stream: bool = False


class Threads(Protocol):
    """How many threads are used when `asked` are asked for (None: as many as it takes by itself) at a size."""

    def __call__(self, asked: int | None, size: int = THREADED_FROM) -> int: ...


Prepare = Callable[[Array, bool, "int | None"], Ready]
"""`(x, out?, threads)` → what is timed. Raises UsageError when it can't be done."""


def one_thread(asked: int | None, size: int = THREADED_FROM) -> int:
    """Return 1, whatever is asked: NumPy's functions know no threads, and a GPU has its own."""
    return 1


@dataclass(frozen=True, slots=True)
class Timed:
    """One way to compute derivatives of some orders of one activation in one format, all in one pass.

    `name`, `activation`, `dtype`, `device` and `note` are those of an `Implementation`; `orders` are (0,), (1,), (0, 1)
    and the like, 0 being f itself. It consists of module-level functions and plain data, so that it can be pickled.
    """

    name: str
    activation: str
    orders: tuple[int, ...]
    dtype: str
    device: str
    note: str
    threads: Threads
    prepare: Prepare


def ready(run: Callable[[], Any], device: Device, *, allocates: bool) -> Ready:
    """Return what is timed, given what computes on NumPy's arrays or, on a GPU, on CuPy's."""
    if device.kind == "cpu":
        return answering(run, np.asarray, allocates=allocates, active=_quiet)

    def finish() -> None:
        device.xp.cuda.get_current_stream().synchronize()

    return answering(run, device.to_numpy, finish, allocates=allocates, active=device.active)


def _quiet() -> AbstractContextManager[Any]:
    return np.errstate(all="ignore")


def answering(
    run: Callable[[], Any],
    to_numpy: Callable[[Any], Array],
    finish: Callable[[], None] = nothing,
    *,
    allocates: bool = True,
    active: Callable[[], AbstractContextManager[object]] = nullcontext,
    own_stream: bool = False,
) -> Ready:
    """Return what is timed, given how one of the library's arrays becomes one of NumPy."""

    def answer() -> tuple[Array, ...]:
        results = run()
        return tuple(to_numpy(each) for each in (results if isinstance(results, tuple) else (results,)))

    return Ready(run, answer, finish, allocates, active, own_stream)


def touched(x: Any, device: Device = CPU) -> Any:
    """Return an array of the device like another, whose memory the system has handed out already."""
    with device.active():
        return device.xp.ones_like(x)


def timed(
    names: Sequence[str],
    functions: Sequence[AnyFunction],
    orders: Sequence[tuple[int, ...]],
    formats: Sequence[Format],
    *,
    device: Device = CPU,
    gradient: str = "",
    array: str = "",
    warn: Warn = lambda message: None,
) -> list[Timed]:
    """Return what names stand for, as `resolve` does: function by function, orders by orders, format by format.

    `textbook` gives the formula of the books alone, named `textbook`; its variants are called by name,
    `textbook:masked`. On a GPU it is the same formula on CuPy's arrays. Raises UsageError and MissingError like
    `resolve`, and UsageError for who computes on another kind of device only, unless a group of names stands for it.
    """
    chosen = []
    for provider in choose(names, functions, gradient=gradient, array=array, warn=warn):
        if device.kind in provider.devices:
            chosen.append(provider)
            continue
        where = "a GPU" if "cuda" in provider.devices else "the CPU"
        if provider.name in names:
            raise UsageError(f"--impl {provider.name} computes on {where} only: choose another --device")
        warn(f"{provider.name} is left out: it computes on {where} only")
    return gather(chosen, functions, orders, formats, lambda provider, *case: provider.timed(*case, device), warn)
