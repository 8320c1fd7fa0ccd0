"""The formulas of the books as a provider: every variant, or one by its name."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, partial
from typing import TYPE_CHECKING

from actcli.core.device import Device
from actcli.errors import UsageError, suggestion
from actcli.implementations.peers import parameters_for
from actcli.implementations.provider import Array, Implementation, Provider
from actcli.implementations.textbook import gates, rectifiers, rows, sigmoids
from actcli.implementations.textbook.variant import Variant

if TYPE_CHECKING:
    from actcli.activations.registry import AnyFunction
    from actcli.core.formats import Format


VARIANTS = (*sigmoids.VARIANTS, *rectifiers.VARIANTS, *gates.VARIANTS, *rows.VARIANTS)


@cache
def _table() -> dict[tuple[str, int, str], Variant]:
    return {(each.activation, each.order, each.name): each for each in VARIANTS}


def variant_names(functions: Sequence[AnyFunction] = ()) -> list[str]:
    """Return the names of the variants of some functions, or of all."""
    known = {function.record.name for function in functions}
    return list(dict.fromkeys(each.name for each in VARIANTS if not known or each.activation in known))


def variant(name: str, functions: Sequence[AnyFunction] = ()) -> Provider:
    """Return the provider of one variant, named `textbook:naive`. Raises UsageError, which lists those of functions."""
    wanted = name.partition(":")[2]
    if wanted not in variant_names():
        there = variant_names(functions)
        near = suggestion(wanted, there) or (f"; there are {', '.join(there)}" if there else "; it has none of these")
        raise UsageError(f"--impl {name}: the textbook has no variant {wanted!r}{near}")
    return Provider(name, partial(_find, only=wanted))


def _find(function: AnyFunction, order: int, format: Format, device: Device, only: str = "") -> list[Implementation]:
    activation, found = function.record.name, []
    for each in VARIANTS:
        wanted = (each.activation, each.order) == (activation, order) and only in ("", each.name)
        if wanted and device.kind == "cpu" and (own := parameters_for(each.compute, function, before=1)) is not None:
            call = partial(_run, activation, order, each.name, own)
            name = f"textbook:{each.name}"
            found.append(Implementation(name, function.name, order, format.name, call, note=each.source))
    return found


def _run(activation: str, order: int, name: str, parameters: dict[str, float], x: Array) -> Array:
    numbers = {key: x.dtype.type(value) for key, value in parameters.items()}
    result: Array = _table()[activation, order, name].compute(x, **numbers)
    return result


PROVIDER = Provider("textbook", _find)
