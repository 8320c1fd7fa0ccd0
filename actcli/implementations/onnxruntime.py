"""ONNX Runtime on the CPU: each activation is a model of one node."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np

from actcli.core.apply import usable_cores
from actcli.implementations.onnx_model import one_node
from actcli.implementations.peers import Library, Task
from actcli.implementations.provider import Array, Provider
from actcli.implementations.timed import Ready, answering, touched

MICROSOFT = "com.microsoft"


@dataclass(frozen=True, slots=True)
class Operator:
    """An operator of a version of an operator set, with its attributes."""

    name: str
    attributes: Mapping[str, float | int | str] = field(default_factory=dict)
    opset: int = 20
    domain: str = ""


TABLE: Mapping[str, Callable[..., Operator]] = {
    "identity": lambda: Operator("Identity"),
    "sigmoid": lambda: Operator("Sigmoid"),
    "tanh": lambda: Operator("Tanh"),
    "softsign": lambda: Operator("Softsign"),
    "relu": lambda: Operator("Relu"),
    "relu6": lambda cap: Operator("Clip", {"min": 0.0, "max": cap}, opset=10),
    "leaky_relu": lambda negative_slope: Operator("LeakyRelu", {"alpha": negative_slope}),
    "elu": lambda alpha: Operator("Elu", {"alpha": alpha}),
    "selu": lambda alpha, scale: Operator("Selu", {"alpha": alpha, "gamma": scale}),
    "celu": lambda alpha: Operator("Celu", {"alpha": alpha}),
    "gelu": lambda: Operator("Gelu", {"approximate": "none"}),
    "gelu_tanh": lambda: Operator("Gelu", {"approximate": "tanh"}),
    "quick_gelu": lambda: Operator("QuickGelu", {"alpha": 1.702}, opset=1, domain=MICROSOFT),
    "silu": lambda: Operator("QuickGelu", {"alpha": 1.0}, opset=1, domain=MICROSOFT),
    "swish": lambda beta: Operator("QuickGelu", {"alpha": beta}, opset=1, domain=MICROSOFT),
    "mish": lambda: Operator("Mish"),
    "softplus": lambda: Operator("Softplus"),
    "hard_sigmoid": lambda slope, offset: Operator("HardSigmoid", {"alpha": slope, "beta": offset}),
    "hard_swish": lambda: Operator("HardSwish"),
    "hard_tanh": lambda: Operator("Clip", {"min": -1.0, "max": 1.0}, opset=10),
    "sign": lambda: Operator("Sign"),
    "softmax": lambda: Operator("Softmax", {"axis": -1}),
    "log_softmax": lambda: Operator("LogSoftmax", {"axis": -1}),
}


def _run(activation: str, parameters: Mapping[str, float], order: int, device: str, x: Array) -> Array:
    session = _session(activation, tuple(parameters.items()), x.dtype.name, x.ndim, None)
    (answer,) = session.run(None, {"x": x})
    return np.asarray(answer)


@cache
def _session(
    activation: str, parameters: tuple[tuple[str, float], ...], dtype: str, axes: int, threads: int | None
) -> Any:
    import onnxruntime

    operator = TABLE[activation](**dict(parameters))
    model = one_node(operator.name, operator.attributes, dtype, axes, operator.opset, operator.domain)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # what it can't run it says by raising
    options.intra_op_num_threads = threads or 0
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def _bind(task: Task) -> Ready:
    x = np.ascontiguousarray(task.x)
    session = _session(task.activation, tuple(task.parameters.items()), x.dtype.name, x.ndim, task.threads)
    if not task.out:
        return answering(lambda: session.run(None, {"x": x})[0], np.asarray)
    out: Array = touched(x)
    binding = session.io_binding()
    binding.bind_input("x", "cpu", 0, x.dtype, x.shape, x.ctypes.data)
    binding.bind_output(session.get_outputs()[0].name, "cpu", 0, x.dtype, x.shape, out.ctypes.data)

    def run() -> Array:
        session.run_with_iobinding(binding)
        return out

    return answering(run, np.asarray, allocates=False)


def _threads(asked: int | None, size: int = 0) -> int:
    return asked or usable_cores()


_LIBRARY = Library("onnxruntime", TABLE, _run, _bind, threads=_threads)
PROVIDER = Provider("onnxruntime", _LIBRARY.find, ("onnxruntime",), ("onnxruntime",), timed=_LIBRARY.timed)
