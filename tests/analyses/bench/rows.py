"""Rows with samples that nobody had to wait for."""

from __future__ import annotations

from typing import Any

import numpy as np

from actcli.analyses.bench.measure import Samples
from actcli.analyses.bench.row import Key, Row
from actcli.implementations.timed import Ready, Timed, one_thread

SIZE = 1000
ROUNDS = 60


def _never(x: Any, out: bool, threads: int | None) -> Ready:
    raise AssertionError("nothing is computed here")


def samples(seconds: float, *, noise: float = 0.01, seed: int = 1, rounds: int = ROUNDS) -> Samples:
    """Return samples around a time, with relative noise."""
    values = seconds * (1 + noise * np.random.default_rng(seed).standard_normal(rounds))
    return Samples(None, values, values, seconds, 1, 3, "interval")


def row(
    implementation: str = "actcli",
    seconds: float = 1e-3,
    *,
    activation: str = "sigmoid",
    baseline: Row | None = None,
    copy: float = 0.5e-3,
    **more: Any,
) -> Row:
    """Return a measured row of float32; `more` are fields of the row, or of its key."""
    key = {name: more.pop(name) for name in Key.__dataclass_fields__ if name in more}
    usual = {
        "activation": activation,
        "order": "0",
        "implementation": implementation,
        "device": "cpu",
        "threads": 1,
        "dtype": "float32",
        "size": SIZE,
        "cache": "cold",
        "allocation": "prealloc",
        "distribution": "normal",
    }
    timed = Timed(implementation, activation, (0,), "float32", "cpu", "", one_thread, _never)
    fields = {"asked": None, "bytes_moved": 8 * SIZE, "operations": {"exp": 1, "add": 1}, "notes": [], **more}
    made = Row(Key(**{**usual, **key}), timed, **fields)
    made.samples, made.copy, made.copy_bytes = samples(seconds, seed=len(implementation)), samples(copy), 8 * SIZE
    made.baseline = made if implementation == "textbook" else baseline
    return made
