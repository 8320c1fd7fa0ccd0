"""Devices: their names, what is missing, the GPU's code paths on a stand-in, and a real GPU where there is one."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import actcli
from actcli.core.device import CPU, Device, get_device
from actcli.errors import MissingError, UsageError
from tests.conftest import Completed, clean_environment

FAKES = str(Path(__file__).parent.parent / "fakes")


def test_names() -> None:
    assert get_device("cpu") is CPU
    assert get_device(" CPU ") is CPU
    for name in ("tpu", "cuda:x", "gpu0", ""):
        with pytest.raises(UsageError, match="unknown device"):
            get_device(name)


def test_without_a_gpu_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cupy", None)
    from actcli.core import device

    device._cuda.cache_clear()
    with pytest.raises(MissingError, match="pip install"):
        get_device("gpu")
    said: list[str] = []
    assert get_device("auto", said.append) is CPU
    assert "CuPy" in said[0]
    device._cuda.cache_clear()


CODE = """
import numpy as np, cupy, actcli
from actcli.activations.registry import DEFAULT
x = np.concatenate([np.linspace(-20, 20, 41), [np.inf, -np.inf, np.nan, 1e-300, -800, 0.25]])
for text in [*(record.name for record in DEFAULT.records), "x*sigmoid(1.7*x)", "max(0, x) + erf(x)*Phi(x)", "1/(1+exp(-x))",
             "where(x > 0, x, x**2)", "log(x)", "abs(x)**0.5", "clip(x, -1, 1)", "x**x"]:
    function = DEFAULT.get(text)
    arguments = x[:-4] if text in ("softmax", "log_softmax") else x[-7:-1] if hasattr(function, "axis") else x
    for dtype in (np.float64, np.float32, np.float16):
        host = arguments.astype(dtype)
        there = function.derivatives(cupy.asarray(host), 2)
        here = function.derivatives(host, 2)
        for a, b in zip(there, here):
            assert type(a) is cupy.ndarray and a.dtype == dtype, text
            assert np.array_equal(a.get(), b, equal_nan=True), (text, dtype)
grid = cupy.asarray(np.linspace(-1, 1, 12).reshape(3, 4))
f = actcli.get("gelu")
out = cupy.empty_like(grid)
assert f(grid, out=out) is out and f(grid.T).shape == (4, 3)
assert type(f.backward(grid, grid)) is cupy.ndarray
assert type(actcli.get("tanh").gradient_from_output(f(grid))) is cupy.ndarray
print("same")
"""


def test_on_a_stand_in_for_cupy_everything_stays_on_the_device() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", CODE],
        env=clean_environment(PYTHONPATH=FAKES),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "same\n", done.stderr


def test_the_command_on_a_stand_in_for_cupy(actcli: Callable[..., Completed]) -> None:
    environment = {"PYTHONPATH": FAKES}
    words = ("eval", "sigmoid,softmax", "-2", "0", "inf", "--order", "2")
    there = actcli(*words, "--device", "gpu", environment=environment)
    assert there.returncode == 0, there.stderr
    assert there.stdout == actcli(*words).stdout
    named = actcli(*words, "--device", "auto", "-f", "json", environment=environment)
    assert '"cuda:0 (stand-in)"' in named.stdout
    assert actcli(*words, "--device", "cuda:1", environment=environment).returncode == 3
    assert actcli(*words, "--device", "gpu", "--dtype", "bf16", environment=environment).returncode == 2


@pytest.mark.gpu
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize(
    "name", ["sigmoid", "tanh", "gelu", "silu", "mish", "elu", "hard_swish", "logit", "x*sigmoid(x)"]
)
def test_on_a_gpu_results_agree_with_the_cpu(name: str, dtype: Any) -> None:
    device: Device = get_device("gpu")
    x = np.concatenate([np.linspace(-30, 30, 6001), [np.inf, -np.inf, np.nan]]).astype(dtype)
    function = actcli.get(name)
    for got, want in zip(function.derivatives(device.array(x), 2), function.derivatives(x, 2), strict=True):
        there = device.to_numpy(got)
        assert there.dtype == dtype
        np.testing.assert_allclose(
            there, want, rtol=8 * np.finfo(dtype).eps, atol=float(np.finfo(dtype).smallest_subnormal)
        )
