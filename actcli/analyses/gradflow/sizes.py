"""What is too large for this machine is refused with figures, before anything is computed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

from actcli.analyses.gradflow.measured import Measured
from actcli.analyses.gradflow.network.memory import DOUBLE, free
from actcli.analyses.gradflow.request import Request
from actcli.core.device import CPU
from actcli.errors import UsageError

WIDEST = 100
"""Units of a net whose Jacobian is decomposed."""
MOST_DRAWS = 10**9
"""Random slopes of a sample: more take minutes."""
MANY_PRODUCTS = 5 * 10**10
"""Of a weight and an activation, forward; a core takes about 20 seconds, with those on the way back."""
DRAWN = 32
"""Examples that pass a weight in the time in which it is drawn."""
_SEED = 500
"""Bytes that the seed of a net or a layer takes."""
_PATH = 5 * DOUBLE
"""Bytes that a path of a sample takes, with what statistics make of it."""


def takes_long(request: Request, nets: int) -> str:
    """Say that running so many nets takes more than 20 seconds or so, and what is quick; an empty text otherwise."""
    blocks = {"rnn": 2, "gru": 6, "lstm": 8}.get(request.arch, 1)
    weights = nets * request.trials * request.depth * request.width**2 * blocks
    passing = 2 * DOUBLE * request.depth * request.width * request.batch
    products = weights * (request.batch if request.is_recurrent else request.batch + DRAWN)
    if products < MANY_PRODUCTS or request.device.kind != CPU.kind or passing > free(CPU):  # which is refused
        return ""
    table = "" if request.is_recurrent else ", or --table depth, which runs none,"
    nets *= request.trials
    return (
        f"{nets:,} nets of {request.depth:,} {request.layer}s and {request.width:,} units take a while: "
        f"fewer --trials, a smaller --width{table} would be quicker"
    )


def nets_must_fit(request: Request) -> None:
    """Raise UsageError, with the figures, if what is measured of all nets doesn't fit into memory."""
    depth, trials = request.depth, request.trials
    needed = len(fields(Measured)) * DOUBLE * trials * depth + _SEED * (trials + depth)
    if needed > (available := free(CPU)):
        raise UsageError(
            f"what is measured of {trials:,} nets of {depth:,} {request.layer}s takes {needed / 1e9:,.1f} GB, "
            f"and {available / 1e9:,.1f} GB of memory are free: take a smaller --depth or fewer --trials"
        )


def sample_must_fit(request: Request, depths: Sequence[int]) -> None:
    """Raise UsageError, with the figures, if a sample of products of slopes takes too long or too much memory."""
    samples, available = request.samples, free(CPU)
    most = min(MOST_DRAWS // sum(depths), available // _PATH)
    if samples > most:
        needed = f"{samples * sum(depths):.2g} slopes and {samples * _PATH / 1e9:.2g} GB of memory"
        there = f"{MOST_DRAWS:.0e} slopes are the most, and {available / 1e9:.2g} GB are free"
        mend = f"--samples {most}" if most else "a smaller --depth"
        raise UsageError(
            f"{samples:,} random paths at each depth up to {request.depth:,} take {needed}; {there}: take {mend}"
        )
