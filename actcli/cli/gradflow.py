"""`actcli gradflow`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from actcli.cli import options
from actcli.cli.command import Command
from actcli.cli.say import status_of, teller
from actcli.errors import UsageError


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("gradflow", cls=Command, epilog=options.EPILOG)(gradflow)


def gradflow(
    ctx: typer.Context,
    act: Annotated[
        str | None,
        typer.Argument(
            metavar="[ACT,…]",
            help="A name (gelu), a name with parameters (leaky_relu:0.2), a formula in x, your own code "
            "(file.py:function), or a list of these separated by commas.",
            autocompletion=options.complete_activation,
            show_default=False,
        ),
    ] = None,
    acts: Annotated[
        str | None,
        options.option(
            "--act",
            metavar="ACT,…",
            envvar="ACTCLI_GRADFLOW_ACT",
            help="The same as an option.",
            autocompletion=options.complete_activation,
        ),
    ] = None,
    depth: Annotated[int, options.option("--depth", metavar="L", help="Layers, or time steps.")] = 20,
    width: Annotated[int, options.option("--width", metavar="N", help="Units a layer.")] = 256,
    trials: Annotated[int, options.option("--trials", metavar="N", help="Nets; intervals come from these.")] = 10,
    batch: Annotated[int, options.option("--batch", metavar="N", help="Examples, drawn from N(0, 1).")] = 64,
    init: Annotated[
        str | None,
        options.option(
            "--init",
            metavar="NAME,…",
            help="How weights are drawn: xavier, glorot_uniform, glorot_normal, he, kaiming_uniform, kaiming_normal, "
            "lecun, orthogonal, normal:S, pytorch, keras, critical (default: he for rectifiers, else xavier).",
        ),
    ] = None,
    sigma_w: Annotated[
        float | None,
        options.option("--sigma-w", metavar="S", help="Weights of standard deviation S/√fan_in, instead of --init's."),
    ] = None,
    sigma_b: Annotated[
        float | None,
        options.option("--sigma-b", metavar="S", help="Biases of standard deviation S, not --init's."),
    ] = None,
    arch: Annotated[
        str, options.option("--arch", metavar="mlp|residual|rnn|lstm|gru", help="The net; a recurrent one has steps.")
    ] = "mlp",
    norm: Annotated[
        str, options.option("--norm", metavar="none|batch|layer|rms", help="Normalise pre-activations.")
    ] = "none",
    samples: Annotated[int, options.option("--samples", metavar="N", help="Random paths in the table depth.")] = 1000,
    preactivations: Annotated[
        str, options.option("--preactivations", metavar="A:B", help="Where their pre-activations are drawn from.")
    ] = "-2:2",
    seed: Annotated[int, options.option("--seed", metavar="N", help="The seed of everything random.")] = 42,
    suggest_init: Annotated[
        bool,
        options.option("--suggest-init", help="Solve for the critical initialisation, try it, and print it as code."),
    ] = False,
    phase_diagram: Annotated[
        bool,
        options.option("--phase-diagram", help="The plane of σw² and σb², as a table and drawn."),
    ] = False,
    fail_if: Annotated[
        str | None,
        options.option("--fail-if", metavar="vanishing|exploding", help="Exit with 1 when the gradient does that."),
    ] = None,
    threshold: Annotated[
        float,
        options.option(
            "--threshold", metavar="SHARE", help="Vanishing is less than this at layer 1, exploding more than 1/SHARE."
        ),
    ] = 1e-3,
    q: Annotated[float, options.option("--q", metavar="Q", help="Variance at which moments are taken.")] = 1.0,
    data: Annotated[
        str | None,
        options.option(
            "--data", metavar="FILE", help="Examples instead of random ones, one a row: CSV or .npy, - is stdin."
        ),
    ] = None,
    neuron: Annotated[
        str | None,
        options.option("--neuron", metavar="W,W,…:B", help="One unit over --data: its weights and its bias."),
    ] = None,
    clip: Annotated[
        float | None, options.option("--clip", metavar="NORM", help="What clipping the gradient to a norm does.")
    ] = None,
    forget_bias: Annotated[
        float | None,
        options.option(
            "--forget-bias", metavar="B", help="Bias of the gate that keeps, of lstm and gru (default: as drawn)."
        ),
    ] = None,
    blocked: Annotated[
        float | None,
        options.option(
            "--blocked", metavar="P", help="Share of the units that let no gradient through, in the table paths."
        ),
    ] = None,
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
    """Show what happens to signal and gradient through depth, and what to do about it.

    \b
    actcli gradflow tanh
    actcli gradflow --depth 50 --act sigmoid,tanh,relu,gelu
    actcli gradflow gelu --depth 50 --suggest-init
    actcli gradflow tanh --arch lstm --depth 30 --forget-bias 1
    actcli gradflow "x*sigmoid(1.702*x)" --table theory
    """  # noqa: D301 - the backspace keeps the lines apart
    from actcli.analyses.gradflow import gradflow as analyse
    from actcli.analyses.gradflow import runs_nets
    from actcli.analyses.gradflow.cases import distinct
    from actcli.analyses.gradflow.people import answering, for_people
    from actcli.analyses.gradflow.request import request as requested
    from actcli.analyses.gradflow.sizes import takes_long
    from actcli.cli.catalogue import catalogue_of
    from actcli.cli.eval import resolve
    from actcli.cli.parameters import parameters
    from actcli.cli.progress import StatusLine
    from actcli.core.device import get_device
    from actcli.render import plan, render
    from actcli.render.plan import ONE_TABLE, PEOPLE

    style = options.nonfinite_style(nonfinite)
    terminal = options.terminal_facts(color)
    places = plan(format=format, outputs=output or [], plots=plot or [], terminal=terminal, digits=digits)
    plots = plot or (["term"] if phase_diagram and places.stdout_format == "table" and table in (None, "phase") else [])
    functions = distinct(resolve(_activations(ctx, act, acts), parameters(param), catalogue_of(ctx.obj)))
    request = requested(
        depth=depth,
        width=width,
        trials=trials,
        batch=batch,
        init=init,
        sigma_w=sigma_w,
        sigma_b=sigma_b,
        arch=arch,
        norm=norm,
        samples=samples,
        preactivations=preactivations,
        seed=seed,
        suggest_init=suggest_init,
        phase_diagram=phase_diagram,
        fail_if=fail_if,
        threshold=threshold,
        q=q,
        data=data,
        neuron=neuron,
        clip=clip,
        forget_bias=forget_bias,
        blocked=blocked,
        device=get_device(device, teller(quiet)),
    )
    people = all(place.format in PEOPLE for place in places.destinations)
    shown = None
    if people or all(place.format in ONE_TABLE for place in places.destinations):
        shown = [*(answering(request, functions) if people else ["summary"]), *(["phase"] if phase_diagram else [])]
    if runs_nets(request, table) and (warning := takes_long(request, len(functions) * max(len(request.inits), 1))):
        teller(quiet)(warning)
    with StatusLine(sys.stderr, shown=terminal.stderr_is_tty and not quiet) as line:
        report = analyse(functions, request, table=table, shown=shown, progress=line.update)
    render(
        for_people(report, request, functions, table=table) if people else report,
        format=format,
        outputs=output or [],
        table=table,
        plots=plots,
        digits=digits,
        nonfinite=style,
        terminal=terminal,
        quiet=quiet,
        verbose=verbose,
    )
    return status_of(report, places, terminal)


def _activations(ctx: typer.Context, act: str | None, acts: str | None) -> str:
    """Return the activations, which come as the argument or after `--act`; the argument outranks a configuration."""
    source = ctx.get_parameter_source("acts")
    if act is not None and acts is not None and source is not None and source.name == "COMMANDLINE":
        raise UsageError(f"the activations are given twice: {act} and --act {acts}; join them by commas")
    chosen = act or acts
    if not chosen:
        raise UsageError("which activation? Name one or several: actcli gradflow tanh,relu; `actcli list` shows them")
    return chosen
