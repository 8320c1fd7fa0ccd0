"""`neuron`: one unit over a data set."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from actcli.analyses.gradflow.subject import Subject
from actcli.analyses.gradflow.tables.rows import Row, activation_column, table
from actcli.report import Column, Table


def neuron_table(subjects: Sequence[Subject]) -> Table:
    """Return what the unit of the request does with every example."""
    columns = (
        activation_column(subjects),
        Column("example", "row of the data"),
        Column("z", "pre-activation w·x + b"),
        Column("value", "φ(z)", heading="φ(z)"),
        Column("derivative", "φ′(z)", heading="φ′(z)"),
        Column("verdict", "of the unit: dead where no example of the data passes a gradient, else alive"),
    )

    def rows() -> Iterator[Row]:
        for subject in subjects:
            found = subject.neuron
            numbers = zip(found.z.tolist(), found.value.tolist(), found.slope.tolist(), strict=True)
            for example, (z, value, slope) in enumerate(numbers, start=1):
                yield {
                    "activation": subject.name,
                    "example": example,
                    "z": z,
                    "value": value,
                    "derivative": slope,
                    "verdict": "dead" if found.dead else "alive",
                }

    return table("neuron", columns, rows, title="One unit over the data")
