"""Derivatives as functions, and entries of vectors as formulas, against the kernels."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from actcli.activations.derived import Derived
from actcli.activations.function import Function
from actcli.activations.record import VectorActivation
from actcli.activations.registry import builtin_records, get
from actcli.activations.textbook import entry
from actcli.core.device import CPU
from actcli.core.exact import Reference
from actcli.core.formats import FLOAT64
from actcli.expressions.nodes import Number

ELEMENT_WISE = [record.name for record in builtin_records() if not isinstance(record, VectorActivation)]
VECTORS = [record for record in builtin_records() if isinstance(record, VectorActivation)]


@pytest.mark.parametrize("name", ELEMENT_WISE)
def test_derivatives_agree_with_the_reference(name: str) -> None:
    function = get(name)
    assert isinstance(function, Function)
    for x in (0.3, 0.7):
        exact = [value.number for value in function.reference.at(x, 3, FLOAT64)]
        for order in (1, 2):
            derived = Derived(function, order)
            assert derived.name == name + "'" * order
            (value, slope) = Reference(derived.tree).at(x, 1, FLOAT64)
            assert (value.number, slope.number) == (exact[order], exact[order + 1])
            computed = [float(part[0]) for part in derived.derivatives_of(np.array([x]), 1, CPU)]
            assert computed == pytest.approx(exact[order : order + 2], rel=1e-9, abs=1e-12)


def test_the_derivative_of_a_derivative_has_one_more_prime() -> None:
    tanh = get("tanh")
    assert isinstance(tanh, Function)
    assert Derived(tanh, 1).derivative_tree.function == Derived(tanh, 2)
    assert Derived(tanh, 1).kink_points == tanh.kink_points


@pytest.mark.parametrize("record", VECTORS, ids=lambda record: record.name)
def test_entries_agree_with_the_kernel(record: VectorActivation) -> None:
    point = [1, -2, 3, 4]
    computed = np.asarray(get(record.name)([float(each) for each in point]))
    arguments = tuple(Number(Fraction(each)) for each in point)
    for index, expected in enumerate(computed):
        assert Reference(entry(record, arguments, index)).at(0.0, 0, FLOAT64)[0].number == pytest.approx(
            float(expected), rel=1e-15
        )
