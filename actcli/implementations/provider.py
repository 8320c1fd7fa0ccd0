"""What every way to compute an activation looks like from outside, and who offers them.

A provider answers "how do you compute this activation, at this order, in this format?" with implementations, or with
none. Audits and benchmarks take any of them alike, the project's own included.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from actcli.core.device import CPU, Device
from actcli.errors import ActcliError, UsageError
from actcli.implementations.user_code import in_words

if TYPE_CHECKING:
    from actcli.activations.registry import AnyFunction
    from actcli.core.formats import Format
    from actcli.implementations.timed import Timed

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class Implementation:
    """One way to compute the derivative of one order (0 is f itself) of one activation in one format.

    `name` is what tables call it (`torch`, `textbook:naive`, `mykernels:fast_gelu`), `activation` the name of the
    function it claims to compute. `call` takes a NumPy array of the format's dtype and answers with one of the same
    shape and dtype: element by element, or for a function of a vector along the last axis of `(rows, n)`, where the
    derivatives are the diagonal of the Jacobian and the gated units answer with half the columns. `call` consists of
    module-level functions and plain data, so that an implementation can be pickled and sent to a worker process.
    """

    name: str
    activation: str
    order: int
    dtype: str
    call: Callable[[Array], Array]
    device: str = "cpu"
    note: str = ""

    def __call__(self, x: Array) -> Array:
        """Return what it answers for a contiguous array, which stays as it is.

        Raises UsageError when it raises, changes its input, or answers with something else than an array of the right
        shape and dtype; MissingError when a library it needs isn't there.
        """
        given = x.copy()
        try:
            answer: object = self.call(given)
        except ActcliError:
            raise
        except (Exception, SystemExit) as error:
            raise UsageError(f"{self.name} raised {in_words(error)}") from error
        bits = f"uint{8 * x.dtype.itemsize}"
        if not np.array_equal(given.view(bits), x.view(bits)):
            raise UsageError(f"{self.name} changes its input")
        if not isinstance(answer, np.ndarray):
            raise UsageError(f"{self.name} answers an array with {type(answer).__name__}")
        half = (x.shape[0], x.shape[-1] // 2)  # of a gated unit
        if answer.shape != x.shape and (x.ndim == 1 or answer.shape != half):
            raise UsageError(f"{self.name} answers an array of shape {x.shape} with one of shape {answer.shape}")
        if answer.dtype != x.dtype:
            raise UsageError(f"{self.name} answers {x.dtype.name} with {answer.dtype.name}")
        return answer


def require(answer: object, kind: type, name: str) -> None:
    """Raise UsageError when the answer to an array of a library, which is called `name`, isn't one of its arrays."""
    if not isinstance(answer, kind):
        found = type(answer)
        module = "" if found.__module__ == "builtins" else f"{found.__module__}."
        raise UsageError(f"answers a{'n' if name[0] in 'AEIOU' else ''} {name} with {module}{found.__qualname__}")


def address(device: Device) -> str:
    """Return the name by which another process gets the same device: `cpu`, `cuda:0`."""
    return "cpu" if device.kind == "cpu" else f"{device.kind}:{device.number}"


Find = Callable[["AnyFunction", int, "Format", Device], "list[Implementation]"]
"""`(function, order, format, device)` → what there is: none where the library has no such thing in this format."""


Time = Callable[["AnyFunction", "tuple[int, ...]", "Format", Device], "list[Timed]"]
"""`(function, orders, format, device)` → what can be timed: the orders together, on arrays of the library's own."""


def no_implementation(function: AnyFunction, order: int, format: Format, device: Device) -> list[Implementation]:
    """Offer nothing."""
    return []


def _nothing(function: AnyFunction, orders: tuple[int, ...], format: Format, device: Device) -> list[Timed]:
    return []


@dataclass(frozen=True, slots=True)
class Provider:
    """A source of implementations: a library, the formulas of the books, or the project itself.

    `modules` are what it imports, `distributions` the names it may be installed under, the first of them for pip,
    unless an `extra` of this project brings it; `check` says what else is missing, in a sentence, once the modules are
    there; `hint` how to get derivatives from it. `timed` offers the same for benchmarks, on the kinds of `devices`.
    """

    name: str
    find: Find
    modules: Sequence[str] = ()
    distributions: Sequence[str] = ()
    check: Callable[[], str] = str
    hint: str = ""
    timed: Time = _nothing
    devices: Sequence[str] = ("cpu", "cuda")
    extra: str = ""

    def missing(self) -> str:
        """Return what is missing and the command that installs it, or an empty string. Doesn't import the library."""
        from importlib.util import find_spec

        absent = [module for module in self.modules if find_spec(module) is None]
        if absent:
            what = f"'actcli[{self.extra}]'" if self.extra else self.distributions[0]
            return f"{absent[0]} is not installed: pip install {what}"
        return self.check()

    def version(self) -> str:
        """Return the library's version, or an empty string where it isn't installed. Doesn't import the library."""
        from importlib.metadata import PackageNotFoundError, version

        for distribution in self.distributions:
            try:
                return version(distribution)
            except PackageNotFoundError:
                continue
        return ""

    def implementations(
        self, function: AnyFunction, order: int, format: Format, device: Device = CPU
    ) -> list[Implementation]:
        """Return what it has for a function, a derivative and a format on a device; nothing where it has none."""
        return self.find(function, order, format, device)
