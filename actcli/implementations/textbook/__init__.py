"""The formulas of the books as a provider: every variant, or one by its name."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from actcli.core.device import Device, get_device
from actcli.errors import UsageError, suggestion
from actcli.implementations.provider import Array, Implementation, Provider, address
from actcli.implementations.textbook.formulas import VARIANTS, Formula, formulas, usual
from actcli.implementations.timed import Ready, Timed, one_thread, ready, touched

if TYPE_CHECKING:
    from actcli.activations.registry import AnyFunction
    from actcli.core.formats import Format


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
    return Provider(name, partial(_find, only=wanted), timed=partial(_timed, only=wanted))


def _find(function: AnyFunction, order: int, format: Format, device: Device, only: str = "") -> list[Implementation]:
    return [
        Implementation(
            f"textbook:{each.name}", function.name, order, format.name, partial(_run, each), note=each.variant.source
        )
        for each in formulas(function, only)
        if each.order == order and device.kind == "cpu"
    ]


def _run(formula: Formula, x: Array) -> Array:
    result: Array = formula.bound(x.dtype)(x)
    return result


def _timed(
    function: AnyFunction, orders: tuple[int, ...], format: Format, device: Device, only: str = ""
) -> list[Timed]:
    chosen = usual(function, orders, only)
    name, source = f"textbook:{only}" if only else "textbook", "; ".join(each.variant.source for each in chosen)
    prepare = partial(_prepare, chosen, address(device))
    found = Timed(name, function.name, orders, format.name, device.name, source, one_thread, prepare)
    return [found] if chosen else []


def _prepare(chosen: Sequence[Formula], address: str, x: Array, out: bool, threads: int | None) -> Ready:
    device = get_device(address)
    given = device.array(x)
    written = [out and each.takes("out") for each in chosen]
    value, *derivatives = (
        partial(each.bound(x.dtype), given, **({"out": touched(given, device)} if has else {}))
        for each, has in zip(chosen, written, strict=True)
    )
    if not derivatives:
        return ready(value, device, allocates=not all(written))
    shares = [chosen[0].order == 0 and each.takes("y") for each in chosen[1:]]

    def run() -> tuple[Any, ...]:
        y = value()
        return y, *(slope(y=y) if shared else slope() for slope, shared in zip(derivatives, shares, strict=True))

    return ready(run, device, allocates=not all(written))


PROVIDER = Provider("textbook", _find, timed=_timed)
