"""Shared fixtures: the command as a real process, and the GPU where there is one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from actcli.core.device import get_device
from actcli.errors import MissingError

Completed = subprocess.CompletedProcess[str]


def clean_environment(**more: str) -> dict[str, str]:
    """Return the environment without what would change the output: colours, sizes, actcli's own variables."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ACTCLI_", "CLICOLOR"))}
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES"):
        kept.pop(name, None)
    return {**kept, "PYTHONIOENCODING": "utf-8", **more}


@pytest.fixture
def actcli() -> Callable[..., Completed]:
    """Run actcli as a user's shell would; without `stdin` its standard input is /dev/null."""

    def run(
        *arguments: str, stdin: str | None = None, environment: dict[str, str] | None = None, **more: Any
    ) -> Completed:
        return subprocess.run(
            [sys.executable, "-m", "actcli", *arguments],
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=120,
            env=clean_environment(**(environment or {})),
            check=False,
            **more,
        )

    return run


def pytest_configure() -> None:
    """Take Ctrl-C back where a shell has started the tests in the background: children inherit that it is ignored."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip GPU tests, saying why, where no GPU can be used."""
    if item.get_closest_marker("gpu"):
        try:
            get_device("gpu")
        except MissingError as error:
            pytest.skip(str(error))
