"""What a workload is: its shapes, its arguments, its ways to compute, and what they cost at the least.

Shapes are written in letters, `N` being the number of rows: `x` of `N H` is a matrix. The first argument is the one
that a benchmark's inputs fill; the size of a workload is the number of its elements.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from actcli.errors import UsageError

if TYPE_CHECKING:
    from actcli.analyses.bench.workloads.space import Space
    from actcli.core.formats import Format

Array = np.ndarray[Any, Any]
Arrays = Sequence[Any]
"""Arrays of NumPy, or of the library that computes."""

Draw = Callable[[np.random.Generator, tuple[int, ...]], Array]


def normal(deviation: float) -> Draw:
    """Return what draws from the normal distribution around 0 with a standard deviation."""
    return partial(_normal, deviation)


def _normal(deviation: float, generator: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return deviation * generator.standard_normal(shape)


_UNIT = normal(1.0)


def labels(generator: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Draw 0 or 1, as likely as each other."""
    return generator.integers(0, 2, shape).astype(np.float64)


@dataclass(frozen=True, slots=True)
class Argument:
    """An input or a weight; no gradient is asked for by one that isn't differentiated.

    By an `elementwise` one each element of the gradient is a function of few numbers.
    """

    name: str
    shape: str
    draw: Draw = _UNIT
    differentiated: bool = True
    elementwise: bool = False


@dataclass(frozen=True, slots=True)
class Output:
    """A result; each element of an `elementwise` one is a function of few numbers, or a sum of positive ones."""

    name: str
    shape: str
    elementwise: bool = False


_WORDS = {"N": "batch", "H": "hidden", "T": "positions", "K": "classes"}
"""What the letters of a first argument's shape count."""


def _as_it_is(arrays: Arrays) -> list[Any]:
    return list(arrays)


@dataclass(frozen=True, slots=True)
class Code:
    """Array code, forward and backward.

    `forward(space, arguments, keep)` → outputs and what the backward pass needs of it, when `keep`;
    `backward(space, arguments, kept, cotangents)` → the gradients by the arguments that are differentiated.
    `pack` brings NumPy arguments into the form that the code takes, once, and `unpack` its gradients back.
    """

    forward: Callable[[Space, Arrays, bool], tuple[list[Any], Any]]
    backward: Callable[[Space, Arrays, Any, Arrays], list[Any]]
    pack: Callable[[Arrays], list[Any]] = _as_it_is
    unpack: Callable[[Arrays], list[Any]] = _as_it_is


@dataclass(frozen=True, slots=True)
class TorchCode:
    """The forward pass in PyTorch, `forward(torch, arguments)` → outputs; autograd does the backward pass."""

    forward: Callable[[Any, Arrays], list[Any]]
    pack: Callable[[Arrays], list[Any]] = _as_it_is
    unpack: Callable[[Arrays], list[Any]] = _as_it_is


@dataclass(frozen=True, slots=True)
class Workload:
    """A computation in which activations occur.

    `what` says what it computes, `source` where it comes from, `multiplies` whether there are matrix products in it.
    `reference` is code that is right when it runs in extended precision: the textbook's, where that doesn't overflow
    there.
    """

    name: str
    what: str
    source: str
    dimensions: Mapping[str, int]
    arguments: Sequence[Argument]
    outputs: Sequence[Output]
    own: Code
    textbook: Code
    torch: TorchCode
    multiplies: bool = False
    reference: Code = field(kw_only=True)

    def shape(self, letters: str, rows: int) -> tuple[int, ...]:
        """Return the shape that letters stand for."""
        return tuple(rows if letter == "N" else self.dimensions[letter] for letter in letters.split())

    @property
    def row(self) -> int:
        """The number of elements of one row of the first argument: the smallest size there is."""
        return math.prod(self.shape(self.arguments[0].shape, 1))

    def rows(self, size: int) -> int:
        """Return how many whole rows there are in so many elements. Raises UsageError when there is none."""
        if size < self.row:
            raise UsageError(
                f"--workload {self.name} needs a size of at least {self.row}, one row; {size} is too small"
            )
        return size // self.row

    def elements(self, size: int) -> int:
        """Return the size that is really computed: `size` without what doesn't fill a row. Raises UsageError."""
        return self.rows(size) * self.row

    def shape_text(self, size: int) -> str:
        """Return what a size stands for, such as `batch 3,906 × hidden 256`. Raises UsageError below one row."""
        letters = self.arguments[0].shape
        lengths = zip(letters.split(), self.shape(letters, self.rows(size)), strict=True)
        return " × ".join(f"{_WORDS[letter]} {length:,}" for letter, length in lengths)

    def shapes(self, size: int) -> dict[str, tuple[int, ...]]:
        """Return the shapes of the arguments by name, at a size. Raises UsageError when it is less than one row."""
        rows = self.rows(size)
        return {argument.name: self.shape(argument.shape, rows) for argument in self.arguments}

    def given(self, size: int, format: Format) -> tuple[list[Array], list[Array]]:
        """Draw all arguments but the first, and the cotangents of the outputs: always the same ones."""
        rows, generator = self.rows(size), np.random.default_rng(0)
        arguments = [each.draw(generator, self.shape(each.shape, rows)) for each in self.arguments[1:]]
        cotangents = [generator.standard_normal(self.shape(each.shape, rows)) for each in self.outputs]
        return [a.astype(format.dtype) for a in arguments], [a.astype(format.dtype) for a in cotangents]

    def bytes_moved(self, size: int, format: Format, orders: Sequence[int]) -> int:
        """Return the bytes that have to be read and written at the least.

        Forward: every argument is read and every output written. The backward pass reads the cotangents and writes
        the gradients. What is kept in between isn't counted, nor what is read twice.
        """
        rows = self.rows(size)

        def elements(parts: Sequence[Argument] | Sequence[Output]) -> int:
            return sum(math.prod(self.shape(part.shape, rows)) for part in parts)

        moved = elements(self.arguments) + elements(self.outputs)
        if 1 in orders:
            moved += elements(self.outputs) + elements([each for each in self.arguments if each.differentiated])
        return moved * format.bits // 8
