"""The accuracy table of the README, from audits: `make accuracy` writes it, `python -m benchmarks audit` prints it."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import actcli

FUNCTIONS = ("sigmoid", "tanh", "softplus", "log_sigmoid", "gelu", "silu", "mish", "elu")
IMPLEMENTATIONS = ("actcli", "textbook", "numpy", "scipy", "torch", "jax", "keras", "onnxruntime", "numexpr")
BLOCK = re.compile(r"(<!-- accuracy: .*? -->\n).*?(<!-- end of accuracy -->)", re.DOTALL)


def main() -> None:
    """Print the table."""
    print(table())


def table() -> str:
    """Return the table in Markdown: float32, largest error in ULP, and a word where it is bad."""
    found: dict[tuple[str, int], dict[str, str]] = {}
    versions: dict[str, str] = {}
    for name in FUNCTIONS:
        for order in (0, 1):
            sys.stderr.write(f"\r{name}{'′' * order}\x1b[K")
            report = actcli.stability(name, impl="installed", order=order, dtype="float32", samples=100_000)
            versions |= {key: report.environment[key] for key in IMPLEMENTATIONS if key in report.environment}
            cells = found.setdefault((name, order), {})
            for row in report.tables["audit"].to_pandas().to_dict("records"):
                # Of the books' variants the first is the definition.
                cells.setdefault(row["implementation"].partition(":")[0], cell(row))
    sys.stderr.write("\r\x1b[K")
    columns = [name for name in IMPLEMENTATIONS if any(name in cells for cells in found.values())]
    heads = [f"{name} {versions.get(name, '')}".strip() for name in columns]
    lines = [f"| float32 | {' | '.join(heads)} |", f"| --- |{' ---: |' * len(columns)}"]
    for (name, order), cells in found.items():
        lines.append(f"| {name}{'′' * order} | {' | '.join(cells.get(column, '') for column in columns)} |")
    return "\n".join(lines)


def cell(row: dict[str, Any]) -> str:
    """Return the largest error, and the verdict where digits are lost."""
    word = row["verdict"]
    if word == "failed":
        return word
    size = (
        f"{row['max_ulp']:.2f}"
        if row["max_ulp"] < 100
        else f"{row['max_ulp']:.0e}".replace("e+0", "e").replace("e+", "e")
    )
    return size if word in ("exact", "faithful", "accurate") else f"{size}, {word}"


def write(path: Path) -> None:
    """Replace the table in a file, between the comments that mark its place."""
    text = path.read_text(encoding="utf-8")
    made = table()
    path.write_text(BLOCK.sub(lambda match: f"{match[1]}{made}\n{match[2]}", text), encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
