"""Kernels compiled into one loop: the budgets of the kernels, the same bits whichever loop runs, and no need of numba."""

from __future__ import annotations

import importlib.util
import pickle
from typing import Any

import mpmath
import numpy as np
import pytest

from actcli.activations.registry import DEFAULT
from actcli.core.device import CPU
from actcli.core.formats import BFLOAT16, FLOAT16, FLOAT32, FLOAT64, FORMATS, Format
from actcli.errors import MissingError
from actcli.implementations.resolve import choose, providers, resolve
from tests.analyses.emit.cases import check, function, points

pytest.importorskip("numba", reason="the loops are compiled by numba")

TEXTS = [
    "sigmoid", "tanh", "softsign", "logit", "relu", "leaky_relu(0.2)", "celu(0.1)", "gelu", "gelu_tanh", "swish(-1.5)",
    "mish", "softplus(10)", "hard_sigmoid", "sign",
]  # fmt: skip
"""Every elementary function, kinks, edges of domains, parameters that are no float64."""

Array = np.ndarray[Any, Any]


def fused(text: str, x: Array, orders: tuple[int, ...] = (0, 1, 2), threads: int | None = None) -> list[Array]:
    from actcli.implementations.fused.compute import compute

    outs = [np.empty_like(x) for _ in orders]
    compute(function(text), orders, x, outs, threads)
    return outs


@pytest.mark.parametrize("format", [FLOAT32, FLOAT64], ids=lambda format: format.name)
@pytest.mark.parametrize("text", TEXTS)
def test_loops_are_within_the_budgets_of_the_kernels(text: str, format: Format) -> None:
    x = points(text, format).astype(format.dtype)
    results = fused(text, x)
    check(text, results, format, library=(0.0, 0.0, 0.0))
    ordinary = x[np.abs(x) <= 64.0][:1000]
    beside_nan = fused(text, np.append(ordinary, x.dtype.type(np.nan)))
    for got, due in zip(fused(text, ordinary), beside_nan, strict=True):
        np.testing.assert_array_equal(got, due[:-1])


@pytest.mark.parametrize("text", ["gelu", "relu"])
def test_float16_is_rounded_once(text: str) -> None:
    (implementation,) = resolve(["fused"], [DEFAULT.get(text)], [0], [FLOAT16])
    x = FLOAT16.every()
    exact, _ = function(text).reference.values(x.astype(np.float64), 0, FLOAT16)[0]
    np.testing.assert_array_equal(implementation(x), exact.astype(np.float16))


def compiled_loop(call: Any) -> Any:
    from actcli.implementations.fused.elementary import inlined

    source = "def loop(x, out):\n    for i in range(x.size):\n        out[i] = call(x[i])"
    namespace = {"call": call}
    exec(source, namespace)
    return inlined(namespace["loop"])


@pytest.mark.parametrize("is_narrow", [False, True], ids=["wide", "narrow"])
@pytest.mark.parametrize("name", ["exp", "expm1", "log", "log1p", "tanh"])
def test_elementary_functions(name: str, is_narrow: bool) -> None:
    from actcli.implementations.fused.elementary import NARROW, WIDE
    from actcli.implementations.fused.spelling import WITHIN

    generator = np.random.default_rng(3)
    sizes = np.concatenate([10.0 ** generator.uniform(-18, 2.84, 500), generator.uniform(0.0, 3.0, 500)])
    x = np.concatenate([sizes, -sizes[sizes < 1.0], [0.0, -0.0, 1.0, np.inf, -np.inf, np.nan, 5e-324, 1e-310]])
    x = x[x >= 0.0] if name == "log" else x
    names = [name] if name not in WITHIN else [name, f"{name}_within"]
    for each in names:
        if each.endswith("_within"):
            x = x[(WITHIN[name].low <= x) & (x <= WITHIN[name].high)]
        got = np.empty_like(x)
        compiled_loop((NARROW if is_narrow else WIDE)[each])(x, got)
        with np.errstate(all="ignore"), mpmath.workprec(120):
            known = getattr(np, name)(x)
            ordinary = np.isfinite(known) & (np.abs(known) > 1e-307) & (known < 1e307)
            rest = ~ordinary if not is_narrow else ~ordinary & (np.abs(x) > 1e-300)
            np.testing.assert_allclose(got[rest], known[rest], rtol=0.0, atol=1e-320 if not is_narrow else 1e-307)
            exact = [getattr(mpmath, name)(mpmath.mpf(float(each))) for each in x[ordinary]]
            wrong = np.array(
                [float(abs(a - b)) for a, b in zip(map(mpmath.mpf, got[ordinary].tolist()), exact, strict=True)]
            )
        if is_narrow:
            assert (wrong / np.abs(known[ordinary])).max() < 4e-10
        else:
            assert (wrong / np.spacing(np.abs(known[ordinary]))).max() < (3.5 if name == "tanh" else 1.6)


def test_wide_functions_reach_the_ends_of_float64() -> None:
    from actcli.implementations.fused.elementary import WIDE

    x = np.array([709.782712893384, 709.7827128933841, -745.1332191019411, -745.1332191019412, -0.0])
    got = np.empty_like(x)
    compiled_loop(WIDE["exp"])(x, got)
    np.testing.assert_array_max_ulp(got[:1], np.array([1.797693134862273e308]))
    np.testing.assert_array_equal(got[1:], [np.inf, 5e-324, 0.0, 1.0])
    compiled_loop(WIDE["expm1"])(x, got)
    assert got[1] == np.inf
    assert np.signbit(got[4])


def test_threads_and_places_change_nothing() -> None:
    from actcli.implementations.fused.compute import compute

    x = np.random.default_rng(1).standard_normal((100, 3000)).astype(np.float32)
    x[3, 7] = np.nan
    (one,), (two,) = fused("sigmoid", x, (1,), 1), fused("sigmoid", x, (1,), 2)
    np.testing.assert_array_equal(one, two)
    x.flags.writeable = False
    np.testing.assert_array_equal(fused("sigmoid", x, (1,))[0], one)
    place = x.copy()
    compute(function("sigmoid"), (1,), place, [place])
    np.testing.assert_array_equal(place, one)
    assert fused("sigmoid", x[:0], (1,))[0].shape == (0, 3000)


def test_implementations_are_of_the_formats_that_are_compiled() -> None:
    (provider,) = choose(["fused"])
    assert provider.name == "fused"
    functions = [DEFAULT.get(text) for text in ("gelu", "softmax", "x*exp(-x**2)")]
    there = [
        (f.name, format.name)
        for f in functions
        for format in FORMATS.values()
        for _ in provider.implementations(f, 0, format)
    ]
    assert there == [("gelu", "float16"), ("gelu", "float32"), ("gelu", "float64")]
    assert not provider.implementations(DEFAULT.get("gelu"), 0, BFLOAT16)
    (implementation,) = provider.implementations(DEFAULT.get("swish(1.25)"), 1, FLOAT32)
    x = np.linspace(-3.0, 3.0, 7, dtype=np.float32)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(implementation))(x), implementation(x))


def test_without_numba_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "numba" else find(name))
    assert providers()["fused"].missing() == "numba is not installed: pip install 'actcli[fast]'"
    with pytest.raises(MissingError, match=r"pip install 'actcli\[fast\]'"):
        choose(["fused"])
    assert "fused" not in [provider.name for provider in choose(["installed"])]


def test_narrow_loops_leave_out_what_float32_cannot_show() -> None:
    from actcli.implementations.fused.loop import loop

    for text, lost, is_left_out in (("sigmoid", "(d - 1.0)", True), ("gelu", "6442450944.0", False)):
        wide, narrow = (loop(function(text), (0,), is_narrow=is_narrow).source for is_narrow in (False, True))
        assert (lost in wide, lost in narrow) == (True, not is_left_out)


def test_ordinary_numbers_need_no_tails() -> None:
    from actcli.implementations.fused.loop import loop

    ordinary, rest = loop(function("silu"), (0,), is_narrow=False).source.split("def any_numbers")
    for far in ("708.0", "inf", "exp("):
        assert (far in ordinary, far in rest) == (False, True)


@pytest.mark.parametrize("orders", [(0,), (1,), (0, 1)])
@pytest.mark.parametrize("out", [False, True])
def test_what_is_timed_is_what_is_audited(orders: tuple[int, ...], out: bool) -> None:
    x = np.linspace(-20, 20, 999, dtype=np.float32)
    (timed,) = providers()["fused"].timed(function("softplus"), orders, FLOAT32, CPU)
    ready = timed.prepare(x, out, 2)
    assert ready.allocates is not out
    for order, answer in zip(orders, ready.answer(), strict=True):
        (implementation,) = providers()["fused"].find(function("softplus"), order, FLOAT32, CPU)
        assert np.array_equal(answer, implementation.call(x))
