"""The honesty of `actcli bench` itself: whether the same thing is called the same, and a slower one slower.

Runs are compared as users do it, by the command: `-o`, then `--compare` and `--fail-above` in a fresh process. What
runs is a function in a file, and the textbook beside it. The aim is that 19 of 20 are right; on a machine that has
other work to do the command says `unclear`, and its gate lets all pass but what takes more than twice the time. Beside
that: the same for two rows of one run, and what the harness adds to a call on 10³ elements, against `timeit`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import timeit
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from actcli.analyses.bench.measure import Job, Plan, measure
from actcli.analyses.bench.measure.others import Others
from actcli.analyses.bench.measure.statistics import ratio_interval, verdict
from actcli.implementations.timed import Ready, answering, touched

COMPARISONS = 20
SIZES = (10**4, 10**5, 10**6)
"""Elements; of fewer, calling takes so much that a slower function isn't a row as much slower."""
BUDGET = 3.0
SLOWDOWN = 0.10
GATE = 5
SMALL = 10**3

_CODE = """
import time
import numpy as np

def sigmoid(x):
    start = time.perf_counter()
    y = 1 / (1 + np.exp(-x))
    end = (now := time.perf_counter()) + {slowdown} * (now - start)
    while time.perf_counter() < end:
        pass
    return y
"""


def main(comparisons: int = COMPARISONS) -> None:
    """Print how often each verdict came, what two equal rows look like, and the harness's overhead."""
    others = Others()
    for title, slowdown in (("the same again", 0.0), (f"{SLOWDOWN:.0%} slower", SLOWDOWN)):
        compared = [compare(slowdown, SIZES[number % len(SIZES)]) for number in range(comparisons)]
        for name in ("sigmoid.py:sigmoid", "textbook"):
            rows = [found[name] for found, _ in compared]
            verdicts = Counter(row["verdict"] for row in rows)
            what = title if name != "textbook" else "the textbook beside it"
            print(f"{what:>23}: " + ", ".join(f"{word} {count}" for word, count in verdicts.most_common()))
            print(f"{'':>23}  changes " + " ".join(f"{row['change_percent']:+.1f}%" for row in rows))
            apart = Counter(verdict(row["low_percent"] / 100, row["high_percent"] / 100) for row in rows)
            print(f"{'':>23}  by the intervals alone " + ", ".join(f"{word} {n}" for word, n in apart.most_common()))
            for doubt in filter(None, (row["doubt"] for row in rows)):
                print(f"{'':>23}  {doubt}")
        print(f"{'':>23}  --fail-above {GATE}: {sum(failed for _, failed in compared)} of {comparisons} fail")
    within(comparisons)
    overhead()
    print(f"other processes took {others.cores() or 0:.2f} of {os.cpu_count()} cores meanwhile")


def compare(slowdown: float, size: int) -> tuple[dict[str, dict[str, Any]], bool]:
    """Return the rows of the comparison of two runs of the command by implementation, and whether the gate failed."""
    with tempfile.TemporaryDirectory() as folder:
        run(folder, 0.0, size, "-o", "before.json")
        gate = ("--compare", "before.json", "--fail-above", str(GATE), "-o", "after.json")
        status = run(folder, slowdown, size, *gate)
        rows = json.loads((Path(folder) / "after.json").read_bytes())["tables"]["comparison"]
    return {row["implementation"]: row for row in rows}, status == 1


def run(folder: str, slowdown: float, size: int, *options: str) -> int:
    """Run the command on a sigmoid that wastes a part of its own time, and return its exit status, 0 or 1.

    The last of the options is the file that it writes.
    """
    (Path(folder) / "sigmoid.py").write_text(_CODE.format(slowdown=slowdown))
    command = [sys.executable, "-m", "actcli", "bench", "sigmoid", "--impl", "sigmoid.py:sigmoid"]
    wanted = ["--size", str(size), "--budget", str(BUDGET), "--quiet", *options]
    done = subprocess.run([*command, *wanted], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1) or not (Path(folder) / options[-1]).exists():
        raise RuntimeError(done.stderr)
    return done.returncode


def within(comparisons: int) -> None:
    """Print what is said of two rows of one run that compute the same, the second of them as it is, and slowed."""
    for title, slowdown in (("rows of one run, equal", 0.0), (f"the second {SLOWDOWN:.0%} slower", SLOWDOWN)):
        ratios = []
        for number in range(comparisons):
            first, second = measure(twins(SIZES[number % len(SIZES)], slowdown, number), Plan(BUDGET / 2, seed=number))
            ratios.append(ratio_interval(second.seconds, first.seconds, number))
        words = Counter(verdict(low - 1, high - 1) for _, low, high in ratios)
        print(f"{title:>23}: " + ", ".join(f"{word} {count}" for word, count in words.most_common()))
        print(f"{'':>23}  ratios " + " ".join(f"{ratio:.3f}" for ratio, _, _ in ratios))


def twins(size: int, slowdown: float, seed: int) -> list[Job]:
    """Return two jobs that compute the same sigmoid; the second wastes a part of its own time."""
    values = np.random.default_rng(seed).standard_normal(size).astype(np.float32)

    def job(key: str, other: str, slowdown: float) -> Job:
        namespace: dict[str, Any] = {}
        exec(_CODE.format(slowdown=slowdown), namespace)

        def prepare(k: int) -> Ready:
            x = values.copy()
            return answering(lambda: namespace["sigmoid"](x), np.asarray)

        return Job(key, prepare, 8 * size, 8 * size, (other,))

    return [job("a", "b", 0.0), job("b", "a", slowdown)]


def overhead(rounds: int = 15) -> None:
    """Print what the harness says a call takes, over what `timeit` says of the same call, one after the other."""
    x = np.random.default_rng(0).standard_normal(SMALL).astype(np.float32)
    out = touched(x)

    def call() -> object:
        return np.tanh(x, out=out)

    job = Job("tanh", lambda k: answering(call, np.asarray, allocates=False), 8 * SMALL, 8 * SMALL)
    plan = Plan(budget=0.05, interval=0, cold=False)
    pairs = np.array([(np.nanmedian(measure([job], plan)[0].seconds), by_timeit(call)) for _ in range(rounds)])
    here, there = np.median(pairs, axis=0) * 1e9
    ratio, low, high = ratio_interval(*pairs.T)
    print(f"np.tanh of {SMALL} elements: {here:.0f} ns here, {there:.0f} ns by timeit")
    print(f"here over timeit: {ratio:.3f} ({low:.3f} to {high:.3f})")


def by_timeit(call: Callable[[], object]) -> float:
    """Return the median of several timings, in seconds a call, each as long as a sample of the harness or longer."""
    number = 200
    return float(np.median(timeit.repeat(call, number=number, repeat=200))) / number
