"""`actcli bench`."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from actcli.cli import options
from actcli.cli.command import Command
from actcli.cli.say import status_of, teller
from actcli.errors import UsageError

if TYPE_CHECKING:
    from actcli.render.plan import Plan
    from actcli.report import Report

INTERRUPTED = 130


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("bench", cls=Command, epilog=options.EPILOG)(bench)


def bench(
    ctx: typer.Context,
    act: Annotated[
        str | None,
        typer.Argument(
            metavar="[ACT,…]",
            help="Names, formulas, or code of your own, separated by commas (default sigmoid,tanh,relu,leaky_relu,"
            "gelu,silu).",
            autocompletion=options.complete_activation,
            show_default=False,
        ),
    ] = None,
    impl: Annotated[
        str,
        options.option(
            "--impl",
            metavar="NAME,…",
            help="Who computes it: actcli, textbook, textbook:VARIANT, torch, scipy … (a library), installed, all, or "
            "your own module:function or file.py:function. The textbook is always measured, for the speedups.",
        ),
    ] = "actcli,textbook",
    impl_gradient: Annotated[
        str, options.option("--impl-gradient", metavar="MODULE:FUNCTION", help="The derivative of your own function.")
    ] = "",
    array: Annotated[
        str, options.option("--array", metavar="numpy|torch|cupy|jax", help="The arrays that your own function takes.")
    ] = "",
    size: Annotated[
        str | None, options.option("--size", metavar="N,…", help="Elements, such as 1e3,1e6 (default 1e6).")
    ] = None,
    dtype: Annotated[
        str,
        options.option(
            "--dtype",
            metavar="NAME,…",
            help="Formats of inputs and answers.",
            autocompletion=options.complete_dtype,
        ),
    ] = "float32",
    order: Annotated[
        str | None,
        options.option("--order", metavar="0|1|0+1,…", help="f, f′, or both in one pass (default 0)."),
    ] = None,
    threads: Annotated[
        str | None, options.option("--threads", metavar="N,…", help="Threads, for those who can (default: their own).")
    ] = None,
    distribution: Annotated[
        str,
        options.option(
            "--distribution",
            metavar="NAME|FILE,…",
            help="Inputs: normal, uniform, saturated, subnormal, nan-mixed, or the numbers of a file.",
        ),
    ] = "normal",
    cold: Annotated[
        bool, options.option("--cold/--hot", help="Data from memory, or the same data again and again, from the cache.")
    ] = True,
    prealloc: Annotated[
        bool, options.option("--prealloc/--alloc", help="Write into arrays that are there, or make new ones.")
    ] = True,
    budget: Annotated[float, options.option("--budget", metavar="SECONDS", help="Time for measuring, in all.")] = 10.0,
    workload: Annotated[
        str,
        options.option(
            "--workload",
            metavar="NAME",
            help="elementwise, or what activations are used in: lstm_cell, gru_cell, attention, softmax, bce. Their "
            "size is that of their first input: of lstm_cell, batch × 256 hidden units.",
        ),
    ] = "elementwise",
    memory: Annotated[bool, options.option("--memory", help="Measure the peak memory of a call too.")] = False,
    raw: Annotated[bool, options.option("--raw", help="Add the table raw, which has every sample.")] = False,
    compare: Annotated[
        str | None,
        options.option("--compare", metavar="FILE.json", help="An earlier -o FILE.json to compare this run with."),
    ] = None,
    fail_above: Annotated[
        float | None,
        options.option(
            "--fail-above", metavar="PERCENT", help="Exit with 1 when a row is slower by more than this for certain."
        ),
    ] = None,
    force: Annotated[bool, options.option("--force", help="Compare with a run of another machine.")] = False,
    seed: Annotated[int, options.option("--seed", metavar="N", help="The seed of the inputs and the rounds.")] = 0,
    device: options.DeviceName = "cpu",
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
    """Measure how fast activations are computed, by anybody, beside the machine's limit and the accuracy.

    \b
    actcli bench
    actcli bench gelu --impl actcli,torch --dtype float16,float32 --order 0+1
    actcli bench sigmoid,relu --size 1e3,1e5,1e7 --plot term
    actcli bench --workload lstm_cell
    actcli bench gelu -o before.json; actcli bench gelu --compare before.json --fail-above 5
    """  # noqa: D301 - the backspace keeps the lines apart
    from actcli.analyses.bench import bench as analyse
    from actcli.analyses.bench.request import CURVE, Who
    from actcli.analyses.bench.request import request as requested
    from actcli.analyses.bench.subjects import subjects
    from actcli.cli.catalogue import catalogue_of
    from actcli.cli.parameters import parameters
    from actcli.cli.progress import Countdown
    from actcli.core.device import get_device
    from actcli.core.numbers import split_names
    from actcli.render import plan, render

    style = options.nonfinite_style(nonfinite)
    terminal = options.terminal_facts(color)
    places = plan(format=format, outputs=output or [], plots=plot or [], terminal=terminal, digits=digits)
    request = requested(
        order=order,
        dtype=dtype,
        size=size or (CURVE if plot else ()),
        threads=threads,
        distribution=distribution,
        workload=workload,
        cold=cold,
        prealloc=prealloc,
        budget=budget,
        memory=memory,
        raw=raw,
        compare=compare,
        fail_above=fail_above,
        force=force,
        seed=seed,
    )
    if plot and len(request.sizes) < 2:
        raise UsageError("--plot draws throughput against size: give several, such as --size 1e3,1e5,1e7")

    who = Who(split_names(impl), get_device(device, teller(quiet)), impl_gradient, array)
    functions = subjects(act, parameters(param), catalogue_of(ctx.obj), workload)
    with Countdown(sys.stderr, terminal.width, shown=terminal.stderr_is_tty and not quiet) as line:
        report = analyse(functions, who, request, table=table, progress=line.update)
    for audience, paths in _audiences(places).items():
        render(
            _for_people(report) if audience == "people" and table is None else report,
            format=format,
            outputs=paths,
            table=table,
            plots=plot or [] if paths[0] == places.destinations[0].path else [],
            digits=digits,
            nonfinite=style,
            terminal=terminal,
            quiet=quiet,
            verbose=verbose,
        )
    status = status_of(report, places, terminal)
    if report.interrupted:
        sys.stderr.write("actcli: interrupted\n")
        return INTERRUPTED
    return status


def _audiences(places: Plan) -> dict[str, list[str]]:
    """Return the paths of what people read and of what programs read, where there are any."""
    from actcli.render.plan import PEOPLE

    found: dict[str, list[str]] = {}
    for place in places.destinations:
        found.setdefault("people" if place.format in PEOPLE else "programs", []).append(place.path)
    return found


def _for_people(report: Report) -> Report:
    """Return the report with the tables that people read."""
    names = ("timings", "relative", "comparison", "raw")
    return replace(report, tables={name: report.tables[name] for name in names if name in report.tables})
