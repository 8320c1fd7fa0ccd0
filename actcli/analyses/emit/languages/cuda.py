"""CUDA: the functions of the C header for the device, and kernels that apply them to arrays."""

from __future__ import annotations

from collections import Counter

from actcli.analyses.emit.languages.c import CSpelling, comment, functions
from actcli.analyses.emit.source import Source
from actcli.tracing.graph import Value, reachable
from actcli.tracing.spelling import Text

PRECISION = (
    "Computed in double; the float versions, with suffix f, round the result once.",
    "A product that is used twice is rounded by __dmul_rn, lest fused multiplications make two numbers of",
    "it. Double arithmetic isn't touched by --use_fast_math.",
)

KERNELS = """
/* y[i] = f(x[i]) for i < n, in double; T is float or double. */
template <typename T>
__global__ void {name}_forward(const T *__restrict__ x, T *__restrict__ y, size_t n)
{{
    const size_t step = (size_t)blockDim.x * gridDim.x;
    for (size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x; i < n; i += step) {{
        y[i] = (T){name}((double)x[i]);
    }}
}}

/* grad_x[i] = grad_y[i] * f'(x[i]) for i < n. */
template <typename T>
__global__ void {name}_backward(const T *__restrict__ x, const T *__restrict__ grad_y,
                                T *__restrict__ grad_x, size_t n)
{{
    const size_t step = (size_t)blockDim.x * gridDim.x;
    for (size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x; i < n; i += step) {{
        grad_x[i] = (T)((double)grad_y[i] * {name}_d1((double)x[i]));
    }}
}}
"""


class CudaSpelling(CSpelling):
    """Operations of device code."""

    def __init__(self, source: Source) -> None:
        super().__init__(source.name)
        self.uses = Counter(id(operand) for value in reachable(source.outputs) for operand in value.operands)

    def operation(self, value: Value, operands: list[Text]) -> Text:
        if value.operation == "multiply" and self.uses[id(value)] > 1:
            return self.call("__dmul_rn", operands)
        return super().operation(value, operands)


def emit(source: Source) -> str:
    """Return a CUDA header with device functions and a forward and a backward kernel."""
    spelling = CudaSpelling(source)
    lines = [
        *comment(source.about(PRECISION)),
        *["#pragma once", "", "#include <math.h>", "#include <stddef.h>"],
    ]
    for part in functions(source, spelling, "__device__ __forceinline__"):
        lines += ["", *part]
    return "\n".join([*lines, "", *KERNELS.format(name=source.name).strip().split("\n"), ""])
