"""Formulas as they are typed for numexpr, which computes float32 and float64."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np

from actcli.implementations.peers import Library, Table, Task
from actcli.implementations.provider import Array, Provider
from actcli.implementations.timed import Ready, answering, touched

# A constant in a formula would turn float32 into float64, unless it's an integer.
TABLE: Table = {
    "sigmoid": lambda evaluate, x: evaluate("1/(1 + exp(-x))"),
    "tanh": lambda evaluate, x: evaluate("tanh(x)"),
    "softsign": lambda evaluate, x: evaluate("x/(1 + abs(x))"),
    "softplus": lambda evaluate, x: evaluate("log1p(exp(x))"),
    "log_sigmoid": lambda evaluate, x: evaluate("-log1p(exp(-x))"),
    "relu": lambda evaluate, x: evaluate("where(x > 0, x, 0*x)"),
    "leaky_relu": lambda evaluate, x, negative_slope: evaluate("where(x > 0, x, a*x)", a=negative_slope),
    "elu": lambda evaluate, x, alpha: evaluate("where(x > 0, x, a*expm1(x))", a=alpha),
    "silu": lambda evaluate, x: evaluate("x/(1 + exp(-x))"),
    "swish": lambda evaluate, x, beta: evaluate("x/(1 + exp(-a*x))", a=beta),
    "quick_gelu": lambda evaluate, x: evaluate("x/(1 + exp(-a*x))", a=1.702),
    "gelu_tanh": lambda evaluate, x: evaluate("x*(1 + tanh(a*(x + b*x**3)))/2", a=0.7978845608028654, b=0.044715),
    "mish": lambda evaluate, x: evaluate("x*tanh(log1p(exp(x)))"),
}


def _run(activation: str, parameters: Mapping[str, float], order: int, device: str, x: Array) -> Array:
    import numexpr

    def evaluate(formula: str, **constants: float) -> Array:
        numbers = {name: x.dtype.type(value) for name, value in constants.items()}
        result: Array = numexpr.evaluate(formula, local_dict={"x": x, **numbers}, global_dict={})
        return result

    return np.asarray(TABLE[activation](evaluate, x, **parameters))


def _bind(task: Task) -> Ready:
    import numexpr

    def typed(formula: str, **constants: float) -> tuple[str, dict[str, float]]:
        return formula, constants

    formula, constants = TABLE[task.activation](typed, task.x, **task.parameters)
    numbers = {name: task.x.dtype.type(value) for name, value in constants.items()}
    keywords: dict[str, Any] = {"local_dict": {"x": task.x, **numbers}, "global_dict": {}}
    if task.out:
        keywords["out"] = touched(task.x)
    run = partial(numexpr.evaluate, formula, **keywords)
    return answering(run, np.asarray, allocates=not task.out, active=partial(_threaded, task.threads))


@contextmanager
def _threaded(threads: int | None) -> Iterator[None]:
    import numexpr

    before = numexpr.set_num_threads(_threads(threads))
    try:
        yield
    finally:
        numexpr.set_num_threads(before)


def _threads(asked: int | None, size: int = 0) -> int:
    import numexpr

    return int(min(asked or numexpr.nthreads, numexpr.MAX_THREADS))


_LIBRARY = Library("numexpr", TABLE, _run, _bind, ("a typed formula",), threads=_threads)
PROVIDER = Provider("numexpr", _LIBRARY.find, ("numexpr",), ("numexpr",), timed=_LIBRARY.timed)
