"""From a kernel to the source of one loop over arrays, in the Python that numba compiles.

Blocks of ordinary numbers go through a shorter loop than others: no edges, no tails beyond the range of float64, and
elementary functions that needn't care for those either. Both loops give the same results.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from actcli.implementations.fused.specialise import specialised
from actcli.implementations.fused.spelling import WITHIN, LoopSpelling
from actcli.tracing.body import body
from actcli.tracing.graph import Value, compute, reachable
from actcli.tracing.polynomials import separated
from actcli.tracing.ranges import EVERYTHING, Interval, Ranges
from actcli.tracing.spelling import indented
from actcli.tracing.trace import Trace, trace

if TYPE_CHECKING:
    from actcli.activations.function import Function

ORDINARY = Interval(-64.0, 64.0)

BLOCK = 1 << 10
"""Elements that are looked at and then computed, while they are still in a first-level cache."""

_BLOCKS = """\
def loop({arrays}):
    for start in range(0, given.size, {block}):
        part = slice(start, start + {block})
        if is_ordinary(given[part]):
            ordinary({parts})
        else:
            any_numbers({parts})
"""


@dataclass(frozen=True, slots=True)
class Loop:
    """The source of `loop(given, out0, …)`, one `out` an order, and the polynomials it calls: coefficients → name.

    It calls the names of `spelling`, `float64`, `is_ordinary` and, to compile its parts, `inner`.
    """

    source: str
    polynomials: dict[tuple[float, ...], str]


def loop(function: Function, orders: Sequence[int], *, is_narrow: bool) -> Loop:
    """Return the loop that computes derivatives of these orders in float64; a narrow one rounds them to float32.

    Raises UsageError for a kernel that uses more than every language has.
    """
    traced = trace(function, max(orders))
    arrays = ["given", *(f"out{k}" for k in orders)]
    polynomials: dict[tuple[float, ...], str] = {}
    ordinary, any_numbers = (
        _function(name, arrays, _lines(traced, orders, x, is_narrow, polynomials))
        for name, x in (("ordinary", ORDINARY), ("any_numbers", EVERYTHING))
    )
    if not any(f"{name}_within(" in ordinary for name in WITHIN):  # then looking at the numbers gains nothing
        return Loop(any_numbers.replace("any_numbers", "loop", 1), polynomials)
    parts = ", ".join(f"{array}[part]" for array in arrays)
    blocks = _BLOCKS.format(arrays=", ".join(arrays), parts=parts, block=BLOCK)
    return Loop("\n\n".join([f"@inner\n{ordinary}", f"@inner\n{any_numbers}", blocks]), polynomials)


def _lines(
    traced: Trace, orders: Sequence[int], x: Interval, is_narrow: bool, polynomials: dict[tuple[float, ...], str]
) -> list[str]:
    """Return the statements for an x in an interval; new polynomials get names."""
    ranges = Ranges(x)
    outputs = specialised([traced.outputs[k] for k in orders], ranges, is_narrow=is_narrow)
    edges = [edge for edge in traced.edges if x == EVERYTHING or x.low <= edge.at <= x.high]
    due = [[(edge.at, edge.values[k]) for edge in edges] for k in orders]
    outputs = separated([_guarded(*each, is_narrow) for each in zip(outputs, due, strict=True)])
    for value in reachable(outputs):
        if value.operation == "polynomial":
            value.hint = polynomials.setdefault(value.number, f"polynomial{len(polynomials) + 1}")
    written = body(outputs, LoopSpelling(ranges))
    return [
        "x = float64(given[i])",
        *(f"{each.name} = {each.text}" for each in written.statements),
        *(f"out{k}[i] = {result.text}" for k, result in zip(orders, written.results, strict=True)),
    ]


def _guarded(output: Value, edges: Sequence[tuple[float, float]], is_narrow: bool) -> Value:
    """Return a value with what is due at the edges put in where the arithmetic doesn't give it."""
    x = output.tape.x
    (got,) = compute([output], [at for at, _ in edges])
    if is_narrow:
        with np.errstate(all="ignore"):
            got = got.astype(np.float32)
    for (at, due), number in zip(edges, got.tolist(), strict=True):
        if number != due and not (math.isnan(number) and math.isnan(due)):
            here = x.tape.apply("isnan", x) if math.isnan(at) else x == at
            output = x.tape.apply("where", here, due, output)
    return output


def _function(name: str, arrays: Sequence[str], lines: Sequence[str]) -> str:
    head = [f"def {name}({', '.join(arrays)}):", "    for i in range(given.size):"]
    return "\n".join([*head, *indented(indented(lines)), ""])
