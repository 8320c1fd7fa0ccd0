"""What the providers of libraries answer, where their library is installed, and what they say where it isn't."""

from __future__ import annotations

import pickle
import subprocess
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

from actcli.activations.registry import DEFAULT, builtin_records
from actcli.core.formats import FORMATS, Format
from actcli.implementations.onnx_model import one_node
from actcli.implementations.provider import Implementation, Provider
from actcli.implementations.resolve import providers
from tests.conftest import clean_environment
from tests.implementations.functions import ALL_FORMATS, CLOSE, assert_close, easy_points, function_of

LIBRARIES = ("numpy", "scipy", "torch", "jax", "keras", "onnxruntime", "numexpr")
DIFFERENTIATE = ("torch", "jax", "keras")
FLOAT32 = FORMATS["float32"]
FAKES = str(Path(__file__).parent.parent / "fakes")


def table(name: str) -> list[str]:
    return list(import_module(f"actcli.implementations.{name}").TABLE)


def installed(name: str) -> Provider:
    provider = providers()[name]
    if missing := provider.missing():
        pytest.skip(f"{name}: {missing}")
    return provider


def cases(names: tuple[str, ...]) -> list[tuple[str, str]]:
    return [(name, activation) for name in names for activation in table(name)]


def check(found: list[Implementation], activation: str, order: int, format: Format) -> None:
    function = function_of(activation)
    x = easy_points(function, format)
    for each in found:
        assert_close(each(x), function, order, x, CLOSE[format.name])


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # libraries, of each other
@pytest.mark.parametrize(("name", "activation"), cases(LIBRARIES))
def test_values_are_right_where_it_is_easy(name: str, activation: str) -> None:
    provider = installed(name)
    assert provider.version()
    for format in ALL_FORMATS:
        found = provider.implementations(function_of(activation), 0, format)
        assert found or format.name != "float32"
        check(found, activation, 0, format)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(("name", "activation"), cases(DIFFERENTIATE))
def test_derivatives_are_right_where_it_is_easy(name: str, activation: str) -> None:
    provider = installed(name)
    absent = {("torch", "binary_step"), ("torch", "hard_sigmoid"), ("keras", "hard_sigmoid")}
    for order in (1, 2):
        found = provider.implementations(function_of(activation), order, FLOAT32)
        assert found or (name, activation) in absent  # PyTorch, or Keras on it, knows no derivative
        check(found, activation, order, FLOAT32)


@pytest.mark.parametrize("name", LIBRARIES)
def test_every_name_in_a_table_is_a_record_of_ours(name: str) -> None:
    assert set(table(name)) <= {record.name for record in builtin_records()} | {"bce_with_logits"}


@pytest.mark.parametrize("name", LIBRARIES)
def test_implementations_travel_to_other_processes(name: str) -> None:
    activation = "sigmoid" if name == "scipy" else "tanh"
    (found,) = installed(name).implementations(DEFAULT.get(activation), 0, FLOAT32)
    check([pickle.loads(pickle.dumps(found))], activation, 0, FLOAT32)


def test_a_parameter_that_a_library_lacks_rules_it_out() -> None:
    assert providers()["numpy"].implementations(DEFAULT.get("softplus"), 0, FLOAT32)
    assert not providers()["numpy"].implementations(DEFAULT.get("softplus(beta=2)"), 0, FLOAT32)


def test_nothing_is_converted_on_the_quiet() -> None:
    sigmoid = DEFAULT.get("sigmoid")
    there = [format.name for format in ALL_FORMATS if providers()["scipy"].implementations(sigmoid, 0, format)]
    assert there == ["float32", "float64"]


def test_own_kernels_and_their_rows() -> None:
    own = providers()["actcli"]
    for name in ("gelu", "softmax(axis=0)"):
        function = DEFAULT.get(name)
        x = easy_points(function, FORMATS["float64"])
        for order in (0, 1, 2):
            (found,) = own.implementations(function, order, FORMATS["float64"])
            check([found], name.partition("(")[0], order, FORMATS["float64"])
            assert found(x).shape == x.shape


def test_cupy_says_what_is_missing() -> None:
    if find_spec("cupy") is not None:
        pytest.skip("CuPy is installed")
    assert "pip install" in providers()["cupy"].missing()


CUPY = """
import pickle
import numpy as np
from actcli.activations.registry import get
from actcli.core.device import get_device
from actcli.core.formats import FORMATS
from actcli.implementations.resolve import resolve
formats = [FORMATS["float16"], FORMATS["float32"]]
for device in ("cpu", "cuda:0"):
    found = resolve(["cupy"], [get("tanh")], [0], formats, device=get_device(device))
    for each, format in zip(found, formats, strict=True):
        x = np.array([-1, 0, 0.5], dtype=format.dtype)
        assert np.array_equal(pickle.loads(pickle.dumps(each))(x), np.tanh(x))
        print(each.name, each.device)
(own,) = resolve(["actcli"], [get("gelu")], [1], [FORMATS["float32"]], device=get_device("gpu"))
assert np.array_equal(own(x), get("gelu").derivatives(x)[1])
"""


def test_on_a_stand_in_for_cupy_it_computes_on_the_device() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CUPY],
        env=clean_environment(PYTHONPATH=FAKES),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "cupy cuda:0 (stand-in)\n" * 4, done.stderr


@pytest.mark.gpu
@pytest.mark.parametrize("activation", table("cupy"))
def test_on_a_gpu_values_are_right_where_it_is_easy(activation: str) -> None:
    for format in (FORMATS["float16"], FLOAT32, FORMATS["float64"]):
        check(providers()["cupy"].implementations(function_of(activation), 0, format), activation, 0, format)


def test_asking_for_versions_imports_no_library() -> None:
    code = (
        "import sys; from actcli.implementations.resolve import providers\n"
        "for each in providers().values(): each.version(), each.missing()\n"
        "loaded = {'torch', 'jax', 'keras', 'onnxruntime', 'numexpr', 'numba', 'scipy.special'} & set(sys.modules)\n"
        "assert not loaded, loaded"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_model_is_what_onnx_takes_it_for() -> None:
    model = one_node("HardSigmoid", {"alpha": 0.5, "axis": -1, "mode": "none"}, "float16", 2, 20, "some.domain")
    onnx = pytest.importorskip("onnx", reason="onnx is not installed")
    read = onnx.load_from_string(model)
    (node,) = read.graph.node
    assert (node.op_type, node.domain, list(node.input), list(node.output)) == (
        "HardSigmoid",
        "some.domain",
        ["x"],
        ["y"],
    )
    assert {each.name: onnx.helper.get_attribute_value(each) for each in node.attribute} == {
        "alpha": 0.5,
        "axis": -1,
        "mode": b"none",
    }
    assert read.opset_import[0].version == 20
    assert read.graph.input[0].type.tensor_type.elem_type == onnx.TensorProto.FLOAT16
    onnx.checker.check_model(one_node("Gelu", {"approximate": "tanh"}, "float32", 1, 20))
