"""An earlier run to compare with: any file that `-o FILE.json` wrote."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np

from actcli.analyses.bench.environment import MACHINE
from actcli.analyses.bench.measure.others import OTHER_LOAD
from actcli.analyses.bench.row import Array, Key
from actcli.errors import UsageError

ROUNDS = "rounds"
"""The table that holds what intervals are computed from."""

SHORTEST, LONGEST = 1e-18, 1e9
"""Seconds between which a call's time lies; anything else was never measured."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """An earlier run: the seconds a call of each row, round by round, and the machine it ran on.

    `ratios` are the seconds over those of the textbook in the same rounds, `buffers` the sets that took turns.
    """

    path: str
    rounds: Mapping[Key, Array]
    environment: Mapping[str, str]
    buffers: Mapping[Key, int] = field(default_factory=dict)
    ratios: Mapping[Key, Array] = field(default_factory=dict)

    def check_machine(self, here: Mapping[str, str]) -> None:
        """Raise UsageError, which names what differs, unless it was made on this machine."""
        for name in MACHINE:
            before, now = self.environment.get(name, "unknown"), here.get(name, "unknown")
            if before != now:
                raise UsageError(
                    f"--compare {self.path} is of another machine: its {name} is {before}, here it is {now}; "
                    "--force compares all the same"
                )

    def differences(self, here: Mapping[str, str]) -> list[str]:
        """Return in words which software has changed since."""
        loads = ("load_average", OTHER_LOAD)
        passing = ("date", *loads, "clock_mhz", "gpu_clock", "gpu_memory_clock", "git_revision", *MACHINE)
        names = [name for name in dict.fromkeys((*self.environment, *here)) if name not in passing]
        pairs = [(name, self.environment.get(name, "none"), here.get(name, "none")) for name in names]
        return [f"{name} was {before}, is {now}" for name, before, now in pairs if before != now]


def read(path: str) -> Baseline:
    """Return the run in a file. Raises UsageError when it is missing or isn't one."""
    if not path:
        raise UsageError("--compare needs a file: give what `actcli bench -o FILE.json` wrote")
    try:
        content = json.loads(Path(path).read_bytes())
    except FileNotFoundError as error:
        raise UsageError(f"--compare {path}: {error.strerror}; `actcli bench -o {path}` makes it") from None
    except OSError as error:
        raise UsageError(
            f"--compare {path}: {error.strerror or error}; give what `actcli bench -o FILE.json` wrote"
        ) from None
    except (ValueError, RecursionError):
        raise UsageError(f"--compare {path}: not JSON; give what `actcli bench -o FILE.json` wrote") from None
    if not isinstance(content, dict) or content.get("report") != "bench":
        what = f"a report of {content['report']}" if _is_report(content) else "no report"
        raise UsageError(f"--compare {path}: {what}; give what `actcli bench -o FILE.json` wrote, without --table")
    try:
        rows = content["tables"][ROUNDS]
        rounds = {_key(row): _numbers(row["seconds"]) for row in rows}
        ratios = {_key(row): _numbers(row["over_textbook"]) for row in rows if row.get("over_textbook")}
        buffers = {_key(row): int(row["buffers"]) for row in rows if "buffers" in row}
        environment = {str(key): str(value) for key, value in content["environment"].items()}
    except (TypeError, KeyError, ValueError, AttributeError, OverflowError):
        raise UsageError(f"--compare {path}: its table {ROUNDS} can't be read") from None
    if not rounds:
        raise UsageError(f"--compare {path}: there are no timings in it")
    for key, seconds in (*rounds.items(), *ratios.items()):
        if not seconds.size or not np.all((seconds > SHORTEST) & (seconds < LONGEST)):
            what = f"{key.implementation} {key.activation} {key.dtype} {key.size}"
            raise UsageError(f"--compare {path}: its table {ROUNDS} has no times of {what}, or some that can't be")
    return Baseline(path, rounds, environment, buffers, ratios)


def rounds_text(seconds: Array) -> str:
    """Return times as `read` reads them, to six digits."""
    return " ".join(f"{each:.5e}" for each in seconds[np.isfinite(seconds)].tolist())


def _numbers(text: str) -> Array:
    return np.array(text.split(), dtype=np.float64)


def _is_report(content: Any) -> bool:
    return isinstance(content, dict) and isinstance(content.get("report"), str)


def _key(row: Mapping[str, Any]) -> Key:
    kinds = {"int": int, "str": str}
    return Key(**{each.name: kinds[str(each.type)](row[each.name]) for each in fields(Key)})


def nothing_in_common(keys: Sequence[Key], path: str) -> UsageError:
    """Return the error of a baseline that has none of these rows."""
    first = keys[0]
    return UsageError(
        f"--compare {path} has none of the rows measured here ({first.implementation} {first.activation} {first.dtype} "
        f"{first.size} …): measure the same activations, sizes and options"
    )
