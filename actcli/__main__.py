"""The entry point. `--version` is answered before anything is imported that takes time."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and exit with its status."""
    if sys.argv[1:] == ["--version"]:
        from actcli.version import VERSION

        sys.stdout.write(f"actcli {VERSION}\n")
        return
    from actcli.cli.run import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
