"""`jacobian`: the singular values of a net, measured and by theory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from actcli.analyses.gradflow.cases import Case
from actcli.analyses.gradflow.network.inits import get_init
from actcli.analyses.gradflow.sizes import WIDEST, nets_must_fit
from actcli.analyses.gradflow.tables.rows import Row, activation_column, init_column, table
from actcli.report import Column, Magnitude, Table


def jacobian_table(cases: Sequence[Case]) -> Table:
    """Return the spread of singular values, with the weights as drawn and orthogonal ones of the same variance."""
    columns = (
        activation_column([case.subject for case in cases]),
        init_column(cases),
        Column("weights", "as the initialisation draws them, or orthogonal"),
        Column("depth", "layers", audience="machines"),
        Column("width", "units a layer"),
        Column("mean_square", "mean of the squared singular values", heading="mean s²"),
        Column("theory_mean_square", "the same at infinite width", heading="theory s²"),
        Column("spread", "variance over squared mean of the squared singular values"),
        Column("spread_stderr", "its standard error", heading="± stderr"),
        Column("theory_spread", "the same at infinite width", heading="theory spread"),
        Column("largest", "largest singular value", heading="largest s"),
        Column("smallest", "smallest singular value", heading="smallest s"),
    )

    def rows() -> Iterator[Row]:
        from actcli.analyses.gradflow.network.jacobian import spectrum

        for case in cases:
            request = case.request
            nets_must_fit(request)
            width = min(request.width, WIDEST)
            orthogonal = replace(case.init, name="orthogonal", unit=get_init("orthogonal", case.function).unit)
            for init in (case.init, *([] if case.init.name == "orthogonal" else [orthogonal])):
                found = spectrum(
                    case.function, init, depth=request.depth, width=width, trials=request.trials, seed=request.seed
                )
                yield {
                    "activation": case.function.name,
                    "init": case.init.name,
                    "weights": "as drawn" if init is case.init else "orthogonal",
                    "depth": request.depth,
                    "width": width,
                    "mean_square": Magnitude(found.log_mean),
                    "theory_mean_square": Magnitude(found.theory_log_mean),
                    "spread": found.spread,
                    "spread_stderr": found.spread_error,
                    "theory_spread": found.theory_spread,
                    "largest": Magnitude(found.log_largest),
                    "smallest": Magnitude(found.log_smallest),
                }

    logged = ("mean_square", "theory_mean_square", "largest", "smallest")
    return table("jacobian", columns, rows, logged=logged, title="Singular values of the input–output Jacobian")
