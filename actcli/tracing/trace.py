"""From an activation to its arithmetic: f, f′ and f″ as values of one graph, and what they need at the edges."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from actcli.activations.record import Real
from actcli.tracing.graph import Tape, Value, compute
from actcli.tracing.namespace import Namespace

if TYPE_CHECKING:
    from actcli.activations.function import Function


@dataclass(frozen=True, slots=True)
class Edge:
    """A point that the arithmetic isn't made for (NaN, an infinity, an end of the domain), and what is due there."""

    at: float
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Trace:
    """f, f′, … as values, and for each of them the edges where its arithmetic alone would be wrong."""

    outputs: tuple[Value, ...]
    edges: tuple[Edge, ...]
    wrong: tuple[tuple[Edge, ...], ...]


def trace(function: Function, order: int) -> Trace:
    """Return the arithmetic of a function and its derivatives up to `order`.

    Raises UsageError for a kernel that uses more than every language has.
    """
    from actcli.tracing.formulas import formula_outputs

    tape = Tape()
    if function.record.kernel is None:
        outputs = formula_outputs(function, order, tape)
    else:
        outputs = kernel_outputs(function, order, tape.x)
    edges = _edges(function, order)
    found = compute(outputs, [edge.at for edge in edges])
    wrong = tuple(
        tuple(edge for edge, got in zip(edges, values, strict=True) if not _same(float(got), edge.values[k]))
        for k, values in enumerate(found)
    )
    return Trace(tuple(outputs), edges, wrong)


def kernel_outputs(function: Function, order: int, x: Value) -> list[Value]:
    """Run a record's kernel over a value. The names of its variables become hints for printing."""
    parameters = {name: Real(number) for name, number in function.parameters.items()}
    assert function.record.kernel is not None
    parts: Any = function.record.kernel(x, Namespace(x.tape, function.name), **parameters)
    outputs = []
    for part in islice(parts, order + 1):
        outputs.append(x.tape.value(part))
        for name, value in parts.gi_frame.f_locals.items():
            if isinstance(value, Value) and name != "x" and not value.hint:
                value.hint = name.strip("_")
    return outputs


def guarded(function: Function, order: int, x: Value) -> list[Value]:
    """Return what a kernel makes of a value that may itself be NaN or infinite."""
    inner = trace(function, order)
    outputs = []
    for k, output in enumerate(kernel_outputs(function, order, x)):
        for edge in inner.wrong[k]:
            here = x.tape.apply("isnan", x) if math.isnan(edge.at) else x == edge.at
            output = x.tape.apply("where", here, edge.values[k], output)
        outputs.append(output)
    return outputs


def _edges(function: Function, order: int) -> tuple[Edge, ...]:
    nothing = (math.nan,) * (order + 1)
    known = {float(at): tuple(float(limits[k]) for k in range(order + 1)) for at, limits in function.edges.items()}
    places = {**dict.fromkeys((math.inf, -math.inf), nothing), **known}
    return (Edge(math.nan, nothing), *(Edge(at, values) for at, values in places.items()))


def _same(got: float, due: float) -> bool:
    return got == due or (math.isnan(got) and math.isnan(due))


def sample() -> np.ndarray[Any, Any]:
    """Return numbers of every size and sign, for questions that a look at the graph doesn't answer."""
    sizes = np.ldexp(np.linspace(1.0, 2.0, 16, endpoint=False), np.arange(-60, 1020, 4)[:, None]).ravel()
    return np.concatenate([sizes, -sizes, np.linspace(-40.0, 40.0, 8001)])
