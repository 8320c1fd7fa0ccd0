"""A column of a CSV file of 10⁷ rows through σ: actcli's filter against pandas, wall time and peak memory."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROWS = 10**7
ROUNDS = 3

PANDAS = (
    "import pandas as pd, scipy.special, sys;"
    "d = pd.read_csv(sys.argv[1]); d['z_sigmoid'] = scipy.special.expit(d['z']); d.to_csv(sys.argv[2], index=False)"
)


def main() -> None:
    """Write the file, run both in turn, and print medians."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data.csv"
        write(data)
        commands = {
            "actcli": [
                sys.executable, "-m", "actcli", "eval", "sigmoid", "--input", str(data), "--column", "z",
                "-o", f"{folder}/a.csv",
            ],
            "pandas": [sys.executable, "-c", PANDAS, str(data), f"{folder}/b.csv"],
        }  # fmt: skip
        results: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
        for _ in range(ROUNDS):
            for name, words in commands.items():
                results[name].append(run(words))
        print(f"{ROWS:.0e} rows, {data.stat().st_size / 1e6:.0f} MB, median of {ROUNDS}")
        for name, measured in results.items():
            wall = statistics.median(seconds for seconds, _ in measured)
            peak = max(megabytes for _, megabytes in measured)
            print(f"  {name}: {wall:5.1f} s, {ROWS / wall / 1e6:.2f} M rows/s, peak {peak:.0f} MB")
        ratios = [b[0] / a[0] for a, b in zip(results["actcli"], results["pandas"], strict=True)]
        print(f"  actcli is {statistics.median(ratios):.1f} × as fast")


def write(path: Path) -> None:
    """Write ROWS rows of an id and two normal columns."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.csv

    generator = np.random.default_rng(0)
    columns = {"id": np.arange(ROWS), "z": generator.standard_normal(ROWS), "w": generator.standard_normal(ROWS)}
    pa.csv.write_csv(pa.table(columns), path)


def run(words: list[str]) -> tuple[float, float]:
    """Return the seconds and the peak memory in MB of one process."""
    measure = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True);"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", measure, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True
    )
    return time.perf_counter() - start, int(done.stdout) / 1024


if __name__ == "__main__":
    main()
