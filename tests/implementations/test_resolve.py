"""From names to implementations: groups, variants, a user's own code, and what is said of what isn't there."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from actcli.activations.registry import DEFAULT
from actcli.core.formats import FORMATS
from actcli.errors import MissingError, UsageError
from actcli.implementations import resolve as module
from actcli.implementations.provider import Implementation, Provider, require
from actcli.implementations.resolve import choose, is_code, providers, resolve, variants

GELU, SIGMOID = DEFAULT.get("gelu"), DEFAULT.get("sigmoid")
FLOAT32, FLOAT16 = FORMATS["float32"], FORMATS["float16"]

CODE = """
import sys
import numpy as np

def swishy(x):
    return x / (1 + np.exp(-x))

def slope(x):
    s = 1 / (1 + np.exp(-x))
    return s * (1 + x * (1 - s))

def spoiler(x):
    x[:] = 0
    return x

def short(x):
    return x[:1]

def wide(x):
    return x.astype(np.float64)

def listed(x):
    return x.tolist()

def broken(x):
    raise KeyError("nope")

def leaver(x):
    sys.exit("enough")

def chatty(x):
    print("called")
    return x
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "mine.py").write_text(CODE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def names(text: str, **options: str) -> list[str]:
    return [each.name for each in resolve(text.split(","), [GELU], [0], [FLOAT32], **options)]


def test_names_and_variants_in_the_order_given() -> None:
    assert names("textbook:tanh,actcli,textbook:erf") == ["textbook:tanh", "actcli", "textbook:erf"]
    assert names("textbook,textbook") == ["textbook:erf", "textbook:tanh", "textbook:sigmoid"]


def test_function_by_function_then_order_then_format() -> None:
    found = resolve(["actcli"], [GELU, SIGMOID], [0, 1], [FLOAT16, FLOAT32])
    assert [(each.activation, each.order, each.dtype) for each in found] == [
        (name, order, dtype) for name in ("gelu", "sigmoid") for order in (0, 1) for dtype in ("float16", "float32")
    ]


def absent(name: str) -> Provider:
    return Provider(name, lambda *asked: [], ("no_such_module",), (f"{name}-wheel",))


def test_ways_of_a_library_have_names(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [*variants()] == ["cupy:elementwise", "cupy:fuse"]
    assert not any(is_code(name) for name in ("cupy", "cupy:fuse", "textbook:naive"))
    assert is_code("cupy:tanh")
    monkeypatch.setattr(module, "variants", lambda: {"cupy:fuse": absent("cupy:fuse")})
    with pytest.raises(MissingError, match="--impl cupy:fuse: no_such_module is not installed"):
        choose(["cupy:fuse"])


def test_groups_leave_out_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    few = {name: providers()[name] for name in ("actcli", "scipy")} | {"torch": absent("torch")}
    monkeypatch.setattr(module, "providers", lambda: few)
    said: list[str] = []
    assert [each.name for each in choose(["installed"], warn=said.append)] == ["actcli", "scipy"]
    assert not said
    assert [each.name for each in choose(["all"], warn=said.append)] == ["actcli", "scipy"]
    assert said == ["torch is left out: no_such_module is not installed: pip install torch-wheel"]
    with pytest.raises(MissingError, match=r"--impl torch: .* pip install torch-wheel"):
        choose(["torch"])


def test_what_a_provider_lacks_is_said_and_an_error_only_when_nothing_is_left() -> None:
    said: list[str] = []
    resolve(["actcli", "scipy", "numpy"], [GELU], [0, 1], [FLOAT16, FLOAT32], warn=said.append)
    assert said == ["scipy has no gelu in float16; no gelu′", "numpy has no gelu or gelu′"]
    said.clear()
    resolve(["actcli", "numpy"], [GELU, SIGMOID], [0], [FLOAT32], warn=said.append)
    assert said == ["numpy has no gelu, sigmoid"]
    with pytest.raises(UsageError, match="numpy has no gelu"):
        resolve(["numpy"], [GELU], [0], [FLOAT32])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("scipi", "did you mean scipy"),
        ("qqq", "there are actcli, fused, textbook"),
        ("instaled", "did you mean installed"),
        ("textbook:niave", "did you mean naive"),
        ("", "unknown implementation ''"),
        ("no_such_module:f", "there is no module"),
        ("no_such.py:f", "there is no file"),
        ("mine:nope", "there is no 'nope'"),
    ],
)
def test_unknown_names(folder: Path, text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        choose([text])


def user(name: str, order: int = 0, **options: str) -> Implementation:
    (found,) = resolve([f"mine.py:{name}"], [DEFAULT.get("silu")], [order], [FLOAT32], **options)
    return found


X = np.array([-2.0, 0.5, 3.0], dtype=np.float32)


def test_a_users_code_and_its_gradient(folder: Path) -> None:
    silu = DEFAULT.get("silu")
    values = user("swishy")
    assert (values.name, values.activation, values.device) == ("mine.py:swishy", "silu", "cpu")
    np.testing.assert_allclose(values(X), silu(X), rtol=1e-6)
    slopes = user("swishy", order=1, gradient="mine.py:slope")
    assert slopes.note == "mine.py:slope"
    np.testing.assert_allclose(slopes(X), silu.derivatives(X)[1], rtol=1e-6)
    with pytest.raises(UsageError, match="has no silu′; give --impl-gradient"):
        resolve(["mine.py:swishy"], [silu], [1], [FLOAT32])


def test_a_users_code_is_found_again_by_another_process(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = pickle.dumps(user("swishy"))
    monkeypatch.chdir("/")
    np.testing.assert_allclose(pickle.loads(sent)(X), DEFAULT.get("silu")(X), rtol=1e-6)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("spoiler", "changes its input"),
        ("short", r"answers an array of shape \(3,\) with one of shape \(1,\)"),
        ("wide", "answers float32 with float64"),
        ("listed", "answers an array with list"),
        ("broken", "raised KeyError: 'nope'"),
        ("leaver", "raised SystemExit: enough"),
    ],
)
def test_bad_code_is_told_in_a_line(folder: Path, name: str, words: str) -> None:
    x = X.copy()
    with pytest.raises(UsageError, match=rf"^mine\.py:{name} {words}$"):
        user(name)(x)
    assert (x == X).all()


def test_what_code_prints_is_not_data(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    user("chatty")(X)
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", "called\n")


@pytest.mark.parametrize(
    ("array", "library", "words"),
    [("torch", "torch", "answers a Tensor with numpy.ndarray"), ("jax", "jax", "answers an Array with numpy.ndarray")],
)
def test_answers_of_another_library_are_called_so(folder: Path, array: str, library: str, words: str) -> None:
    pytest.importorskip(library, reason=f"{library} is not installed")
    (folder / "mixed_up.py").write_text("import numpy as np\ndef f(x): return np.zeros(3, np.float32)\n")
    (found,) = resolve(["mixed_up.py:f"], [SIGMOID], [0], [FLOAT32], array=array)
    with pytest.raises(UsageError, match=words):
        found(X)


def test_an_answer_must_be_of_its_library() -> None:
    require(X, np.ndarray, "ndarray")
    with pytest.raises(UsageError, match=r"^answers a Tensor with numpy\.ndarray$"):
        require(X, set, "Tensor")
    with pytest.raises(UsageError, match=r"^answers an Array with float$"):
        require(0.5, set, "Array")


def test_what_code_prints_below_python_is_not_data(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (folder / "below.py").write_text("""
import os
os.write(1, b"imported ")
def f(x):
    os.write(1, b"called")
    return x
""")
    (found,) = resolve(["below.py:f"], [SIGMOID], [0], [FLOAT32])
    found(X)
    printed = capfd.readouterr()
    assert (printed.out, printed.err) == ("", "imported called")


def test_options_of_user_code_need_user_code(folder: Path) -> None:
    with pytest.raises(UsageError, match="--impl-gradient is for code of your own"):
        names("actcli", gradient="mine.py:slope")
    with pytest.raises(UsageError, match="--array is for code of your own"):
        names("textbook:erf", array="torch")
    with pytest.raises(UsageError, match="derivative of one function"):
        names("mine.py:swishy,mine.py:chatty", gradient="mine.py:slope")
    with pytest.raises(UsageError, match="did you mean torch"):
        names("mine.py:swishy", array="trch")


def test_an_array_library_that_is_not_there(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "providers", lambda: {"jax": absent("jax")})
    with pytest.raises(MissingError, match=r"--array jax: .* pip install jax-wheel"):
        names("mine.py:swishy", array="jax")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # libraries, of each other
@pytest.mark.parametrize(
    ("array", "library", "code"),
    [
        ("torch", "torch", "import torch\ndef f(x): return x * torch.sigmoid(x)\n"),
        ("", "torch", "import torch\nclass f(torch.nn.Module):\n    def forward(self, x): return x*torch.sigmoid(x)\n"),
        ("jax", "jax", "import jax\ndef f(x): return x * jax.nn.sigmoid(x)\n"),
    ],
)
@pytest.mark.parametrize("dtype", ["bfloat16", "float32", "float64"])
def test_tensors_and_their_derivatives(folder: Path, array: str, library: str, code: str, dtype: str) -> None:
    pytest.importorskip(library, reason=f"{library} is not installed")
    (folder / "tensors_of_mine.py").write_text(code)
    silu, format = DEFAULT.get("silu"), FORMATS[dtype]
    found = resolve(["tensors_of_mine.py:f"], [silu], [0, 1, 2], [format], array=array)
    x = X.astype(format.dtype)
    for each, truth in zip(found, silu.derivatives(X.astype(np.float64), 2), strict=True):
        assert each(x).dtype == format.dtype
        np.testing.assert_allclose(each(x).astype(np.float64), truth, atol=0.05 if dtype == "bfloat16" else 1e-6)


def test_tensors_that_are_changed_in_place_are_noticed(folder: Path) -> None:
    pytest.importorskip("torch", reason="PyTorch is not installed")
    (folder / "inplace.py").write_text("def f(x): return x.sigmoid_()\n")
    (found,) = resolve(["inplace.py:f"], [SIGMOID], [0], [FLOAT32], array="torch")
    with pytest.raises(UsageError, match="changes its input"):
        found(X)
