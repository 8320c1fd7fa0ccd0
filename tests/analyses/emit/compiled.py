"""Emitted headers, compiled into one shared library and called on arrays."""

from __future__ import annotations

import ctypes
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from actcli.analyses.emit import emit
from actcli.analyses.emit.source import Source
from tests.analyses.emit.cases import function

WRAPPER = """
void case{k}(const double *x, double *out, long n)
{{
    for (long i = 0; i < n; i++) {{
        out[3 * i] = case{k}_f(x[i]);
        out[3 * i + 1] = case{k}_f_d1(x[i]);
        out[3 * i + 2] = case{k}_f_d2(x[i]);
    }}
}}
void case{k}_together(const double *x, double *out, long n)
{{
    for (long i = 0; i < n; i++) {{
        out[3 * i] = case{k}_f_with_d2(x[i], &out[3 * i + 1], &out[3 * i + 2]);
    }}
}}
void case{k}_float(const float *x, float *out, long n)
{{
    for (long i = 0; i < n; i++) {{
        out[3 * i] = case{k}_ff(x[i]);
        out[3 * i + 1] = case{k}_f_d1f(x[i]);
        out[3 * i + 2] = case{k}_f_d2f(x[i]);
    }}
}}
"""


def library(texts: Sequence[str], language: str, folder: Path, command: Sequence[str], prelude: str = "") -> Any:
    """Compile headers and wrappers for them. Each gets a name of its own: leaky_relu comes with several slopes."""
    lines = [prelude]
    for k, text in enumerate(texts):
        chosen = function(text)
        name = Source(chosen, 1).name
        header = emit(chosen, language, 2).replace(name, f"case{k}_f").replace(name.upper(), f"CASE{k}")
        suffix = "h" if language == "c" else "cuh"
        (folder / f"case{k}.{suffix}").write_text(header, encoding="utf-8")
        lines += [f'#include "case{k}.{suffix}"', WRAPPER.format(k=k)]
    if prelude:
        lines = [*lines[:1], *(line.replace("\nvoid", '\nextern "C" void') for line in lines[1:])]
    source = folder / ("all.c" if language == "c" else "all.cpp")
    source.write_text("\n".join(lines), encoding="utf-8")
    target = folder / "all.so"
    subprocess.run([*command, str(source), "-o", str(target), "-lm"], check=True, cwd=folder)
    return ctypes.CDLL(str(target))


def call(function: Any, x: np.ndarray[Any, Any]) -> list[np.ndarray[Any, Any]]:
    """Return f, f′, f″ at the elements of an array."""
    x = np.ascontiguousarray(x)
    out = np.empty((x.size, 3), dtype=x.dtype)
    function(x.ctypes.data_as(ctypes.c_void_p), out.ctypes.data_as(ctypes.c_void_p), ctypes.c_long(x.size))
    return [out[:, k] for k in range(3)]
