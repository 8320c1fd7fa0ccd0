"""`phase`: the plane of initialisations."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from actcli.analyses.gradflow.subject import Subject
from actcli.analyses.gradflow.tables.rows import Row, activation_column, table
from actcli.report import Column, Table


def phase_table(subjects: Sequence[Subject]) -> Table:
    """Return the critical line in the plane of variances, and lines of equal depth scale ξ_c."""
    columns = (
        activation_column(subjects),
        Column("line", "critical, unstable (χ₁ = 1 at a fixed point where q does not settle), or contour of ξ_c"),
        Column("xi", "the depth scale along a contour, in layers", heading="ξ_c"),
        Column("sigma_w2", "variance of the weights times fan_in", heading="σw²"),
        Column("sigma_b2", "variance of the biases", heading="σb²"),
    )

    def rows() -> Iterator[Row]:
        for subject in subjects:
            phase = subject.phase
            for line, xi, (x, y) in [
                ("critical", math.inf, phase.line),
                ("unstable", math.inf, phase.unstable),
                *(("contour", xi, (x, y)) for xi, x, y in phase.contours),
            ]:
                inside = np.isfinite(x)
                for sigma_w2, sigma_b2 in zip(x[inside].tolist(), y[inside].tolist(), strict=True):
                    yield {
                        "activation": subject.name,
                        "line": line,
                        "xi": xi,
                        "sigma_w2": sigma_w2,
                        "sigma_b2": sigma_b2,
                    }

    return table("phase", columns, rows, title="Phase diagram")
