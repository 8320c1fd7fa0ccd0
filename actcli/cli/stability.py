"""`actcli stability`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from actcli.cli import options
from actcli.cli.command import Command
from actcli.cli.say import status_of, teller
from actcli.errors import UsageError

if TYPE_CHECKING:
    from actcli.activations.registry import AnyFunction
    from actcli.analyses.stability.request import Request
    from actcli.render.plan import Plan
    from actcli.report import Report, Table

_WIDE = 120
"""Columns of a terminal that have room for a whole audit."""

Each = TypeVar("Each")


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("stability", cls=Command, epilog=options.EPILOG)(stability)


def stability(
    ctx: typer.Context,
    act: options.Activation,
    impl: Annotated[
        str,
        options.option(
            "--impl",
            metavar="NAME,…",
            help="Who computes it: actcli, textbook, textbook:VARIANT, torch, scipy … (a library), installed, all, or "
            "your own module:function or file.py:function.",
        ),
    ] = "actcli,textbook",
    impl_gradient: Annotated[
        str, options.option("--impl-gradient", metavar="MODULE:FUNCTION", help="The derivative of your own function.")
    ] = "",
    array: Annotated[
        str, options.option("--array", metavar="numpy|torch|cupy|jax", help="The arrays that your own function takes.")
    ] = "",
    order: Annotated[
        str | None,
        options.option(
            "--order",
            metavar="0|1|2,…",
            help="f, f′ or f″, or several of them (default 0; 0,1 with --impl-gradient).",
        ),
    ] = None,
    dtype: Annotated[
        str | None,
        options.option(
            "--dtype",
            metavar="NAME,…",
            help="Formats of inputs and answers (default float16,bfloat16,float32).",
            autocompletion=options.complete_dtype,
        ),
    ] = None,
    device: options.DeviceName = "cpu",
    points: Annotated[
        str | None,
        options.option(
            "--points",
            metavar="extremes|sampled|exhaustive",
            help="Where to look (default: every number of a 16-bit format, a sample of a wider one).",
        ),
    ] = None,
    range: Annotated[str | None, options.option("--range", metavar="A:B", help="Only x with A ≤ x ≤ B.")] = None,
    samples: Annotated[
        int | None, options.option("--samples", metavar="N", help="Random points of a sample (default 10000).")
    ] = None,
    seed: Annotated[int, options.option("--seed", metavar="N", help="The seed of the sample.")] = 0,
    by: Annotated[
        str | None, options.option("--by", metavar="binade", help="One row a binade of x, to see where it breaks.")
    ] = None,
    subnormals: Annotated[
        str,
        options.option(
            "--subnormals", metavar="keep|flush", help="flush: an answer of 0 for a subnormal truth is right."
        ),
    ] = "keep",
    max_ulp: Annotated[
        float | None,
        options.option("--max-ulp", metavar="U", help="Exit with 1 when an error is larger, in ULP; on NaN too."),
    ] = None,
    max_rel: Annotated[
        float | None, options.option("--max-rel", metavar="R", help="The same for the relative error.")
    ] = None,
    max_abs: Annotated[
        float | None, options.option("--max-abs", metavar="A", help="The same for the absolute error.")
    ] = None,
    worst: Annotated[
        int | None, options.option("--worst", metavar="N", help="List the N worst cases (default 10 in --table worst).")
    ] = None,
    workers: Annotated[
        int | None, options.option("--workers", metavar="N", help="Processes of an exhaustive float32 audit.")
    ] = None,
    checkpoint: Annotated[
        str | None,
        options.option(
            "--checkpoint", metavar="FILE", help="An exhaustive float32 audit that was cut off goes on from here."
        ),
    ] = None,
    timeout: Annotated[
        float, options.option("--timeout", metavar="SECONDS", help="How long one call of your code may take.")
    ] = 60.0,
    dump_inputs: Annotated[
        str | None,
        options.option("--dump-inputs", metavar="FILE.npy", help="Write the inputs for somebody else to answer."),
    ] = None,
    inputs: Annotated[
        str | None, options.option("--inputs", metavar="FILE.npy", help="Audit answers computed elsewhere: the inputs.")
    ] = None,
    got: Annotated[str | None, options.option("--got", metavar="FILE.npy", help="The answers to --inputs.")] = None,
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
) -> int:
    """Audit how activations are computed, to the last bit, by anybody, against the exact value.

    \b
    actcli stability sigmoid
    actcli stability sigmoid --impl textbook --points extremes --table extremes
    actcli stability gelu --impl torch --order 1 --dtype float32 --by binade
    actcli stability gelu --impl mykernels:fast_gelu --max-ulp 1
    """  # noqa: D301 - the backspace keeps the lines apart
    from actcli.analyses.stability import Who, stability_of_file
    from actcli.analyses.stability import stability as analyse
    from actcli.analyses.stability.request import request as requested
    from actcli.cli.progress import StatusLine
    from actcli.core.device import get_device
    from actcli.core.numbers import split_names
    from actcli.render import plan, render

    style = options.nonfinite_style(nonfinite)
    terminal = options.terminal_facts(color)
    places = plan(format=format, outputs=output or [], plots=plot or [], terminal=terminal, digits=digits)
    request = requested(
        order=order or ("0,1" if impl_gradient else "0"),
        dtype=dtype or (),
        points=points,
        range=range,
        samples=samples,
        seed=seed,
        by=by,
        subnormals=subnormals,
        max_ulp=max_ulp,
        max_rel=max_rel,
        max_abs=max_abs,
        worst=worst,
        workers=workers,
        timeout=timeout,
        checkpoint=checkpoint,
    )
    functions = _functions(ctx, act, param)
    if dump_inputs:
        _dump(dump_inputs, functions, request)
        return 0
    if bool(inputs) != bool(got):
        raise UsageError("--inputs and --got go together: the numbers, and what was computed from them")
    if inputs:
        _refuse_beside_files(ctx)
    with StatusLine(sys.stderr, shown=terminal.stderr_is_tty and not quiet) as line:
        if inputs and got:
            expected = _one(request.formats, "--dtype") if dtype else None
            report = stability_of_file(_one(functions, "activation"), expected, inputs, got, request, table=table)
        else:
            who = Who(split_names(impl), get_device(device, teller(quiet)), impl_gradient, array)
            report = analyse(functions, who, request, table=table, progress=line.update)
    wanted = _wanted(report, places, request, several=worst is not None) if table is None else report
    shown = _for_people(wanted, places, request, reasons=verbose > 0 or terminal.width >= _WIDE)
    render(
        shown,
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
    return status_of(report, places, terminal)


def _functions(ctx: typer.Context, act: str, param: list[str] | None) -> list[AnyFunction]:
    from actcli.analyses.stability.losses import LOSSES, with_targets
    from actcli.cli.catalogue import catalogue_of
    from actcli.cli.eval import resolve
    from actcli.cli.parameters import parameters
    from actcli.config import Config

    given = parameters(param)
    added = ctx.obj.activations if ctx.obj else {}
    catalogue = catalogue_of(Config(activations={**LOSSES, **added}))
    return with_targets(resolve(act, given, catalogue), given, catalogue)


def _one(several: Sequence[Each], what: str) -> Each:
    if len(several) != 1:
        raise UsageError(f"values from elsewhere are those of one {what}: give one, not {len(several)}")
    return several[0]


def _refuse_beside_files(ctx: typer.Context) -> None:
    """Refuse the options that say who computes and where, which the files say already."""
    for name in ("impl", "impl_gradient", "array", "points", "samples"):
        source = ctx.get_parameter_source(name)
        if source is not None and not source.name.startswith("DEFAULT"):
            option = f"--{name.replace('_', '-')}"
            raise UsageError(f"{option} means nothing beside --inputs and --got, which are points and answers")


def _dump(path: str, functions: Sequence[AnyFunction], request: Request) -> None:
    import numpy as np

    from actcli.analyses.stability.recorded import dumped
    from actcli.render.output import open_output

    if not path.endswith(".npy"):
        raise UsageError(f"--dump-inputs {path}: the numbers are written as .npy; give a name that ends so")
    order, format = _one(request.orders, "--order"), _one(request.formats, "--dtype")
    numbers = dumped(_one(functions, "activation"), order, format, request)
    with open_output(path) as file:
        np.save(file, numbers)
    sys.stderr.write(f"actcli: {len(numbers):,} inputs written to {path}\n")


def _wanted(report: Report, places: Plan, request: Request, *, several: bool) -> Report:
    """Return the report with the tables that people have asked for; programs get all of them."""
    if any(place.format == "json" for place in places.destinations):
        return report
    wanted = {"audit", *(["extremes"] if request.points == "extremes" else []), *(["worst"] if several else [])}
    return replace(report, tables={name: table for name, table in report.tables.items() if name in wanted})


def _for_people(report: Report, places: Plan, request: Request, *, reasons: bool) -> Report:
    """Return the report as people read it, where nobody else does: tables that fit into a terminal."""
    from actcli.analyses.stability.people import side_by_side, stretches, without_reasons
    from actcli.render.plan import PEOPLE

    if not all(place.format in PEOPLE for place in places.destinations):
        return report
    tables, remarks = dict(report.tables), report.notes
    audit = tables.get("audit")
    if audit is not None and request.by_binade:
        tables["audit"] = stretches(audit)
    elif audit is not None and not reasons and _is_crowded(audit) and places.stdout_format == "table":
        tables["audit"] = without_reasons(audit)
        remarks = (*remarks, "the reasons of the verdicts: add -v")
    if "extremes" in tables:
        tables["extremes"], said = side_by_side(tables["extremes"])
        remarks = (*remarks, *said)
    return replace(report, tables=tables, notes=remarks)


def _is_crowded(table: Table) -> bool:
    """Tell whether rows differ in more than who computes, which takes the room of the reasons."""
    keys = [column.name for column in table.columns_for("people")]
    return any(name in keys for name in ("activation", "order", "dtype"))
