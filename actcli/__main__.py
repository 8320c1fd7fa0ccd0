"""The entry point. `--version` is answered before anything is imported that takes time."""

from __future__ import annotations

import gc
import sys


def main() -> None:
    """Run the command line and exit with its status."""
    if sys.argv[1:] == ["--version"]:
        from actcli.version import VERSION

        try:
            sys.stdout.write(f"actcli {VERSION}\n")
            sys.stdout.flush()
        except OSError as error:
            sys.stderr.write(f"actcli: stdout: {error.strerror}\n")
            sys.exit(2)
        return
    # Importing makes many objects and no garbage: collecting in between would only cost time.
    gc.set_threshold(100_000, 20, 20)
    try:
        from actcli.cli.run import run

        status = run(sys.argv[1:])
    except KeyboardInterrupt:  # while still importing
        status = 130
    sys.exit(status)


if __name__ == "__main__":
    main()
