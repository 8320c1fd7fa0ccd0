"""The Typer application, holding no more commands than the words at hand need: each takes a while to set up."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module

import typer

COMMANDS = ("eval", "derive", "stability", "gradflow", "bench", "list")
"""In the order of the help; each is the module of that name, which registers itself."""


def application(arguments: Sequence[str] = ()) -> typer.Typer:
    """Return the application with the command that the arguments begin with, or with all where they begin with none."""
    app = typer.Typer(
        name="actcli",
        help="The workbench for neural-network activation functions.",
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "ACTCLI"},
    )
    app.callback()(_root)
    for name in arguments[:1] if arguments and arguments[0] in COMMANDS else COMMANDS:
        import_module(f"actcli.cli.{name}").register(app)
    return app


def _root(
    version: bool = typer.Option(
        False, "--version", help="Print the version and exit.", is_eager=True, show_envvar=False
    ),
) -> None:
    if version:
        from actcli.version import VERSION

        sys.stdout.write(f"actcli {VERSION}\n")
        raise typer.Exit
