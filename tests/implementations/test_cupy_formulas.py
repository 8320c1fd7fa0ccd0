"""The formulas of the books in C and replayed: both compute what NumPy does."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from actcli.core.device import CPU
from actcli.implementations.cupy import _elementwise
from actcli.implementations.cupy_formulas import in_c, replay, trace
from actcli.implementations.textbook.formulas import VARIANTS, Formula, formulas
from tests.implementations.functions import function_of

FORMULAS = [
    each for name in dict.fromkeys(variant.activation for variant in VARIANTS) for each in formulas(function_of(name))
]
TRACED = [each for each in FORMULAS if trace(each.bound(np.dtype("float64")), np.dtype("float64"))]
ROWS = ("softmax", "log_softmax", "glu", "swiglu", "geglu")
POINTS = np.array(
    [-np.inf, -800.0, -25.0, -3.0, -1.0, -0.0, 0.0, 0.25, 0.5, 1.0, 3.0, 6.0, 25.0, 800.0, np.inf, np.nan]
)


def test_every_formula_of_one_number_is_one_expression() -> None:
    left = {(each.activation, each.name) for each in FORMULAS} - {(each.activation, each.name) for each in TRACED}
    assert {name for activation, name in left if activation not in ROWS} == {"masked", "cached"}
    assert set(ROWS) <= {activation for activation, _ in left}


@pytest.mark.parametrize("formula", TRACED, ids=lambda each: f"{each.activation}{each.order}-{each.name}")
def test_replayed_they_answer_the_same_bits(formula: Formula) -> None:
    for dtype in (np.dtype("float32"), np.dtype("float64")):
        x = POINTS.astype(dtype)
        compute = formula.bound(dtype)
        with np.errstate(all="ignore"):
            got = replay(trace(compute, dtype), x, CPU.xp)
            np.testing.assert_array_equal(got, compute(x))
        assert got.dtype == dtype


@pytest.mark.skipif(shutil.which("g++") is None, reason="there is no C++ compiler")
def test_in_c_they_compute_the_same(tmp_path: Path) -> None:
    lines = ["#include <cmath>", "using namespace std;", "typedef double T;"]
    for k, formula in enumerate(TRACED):
        body = in_c(trace(formula.bound(np.dtype("float64")), np.dtype("float64")))
        lines.append(f'extern "C" double f{k}(double x) {{ return {body}; }}')
    (source := tmp_path / "formulas.cpp").write_text("\n".join(lines))
    library = tmp_path / "formulas.so"
    subprocess.run(["g++", "-O0", "-shared", "-fPIC", str(source), "-o", str(library)], check=True, timeout=60)
    loaded = ctypes.CDLL(str(library))
    for k, formula in enumerate(TRACED):
        function = getattr(loaded, f"f{k}")
        function.restype, function.argtypes = ctypes.c_double, [ctypes.c_double]
        with np.errstate(all="ignore"):
            right = formula.bound(np.dtype("float64"))(POINTS)
        got = np.array([function(x) for x in POINTS])
        np.testing.assert_allclose(got, right, rtol=1e-11, atol=1e-300, err_msg=f"{formula.activation} {formula.name}")


def test_the_kernel_writes_every_order() -> None:
    class Cupy:
        made: tuple[Any, ...] = ()

        def ElementwiseKernel(self, *given: str) -> None:
            self.made = given

    cupy = Cupy()
    chosen = [next(each for each in FORMULAS if (each.activation, each.order) == ("relu", order)) for order in (0, 1)]
    for dtype, type in (("float32", "T"), ("float16", "float")):
        _elementwise(cupy, [trace(each.bound(np.dtype(dtype)), np.dtype(dtype)) for each in chosen])
        x, zero = f"{type}(x)", f"{type}(0.0)"
        body = f"y0 = ({x} < {zero} ? {zero} : {x}); y1 = (({x} > {zero}) ? 1 : 0);"
        assert cupy.made == ("T x", "T y0, T y1", body, "textbook")
