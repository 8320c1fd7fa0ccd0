"""`actcli derive`."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Any

import typer

from actcli.cli import options
from actcli.cli.command import Command
from actcli.cli.parameters import parameters
from actcli.errors import UsageError

if TYPE_CHECKING:
    from actcli.activations.registry import AnyFunction

MOST_POINTS = 1000
"""Numbers that a derivation is worked out with."""
_NUMBER = re.compile(r"[-−]?(?:\.?\d|inf\b)\S*")


class DeriveCommand(Command):
    """A command in which several numbers may follow one `--at`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Repeat `--at` before each further number."""
        spelt: list[str] = []
        for word in args:
            after = spelt[-2:-1] == ["--at"] or (spelt and spelt[-1].startswith("--at="))
            spelt += ["--at", word] if after and _NUMBER.fullmatch(word) else [word]
        return super().parse_args(ctx, spelt)


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("derive", cls=DeriveCommand, epilog=options.EPILOG)(derive)


def derive(
    ctx: typer.Context,
    act: Annotated[
        str | None,
        typer.Argument(
            metavar="[ACT]",
            help="A name (gelu), a name with parameters (leaky_relu:0.2) or a formula in x. --check needs none.",
            autocompletion=options.complete_activation,
            show_default=False,
        ),
    ] = None,
    order: Annotated[int, options.option("--order", metavar="N", help="The highest derivative, 1 to 8.")] = 1,
    wrt: Annotated[
        str | None,
        options.option("--wrt", metavar="NAME", help="Derive by x (the default) or a parameter, such as beta."),
    ] = None,
    at: Annotated[
        list[str] | None,
        options.option("--at", metavar="X...", help="Work the derivation out with numbers, at one x or several."),
    ] = None,
    expand: Annotated[
        bool, options.option("--expand", help="Replace known functions by their definitions instead of naming them.")
    ] = False,
    emit: Annotated[
        str | None,
        options.option(
            "--emit",
            metavar="LANGUAGE",
            help="Print a function with its gradient as code: python, numpy, torch, jax, c, cuda or latex.",
        ),
    ] = None,
    check: Annotated[
        str | None,
        options.option(
            "--check",
            metavar='"LHS = RHS"',
            help="Tell whether an identity holds. Any variables; f'(x) and softmax(a, b)[0] can be written.",
        ),
    ] = None,
    answer: Annotated[
        str | None, options.option("--answer", metavar="FORMULA", help="Mark a derivative that somebody worked out.")
    ] = None,
    param: options.Param = None,
    format: options.Format = "auto",
    output: options.Output = None,
    table: options.TableName = None,
    plot: options.PlotTarget = None,
    digits: options.Digits = None,
    nonfinite: options.Nonfinite = "null",
    config: options.ConfigFile = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = 0,
    color: options.Color = "auto",
) -> None:
    """Derive an activation step by step, each step checked. Prove identities, mark answers, write code.

    \b
    actcli derive silu
    actcli derive sigmoid --at 3
    actcli derive prelu --wrt negative_slope
    actcli derive --check "tanh(x) = 2*sigmoid(2*x) - 1"
    actcli derive tanh --answer "1 - tanh(x)"
    actcli derive gelu --emit c -o gelu.h
    """  # noqa: D301 - the backspace keeps the lines apart
    from actcli.analyses.derive.request import Request, answered, one_function
    from actcli.cli.catalogue import catalogue_of
    from actcli.cli.progress import StatusLine

    style = options.nonfinite_style(nonfinite)
    terminal = options.terminal_facts(color)
    catalogue = catalogue_of(ctx.obj)
    request = Request(
        act, parameters(param), order, wrt, points(at or []), expand, check, answer, 4 if digits is None else digits
    )
    if emit is not None:
        request.refuse(
            "--emit",
            {
                "--check": check, "--answer": answer, "--at": at, "--expand": expand, "--wrt": wrt, "--plot": plot,
                "--table": table, "--format": format != "auto", "--digits": digits is not None,
            },
        )  # fmt: skip
        _emit(one_function(str(act), request.given, catalogue), emit, order, output or ["-"])
        return
    if plot and (check is not None or answer is not None):
        raise UsageError(f"--plot doesn't go with {'--answer' if check is None else '--check'}")

    from actcli.render import plan, render

    plan(format=format, outputs=output or [], plots=plot or [], terminal=terminal, digits=digits)
    with StatusLine(sys.stderr, shown=terminal.stderr_is_tty and not quiet) as status:
        report = answered(request, catalogue, lambda k, lines: status.update(f"{lines} lines, order", k, order))
    render(
        report,
        format=format,
        outputs=output or [],
        table=table,
        plots=plot or [],
        digits=digits,
        nonfinite=style,
        terminal=terminal,
        quiet=quiet,
        verbose=verbose,
    )
    if report.failed:
        raise typer.Exit(1)


def points(words: Sequence[str]) -> list[Fraction]:
    """Return the numbers of `--at`, exact: decimals, fractions (1/3) and ranges (0:2:0.5). Raises UsageError."""
    from actcli.activations.words import read_number, split_list
    from actcli.core.numbers import Range, chunked, read_points

    found: list[Fraction] = []
    for word in (part for each in words for part in split_list(each)):
        if ":" in word:
            span = read_points(word)
            if isinstance(span, Range) and span.count > MOST_POINTS:
                raise UsageError(f"--at takes at most {MOST_POINTS:,} numbers, and {word} has {span.count:,}")
            found += [Fraction(repr(float(x))) for chunk in chunked([span]) for x in chunk]
        else:
            found.append(read_number(word, "--at"))
    if len(found) > MOST_POINTS:
        raise UsageError(f"--at takes at most {MOST_POINTS:,} numbers, not {len(found):,}")
    return found


def _emit(function: AnyFunction, language: str, order: int, outputs: Sequence[str]) -> None:
    from actcli.analyses.emit import emit
    from actcli.render import open_output

    code = emit(function, language, order).encode()
    for path in outputs:
        with open_output(path, sys.stdout.buffer) as file:
            file.write(code)
