"""Code generation: an activation and its derivatives as a file in another language.

The arithmetic is that of our own kernel, operation by operation: the kernel is run once over symbols, and what it did
is written down in the language asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from actcli.errors import UsageError

if TYPE_CHECKING:
    from actcli.activations.registry import AnyFunction

LANGUAGES: tuple[str, ...] = ("python", "numpy", "torch", "jax", "c", "cuda", "latex")


def emit(function: AnyFunction, language: str, order: int = 1) -> str:
    """Return the source text of a function and its derivatives up to `order` (1 or 2) in one of LANGUAGES.

    Functions are called `actcli_NAME`, `actcli_NAME_d1`, `actcli_NAME_d2`, where NAME is that of the record, and
    `formula` for a typed formula. Raises UsageError for an unknown language, an order beyond 2, a function of a whole
    vector, and a kernel that uses what not every language has.
    """
    from actcli.activations.function import Function
    from actcli.analyses.emit.source import Source

    if language not in LANGUAGES:
        raise UsageError(f"can't emit {language!r}; there are {', '.join(LANGUAGES)}")
    if order not in (1, 2):
        raise UsageError(f"emitted code has f, f′ and f″: the order must be 1 or 2, not {order}")
    if not isinstance(function, Function):
        raise UsageError(f"{function.name} is a function of a whole vector; only element-wise functions can be emitted")
    template = import_module(f"actcli.analyses.emit.languages.{language}")
    text: str = template.emit(function, order) if language == "latex" else template.emit(Source(function, order))
    return text
