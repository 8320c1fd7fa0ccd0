"""Running somebody's code: what it warns of and prints is caught, and where it fails the point is found.

Nothing an implementation does ends an audit: whatever it raises, or answers in another shape or dtype, becomes one
sentence that names the input. A call that takes too long is interrupted.
"""

from __future__ import annotations

import io
import re
import signal
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from actcli.core.formats import FORMATS
from actcli.errors import UsageError
from actcli.implementations.provider import Implementation

Array = np.ndarray[Any, Any]

TIMEOUT = 60.0
"""Seconds that one call may take, unless told otherwise."""

MOST_PROBES = 4_000
"""Calls spent on counting the points that warn; what is left then counts as warning throughout."""

EVERY_INPUT = "whatever the input"

_ARRAY_MIXED_UP = {
    "must be (a )?Tensor|expected (a )?Tensor": "if it takes tensors, add --array torch",
    r"'Tensor' object has no attribute|numpy\(\) on Tensor|a Tensor with numpy": "if it takes NumPy arrays, leave "
    "--array torch away",
    "TracerArrayConversionError|an Array with numpy": "if it takes NumPy arrays, leave --array jax away",
    "Implicit conversion to a NumPy array": "if it takes NumPy arrays, leave --array cupy away",
}
"""What libraries say to arrays of another library, and the mend."""

_NOT_ABOUT_NUMBERS = (DeprecationWarning, PendingDeprecationWarning, FutureWarning, ImportWarning, ResourceWarning)


class BrokenError(Exception):
    """An implementation failed; the message says how, and at which input."""


class _HangError(BaseException):
    """A call took too long. No Exception, because code under audit may catch those."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What an implementation answered, the warnings it raised, and the first line it printed."""

    values: Array
    warnings: frozenset[str]
    printed: str


def ask(implementation: Implementation, x: Array, timeout: float = TIMEOUT) -> Answers:
    """Return the answers to an array of inputs. Raises BrokenError, which says what went wrong and where."""
    try:
        return _ask(implementation, x, timeout)
    except _HangError:
        limit = max(0.05, timeout / 20)
        where = _culprit(implementation, x, limit)
        if len(where) > 1:
            raise BrokenError(f"took more than {timeout:g} s for {x.size:,} points") from None
        place = _place(implementation, x, where, limit)
        raise BrokenError(f"gave no answer within {timeout:g} s, {place}") from None
    except (Exception, SystemExit) as error:
        place = _place(implementation, x, _culprit(implementation, x, timeout), timeout)
        hint = _hint(implementation, x, str(error)) if place == EVERY_INPUT else ""
        raise BrokenError(f"{_words(implementation, error)}, {place}{hint}") from None


def warned(implementation: Implementation, x: Array, timeout: float = TIMEOUT) -> Array:
    """Mark the inputs (or rows), which come in order, that raise a floating-point warning.

    A stretch whose ends and middle warn by themselves counts as warning throughout: warnings come where something
    overflows, and that has a beginning and no gaps.
    """
    probes = MOST_PROBES
    found = np.zeros(len(x), dtype=bool)

    def warns(part: Array) -> bool:
        nonlocal probes
        probes -= 1
        return bool(_ask(implementation, part, timeout).warnings)

    def mark(start: int, stop: int) -> None:
        if not warns(x[start:stop]):
            return
        middle = (start + stop) // 2
        alone = (start, middle, stop - 1)
        if stop - start == 1 or probes <= 0 or (stop - start > 2 and all(warns(x[at : at + 1]) for at in alone)):
            found[start:stop] = True
        else:
            mark(start, middle)
            mark(middle, stop)

    mark(0, len(x))
    return found


def _ask(implementation: Implementation, x: Array, timeout: float) -> Answers:
    printed = io.StringIO()
    with (
        redirect_stdout(printed),
        redirect_stderr(printed),
        np.errstate(divide="warn", over="warn", invalid="warn", under="ignore"),
        warnings.catch_warnings(record=True) as caught,
        _alarm(timeout),
    ):
        warnings.simplefilter("always")
        values = implementation(x)
    texts = frozenset(_short(each) for each in caught if not issubclass(each.category, _NOT_ABOUT_NUMBERS))
    return Answers(values, texts, printed.getvalue().strip().partition("\n")[0])


def _short(warning: warnings.WarningMessage) -> str:
    """Return NumPy's "overflow encountered in exp", or what else warns, as a table has room for it."""
    text = (str(warning.message).strip() or "no message").splitlines()[0]
    if warning.category is RuntimeWarning:
        return text.replace(" encountered in ", " in ")
    return f"{warning.category.__name__}: {text}"


@contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    """Interrupt the block after some seconds, where the system has alarms and this is the thread that hears them."""
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(number: int, frame: Any) -> None:
        raise _HangError

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _fails(implementation: Implementation, x: Array, timeout: float) -> bool:
    try:
        _ask(implementation, x, timeout)
    except (Exception, SystemExit, _HangError):
        return True
    return False


def _culprit(implementation: Implementation, x: Array, timeout: float) -> Array:
    """Return the smallest part of the inputs, found by halving, for which the implementation fails.

    A finite number tells a reader more than NaN does, where both fail.
    """
    with np.errstate(invalid="ignore"):
        finite = np.isfinite(x) if x.ndim == 1 else np.isfinite(x).all(axis=1)
    if finite.any() and _fails(implementation, x[finite], timeout):
        x = x[finite]
    while len(x) > 1:
        halves = (x[: len(x) // 2], x[len(x) // 2 :])
        failing = next((half for half in halves if _fails(implementation, half, timeout)), None)
        if failing is None:
            break
        x = failing
    return x


def _place(implementation: Implementation, x: Array, where: Array, timeout: float) -> str:
    if len(where) > 1:
        return "for arrays of more than one number" if len(where) == 2 else f"for {len(where):,} points together"
    others = [x[at : at + 1] for at in (0, len(x) // 3, 2 * len(x) // 3, len(x) - 1)]
    if len(x) > 1 and all(_fails(implementation, other, timeout) for other in others):
        return EVERY_INPUT
    return _point(implementation, where)


def _hint(implementation: Implementation, x: Array, message: str) -> str:
    """Say so where other arrays or another format would have worked."""
    for pattern, mend in _ARRAY_MIXED_UP.items():
        if re.search(pattern, message):
            return f"; {mend}"
    for name in ("float64", "float32"):
        other = replace(implementation, dtype=name)
        if x.dtype.name != name and not _fails(other, np.ones_like(x[:2], dtype=name), 1.0):
            return f"; in {name} it works (--dtype {name})"
    return ""


def _point(implementation: Implementation, where: Array) -> str:
    numbers = ", ".join(f"{float(each)!r}" for each in where.ravel())
    if where.ndim > 1:
        return f"at the row ({numbers})"
    bits = FORMATS[implementation.dtype].to_bits(where)
    return f"at x = {numbers} ({bits_text(int(bits[0]), implementation.dtype)})"


def bits_text(pattern: int, dtype: str) -> str:
    """Return a bit pattern as hexadecimal digits of the format's width, such as `0x3f800000`."""
    return f"0x{pattern:0{FORMATS[dtype].bits // 4}x}"


def _words(implementation: Implementation, error: BaseException) -> str:
    text = (str(error).strip() or "no message").splitlines()[0]
    if isinstance(error, UsageError):
        return text.removeprefix(f"{implementation.name} ")
    return f"raised {type(error).__name__}: {text}"
