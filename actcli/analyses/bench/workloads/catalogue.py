"""The workloads by name."""

from __future__ import annotations

from actcli.analyses.bench.workloads.attention import ATTENTION
from actcli.analyses.bench.workloads.bce import BCE
from actcli.analyses.bench.workloads.gru_cell import GRU_CELL
from actcli.analyses.bench.workloads.lstm_cell import LSTM_CELL
from actcli.analyses.bench.workloads.softmax import SOFTMAX
from actcli.analyses.bench.workloads.workload import Workload
from actcli.errors import UsageError, suggestion

WORKLOADS = {each.name: each for each in (LSTM_CELL, GRU_CELL, ATTENTION, SOFTMAX, BCE)}


def get_workload(name: str) -> Workload:
    """Return the workload of a name. Raises UsageError, which lists those there are."""
    if name not in WORKLOADS:
        known = list(WORKLOADS)
        raise UsageError(f"unknown workload {name!r}; there are {', '.join(known)}{suggestion(name, known)}")
    return WORKLOADS[name]
