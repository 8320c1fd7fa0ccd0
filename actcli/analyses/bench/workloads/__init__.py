"""What activations are used in: cells, attention, softmax and a loss, forward and backward, as rows of a benchmark."""

from actcli.analyses.bench.workloads.catalogue import WORKLOADS, get_workload
from actcli.analyses.bench.workloads.error import error
from actcli.analyses.bench.workloads.rows import ORDERS, timed_workloads
from actcli.analyses.bench.workloads.workload import Workload

__all__ = ["ORDERS", "WORKLOADS", "Workload", "error", "get_workload", "timed_workloads"]
