"""The honesty of `actcli bench` itself: whether the same thing is called the same, and a slower one slower.

Every run is a fresh process. Beside that: what the harness adds to a call on 10³ elements, against `timeit`.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
import timeit
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

import actcli
from actcli.analyses.bench.measure import Job, Plan, measure
from actcli.analyses.bench.measure.buffers import copies
from actcli.analyses.bench.measure.others import Others
from actcli.analyses.bench.measure.statistics import change_interval, ratio_interval, verdict
from actcli.core.formats import get_format
from actcli.implementations.timed import Ready, answering, timed, touched

COMPARISONS = 20
SIZE = 10**5
BUDGET = 2.0
SLOWDOWN = 0.10
SMALL = 10**3


def main() -> None:
    """Print how often each verdict came, and the harness's overhead."""
    others = Others()
    for title, slowdown in (("the same again", 0.0), (f"{SLOWDOWN:.0%} slower", SLOWDOWN)):
        intervals = [change_interval(run_apart(0.0), run_apart(slowdown)) for _ in range(COMPARISONS)]
        verdicts = Counter(verdict(low, high) for _, low, high in intervals)
        print(f"{title:>15}: " + ", ".join(f"{word} {count}" for word, count in verdicts.most_common()))
        print(f"{'':>15}  changes " + " ".join(f"{change:+.1%}" for change, _, _ in intervals))
        width = np.median([high - low for _, low, high in intervals])
        print(f"{'':>15}  median width of an interval {width:.1%}")
    overhead()
    print(f"other processes took {others.cores() or 0:.2f} cores meanwhile")


def run_apart(slowdown: float) -> np.ndarray[Any, Any]:
    """Return the times of one run in a process of its own."""
    code = f"from benchmarks.honesty import run; run({slowdown})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return np.array(json.loads(done.stdout))


def run(slowdown: float) -> None:
    """Print the seconds a call of gelu, which wastes a part of its own time if it shall."""
    job = gelu(wasting(slowdown)) if slowdown else gelu()
    [samples] = measure([job], Plan(BUDGET, interval=0.005))
    print(json.dumps([each for each in samples.seconds if each == each]))


def gelu(change: Callable[[Callable[[], object]], Callable[[], object]] = lambda compute: compute) -> Job:
    """Return the job of actcli's gelu in float32, on one thread."""
    [ours] = timed(["actcli"], [actcli.get("gelu")], [(0,)], [get_format("float32")])
    source = copies(np.random.default_rng(0).standard_normal(SIZE).astype(np.float32))

    def prepare(k: int) -> Ready:
        ready = ours.prepare(source(k), True, 1)
        return replace(ready, run=change(ready.run))

    return Job("gelu", prepare, bytes_moved=8 * SIZE, working_set=8 * SIZE)


def wasting(part: float) -> Callable[[Callable[[], object]], Callable[[], object]]:
    """Return what makes a computation take longer by a part of its own time."""

    def change(compute: Callable[[], object]) -> Callable[[], object]:
        def slower() -> object:
            start = time.perf_counter()
            result = compute()
            end = (now := time.perf_counter()) + part * (now - start)
            while time.perf_counter() < end:
                pass
            return result

        return slower

    return change


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
