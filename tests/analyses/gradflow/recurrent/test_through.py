"""Through time: what is measured of recurrent nets, at depths where plain numbers underflow, and the forget bias."""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest

from actcli.analyses.gradflow.measured import Measured
from actcli.analyses.gradflow.network import trials
from actcli.analyses.gradflow.network.inits import gaussian_init, get_init
from actcli.analyses.gradflow.recurrent import Through, log_weight_gradient, run
from actcli.analyses.gradflow.recurrent.cells import CELLS
from actcli.analyses.gradflow.recurrent.forget_bias import forget_biases, log_textbook
from actcli.analyses.gradflow.recurrent.net import Plan
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
    np.testing.assert_allclose(found.measured.log_gradient[:, -1], np.zeros(2), atol=1e-15)
    for shares in (found.measured.dead, found.measured.saturated, found.measured.one_sign):
        assert ((shares >= 0) & (shares <= 1)).all()
    assert [gate.gate for gate in found.gates] == list(CELLS[arch].names[:-1])
    assert all(0.4 < gate.mean < 0.6 and gate.saturated == 0 for gate in found.gates)
    assert (found.kept is None) == (arch == "rnn")


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
    assert found.kept is not None
    gate = math.log(1 / (1 + math.exp(-1)))
    np.testing.assert_allclose(found.kept, 101 * gate, rtol=1e-13)
    if arch == "gru":
        # ∂h_T/∂h_t passes T − t gates.
        steps = np.arange(100, -1, -1)
        np.testing.assert_allclose(found.measured.log_gradient, [gate * steps] * 2, rtol=1e-12, atol=1e-15)


def test_the_gates_table_and_the_forget_bias_keep_the_same() -> None:
    options = {"steps": 7, "width": 6, "batch": 4, "trials": 3, "seed": 2}
    init = get_init("xavier", function("tanh"))
    through = run(function("tanh"), init, arch="lstm", forget_bias=1.0, **options)
    (row,) = forget_biases(function("tanh"), init, biases=[1.0], **options)
    assert through.kept is not None
    assert row.kept.value == pytest.approx(through.kept.mean(), rel=1e-13)


def test_an_lstm_is_judged_by_the_way_that_brings_more() -> None:
    # Without weights h has no way back in time, and the cell keeps σ(2) a step: ∂h_T/∂c_t = σ(2)^(T−t)·σ(0)·φ′(0).
    found = run(function("tanh"), NOTHING, arch="lstm", steps=30, width=3, batch=2, trials=2, seed=0, forget_bias=2.0)
    expected = np.log(0.5) - np.arange(29, -1, -1) * np.log1p(np.exp(-2.0))
    np.testing.assert_allclose(found.measured.log_gradient[:, :-1], [expected[:-1]] * 2, rtol=1e-12)
    np.testing.assert_allclose(found.measured.log_gradient[:, -1], 0, atol=1e-15)  # by h itself


def test_the_gradient_of_the_weights_is_that_of_the_plain_sum() -> None:
    net = Plan(function("tanh"), gaussian_init(1.5, 0.5), "gru", 3, 5, 4).net(np.random.SeedSequence(1))
    states = [net.start(), *(step.state for _, step in net.forward())]
    for _, x, step, _, gradients, exponent in net.backward(states[:-1]):
        plain = [
            (by_z[k] * 2.0**exponent).T @ inputs
            for by_z, inputs in ((gradients.by_input, x), (gradients.by_recurrent, step.before[0]))
            for k in range(3)
        ]
        with np.errstate(divide="ignore"):  # h is 0 before the first step
            found = log_weight_gradient(x, step.before[0], gradients, exponent, np)
        assert found == pytest.approx(np.log(np.linalg.norm(plain)), rel=1e-12)


def test_threads_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    many = through("tanh", "lstm", trials=3)
    monkeypatch.setattr(trials, "usable_cores", lambda: 1)
    alone = through("tanh", "lstm", trials=3)
    np.testing.assert_allclose(many.measured.log_gradient, alone.measured.log_gradient, rtol=1e-12)
    assert [each.mean for each in many.gates] == pytest.approx([each.mean for each in alone.gates], rel=1e-12)


@pytest.mark.parametrize(("bias", "left"), [(0, 7.9e-31), (1, 2.5e-14), (2, 3.1e-6)])
def test_what_a_forget_bias_leaves_after_a_hundred_steps(bias: float, left: float) -> None:
    assert float(f"{math.exp(log_textbook(bias, 100)):.1e}") == left


@pytest.mark.parametrize("bias", [-800.0, -3.0, 0.0, 40.0])
def test_the_logarithm_of_a_gate_is_exact_in_the_tails(bias: float) -> None:
    expected = -np.logaddexp(0, -bias) * 7
    assert log_textbook(bias, 7) == pytest.approx(expected, rel=1e-15)


def test_nets_without_weights_follow_the_textbook_and_others_scatter_about_it() -> None:
    options = {"steps": 50, "width": 16, "batch": 4, "trials": 3, "seed": 0}
    for row in forget_biases(function("tanh"), NOTHING, **options):
        assert row.kept.value == pytest.approx(row.textbook, rel=1e-12)
        assert row.norm.value == pytest.approx(row.textbook, rel=1e-12)
    rows = forget_biases(function("tanh"), get_init("xavier", function("tanh")), **options)
    assert [row.bias for row in rows] == [0, 1, 2]
    for row in rows:
        # ln σ is concave, so weights lower the geometric mean; the mean square counts the luckiest units.
        assert row.kept.high < row.textbook
        assert row.kept.high < row.norm.low


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
