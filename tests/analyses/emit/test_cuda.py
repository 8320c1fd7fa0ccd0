"""CUDA: nvcc takes it, and its arithmetic, compiled for the host, is right. No GPU is needed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from actcli.analyses.emit import emit
from tests.analyses.emit.cases import CATALOGUE, NAMES, check, function, points
from tests.analyses.emit.compiled import call, library

HOST = """
#define __device__
#define __forceinline__ inline
#define __global__
#define __dmul_rn(a, b) ((a) * (b))
static const struct { unsigned x; } blockIdx = {0}, threadIdx = {0}, blockDim = {1}, gridDim = {1};
"""
"""What makes device code into host code of one thread."""


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Any:
    if shutil.which("g++") is None:
        pytest.skip("there is no g++")
    command = [
        "g++",
        "-O2",
        "-ffp-contract=off",
        "-Wall",
        "-Wextra",
        "-Wno-pragma-once-outside-header",
        "-Werror",
        "-shared",
        "-fPIC",
    ]
    prelude = "#include <cmath>\nusing std::isnan; using std::isinf;\n" + HOST
    return library(CATALOGUE, "cuda", tmp_path_factory.mktemp("cuda"), command, prelude)


@pytest.mark.parametrize("text", CATALOGUE)
def test_the_arithmetic_is_within_its_budget(text: str, compiled: Any) -> None:
    check(text, call(compiled[f"case{CATALOGUE.index(text)}"], points(text)))


@pytest.mark.skipif(shutil.which("nvcc") is None, reason="there is no nvcc")
def test_nvcc_compiles_every_kernel(tmp_path: Path) -> None:
    lines = []
    for name in NAMES:
        (tmp_path / f"{name}.cuh").write_text(emit(function(name), "cuda", 2), encoding="utf-8")
        lines.append(f'#include "{name}.cuh"')
        for real in ("float", "double"):
            lines.append(f"template __global__ void actcli_{name}_forward<{real}>(const {real} *, {real} *, size_t);")
            lines.append(
                f"template __global__ void actcli_{name}_backward<{real}>(const {real} *, const {real} *, {real} *, size_t);"
            )
    (tmp_path / "all.cu").write_text("\n".join(lines), encoding="utf-8")
    subprocess.run(["nvcc", "-ptx", "--Werror", "all-warnings", "all.cu"], cwd=tmp_path, check=True)
    assert "actcli_gelu_forward" in (tmp_path / "all.ptx").read_text()
