"""The options commands share, each defined once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

import typer

from actcli.cli.application import COMMANDS
from actcli.errors import UsageError

if TYPE_CHECKING:
    from actcli.render import Terminal


def complete_activation(incomplete: str) -> list[str]:
    """Complete the last name of a comma list of activations."""
    from actcli.activations.registry import DEFAULT

    before, comma, last = incomplete.rpartition(",")
    return [before + comma + name for name in DEFAULT.names() if name.startswith(last)]


def complete_dtype(incomplete: str) -> list[str]:
    """Complete the name of a floating-point format."""
    from actcli.core.formats import FORMATS

    return [name for name in FORMATS if name.startswith(incomplete)]


def apply_config(ctx: typer.Context, value: str | None) -> str | None:
    """Make the section of this command in a configuration file the defaults of its options."""
    if not value or ctx.resilient_parsing:
        return value
    from actcli.config import defaults, load

    config = load(value)
    options = {
        spelling.lstrip("-").replace("-", "_"): (
            str(parameter.name),
            _takes_several(parameter),
            bool(getattr(parameter, "is_flag", False)),
        )
        for parameter in ctx.command.params
        if parameter.name not in ("config", "help")
        for spelling in (parameter.opts if parameter.param_type_name == "option" else [str(parameter.name)])
        if len(spelling) > 2 or parameter.param_type_name == "argument"
    }
    ctx.default_map = defaults(config, value, str(ctx.info_name), list(COMMANDS), options)
    ctx.obj = config
    return value


def _takes_several(parameter: Any) -> bool:
    return bool(getattr(parameter, "multiple", False)) or parameter.nargs == -1


def option(*names: str, help: str, **more: Any) -> Any:
    """Define an option; the environment variable that every option has is said once, at the end of the help."""
    return typer.Option(*names, help=help, **{"show_envvar": False, **more})


EPILOG = "Any option can be set by an environment variable, ACTCLI_COMMAND_OPTION (ACTCLI_EVAL_DTYPE=float32)."

Activation = Annotated[
    str,
    typer.Argument(
        metavar="ACT",
        help="A name (gelu), a name with parameters (leaky_relu:0.2), a formula in x (x*sigmoid(1.702*x)), or a list "
        "of these separated by commas.",
        autocompletion=complete_activation,
        show_default=False,
    ),
]
Format = Annotated[
    str,
    option(
        "-f", "--format", help="auto, table, csv, tsv, json, jsonl, markdown or latex; auto is a table on a terminal, "
        "else CSV.",
    ),
]  # fmt: skip
Output = Annotated[
    list[str] | None,
    option(
        "-o", "--output", metavar="FILE", help="Write to FILE, whole or not at all; its extension names the format. "
        "May be repeated; - is stdout.",
    ),
]  # fmt: skip
TableName = Annotated[
    str | None, option("--table", metavar="NAME", help="The table to print (csv, tsv and jsonl carry one).")
]
PlotTarget = Annotated[
    list[str] | None,
    option("--plot", metavar="TARGET", help="term draws in the terminal; a .png, .svg or .pdf path writes a figure."),
]
Digits = Annotated[
    int | None,
    option("--digits", metavar="N", help="Decimals in formats for people (default 4); data always has all digits."),
]
Dtype = Annotated[
    str,
    option("--dtype", help="float16, bfloat16, float32 or float64.", autocompletion=complete_dtype),
]
DeviceName = Annotated[str, option("--device", help="cpu, gpu, cuda:N or auto.")]
Param = Annotated[
    list[str] | None,
    option("--param", metavar="NAME=VALUE", help="A parameter of the activation or formula; may be repeated."),
]
ConfigFile = Annotated[
    str | None,
    option(
        "--config", metavar="FILE", help="TOML with defaults for options and activations of your own.",
        envvar="ACTCLI_CONFIG", is_eager=True, callback=apply_config,
    ),
]  # fmt: skip
Nonfinite = Annotated[str, option("--nonfinite", help="null or string: how JSON writes inf and nan.")]
Quiet = Annotated[bool, option("-q", "--quiet", help="No notes on stderr.")]
Verbose = Annotated[int, option("-v", "--verbose", count=True, help="More on stderr; -vv shows tracebacks.")]
Color = Annotated[str, option("--color", help="auto, always or never.")]


def terminal_facts(color: str) -> Terminal:
    """Return what the streams can show. Raises UsageError for a `--color` that isn't one."""
    from actcli.render import Terminal

    one_of(color, ("auto", "always", "never"), "--color")
    return Terminal.detect(cast(Literal["auto", "always", "never"], color))


def nonfinite_style(value: str) -> Literal["null", "string"]:
    """Return `--nonfinite` checked. Raises UsageError."""
    return cast(Literal["null", "string"], one_of(value, ("null", "string"), "--nonfinite"))


def one_of(value: str, allowed: tuple[str, ...], option: str) -> str:
    """Return the value if it is allowed. Raises UsageError, which lists what is."""
    from actcli.errors import suggestion

    if value not in allowed:
        raise UsageError(f"{option} {value!r}{suggestion(value, list(allowed))}; choose from {', '.join(allowed)}")
    return value
