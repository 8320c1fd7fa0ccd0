"""Run a kernel over an array: working precision, edges, cache-sized blocks, threads, `out=`.

Kernels see float64 arrays of finite numbers. Everything else about a call is decided here: narrower formats are
computed in float64 and rounded once, NaN goes through, ±inf gets the mathematical limit.
"""

from __future__ import annotations

import functools
import math
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from actcli.core.device import Device, device_of
from actcli.core.formats import FLOAT64, Format, format_of, round_to
from actcli.errors import UsageError

BlockKernel = Callable[[Any, int, Device], Sequence[Any]]
"""`(x, order, device)` → [f, f′, …]: arrays of x's shape, from a flat float64 array of finite numbers."""

Edges = Mapping[float, Sequence[Any]]
"""(f, f′, f″) at the points where a kernel has only limits to offer: ±inf, and the ends of a bounded domain."""

Settle = Callable[[Any, int, Format], Any]
"""`(x, order, format)` → correctly rounded values of the derivative of that order, as float64: the last resort."""

BLOCK = 1 << 17
"""Elements computed at a time: what Python does for a block takes as long as ReLU of 10,000 elements, and holds up the
other threads; a kernel's handful of float64 temporaries of this length still fit into a last-level cache."""

THREADED_FROM = 1 << 18
"""Elements from which starting threads pays."""


def apply(
    kernel: BlockKernel,
    x: Any,
    *,
    order: int = 0,
    edges: Edges | None = None,
    settle: Settle | None = None,
    threads: int | None = None,
    out: Sequence[Any] | None = None,
) -> list[Any]:
    """Return [f, f′, …] up to `order` at every element of an array, on the array's own device.

    `x` is a NumPy or CuPy array of any shape and memory order; floats keep their dtype, integers and
    booleans give float64. `settle` makes 16-bit results correctly rounded where float64 can't. `out` holds arrays
    to fill instead of new ones. `threads` defaults to the machine's cores for large arrays. Raises UsageError for a
    dtype that isn't real, or an `out` that doesn't fit.
    """
    if threads is not None and threads < 1:
        raise UsageError(f"threads must be at least 1, not {threads}")
    device = device_of(x)
    target = result_format(x.dtype)
    results = _outputs(x, order, target, device, out)
    if out is not None and device.kind == "cpu" and any(_overlaps(x, result) for result in results):
        x = x.copy()
    flat, flats, copied = _flattened(x, results)

    def run(block: slice) -> None:
        _run(kernel, flat, flats, block, order, edges or {}, settle, target, device)

    if device.kind != "cpu":
        with device.active():
            run(slice(None))
    else:
        _run_blocks(run, flat.size, threads)
    if copied:
        for result, values in zip(results, flats, strict=True):
            result[...] = values.reshape(result.shape)
    return results


def result_format(dtype: Any) -> Format:
    """Return the format results have for inputs of a dtype. Raises UsageError when it isn't a real number."""
    found = format_of(np.dtype(dtype))
    if found is not None:
        return found
    if np.dtype(dtype).kind in "iub":
        return FLOAT64
    raise UsageError(f"can't compute with dtype {np.dtype(dtype).name}; give real numbers")


def usable_cores() -> int:
    """Return the number of cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def threads_for(size: int, asked: int | None = None) -> int:
    """Return how many threads compute an array of a size on the CPU: as many as asked for, if each has a block."""
    wanted = asked or (usable_cores() if size >= THREADED_FROM else 1)
    blocks = max(1, -(-size // BLOCK))
    return -(-blocks // -(-blocks // wanted))


def _outputs(x: Any, order: int, target: Format, device: Device, out: Sequence[Any] | None) -> list[Any]:
    if out is None:
        return [device.xp.empty_like(x, dtype=target.dtype) for _ in range(order + 1)]
    if not all(hasattr(array, "shape") and hasattr(array, "flags") for array in out):
        raise UsageError("out= must be an array")
    if len(out) != order + 1:
        raise UsageError(f"out= needs {order + 1} arrays, not {len(out)}")
    for array in out:
        if array.shape != x.shape:
            raise UsageError(f"out= has shape {array.shape}, the input {x.shape}")
        if not getattr(array.flags, "writeable", True):
            raise UsageError("out= is read-only")
        if array.dtype != target.dtype:
            raise UsageError(f"out= has dtype {array.dtype}, the result {target.dtype}")
    return list(out)


def _overlaps(x: Any, result: Any) -> bool:
    """Tell whether writing a result would change input that is still to be read; the very same array is safe."""
    same = x.ctypes.data == result.ctypes.data and x.strides == result.strides and x.dtype == result.dtype
    return not same and bool(np.may_share_memory(x, result))


def _flattened(x: Any, results: list[Any]) -> tuple[Any, list[Any], bool]:
    """Return the arrays as one-dimensional ones in one common order, and whether the results are copies."""
    if all(array.flags.c_contiguous for array in (x, *results)):
        return x.reshape(-1), [result.reshape(-1) for result in results], False
    if all(array.flags.f_contiguous for array in (x, *results)):
        return x.T.reshape(-1), [result.T.reshape(-1) for result in results], False
    return x.reshape(-1), [result.flatten() for result in results], True


def _run_blocks(run: Callable[[slice], None], size: int, threads: int | None) -> None:
    workers = threads_for(size, threads)

    def run_range(start: int, stop: int) -> None:
        # errstate belongs to a thread, so every worker sets its own.
        with np.errstate(all="ignore"):
            for first in range(start, stop, BLOCK):
                run(slice(first, min(first + BLOCK, stop)))

    if size > BLOCK:
        _keep_freed_memory()
    if workers == 1:
        run_range(0, size)
        return
    from concurrent.futures import ThreadPoolExecutor

    share = -(-size // (workers * BLOCK)) * BLOCK
    with ThreadPoolExecutor(workers) as pool:
        for done in [pool.submit(run_range, start, min(start + share, size)) for start in range(0, size, share)]:
            done.result()


@functools.cache
def _keep_freed_memory() -> None:
    """Have the allocator keep the memory of temporaries instead of returning it to the system after each block.

    Fetching it back, page by page, can take five times as long as the arithmetic. glibc raises its thresholds for doing
    so when a large block is freed (mallopt(3), M_MMAP_THRESHOLD); no page of this one is ever touched.
    """
    np.empty(1 << 21)


def _run(
    kernel: BlockKernel,
    flat: Any,
    flats: list[Any],
    block: slice,
    order: int,
    edges: Edges,
    settle: Settle | None,
    target: Format,
    device: Device,
) -> None:
    xp = device.xp
    x = flat[block].astype(np.float64, copy=False)
    special = ~xp.isfinite(x)
    for edge in edges:
        if math.isfinite(edge):
            special |= x == edge
    any_special = bool(special.any())
    # A half lies inside every domain there is; its result is replaced below.
    results = kernel(xp.where(special, 0.5, x) if any_special else x, order, device)
    at_edges = [(x == edge, edges[edge]) for edge in edges if bool((x == edge).any())] if any_special else []
    for k, (result, out) in enumerate(zip(results, flats, strict=False)):
        if any_special:
            result = xp.where(special, xp.nan, result)
            for here, limits in at_edges:
                result = xp.where(here, float(limits[k]), result)
        if settle is not None and target.bits == 16:
            result = _settle(result, x, k, target, settle, device)
        # Assigning rounds once for every format but bfloat16, and saves a pass.
        out[block] = round_to(result, target, xp) if target.name == "bfloat16" else result


def _settle(result: Any, x: Any, order: int, target: Format, settle: Settle, device: Device) -> Any:
    """Replace float64 results that lie so near the middle of two 16-bit numbers that they can't tell them apart.

    silu(x) = x/2 + x²/4 − … of a subnormal bfloat16 x differs from x/2 by less than float64 can hold, and x/2 may be a
    tie. There are few such inputs in a 16-bit format, so the exact reference may decide each of them once.
    """
    xp = device.xp
    _, exponent = xp.frexp(result)
    units = xp.abs(xp.ldexp(result, -xp.maximum(exponent - target.precision, target.lowest)))
    # Kernels are within 8 units of float64's last place, and there are 2^(53 − precision) of those in a unit here.
    close = xp.abs(units - xp.floor(units) - 0.5) <= 2.0 ** (target.precision - 50)
    if not bool(close.any()):
        return result
    settled = xp.array(result)
    settled[close] = device.array(settle(device.to_numpy(x[close]), order, target))
    return settled
