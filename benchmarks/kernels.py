"""Kernels on 10⁷ elements against SciPy and the books' formulas, and as a share of a copy: of what memory allows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.special
from rich.console import Console
from rich.table import Table

import actcli
from actcli.core.apply import usable_cores
from actcli.implementations.fused import PROVIDER
from benchmarks.timing import interleaved

SIZE = 10**7

BOOKS: dict[tuple[str, int], Callable[[Any], Any]] = {
    ("sigmoid", 0): lambda x: np.where(x >= 0, 1 / (1 + np.exp(-x)), np.exp(x) / (1 + np.exp(x))),
    ("sigmoid", 1): lambda x: (s := 1 / (1 + np.exp(-x))) * (1 - s),
    ("tanh", 0): np.tanh,
    ("tanh", 1): lambda x: 1 - np.tanh(x) ** 2,
    ("gelu", 0): lambda x: x / 2 * (1 + scipy.special.erf(x / np.sqrt(2).astype(x.dtype))),
    ("gelu", 1): lambda x: (
        (1 + scipy.special.erf(x / np.sqrt(2).astype(x.dtype))) / 2
        + x * np.exp(-x * x / 2) / np.sqrt(2 * np.pi).astype(x.dtype)
    ),
    ("silu", 0): lambda x: x / (1 + np.exp(-x)),
    ("silu", 1): lambda x: (s := 1 / (1 + np.exp(-x))) * (1 + x * (1 - s)),
    ("relu", 0): lambda x: np.maximum(x, 0),
    ("relu", 1): lambda x: (x > 0).astype(x.dtype),
    ("leaky_relu", 0): lambda x: np.where(x > 0, x, x.dtype.type(0.01) * x),
    ("leaky_relu", 1): lambda x: np.where(x > 0, x.dtype.type(1), x.dtype.type(0.01)),
    ("softplus", 0): lambda x: np.log1p(np.exp(x)),
    ("softplus", 1): lambda x: 1 / (1 + np.exp(-x)),
    ("mish", 0): lambda x: x * np.tanh(np.log1p(np.exp(x))),
    ("mish", 1): lambda x: (t := np.tanh(np.log1p(e := np.exp(x)))) + x * (e / (1 + e)) * (1 - t * t),
}
SCIPY: dict[tuple[str, int], Callable[[Any], Any]] = {
    ("sigmoid", 0): scipy.special.expit,
    ("gelu", 0): lambda x: x * scipy.special.ndtr(x),
    ("silu", 0): lambda x: x * scipy.special.expit(x),
}


def main() -> None:
    """Print one table for each dtype."""
    console = Console()
    for dtype in (np.float32, np.float64):
        x = np.random.default_rng(0).standard_normal(SIZE).astype(dtype)
        table = Table(title=f"{SIZE:.0e} {np.dtype(dtype).name}, standard normal; M elements/s")
        for heading in (
            "f",
            "actcli, 1 thread",
            f"{usable_cores()} threads",
            "of copy",
            "books",
            "SciPy",
            "× books",
            "× SciPy",
            "fused, 1 thread",
            "of its copy",
            "× actcli",
        ):
            table.add_column(heading, justify="right")
        for (name, order), book in BOOKS.items():
            rates = measure(name, order, book, SCIPY.get((name, order)), x)
            single, all_cores, scipy_rate = rates["one"], rates["all"], rates.get("scipy")
            table.add_row(
                name + "′" * order,
                f"{single:.0f}",
                f"{all_cores:.0f}",
                f"{all_cores / rates['copy']:.0%}",
                f"{rates['books']:.0f}",
                f"{scipy_rate:.0f}" if scipy_rate else "",
                f"{single / rates['books']:.1f}",
                f"{single / scipy_rate:.1f}" if scipy_rate else "",
                *_fused_cells(rates),
            )
        console.print(table)


def measure(
    name: str, order: int, book: Callable[[Any], Any], other: Callable[[Any], Any] | None, x: Any
) -> dict[str, float]:
    """Return million elements a second of each way to compute one function, and of a copy, measured together."""
    function = actcli.get(name)
    out = [np.empty_like(x) for _ in range(order + 1)]

    def ours(threads: int) -> Callable[[], object]:
        return lambda: function._apply(x, order, out, threads)

    candidates: dict[str, Callable[[], object]] = {
        "one": ours(1),
        "all": ours(usable_cores()),
        "copy": lambda: np.copyto(out[0], x),
        "books": lambda: book(x),
    }
    if other is not None:
        candidates["scipy"] = lambda: other(x)
    if not PROVIDER.missing():
        from actcli.implementations.fused.compute import compute

        candidates["fused"] = lambda: compute(function, tuple(range(order + 1)), x, out, 1)
        candidates["copies"] = lambda: [np.copyto(each, x) for each in out]
    with np.errstate(all="ignore"):
        return {key: x.size / seconds / 1e6 for key, seconds in interleaved(candidates).items()}


def _fused_cells(rates: dict[str, float]) -> list[str]:
    """Return the rate of the compiled loop, its share of that of copies to as many arrays, and of our NumPy kernel."""
    if "fused" not in rates:
        return ["", "", ""]
    fused = rates["fused"]
    return [f"{fused:.0f}", f"{fused / rates['copies']:.0%}", f"{fused / rates['one']:.1f}"]
