"""`actcli list`."""

from __future__ import annotations

from typing import Annotated

import typer

from actcli.cli import options
from actcli.cli.command import Command


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("list", cls=Command, epilog=options.EPILOG)(list_activations)


def list_activations(
    ctx: typer.Context,
    framework: Annotated[
        str, options.option("--framework", metavar="NAME", help="Only activations that this framework has.")
    ] = "",
    use: Annotated[
        str, options.option("--use", metavar="TEXT", help='Only activations with this use ("binary classification").')
    ] = "",
    format: options.Format = "auto",
    output: options.Output = None,
    table: options.TableName = None,
    nonfinite: options.Nonfinite = "null",
    config: options.ConfigFile = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = 0,
    color: options.Color = "auto",
) -> None:
    """List the activations: names, definitions, ranges, slopes, smoothness, cost and uses."""
    from actcli.analyses.catalogue import list_records
    from actcli.cli.catalogue import catalogue_of
    from actcli.render import plan, render

    style = options.nonfinite_style(nonfinite)
    terminal = options.terminal_facts(color)
    plan(format=format, outputs=output or [], plots=[], terminal=terminal)
    render(
        list_records(framework, use, catalogue_of(ctx.obj)),
        format=format,
        outputs=output or [],
        table=table,
        nonfinite=style,
        terminal=terminal,
        quiet=quiet,
        verbose=verbose,
    )
