"""`--param NAME=VALUE`."""

from __future__ import annotations

from fractions import Fraction

from actcli.errors import UsageError


def parameters(texts: list[str] | None) -> dict[str, Fraction]:
    """Read NAME=VALUE words. Raises UsageError for a word of another form, a repeated name or a bad number."""
    from actcli.activations.words import read_number

    found: dict[str, Fraction] = {}
    for text in texts or []:
        name, equals, value = text.partition("=")
        name = name.strip()
        if not equals or not name.isidentifier():
            raise UsageError(f"--param {text!r}: write NAME=NUMBER")
        if name in found:
            raise UsageError(f"--param {name} is given twice")
        if name == "x":
            raise UsageError("--param x: x is the variable; give its values as arguments")
        found[name] = read_number(value, f"--param {name}")
    return found
