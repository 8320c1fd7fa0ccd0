"""Smaller and larger of two numbers, where a comparison would drop a NaN."""

from __future__ import annotations

import math

import numpy as np

from actcli.tracing.graph import Value, compute
from actcli.tracing.trace import sample


def first_operand(extreme: Value) -> int | None:
    """Tell which operand of minimum or maximum is NaN whenever either is, None if neither.

    `b if b < a else a`, which is Python's min(a, b), then does what NumPy's minimum does.
    """
    points = np.concatenate([sample(), [math.nan, math.inf, -math.inf, 0.0]])
    a, b = (np.isnan(each) for each in compute(extreme.operands, points))
    if not bool((b & ~a).any()):
        return 0
    return None if bool((a & ~b).any()) else 1
