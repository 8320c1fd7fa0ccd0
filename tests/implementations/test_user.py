"""A user's own code as an activation: where it is found, what it may do wrong, where derivatives come from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from actcli.activations.registry import DEFAULT
from actcli.errors import MissingError, UsageError
from actcli.implementations.user import is_user_code, load, resolve_all

CODE = """
import sys

import numpy as np

class Made:
    def __call__(self, x):
        return 2 * x

class NeedsMore:
    def __init__(self, size):
        pass

def swishy(x):
    return x / (1 + np.exp(-x))

def spoiler(x):
    x[:] = 0
    return x

def short(x):
    return x[:1]

def broken(x):
    raise KeyError("nope")

def leaves(x):
    sys.exit(5)

class Leaves:
    def __init__(self):
        sys.exit(5)

class Names:
    class Inner:
        double = Made()

def rotated(x):
    return x * (1 + 1j)

def softmax(x):
    return np.exp(x) / np.exp(x).sum()

def cumulative(x):
    return np.cumsum(x)

def standardised(x):
    return (x - x.mean()) / x.std()

def differences(x):
    return np.diff(x, prepend=0)

def noisy(x):
    return x + 1e-3 * np.random.default_rng().standard_normal(x.shape)

def dropping(x):
    return x * (np.random.default_rng().random(x.shape) < 0.5)

def shifted(x):
    top = np.max(x)
    return top + np.log(np.exp(-top) + np.exp(x - top))

calls = []

def counted(x):
    calls.append(x.size)
    return np.maximum(x, 0) * np.tanh(x)

three = 3
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "kernels_of_mine.py").write_text(CODE)
    (tmp_path / "raises.py").write_text("1/0\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("text", ["kernels_of_mine:swishy", "kernels_of_mine.py:swishy", "./kernels_of_mine.py:swishy"])
def test_values_and_differences(folder: Path, text: str) -> None:
    x = np.linspace(-5, 5, 41)
    value, slope, bend = load(text).derivatives(x, 2)
    exact = DEFAULT.get("silu").derivatives(x, 2)
    assert value == pytest.approx(exact[0], rel=1e-14)
    assert slope == pytest.approx(exact[1], abs=1e-8)
    assert bend == pytest.approx(exact[2], abs=1e-6)


def test_classes_are_made_and_inputs_are_safe(folder: Path) -> None:
    assert load("kernels_of_mine:Made")(3.0) == 6
    x = np.ones(3)
    load("kernels_of_mine:spoiler")(x)
    assert (x == 1).all()


def test_a_list_may_mix_code_names_and_formulas(folder: Path) -> None:
    found = resolve_all("relu,kernels_of_mine:swishy,leaky_relu:0.2,x*2", {}, DEFAULT)
    assert [function.name for function in found] == ["relu", "kernels_of_mine:swishy", "leaky_relu:0.2", "x*2"]
    assert not is_user_code("leaky_relu:0.2", DEFAULT)
    assert not is_user_code("leaky_relu:abc", DEFAULT)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("kernels_of_mine:nope", "there is no 'nope'"),
        ("kernels_of_mine:three", "not a function"),
        ("kernels_of_mine:NeedsMore", "without arguments"),
        ("no_such_module:f", "there is no module"),
        ("no_such_file.py:f", "there is no file"),
        ("raises:f", "ZeroDivisionError"),
        ("raises.py:f", "ZeroDivisionError"),
        ("kernels_of_mine:short", "shape"),
        ("kernels_of_mine:broken", "raised KeyError: 'nope'"),
        ("kernels_of_mine:leaves", "raised SystemExit: 5"),
        ("kernels_of_mine:Leaves", "raised SystemExit: 5"),
        ("kernels_of_mine:rotated", "complex"),
        ("kernels_of_mine:Names.Outer", "there is no 'Outer'"),
    ],
)
def test_what_can_go_wrong_is_one_line(folder: Path, text: str, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        load(text)(np.zeros(3))
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_name_may_have_dots(folder: Path) -> None:
    assert is_user_code("kernels_of_mine:Names.Inner.double", DEFAULT)
    assert load("kernels_of_mine:Names.Inner.double")(3.0) == 6


@pytest.mark.parametrize("name", ["softmax", "cumulative", "standardised", "differences"])
@pytest.mark.parametrize("x", [[1.0], [-2.0, 0.5, 3.0], list(np.linspace(-4, 4, 4097))])
def test_code_that_looks_at_other_numbers_is_refused(folder: Path, name: str, x: list[float]) -> None:
    with pytest.raises(UsageError, match="not element-wise"):
        load(f"kernels_of_mine:{name}")(np.array(x))


@pytest.mark.parametrize("name", ["noisy", "dropping"])
def test_code_that_is_random_is_refused(folder: Path, name: str) -> None:
    with pytest.raises(UsageError, match="called again"):
        load(f"kernels_of_mine:{name}")(np.linspace(-4, 4, 101))


def test_zeros_alone_prove_nothing(folder: Path) -> None:
    sums = load("kernels_of_mine:cumulative")
    sums(np.zeros(3))
    with pytest.raises(UsageError, match="not element-wise"):
        sums(np.ones(3))


def test_code_may_round_otherwise_in_company(folder: Path) -> None:
    x = np.linspace(-5, 5, 41)
    assert load("kernels_of_mine:shifted")(x) == pytest.approx(DEFAULT.get("softplus")(x))


def test_code_is_tried_once_with_few_numbers(folder: Path) -> None:
    own = load("kernels_of_mine:counted")
    own(np.linspace(-5, 5, 1000))
    calls = own.code.__globals__["calls"]
    before = len(calls)
    assert before < 10
    assert max(calls[:-1]) <= 64
    own(np.linspace(-5, 5, 1000))
    assert calls[before:] == [1000]


def test_torch_derivatives_come_from_autograd(folder: Path) -> None:
    pytest.importorskip("torch", reason="PyTorch is not installed")
    (folder / "tensors.py").write_text(
        "import torch\nclass Act(torch.nn.Module):\n    def forward(self, x): return x*torch.sigmoid(x)\n"
    )
    x = np.linspace(-5, 5, 41)
    found = load("tensors:Act").derivatives(x, 2)
    for got, want in zip(found, DEFAULT.get("silu").derivatives(x, 2), strict=True):
        assert got == pytest.approx(want, rel=1e-10, abs=1e-14)


def test_what_code_prints_is_not_data(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "chatty.py").write_text("print('hello')\ndef f(x):\n    print('called')\n    return x\n")
    load("chatty.py:f")(np.zeros(2))
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "hello" in printed.err


def test_a_library_that_code_needs_is_named(folder: Path) -> None:
    (folder / "needs.py").write_text("import no_such_library\n")
    with pytest.raises(MissingError, match="pip install no_such_library"):
        load("needs.py:f")
