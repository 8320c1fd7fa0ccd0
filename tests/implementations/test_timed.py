"""What benchmarks run computes what implementations answer, on arrays that exist already."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from actcli.activations.registry import DEFAULT, AnyFunction, builtin_records
from actcli.activations.vector_function import VectorFunction
from actcli.core.apply import BLOCK, THREADED_FROM, threads_for, usable_cores
from actcli.core.device import CPU
from actcli.core.formats import FORMATS
from actcli.errors import UsageError
from actcli.implementations import resolve
from actcli.implementations.provider import Provider, no_implementation
from actcli.implementations.resolve import choose
from actcli.implementations.timed import Ready, Timed, timed
from tests.conftest import clean_environment
from tests.implementations.functions import easy_points, function_of
from tests.implementations.test_libraries import FAKES, installed, table

FLOAT32, FLOAT64 = FORMATS["float32"], FORMATS["float64"]
ORDERS = ((0,), (1,), (0, 1))
NAMES = [record.name for record in builtin_records()]
LIBRARIES = ("numpy", "scipy", "torch", "jax", "keras", "onnxruntime", "numexpr")
COMPILED = ("jax", "keras")
"""Libraries that fuse f and f′ into one loop, in which operations may round once instead of twice."""


def one(name: str, activation: str, orders: tuple[int, ...] = (0,), **options: Any) -> Timed:
    (found,) = timed([name], [function_of(activation)], [orders], [FLOAT32], **options)
    return found


def answers(ready: Ready) -> tuple[np.ndarray[Any, Any], ...]:
    with ready.active():
        ready.run()
        ready.finish()
        return ready.answer()


def expected(
    provider: Provider, function: AnyFunction, orders: tuple[int, ...], x: np.ndarray[Any, Any]
) -> list[np.ndarray[Any, Any]]:
    """The answers of the first implementation of each order: of the textbook that is the formula of the books."""
    found = [provider.implementations(function, order, FORMATS[x.dtype.name])[0] for order in orders]
    with np.errstate(all="ignore"):
        return [each(x) for each in found]


def check(provider: Provider, function: AnyFunction, orders: tuple[int, ...], tolerance: float = 0) -> None:
    format = FLOAT32
    x = easy_points(function, format)
    if not isinstance(function, VectorFunction):
        x = np.resize(x, 100)
    for found in provider.timed(function, orders, format, CPU):
        right = expected(provider, function, orders, x)
        for out in (False, True):
            given = x.copy()
            got = answers(pickle.loads(pickle.dumps(found)).prepare(given, out, 1))
            assert len(got) == len(orders)
            for mine, theirs in zip(got, right, strict=True):
                assert mine.dtype == x.dtype
                np.testing.assert_allclose(mine, theirs, rtol=tolerance, atol=0)
            np.testing.assert_array_equal(given, x)


@pytest.mark.parametrize("orders", ORDERS)
@pytest.mark.parametrize("name", NAMES)
def test_own_and_textbook_answer_like_their_implementations(name: str, orders: tuple[int, ...]) -> None:
    function = DEFAULT.get(name)
    for provider in choose(["actcli", "textbook"]):
        # s(1 - s) of a tanh that comes from exponentials isn't that of np.tanh
        check(provider, function, orders, 1e-5 if (provider.name, name, orders) == ("textbook", "tanh", (0, 1)) else 0)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # libraries, of each other
@pytest.mark.parametrize("orders", ORDERS)
@pytest.mark.parametrize(("name", "activation"), [(name, each) for name in LIBRARIES for each in table(name)])
def test_libraries_answer_like_their_implementations(name: str, activation: str, orders: tuple[int, ...]) -> None:
    provider = installed(name)
    if name in COMPILED and orders == (1,):
        pytest.skip("compiling takes long, and both orders together hold this one")
    check(provider, function_of(activation), orders, 1e-5 if name in COMPILED and len(orders) > 1 else 0)


@pytest.mark.parametrize(
    ("name", "activation", "orders"),
    [
        ("actcli", "sigmoid", (0,)),
        ("actcli", "gelu", (1,)),
        ("actcli", "gelu", (0, 1)),
        ("textbook", "sigmoid", (0,)),
        ("textbook", "sigmoid", (0, 1)),
        ("textbook:tanh", "gelu", (1,)),
        ("numpy", "relu", (0,)),
        ("scipy", "sigmoid", (0,)),
        ("scipy", "silu", (0,)),
        ("torch", "gelu", (0,)),
        ("onnxruntime", "relu", (0,)),
        ("numexpr", "sigmoid", (0,)),
    ],
)
def test_out_is_written_in_place(name: str, activation: str, orders: tuple[int, ...]) -> None:
    installed(name.partition(":")[0])
    x = np.linspace(-3, 3, 1000, dtype=np.float32)
    ready = one(name, activation, orders).prepare(x, True, 1)
    assert not ready.allocates
    with ready.active():
        first, second = (_pointers(ready.run()) for _ in range(2))
    assert first == second
    with (fresh := one(name, activation, orders).prepare(x, False, 1)).active():
        held = [fresh.run() for _ in range(2)]
    assert fresh.allocates
    assert not set(_pointers(held[0])) & set(_pointers(held[1]))


def _pointers(results: Any) -> list[int]:
    each = results if isinstance(results, tuple) else (results,)
    return [array.data_ptr() if hasattr(array, "data_ptr") else array.ctypes.data for array in each]


@pytest.mark.parametrize(
    ("name", "activation"), [("textbook", "leaky_relu"), ("numpy", "log_sigmoid"), ("torch", "relu")]
)
def test_what_has_no_out_says_so(name: str, activation: str) -> None:
    installed(name)
    ready = one(name, activation).prepare(np.ones(8, np.float32), True, 1)
    assert ready.allocates is (name != "numpy")


def test_arrays_are_bound_and_not_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []

    def keep(x: Any) -> Any:
        seen.append(x)
        return x + 1

    monkeypatch.setitem(sys.modules, "mine_bound", SimpleNamespace(f=keep))
    x = np.ones(16, np.float32)
    ready = one("mine_bound:f", "relu").prepare(x, True, None)
    with ready.active():
        ready.run()
        ready.run()
    assert seen[-1] is x
    assert seen[-2] is x


@pytest.mark.parametrize("name", ["numpy", "scipy", "numexpr", "onnxruntime"])
def test_libraries_read_the_very_memory(name: str) -> None:
    installed(name)
    x = np.full(64, 0.5, np.float32)
    ready = one(name, "tanh" if name == "numpy" else "sigmoid").prepare(x, True, 1)
    (before,) = (each.copy() for each in answers(ready))
    x[:] = -0.5
    (after,) = answers(ready)
    assert not np.array_equal(before, after)


def test_threads_are_those_used() -> None:
    own = one("actcli", "sigmoid").threads
    assert own(None, 64 * BLOCK) == min(usable_cores(), 64)
    assert own(3, 3 * BLOCK) == 3
    assert own(None, THREADED_FROM - 1) == 1
    assert own(4, BLOCK) == 1
    assert own(4, 5 * BLOCK) == 3  # two blocks each, and one for the last
    assert threads_for(0, 4) == 1
    for name in ("textbook", "numpy"):
        assert one(name, "relu").threads(8) == 1


def test_own_computes_in_as_many_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    import concurrent.futures as futures

    asked: list[int] = []

    class Pool(futures.ThreadPoolExecutor):
        def __init__(self, workers: int) -> None:
            asked.append(workers)
            super().__init__(workers)

    monkeypatch.setattr(futures, "ThreadPoolExecutor", Pool)
    row = one("actcli", "sigmoid")
    x = np.zeros(5 * BLOCK, np.float32)
    for threads in (1, 2, 4):
        answers(row.prepare(x, True, threads))
    assert set(asked) == {row.threads(2, x.size), row.threads(4, x.size)}


def test_torch_and_numexpr_have_their_threads_back() -> None:
    torch, numexpr = pytest.importorskip("torch"), pytest.importorskip("numexpr")
    before = torch.get_num_threads(), numexpr.get_num_threads()
    x = np.ones(8, np.float32)
    for threads in (1, 2):
        with one("torch", "sigmoid").prepare(x, False, threads).active():
            assert torch.get_num_threads() == threads
        with one("numexpr", "sigmoid").prepare(x, False, threads).active():
            assert numexpr.get_num_threads() == threads
    assert (torch.get_num_threads(), numexpr.get_num_threads()) == before


def test_torch_forward_keeps_no_graph_and_backward_has_ones() -> None:
    torch = pytest.importorskip("torch")
    x = np.linspace(-2, 2, 8, dtype=np.float32)
    ready = one("torch", "silu").prepare(x, False, 1)
    assert not ready.run().requires_grad  # type: ignore[attr-defined]  # a tensor
    both = answers(one("torch", "silu", (0, 1)).prepare(x, False, 1))
    s = torch.sigmoid(torch.from_numpy(x))
    np.testing.assert_allclose(both[1], (s * (1 + torch.from_numpy(x) * (1 - s))).numpy(), rtol=1e-5)


def test_jax_is_compiled_once_and_keeps_float64() -> None:
    pytest.importorskip("jax")
    (row,) = timed(["jax"], [DEFAULT.get("tanh")], [(0,)], [FLOAT64])
    ready = row.prepare(np.linspace(-1, 1, 9), False, None)
    (got,) = answers(ready)
    assert got.dtype == np.float64
    np.testing.assert_allclose(got, np.tanh(np.linspace(-1, 1, 9)), rtol=1e-14)


def test_the_textbook_is_one_row_and_its_variants_have_names() -> None:
    row = one("textbook", "sigmoid")
    assert (row.name, row.note) == ("textbook", "the definition, 1/(1 + exp(-x))")
    assert one("textbook:masked", "sigmoid").name == "textbook:masked"


def test_the_derivative_of_the_books_shares_the_output(monkeypatch: pytest.MonkeyPatch) -> None:
    import actcli.implementations.textbook.sigmoids as module

    x = np.linspace(-3, 3, 7, dtype=np.float32)
    value, slope = answers(one("textbook", "sigmoid", (0, 1)).prepare(x, False, 1))
    np.testing.assert_array_equal(slope, value * (1 - value))
    sigmoid = module.product(lambda x: pytest.fail("computed twice"))
    np.testing.assert_array_equal(sigmoid(x, y=value), slope)


def test_who_lacks_an_order_is_named() -> None:
    said: list[str] = []
    found = timed(["actcli", "numpy"], [DEFAULT.get("relu")], [(0,), (0, 1)], [FLOAT32], warn=said.append)
    assert [(each.name, each.orders) for each in found] == [("actcli", (0,)), ("numpy", (0,)), ("actcli", (0, 1))]
    assert said == ["numpy has no relu+relu′"]
    with pytest.raises(UsageError, match="numpy has no relu′"):
        timed(["numpy"], [DEFAULT.get("relu")], [(1,)], [FLOAT32])


def test_code_of_the_users_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "own_code.py").write_text(
        "def f(x):\n    print('hello')\n    return x * x\ndef slope(x):\n    return 2 * x\ndef bad(x):\n    return 1 / 0\n"
    )
    monkeypatch.chdir(tmp_path)
    x = np.linspace(-3, 3, 7, dtype=np.float32)
    both = one("own_code.py:f", "relu2", (0, 1), gradient="own_code.py:slope")
    value, slope = answers(both.prepare(x, False, None))
    np.testing.assert_array_equal(value, x * x)
    np.testing.assert_array_equal(slope, 2 * x)
    (alone,) = answers(one("own_code.py:f", "relu2", (1,), gradient="own_code.py:slope").prepare(x, False, None))
    np.testing.assert_array_equal(alone, 2 * x)
    assert "hello" not in capfd.readouterr().out
    capfd.readouterr()
    one("own_code.py:f", "relu").prepare(x, False, None)
    assert "hello" not in capfd.readouterr().err  # the first call is the caller's


@pytest.mark.parametrize("array", ["torch", "jax"])
def test_code_of_the_users_own_on_other_arrays(array: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip(array)
    (tmp_path / f"own_{array}.py").write_text(
        "def f(x):\n    assert 'numpy' not in type(x).__module__\n    return x * x * x\n"
    )
    monkeypatch.chdir(tmp_path)
    x = np.linspace(-3, 3, 7, dtype=np.float32)
    value, slope = answers(one(f"own_{array}.py:f", "relu2", (0, 1), array=array).prepare(x, False, 1))
    np.testing.assert_allclose(value, x**3, rtol=1e-6)
    np.testing.assert_allclose(slope, 3 * x**2, rtol=1e-6)


def elsewhere(name: str) -> Provider:
    return Provider(name, no_implementation, devices=("cuda",))


def test_who_computes_on_a_gpu_only_is_left_out_or_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"actcli": resolve.providers()["actcli"], "cupy": elsewhere("cupy")}
    monkeypatch.setattr(resolve, "providers", lambda: known)
    said: list[str] = []
    found = timed(["installed"], [DEFAULT.get("relu")], [(0,)], [FLOAT32], warn=said.append)
    assert [each.name for each in found] == ["actcli"]
    assert said == ["cupy is left out: it computes on a GPU only"]
    with pytest.raises(UsageError, match="--impl cupy computes on a GPU only"):
        timed(["cupy"], [DEFAULT.get("relu")], [(0,)], [FLOAT32])


GPU_ROWS = """
import numpy as np
from actcli.activations.registry import get
from actcli.core.device import get_device
from actcli.core.formats import get_format
from actcli.implementations.timed import timed

x = np.linspace(-3, 3, 33, dtype=np.float32)
functions = [get(name) for name in ("sigmoid", "tanh", "relu", "softplus")]
for row in timed(["actcli", "textbook", "cupy"], functions, [(0,), (1,), (0, 1)], [get_format("float32")],
                 device=get_device("gpu")):
    if row.name == "cupy:elementwise":
        continue
    assert row.device.startswith("cuda:0"), row
    assert row.threads(4) == 1
    truth = {each.name: each for each in functions}[row.activation].derivatives(x.astype(float), 1)
    for out in (False, True):
        ready = row.prepare(x, out, None)
        with ready.active():
            assert type(ready.run() if len(row.orders) == 1 else ready.run()[0]).__module__ == "cupy", row.name
            ready.finish()
            for order, answer in zip(row.orders, ready.answer(), strict=True):
                assert type(answer) is np.ndarray
                assert np.abs(answer - truth[order]).max() < 1e-5, (row.name, row.activation)
        print(row.name, row.activation, row.orders, ready.allocates)
(fused,) = timed(["cupy:fuse"], functions[:1], [(0,)], [get_format("float32")], device=get_device("gpu"))
print("by name", fused.name)
"""


def test_rows_of_a_gpu_stay_on_it_with_a_stand_in() -> None:
    environment = clean_environment(PYTHONPATH=FAKES)
    done = subprocess.run(
        [sys.executable, "-c", GPU_ROWS], capture_output=True, text=True, env=environment, check=False, timeout=60
    )
    assert not done.stderr
    assert "actcli sigmoid (0, 1) False" in done.stdout
    assert "textbook sigmoid (0,) False" in done.stdout
    assert "cupy:fuse tanh (1,) True" in done.stdout
    assert "by name cupy:fuse" in done.stdout


@pytest.mark.gpu
@pytest.mark.parametrize("orders", ORDERS)
def test_rows_of_a_gpu_compute_it(orders: tuple[int, ...]) -> None:
    from actcli.core.device import get_device

    functions = [DEFAULT.get(name) for name in ("sigmoid", "relu", "gelu", "silu")]
    x = np.linspace(-3, 3, 1001, dtype=np.float32)
    for row in timed(["actcli", "textbook", "cupy"], functions, [orders], [FLOAT32], device=get_device("gpu")):
        truth = next(each for each in functions if each.name == row.activation).derivatives(x.astype(float), 1)
        got = answers(row.prepare(x, True, None))
        for order, answer in zip(orders, got, strict=True):
            np.testing.assert_allclose(answer, truth[order], rtol=1e-4, atol=1e-6, err_msg=row.name)
