"""A stand-in for CuPy on NumPy, strict where CuPy is: its arrays don't mix with NumPy's, and leave only through get().

It runs the code paths of the GPU where there is none; what it can't show is CuPy itself, which tests marked `gpu` do.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np

float64, float32, float16, nan, inf, pi = np.float64, np.float32, np.float16, np.nan, np.inf, np.pi


class ndarray(np.ndarray):  # noqa: N801 - CuPy's name
    """An array "on the device"."""

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, out: Any = None, **more: Any) -> Any:
        plain = [_unwrapped(each) for each in inputs]
        if out is not None:
            more["out"] = tuple(_unwrapped(each) for each in out)
        return _wrapped(getattr(ufunc, method)(*plain, **more))

    def __array_function__(self, function: Any, types: Any, arguments: Any, keywords: Any) -> Any:
        raise TypeError("Implicit conversion to a NumPy array is not allowed. Please use `.get()`")

    def __setitem__(self, key: Any, value: Any) -> None:
        np.ndarray.__setitem__(self.view(np.ndarray), _inner(key), _unwrapped(value))

    def __getitem__(self, key: Any) -> Any:
        return _wrapped(self.view(np.ndarray)[_inner(key)])

    def get(self) -> np.ndarray:
        return np.array(self.view(np.ndarray))

    @property
    def device(self) -> Any:
        return cuda.Device(0)


def _inner(key: Any) -> Any:
    return key.view(np.ndarray) if isinstance(key, ndarray) else key


def _unwrapped(value: Any) -> Any:
    if isinstance(value, ndarray):
        return value.view(np.ndarray)
    # CuPy takes scalars of exactly these types, no subclasses of float, and no arrays but its own.
    if isinstance(value, np.ndarray) or (
        isinstance(value, float | int) and type(value) not in (float, int, bool, np.float64)
    ):
        raise TypeError(f"Unsupported type {type(value)}")
    return value


def _wrapped(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(map(_wrapped, value))
    if isinstance(value, np.ndarray | np.generic):
        return np.asarray(value).view(ndarray)
    return value


def asarray(values: Any, dtype: Any = None) -> ndarray:
    return np.asarray(_inner(values), dtype=dtype).view(ndarray)


def array(values: Any, dtype: Any = None) -> ndarray:
    return np.array(_inner(values), dtype=dtype).view(ndarray)


def any(values: Any) -> Any:
    if not isinstance(values, ndarray):
        raise TypeError("The first argument must be cupy.ndarray")
    return _wrapped(np.any(_unwrapped(values)))


def __getattr__(name: str) -> Any:
    function = getattr(np, name)

    def call(*arguments: Any, **keywords: Any) -> Any:
        return _wrapped(function(*map(_unwrapped, arguments), **{k: _unwrapped(v) for k, v in keywords.items()}))

    return call


def ones_like(values: ndarray) -> ndarray:
    return _wrapped(np.ones_like(_unwrapped(values)))


def fuse(function: Any) -> Any:
    """Compute what the function computes: that the real one does it in one kernel doesn't show."""
    return function


def RawKernel(code: str, name: str) -> Any:
    """Return a kernel that does nothing."""
    return lambda grid, block, arguments: None


class cuda:  # noqa: N801 - CuPy's name
    class Event:
        """A mark in a queue that is worked off at once, though never before somebody has waited."""

        done = False

        def record(self) -> None:
            self.time = time.perf_counter()

    @staticmethod
    def get_elapsed_time(start: cuda.Event, end: cuda.Event) -> float:
        return (end.time - start.time) * 1e3

    @staticmethod
    def get_current_stream() -> Any:
        return cuda

    @staticmethod
    def synchronize() -> None:
        pass

    class Device:
        def __init__(self, number: int) -> None:
            self.id = number

        def __enter__(self) -> cuda.Device:
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def synchronize(self) -> None:
            pass

    class runtime:  # noqa: N801 - CuPy's name
        class CUDARuntimeError(Exception):
            pass

        @staticmethod
        def getDeviceCount() -> int:
            return 1

        @staticmethod
        def getDeviceProperties(number: int) -> dict[str, bytes]:
            return {"name": b"stand-in", "multiProcessorCount": 1, "l2CacheSize": 1 << 16, "totalGlobalMem": 1 << 30}

        @staticmethod
        def deviceGetAttribute(attribute: int, number: int) -> int:
            return 1_000_000

        @staticmethod
        def memGetInfo() -> tuple[int, int]:
            return 1 << 30, 1 << 30

        @staticmethod
        def driverGetVersion() -> int:
            return 12080

        @staticmethod
        def runtimeGetVersion() -> int:
            return 12060
