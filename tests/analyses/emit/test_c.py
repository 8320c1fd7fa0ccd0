"""C: compiles without a warning, is right in double and float, and refuses -ffast-math."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from actcli.analyses.emit import emit
from actcli.core.formats import FLOAT32
from tests.analyses.emit.cases import CATALOGUE, FORMULAS, check, check_formula, formula_points, function, points
from tests.analyses.emit.compiled import call, library

pytestmark = pytest.mark.skipif(shutil.which("gcc") is None, reason="there is no gcc")

STRICT = ("gcc", "-std=c99", "-O2", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-shared", "-fPIC")
TEXTS = [*CATALOGUE, *FORMULAS]


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return library(TEXTS, "c", tmp_path_factory.mktemp("c"), STRICT)


@pytest.mark.parametrize("text", CATALOGUE)
def test_the_catalogue_is_within_its_budget(text: str, compiled: Any) -> None:
    name = f"case{TEXTS.index(text)}"
    results = call(compiled[name], points(text))
    check(text, results)
    for single, joint in zip(results, call(compiled[f"{name}_together"], points(text)), strict=True):
        np.testing.assert_array_equal(single, joint)


@pytest.mark.parametrize("text", CATALOGUE)
def test_floats_are_rounded_once(text: str, compiled: Any) -> None:
    check(text, call(compiled[f"case{TEXTS.index(text)}_float"], points(text, FLOAT32).astype(np.float32)), FLOAT32)


@pytest.mark.parametrize("text", FORMULAS)
def test_typed_formulas_agree_with_their_own_kernel(text: str, compiled: Any) -> None:
    check_formula(text, call(compiled[f"case{TEXTS.index(text)}"], formula_points()))


def test_fast_math_is_refused(tmp_path: Path) -> None:
    (tmp_path / "gelu.h").write_text(emit(function("gelu"), "c"), encoding="utf-8")
    run = subprocess.run(
        ["gcc", "-std=c99", "-ffast-math", "-fsyntax-only", "gelu.h"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )
    assert run.returncode != 0
    assert "no -ffast-math" in run.stderr


def test_headers_may_be_included_twice_and_together(tmp_path: Path) -> None:
    for name in ("gelu", "silu"):
        (tmp_path / f"{name}.h").write_text(emit(function(name), "c"), encoding="utf-8")
    (tmp_path / "all.c").write_text(
        '#include "gelu.h"\n#include "silu.h"\n#include "gelu.h"\ndouble f(double x) { return actcli_gelu(x) + actcli_silu_d1(x); }\n'
    )
    subprocess.run([*STRICT, "all.c", "-o", "all.so"], cwd=tmp_path, check=True)
