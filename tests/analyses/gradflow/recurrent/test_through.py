"""Through time: what is measured of recurrent nets, at depths where plain numbers underflow, and the forget bias."""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest

from actcli.analyses.gradflow.measured import Measured
from actcli.analyses.gradflow.network.inits import gaussian_init, get_init
from actcli.analyses.gradflow.recurrent import Through, run
from actcli.analyses.gradflow.recurrent.cells import CELLS
from actcli.analyses.gradflow.recurrent.forget_bias import forget_biases, log_kept
from actcli.errors import UsageError
from tests.analyses.gradflow.functions import function, own
from tests.conftest import clean_environment
from tests.core.test_device import FAKES

NOTHING = gaussian_init(0, 0)


def through(text: str, arch: str, *, init: str = "xavier", steps: int = 6, **more: float) -> Through:
    sizes: dict[str, float] = {"width": 8, "batch": 4, "trials": 2, "seed": 1}
    return run(function(text), get_init(init, function(text)), arch=arch, steps=steps, **(sizes | more))  # type: ignore[arg-type]


@pytest.mark.parametrize("arch", CELLS)
@pytest.mark.parametrize("text", ["tanh", "relu", "gelu", "x*sigmoid(x)"])
def test_what_is_measured(text: str, arch: str) -> None:
    found = through(text, arch)
    for name in Measured.__slots__:
        values = getattr(found.measured, name)
        assert values.shape == (2, 6)
        assert np.isfinite(values).all(), name
    np.testing.assert_array_equal(found.measured.log_gradient[:, -1], np.zeros(2))
    for shares in (found.measured.dead, found.measured.saturated, found.measured.one_sign):
        assert ((shares >= 0) & (shares <= 1)).all()
    assert [gate.gate for gate in found.gates] == list(CELLS[arch].names[:-1])
    assert all(0.4 < gate.mean < 0.6 and gate.saturated == 0 for gate in found.gates)
    assert (found.cell_path is None) == (arch == "rnn")
    assert (found.cell_gradient is None) == (arch != "lstm")


@pytest.mark.parametrize("arch", CELLS)
def test_a_seed_decides_everything(arch: str) -> None:
    one, same, other = (through("tanh", arch, seed=seed).measured.log_gradient for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert not np.any(one[:, :-1] == other[:, :-1])


def test_an_orthogonal_linear_net_keeps_the_gradient() -> None:
    found = through("x", "rnn", init="orthogonal", steps=400).measured
    np.testing.assert_allclose(found.log_gradient, 0, atol=1e-12)


def test_a_gradient_beyond_float64_is_measured() -> None:
    found = through("sigmoid", "rnn", steps=2000).measured
    ratio = found.ratio()
    assert ratio.high < -2000
    assert found.log_weight_gradient[:, 0].max() < -2000
    rate = np.diff(found.log_gradient[0])
    assert rate[:1000].mean() == pytest.approx(rate[1000:].mean(), rel=0.05)


def test_gates_saturate_under_large_weights() -> None:
    found = through("tanh", "lstm", init="normal:10")
    assert all(gate.saturated > 0.5 for gate in found.gates)
    assert found.measured.saturated.mean() > 0.5


def test_units_without_a_slope_are_dead() -> None:
    assert (through("0*x", "rnn").measured.dead == 1).all()
    assert (through("0*x", "rnn").measured.log_gradient[:, 0] == -math.inf).all()
    assert (through("tanh", "rnn").measured.dead == 0).all()


@pytest.mark.parametrize("arch", ["lstm", "gru"])
def test_without_weights_the_direct_way_is_the_gate_of_the_bias(arch: str) -> None:
    found = run(function("tanh"), NOTHING, arch=arch, steps=101, width=3, batch=2, trials=2, seed=0, forget_bias=1.0)
    assert found.cell_path is not None
    np.testing.assert_allclose(found.cell_path[:, 0], 100 * math.log(1 / (1 + math.exp(-1))), rtol=1e-13)
    np.testing.assert_array_equal(found.cell_path[:, -1], 0)
    if arch == "gru":
        np.testing.assert_allclose(found.measured.log_gradient, found.cell_path, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize(("bias", "left"), [(0, 7.9e-31), (1, 2.5e-14), (2, 3.1e-6)])
def test_what_a_forget_bias_leaves_after_a_hundred_steps(bias: float, left: float) -> None:
    assert float(f"{math.exp(log_kept(bias, 100)):.1e}") == left


@pytest.mark.parametrize("bias", [-800.0, -3.0, 0.0, 40.0])
def test_the_logarithm_of_a_gate_is_exact_in_the_tails(bias: float) -> None:
    expected = -np.logaddexp(0, -bias) * 7
    assert log_kept(bias, 7) == pytest.approx(expected, rel=1e-15)


def test_nets_without_weights_follow_the_textbook_and_others_scatter_about_it() -> None:
    options = {"steps": 50, "width": 16, "batch": 4, "trials": 3, "seed": 0}
    for row in forget_biases(function("tanh"), NOTHING, **options):
        assert row.typical.value == pytest.approx(row.textbook, rel=1e-12)
        assert row.norm.value == pytest.approx(row.textbook, rel=1e-12)
    rows = forget_biases(function("tanh"), get_init("xavier", function("tanh")), **options)
    assert [row.bias for row in rows] == [0, 1, 2]
    for row in rows:
        # ln σ is concave, so weights lower the geometric mean; the mean square counts the luckiest units.
        assert row.typical.high < row.textbook
        assert row.typical.high < row.norm.low


def test_a_net_that_does_not_fit_is_refused_with_the_figures() -> None:
    with pytest.raises(UsageError, match=r"lstm of 1,000,000 steps, 4,096 units.* needs [\d,.]+ GB"):
        through("tanh", "lstm", steps=1_000_000, width=4096, batch=1024)


def test_own_code_goes_through_time() -> None:
    init = get_init("xavier", function("tanh"))
    sizes = {"arch": "lstm", "steps": 5, "width": 6, "batch": 3, "trials": 1, "seed": 0}
    mine, known = run(own(np.tanh), init, **sizes), run(function("tanh"), init, **sizes)  # type: ignore[arg-type]
    np.testing.assert_allclose(mine.measured.log_gradient, known.measured.log_gradient, atol=1e-7)


def test_progress_is_told() -> None:
    told: list[tuple[str, int, int]] = []
    init = get_init("xavier", function("tanh"))
    run(
        function("tanh"), init, arch="gru", steps=2, width=2, batch=2, trials=2, seed=0,
        progress=lambda *news: told.append(news),
    )  # fmt: skip
    assert told == [("tanh gru", 0, 2), ("tanh gru", 1, 2)]


CODE = """
import numpy as np
from actcli.activations.registry import DEFAULT
from actcli.analyses.gradflow.network.inits import get_init
from actcli.analyses.gradflow.recurrent import run
from actcli.core.device import CPU, get_device
tanh = DEFAULT.get("tanh")
for arch in ("rnn", "lstm", "gru"):
    here, there = (
        run(tanh, get_init("pytorch", tanh), arch=arch, steps=4, width=5, batch=3, trials=2, seed=0, device=device)
        for device in (CPU, get_device("gpu"))
    )
    for name in type(here.measured).__slots__:
        assert np.allclose(getattr(here.measured, name), getattr(there.measured, name), rtol=1e-12), (arch, name)
    assert here.gates == there.gates
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
