"""From the names people type after `--impl` to implementations."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import product
from typing import TYPE_CHECKING, TypeVar

from actcli.core.device import CPU, Device
from actcli.errors import MissingError, UsageError, suggestion
from actcli.implementations.provider import Implementation, Provider

if TYPE_CHECKING:
    from actcli.activations.registry import AnyFunction
    from actcli.core.formats import Format

GROUPS = ("installed", "all")
"""Words that stand for every provider that is there; `all` says in addition what isn't."""

Warn = Callable[[str], None]
Offer = TypeVar("Offer")

_Cases = tuple[tuple[tuple[int, ...], str], ...]
"""Orders, and the name of a format."""


@cache
def providers() -> dict[str, Provider]:
    """Return the providers by name, the project's own first."""
    from actcli.implementations import cupy, fused, jax, keras, numexpr, numpy, onnxruntime, own, scipy, textbook, torch

    modules = (own, fused, textbook, numpy, scipy, torch, jax, keras, onnxruntime, numexpr, cupy)
    return {module.PROVIDER.name: module.PROVIDER for module in modules}


@cache
def variants() -> dict[str, Provider]:
    """Return what a library has under names of its own, such as `cupy:fuse`; groups stand for the library alone."""
    from actcli.implementations import cupy

    return {provider.name: provider for provider in cupy.VARIANTS}


def choose(
    names: Sequence[str],
    functions: Sequence[AnyFunction] = (),
    *,
    gradient: str = "",
    array: str = "",
    warn: Warn = lambda message: None,
) -> list[Provider]:
    """Return the providers that names stand for; see `resolve`."""
    chosen = {each.name: each for name in names for each in _chosen(name.strip(), functions, gradient, array, warn)}
    codes = [name for name in chosen if is_code(name)]
    if (gradient or array) and not codes:
        option = "--impl-gradient" if gradient else "--array"
        raise UsageError(f"{option} is for code of your own, which --impl module:function names")
    if gradient and len(codes) > 1:
        raise UsageError(f"--impl-gradient is the derivative of one function, and --impl names {' and '.join(codes)}")
    return list(chosen.values())


def is_code(name: str) -> bool:
    """Tell whether an implementation's name is that of a user's own code."""
    return ":" in name and not name.startswith("textbook:") and name not in variants()


def _chosen(name: str, functions: Sequence[AnyFunction], gradient: str, array: str, warn: Warn) -> Iterator[Provider]:
    from actcli.implementations import textbook, user_provider

    known = providers() | variants()
    if name in GROUPS:
        for provider in providers().values():
            missing = provider.missing()
            if not missing:
                yield provider
            elif name == "all":
                warn(f"{provider.name} is left out: {missing}")
    elif name in known:
        if missing := known[name].missing():
            raise MissingError(f"--impl {name}: {missing}")
        yield known[name]
    elif name.startswith("textbook:"):
        yield textbook.variant(name, functions)
    elif ":" in name:
        yield user_provider.provider(name, gradient, array)
    else:
        every = [*known, *GROUPS, *(f"textbook:{variant}" for variant in textbook.variant_names(functions))]
        near = suggestion(name, every) or f"; there are {', '.join([*known, *GROUPS])} and module:function"
        raise UsageError(f"unknown implementation {name!r}{near}")


def resolve(
    names: Sequence[str],
    functions: Sequence[AnyFunction],
    orders: Sequence[int],
    formats: Sequence[Format],
    *,
    device: Device = CPU,
    gradient: str = "",
    array: str = "",
    warn: Warn = lambda message: None,
) -> list[Implementation]:
    """Return the implementations that names stand for: function by function, order by order, format by format.

    A name is a provider (`torch`), a variant of the textbook (`textbook:naive`), `installed`, `all`, or code of the
    user's own, `module:function` or `file.py:function`, whose derivative is the function `gradient` and which takes
    `array`: numpy, torch, jax or cupy. `warn` hears what a provider doesn't have, and with `all` what isn't installed.
    Raises UsageError for an unknown name and when nothing is left, MissingError for a library that was asked for by
    name and isn't there.
    """
    chosen = choose(names, functions, gradient=gradient, array=array, warn=warn)

    def offer(
        provider: Provider, function: AnyFunction, orders: tuple[int, ...], format: Format
    ) -> list[Implementation]:
        return provider.implementations(function, orders[0], format, device)

    return gather(chosen, functions, [(order,) for order in orders], formats, offer, warn)


def gather(
    chosen: Sequence[Provider],
    functions: Sequence[AnyFunction],
    orders: Sequence[tuple[int, ...]],
    formats: Sequence[Format],
    offer: Callable[[Provider, AnyFunction, tuple[int, ...], Format], list[Offer]],
    warn: Warn,
) -> list[Offer]:
    """Return what providers offer: function by function, orders by orders, format by format.

    `warn` hears what a provider doesn't have. Raises UsageError when nobody has anything.
    """
    cases = list(product(orders, formats))
    found: list[Offer] = []
    lacking: dict[str, dict[_Cases, list[str]]] = {provider.name: {} for provider in chosen}
    for function in functions:
        there = {
            (each, format.name, provider.name): offer(provider, function, each, format)
            for each, format in cases
            for provider in chosen
        }
        found += [offered for each in there.values() for offered in each]
        for provider in chosen:
            empty = [(each, format.name) for each, format in cases if not there[each, format.name, provider.name]]
            if empty:
                lacking[provider.name].setdefault(tuple(empty), []).append(function.name)
    lacks = [
        _lack(provider, names, empty, len(formats))
        for provider in chosen
        for empty, names in lacking[provider.name].items()
    ]
    if not found:
        raise UsageError("; ".join(lacks))
    for lack in lacks:
        warn(lack)
    return found


def _lack(provider: Provider, functions: Sequence[str], empty: _Cases, formats: int) -> str:
    """Say which derivatives of some functions a provider doesn't have, in which of the formats asked for."""
    derivatives: dict[str, list[tuple[int, ...]]] = {}
    for orders in dict.fromkeys(orders for orders, _ in empty):
        there = [format for each, format in empty if each == orders]
        where = f" in {', '.join(there)}" if len(there) < formats else ""
        derivatives.setdefault(where, []).append(orders)

    def asked(function: str, several: Sequence[tuple[int, ...]]) -> str:
        return " or ".join("+".join(function + "′" * order for order in orders) for orders in several)

    said = "; no ".join(
        ", ".join(asked(function, several) for function in functions) + where for where, several in derivatives.items()
    )
    hint = f"; {provider.hint}" if provider.hint and any(1 in orders for orders, _ in empty) else ""
    return f"{provider.name} has no {said}{hint}"
