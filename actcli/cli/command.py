"""What every command shares: arguments that begin with a minus sign, and leaving in good order.

`-5`, `-inf` and `-x*exp(x)` are values, `-f` and `--order` options. Click takes every word that begins with `-` for
an option, so before it looks, the minus sign of words that are numbers or formulas is swapped for U+2212, which our
readers of numbers and formulas accept.
"""

from __future__ import annotations

import re
from typing import Any

from typer.core import TyperCommand

_NUMBER = re.compile(r"-(?:\.?\d|inf(?:inity)?\b|nan\b)", re.IGNORECASE)
_FORMULA = re.compile(r"-(?:x$|pi$|√|[^-\s]*[*+/()²³⁰¹⁴-⁹·−])")
_ATTACHED = re.compile(r"-[of][^\w\s*+(²³]")  # -o/path and -o.csv carry an option's value


class ReaderGoneError(Exception):
    """Whoever read our output has closed it."""


class Interrupt(Exception):  # noqa: N818 - nothing went wrong
    """The user pressed Ctrl-C."""


def is_value(word: str) -> bool:
    """Tell whether a word that begins with a minus sign is a number, a range or a formula."""
    if word.startswith("--") or _ATTACHED.match(word):
        return False
    return bool(_NUMBER.match(word) or _FORMULA.match(word))


class Command(TyperCommand):
    """A command whose arguments may begin with a minus sign, and whose reader may leave; see the module."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Swap the minus sign of values, leaving alone what follows `--`, and what an option takes."""
        stop = args.index("--") if "--" in args else len(args)
        taking = {
            spelling
            for parameter in self.params
            if parameter.param_type_name == "option"
            and not (getattr(parameter, "is_flag", False) or getattr(parameter, "count", False))
            for spelling in parameter.opts
        }
        swapped: list[str] = []
        for position, word in enumerate(args[:stop]):
            taken = position > 0 and args[position - 1] in taking
            swapped.append("−" + word[1:] if not taken and is_value(word) else word)
        return super().parse_args(ctx, [*swapped, *args[stop:]])

    def invoke(self, ctx: Any) -> Any:
        """Run the command. Click would make a closed pipe an exit status of 1, and print a blank line for Ctrl-C."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise ReaderGoneError from None
        except KeyboardInterrupt:
            raise Interrupt from None
