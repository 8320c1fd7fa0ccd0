"""What a typed formula lacks that a record states: a kernel, and limits. All from its definition."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from actcli.activations.function import Function
    from actcli.core.device import Device
    from actcli.expressions.algebras.scalars import Scalar

EXACT_UP_TO = 1024
"""Numbers that a typed formula is evaluated at exactly, in interval arithmetic. It may cancel where nobody has looked:
x/2·(1 + erf(x/√2)) has no digit left at -9. Longer arrays run as written, in float64."""


class FormulaEdges(Mapping[float, "Sequence[Scalar]"]):
    """The limits of a typed formula, worked out only when an infinite x asks for them."""

    def __init__(self, function: Function) -> None:
        self.function = function
        self.found: dict[float, list[float]] = {}

    def __getitem__(self, edge: float) -> Sequence[Scalar]:
        if not math.isinf(edge):
            raise KeyError(edge)
        if edge not in self.found:
            from actcli.core.limits import limits

            self.found[edge] = limits(self.function.reference, 1 if edge > 0 else -1)
        return self.found[edge]

    def __iter__(self) -> Iterator[float]:
        return iter((-math.inf, math.inf))

    def __len__(self) -> int:
        return 2


def formula_kernel(function: Function) -> Callable[[Any, int, Device], Sequence[Any]]:
    """Make a kernel from a definition, by jets; points where float64 overflows on the way are computed exactly.

    A formula as typed may pass through ∞/∞ or 0·∞ where its value is an ordinary number: the slope of 1/(1+exp(-x)) at
    −1000. The exact reference fills in whatever isn't finite, except where the formula has no real value.
    """
    import numpy as np

    from actcli.core.formats import FLOAT64
    from actcli.expressions.algebras.jets import jets

    def run(x: Any, order: int, device: Device) -> Sequence[Any]:
        xp = device.xp
        results, undefined = jets(function.program, x, order, device)
        lost = xp.zeros(x.shape, dtype=bool)
        for result in results:
            lost |= ~xp.isfinite(result)
        lost &= ~xp.broadcast_to(xp.asarray(undefined), x.shape)
        if not bool(lost.any()):
            return _without_value(results, xp)
        exact = function.reference.values(device.to_numpy(x[lost]), order, FLOAT64)
        filled = [xp.array(result) for result in results]
        for result, (numbers, _) in zip(filled, exact, strict=True):
            known = ~np.isnan(numbers)
            numbers[~known] = device.to_numpy(result[lost])[~known]  # a pole: keep its infinity
            result[lost] = device.array(numbers)
        return _without_value(filled, xp)

    return run


def _without_value(results: Sequence[Any], xp: Any) -> Sequence[Any]:
    """Where a function has no value it has no slope either."""
    nowhere = xp.isnan(results[0])
    return [results[0], *(xp.where(nowhere, xp.nan, result) for result in results[1:])]


def exactly(function: Function, array: Any, order: int) -> list[Any]:
    """Return correctly rounded [f, f′, …] of a formula; where there is no value, what float64 makes of it.

    A pole is such a place: log(x) at 0 is -∞ to whoever computes.
    """
    import numpy as np

    from actcli.core.apply import apply, result_format
    from actcli.core.device import device_of
    from actcli.core.formats import round_to

    device, target = device_of(array), result_format(array.dtype)
    rough = apply(function.kernel, array, order=order, edges=function.edges, threads=1)
    with np.errstate(all="ignore"):
        points = np.asarray(device.to_numpy(array), dtype=np.float64)
        results = []
        for values, (numbers, _) in zip(rough, function.reference.values(points, order, target), strict=True):
            fallback = np.asarray(device.to_numpy(values), dtype=np.float64)
            keep = np.isnan(numbers) | ((numbers == 0) & (fallback == 0))  # NaN, poles, and the sign of a zero
            results.append(np.where(keep, fallback, numbers))
        return [device.array(round_to(result, target)) for result in _without_value(results, np)]
