"""The configuration file: TOML, a section for each command, and `[activations.NAME]` for functions of one's own.

It only ever sets the defaults of options: a flag or an environment variable outranks it. An unknown key is an error.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from actcli.activations.registry import Definition
from actcli.errors import UsageError, suggestion


@dataclass(frozen=True, slots=True)
class Config:
    """What a configuration file says: option defaults by command, and additional activations by name."""

    sections: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    activations: Mapping[str, Definition] = field(default_factory=dict)


def load(path: str) -> Config:
    """Read a configuration file. Raises UsageError, which names the file and what is wrong in it."""
    try:
        # Decimals stay text, so that 0.1 in a file is one tenth.
        content = tomllib.loads(Path(path).read_text(encoding="utf-8"), parse_float=str)
    except OSError as error:
        raise UsageError(f"--config {path}: {error.strerror or error}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"--config {path}: not a TOML file: {error}") from None
    activations = content.pop("activations", {})
    for name, section in content.items():
        if not isinstance(section, dict):
            raise UsageError(
                f"--config {path}: {name} stands outside a section; write it under [eval] or another command"
            )
    if not isinstance(activations, dict):
        raise UsageError(f"--config {path}: write [activations.NAME] with a definition")
    return Config(content, {name: _activation(path, name, entry) for name, entry in activations.items()})


def _activation(path: str, name: str, entry: Any) -> Definition:
    where = f"--config {path}: [activations.{name}]"
    if not isinstance(entry, dict) or not isinstance(entry.get("definition"), str):
        raise UsageError(f'{where} needs a definition, such as definition = "x * sigmoid(beta * x)"')
    for key in entry:
        if key not in ("definition", "parameters"):
            raise UsageError(f"{where}: unknown key {key!r}{suggestion(key, ['definition', 'parameters'])}")
    parameters = entry.get("parameters", {})
    if not isinstance(parameters, dict) or not all(
        isinstance(v, int | str) and not isinstance(v, bool) for v in parameters.values()
    ):
        raise UsageError(f"{where}: parameters are numbers by name, such as parameters = {{ beta = 1.5 }}")
    return Definition(entry["definition"], {key: str(value) for key, value in parameters.items()})


def defaults(
    config: Config, path: str, command: str, commands: list[str], options: Mapping[str, tuple[str, bool, bool]]
) -> dict[str, Any]:
    """Return the defaults for the options of one command.

    `options` gives, for every key that may be written, what the command calls it, whether it may be given several
    times, and whether it is a switch. Raises UsageError for an unknown section or key, or a value that can't be one of
    an option.
    """
    for section in config.sections:
        if section not in commands:
            raise UsageError(f"--config {path}: unknown section [{section}]{suggestion(section, commands)}")
    found: dict[str, Any] = {}
    for key, value in config.sections.get(command, {}).items():
        if key.replace("-", "_") not in options:
            hint = suggestion(key, list(options))
            raise UsageError(f"--config {path}: [{command}] has no option {key!r}{hint}")
        name, several, switch = options[key.replace("-", "_")]
        if switch != isinstance(value, bool):
            what = "true or false" if switch else "a value"
            raise UsageError(f"--config {path}: [{command}] {key} takes {what}, not {value!r}")
        if isinstance(value, dict) or (isinstance(value, list) and not several):
            mend = '; where it takes several, write them in one text, as after the option: "a,b" or "A:B"'
            raise UsageError(f"--config {path}: [{command}] {key} takes one value, not {value!r}{mend}")
        found[name] = [str(each) for each in value] if isinstance(value, list) else [str(value)] if several else value
    return found
