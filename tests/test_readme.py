"""Every command of the README is run, and prints what the README says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import clean_environment

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
SESSIONS = re.findall(r"```console\n(.*?)```", README, re.DOTALL)
COMMANDS = [
    (command, output)
    for session in SESSIONS
    for command, output in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", session, re.MULTILINE)
]


NUMBER = re.compile(r"-?\d+\.\d+(?:e-?\d+)?")


def same(printed: str, promised: str) -> bool:
    """Tell whether two texts agree, but for the last digits of numbers: NumPy's exp differs a little by processor."""
    if NUMBER.sub("#", printed) != NUMBER.sub("#", promised):
        return False
    pairs = zip(NUMBER.findall(printed), NUMBER.findall(promised), strict=True)
    return all(float(a) == pytest.approx(float(b), rel=1e-14 if len(b) > 14 else 2e-7) for a, b in pairs)


def shell(command: str) -> subprocess.CompletedProcess[str]:
    script = f'actcli() {{ "{sys.executable}" -m actcli "$@"; }}\n{command} 2>&1'
    return subprocess.run(
        ["bash", "-c", script],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=clean_environment(),
        check=False,
    )


@pytest.mark.parametrize(("command", "output"), COMMANDS, ids=[command for command, _ in COMMANDS])
def test_commands_print_what_the_readme_says(command: str, output: str) -> None:
    printed = shell(command).stdout
    assert same(printed.rstrip(), output.rstrip()), printed


def test_there_are_commands_to_test() -> None:
    assert len(COMMANDS) >= 10


def test_the_python_block_runs() -> None:
    (block,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    namespace: dict[str, object] = {}
    exec(compile(block, "README.md", "exec"), namespace)


@pytest.mark.parametrize("path", sorted((ROOT / "sample_configs").glob("*.toml")), ids=lambda path: path.name)
def test_sample_configurations_do_what_their_comments_say(path: Path, tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("id,z\n007,-5\n")
    commands = re.findall(r"^#   (actcli .*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    assert commands
    for command in commands:
        local = command.replace("sample_configs/", f"{ROOT}/sample_configs/")
        script = f'cd "{tmp_path}"; actcli() {{ "{sys.executable}" -m actcli "$@"; }}\n{local}'
        done = subprocess.run(
            ["bash", "-c", script],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env=clean_environment(),
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout


def test_every_command_has_a_place_in_the_readme() -> None:
    from actcli.cli.application import application

    for command in application().registered_commands:
        assert f"actcli {command.name}" in README
