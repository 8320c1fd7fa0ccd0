"""Whole processes: the first command and `--version`, against the imports that any such tool needs."""

from __future__ import annotations

import subprocess
import sys

from benchmarks.timing import interleaved

IMPORTS = [sys.executable, "-c", "import numpy, typer, rich.table"]


def main() -> None:
    """Print medians and their ratios."""
    commands = {
        "import numpy, typer, rich.table": IMPORTS,
        "actcli eval sigmoid 5": [sys.executable, "-m", "actcli", "eval", "sigmoid", "5"],
        "actcli eval sigmoid 5 -f table": [sys.executable, "-m", "actcli", "eval", "sigmoid", "5", "-f", "table"],
        "actcli --version": [sys.executable, "-m", "actcli", "--version"],
    }

    def run(words: list[str]) -> None:
        subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)

    seconds = interleaved({name: lambda words=words: run(words) for name, words in commands.items()}, rounds=15)
    base = seconds["import numpy, typer, rich.table"]
    for name, value in seconds.items():
        print(f"{name:34} {value * 1e3:6.0f} ms   {value / base:.2f} ×")
