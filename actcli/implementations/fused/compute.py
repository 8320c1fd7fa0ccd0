"""Compile a kernel's loop with numba, once a process, and run it over arrays."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import float32, float64, njit, types, void

from actcli.core.apply import BLOCK, threads_for
from actcli.core.formats import FLOAT16, FLOAT32
from actcli.implementations.fused.elementary import NARROW, WIDE, horner, where
from actcli.implementations.fused.loop import ORDINARY, loop

if TYPE_CHECKING:
    from actcli.activations.function import Function

Array = np.ndarray[Any, Any]

THREADED_FROM = 1 << 22
"""Elements from which starting threads pays: one alone is done with fewer in a millisecond."""

# A division by 0 is infinite; multiplications aren't fused and nothing is reordered: kernels give back what rounding
# loses.
_COMPILER = njit(error_model="numpy", nogil=True)

_PLAIN: dict[str, Any] = {
    "inner": _COMPILER, "float64": float64, "where": where, "abs": abs, "power": math.pow, "inf": math.inf,
    "nan": math.nan,
    **{name: getattr(math, name) for name in "copysign isnan isinf isfinite sqrt sin cos sinh cosh erf erfc".split()},
}  # fmt: skip


def compute(
    function: Function, orders: tuple[int, ...], x: Array, outs: Sequence[Array], threads: int | None = None
) -> None:
    """Put derivatives of some orders (0 is f itself) of every element into arrays that exist; allocate none.

    `x` and `outs` are contiguous arrays of one shape and one dtype: float16, float32 or float64. An `out` may be `x`
    itself, not a part of it. The first call for a function, its orders and a dtype compiles, which takes about a
    second. `threads` defaults to the machine's cores for large arrays. Raises UsageError for a kernel that can't be
    traced.
    """
    run = compiled(function, orders, x.dtype.name)
    arrays = [array.reshape(-1) for array in (x, *outs)]
    workers = workers_for(x.size, threads)
    if workers == 1:
        run(*arrays)
        return
    from concurrent.futures import ThreadPoolExecutor

    # Whole blocks, so that no two threads write to one cache line.
    share = -(-x.size // (workers * BLOCK)) * BLOCK
    parts = [slice(start, start + share) for start in range(0, x.size, share)]
    with ThreadPoolExecutor(workers) as pool:
        for done in [pool.submit(run, *(array[part] for array in arrays)) for part in parts]:
            done.result()


def workers_for(size: int, asked: int | None = None) -> int:
    """Return how many threads compute an array of a size: as many as asked for, if each has a block."""
    return threads_for(size, asked or (None if size >= THREADED_FROM else 1))


@cache
def compiled(function: Function, orders: tuple[int, ...], dtype: str) -> Callable[..., None]:
    """Return `run(x, out0, …)` for contiguous one-dimensional arrays of a dtype. It runs without Python's lock."""
    if dtype == FLOAT16.name:
        return _through_float64(compiled(function, orders, "float64"))
    is_narrow = dtype == FLOAT32.name
    written = loop(function, orders, is_narrow=is_narrow)
    namespace = {**_PLAIN, **(NARROW if is_narrow else WIDE), "is_ordinary": _is_ordinary(np.dtype(dtype))}
    namespace |= {name: horner(coefficients) for coefficients, name in written.polynomials.items()}
    exec(compile(written.source, f"<actcli: {function.name} in {dtype}>", "exec"), namespace)
    number = float32 if is_narrow else float64
    given = types.Array(number, 1, "C", readonly=True)
    run = _COMPILER(namespace["loop"])
    run.compile(void(given, *(number[::1] for _ in orders)))
    run.disable_compile()  # an array that may be written to passes for one that may not
    return run


@cache
def _is_ordinary(dtype: np.dtype[Any]) -> Any:
    """Return what tells whether all numbers of an array lie in ORDINARY, by their bits: those of a NaN are large."""
    bits = np.dtype(f"i{dtype.itemsize}").type
    sizes = bits(np.iinfo(bits).max)
    largest = dtype.type(ORDINARY.high).view(bits)

    def is_ordinary(numbers: Any) -> Any:
        found = bits(0)
        for pattern in numbers.view(bits):
            found = max(found, pattern & sizes)
        return found <= largest

    return _COMPILER(is_ordinary)


def _through_float64(run: Callable[..., None]) -> Callable[..., None]:
    """Return what converts float16, which numba lacks, block by block, and rounds the results once."""

    def converted(x: Array, *outs: Array) -> None:
        size = min(BLOCK, x.size)
        scratch = [np.empty(size) for _ in range(1 + len(outs))]
        with np.errstate(all="ignore"):
            for start in range(0, x.size, BLOCK):
                block = slice(start, min(start + BLOCK, x.size))
                places = [array[: block.stop - start] for array in scratch]
                np.copyto(places[0], x[block])
                run(*places)
                for out, result in zip(outs, places[1:], strict=True):
                    np.copyto(out[block], result, casting="unsafe")

    return converted
