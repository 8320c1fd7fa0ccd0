"""The workbench for neural-network activation functions.

    import actcli
    f = actcli.get("leaky_relu", negative_slope=0.2)
    f(x), f.derivatives(x, order=2), f.backward(x, grad_output)

Names are imported when first used, so that importing this package costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from actcli.version import VERSION

if TYPE_CHECKING:
    from actcli.activations.function import Function
    from actcli.activations.registry import get
    from actcli.api import bench, derive, emit, eval, gradflow, list, stability
    from actcli.errors import ActcliError
    from actcli.report import Report

__version__ = VERSION

_HOMES = {
    "get": "actcli.activations.registry",
    "Function": "actcli.activations.function",
    "bench": "actcli.api",
    "derive": "actcli.api",
    "emit": "actcli.api",
    "eval": "actcli.api",
    "gradflow": "actcli.api",
    "list": "actcli.api",
    "stability": "actcli.api",
    "Report": "actcli.report",
    "ActcliError": "actcli.errors",
}

__all__ = [
    "ActcliError", "Function", "Report", "__version__",
    "bench", "derive", "emit", "eval", "get", "gradflow", "list", "stability",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'actcli' has no attribute {name!r}")
    found = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = found
    return found


def __dir__() -> Any:
    return sorted([*globals(), *_HOMES])
