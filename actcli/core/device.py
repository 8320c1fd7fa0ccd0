"""The machines arrays live on. The only file that imports CuPy.

`xp` is what kernels and formulas compute with: every array function of NumPy or CuPy, and `xp.special` for erf and its
kin (SciPy or cupyx), imported when first used because SciPy takes longer to import than NumPy.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np

from actcli.core.select import where
from actcli.errors import MissingError, UsageError


class Namespace:
    """The array functions of one library, and its special functions as `special`.

    `better` are functions that take the place of the library's own.
    """

    def __init__(self, arrays: Any, special: Callable[[], Any], **better: Callable[..., Any]) -> None:
        self._arrays, self._special = arrays, special
        self.__dict__.update(better)

    def __getattr__(self, name: str) -> Any:
        found = self._special() if name == "special" else getattr(self._arrays, name)
        setattr(self, name, found)  # the next access is a plain attribute
        return found


@dataclass(frozen=True, slots=True)
class Device:
    """A machine: `kind` is cpu or cuda, `name` what reports call it, `xp` its array functions."""

    kind: str
    name: str
    xp: Any
    number: int = 0

    def active(self) -> AbstractContextManager[Any]:
        """Make this the device that new arrays and kernels go to, in this thread."""
        if self.kind == "cpu":
            return nullcontext()
        import cupy

        device: AbstractContextManager[Any] = cupy.cuda.Device(self.number)
        return device

    def array(self, values: Any, dtype: Any = None) -> Any:
        """Return values as an array on this device."""
        with self.active():
            return self.xp.asarray(values, dtype=dtype)

    def to_numpy(self, array: Any) -> np.ndarray[Any, Any]:
        """Return an array of this device as a NumPy array; copies only from a GPU."""
        return np.asarray(array) if self.kind == "cpu" else array.get()


def _scipy_special() -> Any:
    import scipy.special

    return scipy.special


CPU = Device("cpu", "cpu", Namespace(np, _scipy_special, where=where))


def get_device(name: str, warn: Callable[[str], None] = lambda message: None) -> Device:
    """Return the device called `cpu`, `gpu`, `cuda`, `cuda:N` or `auto`.

    `auto` takes the GPU where there is one and otherwise tells `warn` why not. Raises MissingError when a GPU is asked
    for and can't be used, UsageError for an unknown name.
    """
    asked = name.strip().lower()
    if asked == "cpu":
        return CPU
    if asked == "auto":
        try:
            return _cuda(0)
        except MissingError as error:
            warn(f"computing on the CPU: {error}")
            return CPU
    match = re.fullmatch(r"(?:gpu|cuda)(?::(\d+))?", asked)
    if match is None:
        raise UsageError(f"unknown device {name!r}; there are cpu, gpu, cuda:N and auto")
    return _cuda(int(match.group(1) or 0))


@functools.cache
def _cuda(number: int) -> Device:
    try:
        import cupy
    except ImportError:
        raise MissingError(
            "--device gpu needs CuPy, which is not installed: pip install 'actcli[gpu-cuda12]' (or gpu-cuda13)"
        ) from None
    try:
        count = cupy.cuda.runtime.getDeviceCount()
    except cupy.cuda.runtime.CUDARuntimeError as error:
        raise MissingError(f"--device gpu: CuPy finds no usable CUDA device ({error})") from None
    if number >= count:
        there = f"there is only {count} CUDA device" if count == 1 else f"there are {count} CUDA devices"
        raise MissingError(f"--device cuda:{number}: {there}, numbered from 0")
    label = cupy.cuda.runtime.getDeviceProperties(number)["name"].decode()
    return Device("cuda", f"cuda:{number} ({label})", Namespace(cupy, _cupyx_special), number)


def _cupyx_special() -> Any:
    import cupyx.scipy.special

    return cupyx.scipy.special


def device_of(array: Any) -> Device:
    """Return the device an array lives on: the current GPU for a CuPy array, else the CPU."""
    if type(array).__module__.partition(".")[0] == "cupy":
        return _cuda(int(array.device.id))
    return CPU
