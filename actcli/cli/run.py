"""Run the command line and turn whatever happens into an exit status and at most one line on stderr."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from typing import Any

import typer

from actcli.cli import bench as bench_command
from actcli.cli import derive as derive_command
from actcli.cli import eval as eval_command
from actcli.cli import list as list_command
from actcli.cli import stability as stability_command
from actcli.cli.command import Interrupt, ReaderGoneError
from actcli.errors import ActcliError

INTERRUPTED = 130
DEFECT = 70
LONGEST = 600
"""Characters of an error message; what a user pasted may be longer than anyone wants to read again."""

app = typer.Typer(
    name="actcli",
    help="The workbench for neural-network activation functions.",
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "ACTCLI"},
)
eval_command.register(app)
derive_command.register(app)
list_command.register(app)
stability_command.register(app)
bench_command.register(app)


@app.callback()
def _root(
    version: bool = typer.Option(
        False, "--version", help="Print the version and exit.", is_eager=True, show_envvar=False
    ),
) -> None:
    if version:
        from actcli.version import VERSION

        sys.stdout.write(f"actcli {VERSION}\n")
        raise typer.Exit


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit status."""
    traceback_wanted = any(word.startswith("-vv") for word in arguments)
    if sys.stderr is None:  # closed by the shell: 2>&-
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - it lives as long as the process
    if sys.stdout is None:
        return _fail("stdout is closed", 2)
    for each in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, each):
            signal.signal(getattr(signal, each), _terminated)
    try:
        status = app(args=list(arguments) or ["--help"], prog_name="actcli", standalone_mode=False)
        sys.stdout.flush()
        return status if isinstance(status, int) else 0
    except ActcliError as error:
        if traceback_wanted:
            _traceback()
        return _fail(str(error), error.exit_status)
    except (ReaderGoneError, BrokenPipeError):
        # The reader has what it wants. Python would complain once more when it flushes stdout at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 0
    except (Interrupt, KeyboardInterrupt, typer.Abort):
        return _fail("interrupted", INTERRUPTED)
    except Terminated as error:
        return 128 + error.signal_number
    except MemoryError:
        return _fail("there is not enough memory for this", 2)
    except OSError as error:
        if traceback_wanted:
            _traceback()
        return _fail(f"{error.filename or 'stdout'}: {error.strerror or error}", 2)
    except Exception as error:
        # Typer's own usage errors; their class lives in Click or in Typer's copy of it, depending on the version.
        if hasattr(error, "format_message") and hasattr(error, "exit_code"):
            return _fail(_one_line(error.format_message(), getattr(error, "ctx", None)), int(error.exit_code))
        if traceback_wanted:
            _traceback()
        where = f"{type(error).__name__}: {error}".replace("\n", " ")
        return _fail(f"a defect of actcli: {where} (-vv shows the traceback)", DEFECT)


class Terminated(BaseException):
    """Somebody asked the process to end; raised so that temporary files are cleaned up on the way out."""

    def __init__(self, signal_number: int) -> None:
        super().__init__(signal_number)
        self.signal_number = signal_number


def _terminated(number: int, frame: Any) -> None:
    raise Terminated(number)


def _one_line(message: str, context: Any) -> str:
    message = " ".join(message.split())
    message = message[:1].lower() + message[1:].rstrip(".")
    return f"{message}; see `{context.command_path} --help`" if context is not None else message


def _fail(message: str, status: int) -> int:
    from actcli.render.terminal import ascii_fallback

    message = "".join(each if each.isprintable() else " " for each in message)
    line = f"actcli: {message if len(message) <= LONGEST else message[:LONGEST] + '…'}\n"
    try:
        sys.stderr.write(ascii_fallback(line, sys.stderr.encoding or "utf-8"))
        sys.stderr.flush()
    except OSError:
        return status  # nobody is listening; the status still tells
    return status


def _traceback() -> None:
    import traceback

    traceback.print_exc()
