"""The initialisation that may keep gradients at their size, for the net that was asked for."""

from __future__ import annotations

import math
from dataclasses import replace

from actcli.analyses.gradflow.network.inits import Init, gaussian_init
from actcli.analyses.gradflow.request import Request
from actcli.analyses.gradflow.subject import Subject


def remedy(subject: Subject) -> Init | None:
    """Return the critical initialisation, for residual nets one with smaller weights; None where there is none.

    A norm undoes the scale of weights, and gates outdo it.
    """
    request = subject.request
    if request.arch == "residual":
        return gaussian_init(branch_sigma_w(request), 0.0)
    point = subject.best_critical if request.is_plain else None
    return None if point is None else replace(gaussian_init(point.sigma_w, point.sigma_b), name="critical")


def branch_sigma_w(request: Request) -> float:
    """Return the σw, to two digits, with which the branches of a residual net add up to about 1."""
    return float(f"{1 / math.sqrt(request.depth):.2g}")
