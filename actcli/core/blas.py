"""How many threads NumPy's matrix products use: asked of, and told to, the OpenBLAS that its wheels bring along."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module

from actcli.core.apply import usable_cores

_PREFIXES, _SUFFIXES = ("scipy_openblas", "openblas"), ("64_", "")


def blas_threads(asked: int | None) -> int:
    """Return how many threads a matrix product uses when `asked` are asked for, None being its own choice."""
    get, put = _functions()
    if get is None or put is None:
        return usable_cores()  # another BLAS, which can't be asked
    return asked or get()


@contextmanager
def limited(threads: int | None) -> Iterator[None]:
    """Give matrix products so many threads, where that can be told, and afterwards as many as before."""
    get, put = _functions()
    if threads is None or get is None or put is None:
        yield
        return
    before = get()
    put(threads)
    try:
        yield
    finally:
        put(before)


@cache
def _functions() -> tuple[Callable[[], int] | None, Callable[[int], None] | None]:
    try:
        # The handle of a library finds the symbols of those it is linked to.
        library = ctypes.CDLL(import_module("numpy._core._multiarray_umath").__file__)
    except OSError:
        return None, None
    for prefix in _PREFIXES:
        for suffix in _SUFFIXES:
            if hasattr(library, f"{prefix}_get_num_threads{suffix}"):
                get = getattr(library, f"{prefix}_get_num_threads{suffix}")
                return get, getattr(library, f"{prefix}_set_num_threads{suffix}")
    return None, None
