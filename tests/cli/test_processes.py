"""What only a real process shows: pipes that close or say nothing, Ctrl-C, terminals, start-up, late errors."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Completed, clean_environment

COMMAND = [sys.executable, "-m", "actcli"]


def test_a_closed_pipe_is_silent() -> None:
    with subprocess.Popen(
        [*COMMAND, "eval", "sigmoid", "0:1e9"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=clean_environment(),
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith(b"activation")
        process.stdout.close()
        assert process.wait(timeout=60) == 0
        assert process.stderr.read() == b""


def test_a_range_of_a_billion_points_streams_in_little_memory() -> None:
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30));"
        "sys.argv = ['actcli', 'eval', 'sigmoid', '0:1e9', '--order', '0']; import actcli.__main__ as m; m.main()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=clean_environment()
    ) as process:
        assert process.stdout is not None
        for _ in range(300_000):
            assert process.stdout.readline()
        process.stdout.close()
        assert process.wait(timeout=60) == 0


def test_ctrl_c_leaves_no_partial_file(tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    with subprocess.Popen(
        [*COMMAND, "eval", "sigmoid", "0:1e9", "-o", str(target)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=clean_environment(),
    ) as process:
        _wait_for(lambda: any(path.stat().st_size > 0 for path in tmp_path.iterdir()))
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 130
        assert process.stderr is not None
        assert process.stderr.read() == b"actcli: interrupted\n"
    assert list(tmp_path.iterdir()) == []


def test_being_ended_leaves_no_partial_file_either(tmp_path: Path) -> None:
    with subprocess.Popen(
        [*COMMAND, "eval", "sigmoid", "0:1e9", "-o", str(tmp_path / "out.csv")],
        stdin=subprocess.DEVNULL,
        env=clean_environment(),
    ) as process:
        _wait_for(lambda: any(path.stat().st_size > 0 for path in tmp_path.iterdir()))
        process.terminate()
        assert process.wait(timeout=60) == 128 + signal.SIGTERM
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("redirection", "status"),
    [("- <&-", 2), ("1 >&-", 2), ("1 2>&-", 0), ("1 >/dev/full", 2), ("--help >/dev/full", 2)],
)
def test_streams_that_are_closed_or_full(redirection: str, status: int) -> None:
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m actcli eval relu {redirection}"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env=clean_environment(),
        check=False,
    )
    assert done.returncode == status, done.stderr
    assert done.stderr.count("\n") == (1 if status else 0)


def _wait_for(condition: Callable[[], bool]) -> None:
    for _ in range(600):
        if condition():
            return
        time.sleep(0.1)
    raise AssertionError("nothing happened for a minute")


def test_an_open_pipe_that_says_nothing_is_explained() -> None:
    with subprocess.Popen(
        [*COMMAND, "eval", "sigmoid"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=clean_environment(),
    ) as process:
        assert process.stderr is not None
        assert process.stdin is not None
        assert process.stdout is not None
        assert select.select([process.stderr], [], [], 60)[0], "not a word for a minute"
        assert b"waiting for numbers on stdin" in process.stderr.readline()
        process.stdin.write(b"0\n")
        process.stdin.close()
        assert b"sigmoid,0.0,0.5" in process.stdout.read()


def test_results_come_as_numbers_come() -> None:
    with subprocess.Popen(
        [*COMMAND, "eval", "relu", "-f", "csv"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=clean_environment(),
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"1\n")
        process.stdin.flush()
        assert process.stdout.readline().startswith(b"activation")
        assert process.stdout.readline().startswith(b"relu,1.0")
        process.stdin.close()


def test_closed_stdin_means_the_books_points() -> None:
    done = subprocess.run(
        ["sh", "-c", f"{sys.executable} -m actcli eval sigmoid <&-"],
        capture_output=True,
        text=True,
        env=clean_environment(),
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 10


def terminal(*words: str, width: int = 80, environment: dict[str, str] | None = None) -> str:
    """Run actcli with a pseudo-terminal for stdin, stdout and stderr, and return what appears on it."""
    import fcntl
    import struct
    import termios

    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, width, 0, 0))
    process = subprocess.Popen(
        [*COMMAND, *words],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        close_fds=True,
        env=clean_environment(TERM="xterm-256color", **(environment or {})),
    )
    os.close(slave)
    seen = b""
    while True:
        try:
            block = os.read(master, 65536)
        except OSError:  # the other end is closed
            break
        if not block:
            break
        seen += block
    process.wait(timeout=60)
    os.close(master)
    return seen.decode().replace("\r\n", "\n")


def test_on_a_terminal_a_table_appears_without_waiting_for_stdin() -> None:
    seen = terminal("eval", "sigmoid")
    assert "Interpretation" in seen
    assert "→ 0" in seen
    assert "waiting" not in seen


def test_colour_follows_the_conventions() -> None:
    assert "\x1b[" in terminal("eval", "sigmoid", "1")
    assert "\x1b[" not in terminal("eval", "sigmoid", "1", environment={"NO_COLOR": "1"})
    assert "\x1b[" not in terminal("eval", "sigmoid", "1", "--color", "never")


@pytest.mark.parametrize("width", [30, 50, 80, 200])
def test_no_number_is_ever_truncated(width: int) -> None:
    seen = terminal("eval", "sigmoid,gelu", "-1.2345", "--order", "2", "--color", "never", width=width)
    assert "…" not in seen
    for text in ("0.2254", "0.1746", "-0.1340"):
        assert text in seen, text


def test_a_bad_cell_far_down_leaves_no_file_and_tells_how_far_stdout_got(
    actcli: Callable[..., Completed], tmp_path: Path
) -> None:
    data = tmp_path / "data.csv"
    count = 400_000
    with data.open("w") as file:
        file.write("id,z\n")
        for k in range(count):
            file.write(f"{k},{k / 1000}\n")
        file.write("last,oops\n")
    done = actcli("eval", "sigmoid", "--input", str(data), "--column", "z", "-o", str(tmp_path / "out.csv"))
    assert done.returncode == 2
    assert f"row {count + 1}, column 'z': 'oops' is not a number" in done.stderr
    assert "already written" not in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data.csv"]
    piped = actcli("eval", "sigmoid", "--input", str(data), "--column", "z")
    assert piped.returncode == 2
    written = len(piped.stdout.splitlines()) - 1
    assert f"{written} rows were already written" in piped.stderr
    assert piped.stdout.endswith("\n")


def loaded_by(*words: str) -> set[str]:
    """Return the names of the top-level packages that a command imports."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "actcli", *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env=clean_environment(),
        check=True,
    )
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines() if "|" in line}


def test_nothing_is_imported_that_a_command_does_not_use() -> None:
    heavy = {"numpy", "pandas", "rich", "typer", "scipy", "pyarrow", "flint", "plotext", "matplotlib", "sympy"}
    assert not loaded_by("--version") & heavy
    assert loaded_by("eval", "sigmoid", "5") & heavy == {"numpy", "typer"}
    assert loaded_by("eval", "sigmoid", "5", "-f", "table") & heavy == {"numpy", "typer", "rich"}
    assert loaded_by("eval", "gelu", "5") & heavy == {"numpy", "typer"}


def test_importing_the_library_is_free() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import actcli, sys; print('numpy' in sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "False\n"


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_names_are_completed_after_a_comma_too(shell: str) -> None:
    done = subprocess.run(
        COMMAND,
        capture_output=True,
        text=True,
        env=clean_environment(
            _ACTCLI_COMPLETE=f"complete_{shell}",
            COMP_WORDS="actcli eval sigmoid,ta",
            COMP_CWORD="2",
            _TYPER_COMPLETE_ARGS="actcli eval sigmoid,ta",
        ),
        check=False,
    )
    assert "sigmoid,tanh" in done.stdout
