"""What is computed on: random numbers of several kinds, or the numbers of a file. Time depends on them.

Exponentials of large numbers take other paths than those near 0, subnormal numbers can cost a hundred times as much,
and branches are predicted where the data repeat themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from actcli.core.formats import Format
from actcli.core.numbers import read_number, read_stream
from actcli.errors import UsageError, suggestion

Array = np.ndarray[Any, Any]

NAN_SHARE = 0.01
"""Share of NaN among normal numbers in `nan-mixed`."""


def inputs(distribution: str, size: int, format: Format, seed: int) -> Array:
    """Return `size` numbers of a format, the same ones for the same seed.

    `normal` has mean 0 and standard deviation 1, as pre-activations behind a normalisation; `uniform` lies in [-8, 8),
    where most functions happen; `saturated` has magnitudes in [100, 1000) and either sign, where exponentials of
    float32 overflow; `subnormal` are the subnormal numbers of the format, each as likely, of either sign; `nan-mixed`
    is `normal` with 1 % of NaN. Anything else is a file, whose numbers are repeated up to the size: .npy, or text with
    numbers between commas, semicolons or white space, below one line of headings or none. Raises UsageError for an
    unknown word, and for a file that isn't there or holds no numbers.
    """
    if distribution in DISTRIBUTIONS:
        return DISTRIBUTIONS[distribution](np.random.default_rng(seed), size, format)
    path = Path(distribution)
    if not distribution or (str(path) == path.name and not path.suffix and not path.exists()):
        known = list(DISTRIBUTIONS)
        near = suggestion(distribution, known)
        raise UsageError(f"unknown --distribution {distribution!r}{near}; there are {', '.join(known)}, or a file")
    numbers = _of_file(distribution)
    return _rounded(np.resize(numbers, size), format)


def _normal(random: np.random.Generator, size: int, format: Format) -> Array:
    return _rounded(random.standard_normal(size), format)


def _uniform(random: np.random.Generator, size: int, format: Format) -> Array:
    return _rounded(random.uniform(-8, 8, size), format)


def _saturated(random: np.random.Generator, size: int, format: Format) -> Array:
    return _rounded(random.uniform(100, 1000, size) * _signs(random, size), format)


def _subnormal(random: np.random.Generator, size: int, format: Format) -> Array:
    patterns = random.integers(1, 1 << (format.precision - 1), size, dtype=np.uint64)
    sign = np.where(_signs(random, size) < 0, np.uint64(1) << np.uint64(format.bits - 1), np.uint64(0))
    return format.from_bits((patterns | sign).astype(format.unsigned))


def _nan_mixed(random: np.random.Generator, size: int, format: Format) -> Array:
    numbers = _normal(random, size, format)
    numbers[random.random(size) < NAN_SHARE] = np.nan
    return numbers


DISTRIBUTIONS: dict[str, Callable[[np.random.Generator, int, Format], Array]] = {
    "normal": _normal,
    "uniform": _uniform,
    "saturated": _saturated,
    "subnormal": _subnormal,
    "nan-mixed": _nan_mixed,
}
"""The words for inputs, the first being the default."""


def _signs(random: np.random.Generator, size: int) -> Array:
    return 1 - 2 * random.integers(0, 2, size, dtype=np.int8)


def _rounded(numbers: Array, format: Format) -> Array:
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        return numbers.astype(format.dtype, copy=False)


def _of_file(path: str) -> Array:
    try:
        found = _read(path, Path(path).stat().st_mtime_ns)
    except OSError as error:
        raise UsageError(f"--distribution {path}: {error.strerror or error}") from None
    if not found.size:
        raise UsageError(f"--distribution {path}: there are no numbers in it")
    return found


@lru_cache(maxsize=4)
def _read(path: str, modified: int) -> Array:
    """Read a file once, and again when it has been modified since."""
    return _of_npy(path) if path.endswith(".npy") else _of_text(path)


def _of_npy(path: str) -> Array:
    try:
        found = np.load(path, allow_pickle=False)
    except (ValueError, EOFError):
        raise UsageError(f"--distribution {path}: not an .npy file of numbers") from None
    if found.dtype.kind not in "iuf":
        raise UsageError(f"--distribution {path} holds {found.dtype.name}, no real numbers")
    numbers: Array = found.ravel()
    return numbers


def _of_text(path: str) -> Array:
    first, line, rest = Path(path).read_bytes().translate(bytes.maketrans(b",;", b"  ")).partition(b"\n")
    try:
        blocks = [first + line + rest] if _are_numbers(first) else [rest]
        return np.concatenate([*read_stream(blocks, path)])
    except UsageError as error:
        raise UsageError(f"--distribution {error}") from None


def _are_numbers(line: bytes) -> bool:
    try:
        return bool([read_number(word) for word in line.decode().split()])
    except (UsageError, UnicodeDecodeError):
        return False
