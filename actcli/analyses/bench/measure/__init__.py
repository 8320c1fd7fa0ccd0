"""Measuring: honest times of computations that are ready to run. See `rounds` for the method."""

from actcli.analyses.bench.measure.job import Job, Plan, Samples
from actcli.analyses.bench.measure.rounds import measure

__all__ = ["Job", "Plan", "Samples", "measure"]
