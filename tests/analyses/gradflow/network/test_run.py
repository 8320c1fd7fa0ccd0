"""Measured nets: against theory, what is counted, seeds, data, memory, devices."""

from __future__ import annotations

import gc
import math
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from actcli.analyses.gradflow.meanfield.propagation import propagate
from actcli.analyses.gradflow.measured import Measured
from actcli.analyses.gradflow.network import memory, trials
from actcli.analyses.gradflow.network.inits import Init, gaussian_init, get_init
from actcli.analyses.gradflow.network.net import Net, backward, forward
from actcli.analyses.gradflow.network.run import run
from actcli.analyses.gradflow.network.statistics import log_gradient
from actcli.core.device import CPU, Device
from actcli.errors import UsageError
from actcli.implementations.user import load
from tests.analyses.gradflow.network.nets import Array, function
from tests.conftest import clean_environment

FAKES = str(Path(__file__).parents[3] / "fakes")


def measure(activation: str = "tanh", init: str | Init = "xavier", **changes: Any) -> Measured:
    options = {"depth": 5, "width": 32, "batch": 16, "trials": 3, "seed": 1} | changes
    phi = function(activation)
    return run(phi, get_init(init, phi) if isinstance(init, str) else init, **options)


NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(200)
PHI: dict[str, Callable[[Array], tuple[Array, Array]]] = {
    "tanh": lambda z: (np.tanh(z), 1 / np.cosh(z) ** 2),
    "sigmoid": lambda z: (1 / (1 + np.exp(-z)), 1 / (2 + 2 * np.cosh(z))),
    "softplus": lambda z: (np.logaddexp(0, z), 1 / (1 + np.exp(-z))),
}


def moments(activation: str, q: float) -> tuple[float, float, float]:
    """Return E φ², E φ′², E φ′⁴ at z ~ N(0, q)."""
    if activation == "relu":
        return q / 2, 0.5, 0.5
    value, slope = PHI[activation](math.sqrt(q) * NODES)
    mean = WEIGHTS / WEIGHTS.sum()
    return float(mean @ value**2), float(mean @ slope**2), float(mean @ slope**4)


@pytest.mark.parametrize(
    ("activation", "sigma_w", "sigma_b"),
    [("tanh", 1.3, 0.2), ("relu", math.sqrt(2), 0.0), ("sigmoid", 3.0, 0.5), ("softplus", 1.2, 0.1)],
)
def test_wide_nets_do_what_theory_says(activation: str, sigma_w: float, sigma_b: float) -> None:
    depth, width = 6, 1000
    found = measure(activation, gaussian_init(sigma_w, sigma_b), depth=depth, width=width, batch=1, trials=10, seed=11)
    q, logs, variances, activity = sigma_w**2 + sigma_b**2, [], [], []
    for _ in range(depth):
        second, mu_1, mu_2 = moments(activation, q)
        logs.append(math.log(sigma_w**2 * mu_1))
        variances.append((3 * mu_2 / mu_1**2 - 1) / width)
        activity.append(second)
        q = sigma_w**2 * second + sigma_b**2
    # ln gradient² has the logarithm of theory's mean less half of its variance (Hanin 2018).
    theory = sum(logs[:-1]) / 2 - sum(variances[:-1]) / 4
    ratios = found.log_gradient[:, 0] - found.log_gradient[:, -1]
    error = ratios.std(ddof=1) / math.sqrt(len(ratios))
    assert abs(ratios.mean() - theory) < 4 * error
    assert 0.3 < ratios.var(ddof=1) / (sum(variances[:-1]) / 4) < 3
    squares = (found.mean**2 + found.std**2)[:, -1]
    assert abs(squares.mean() - activity[-1]) < 4 * squares.std(ddof=1) / math.sqrt(len(squares))


def test_the_last_layer_sees_the_cotangent_alone() -> None:
    found = measure("tanh", depth=1, width=2000, batch=64, init=gaussian_init(1.0, 0.0), trials=2)
    # E φ′² of tanh at q = 1.
    assert math.exp(2 * found.log_gradient.mean()) == pytest.approx(0.464402902448, rel=0.01)


def fixed(weights: Array, biases: Array) -> Init:
    """Return an initialisation that has nothing random in it."""

    class Fixed(Init):
        def draw(self, rng: np.random.Generator, fan_in: int, fan_out: int) -> tuple[Array, Array]:
            return weights, biases

    return Fixed("fixed", lambda rng, rows, columns: weights, lambda fan_in, fan_out: 1.0)


def test_units_are_counted() -> None:
    # Two examples; the first unit is dead, the second off for one example, the third on.
    data = np.array([[1.0, 1.0, 1.0], [2.0, -1.0, 2.0]])
    init = fixed(np.diag([-1.0, 1.0, 1.0]), np.zeros(3))
    found = measure("relu", init, depth=2, width=3, data=data, trials=1)
    assert found.dead.tolist() == [[1 / 3, 1 / 3]]
    assert found.saturated.tolist() == [[0.0, 0.0]]
    assert found.mean[0, 0] == pytest.approx((1 + 1 + 2) / 6)
    assert found.std[0, 0] == pytest.approx(np.std([0, 1, 1, 0, 0, 2]))
    # The signs of x: +++ and +−+ before layer 1; zeros of the ReLU have none before layer 2.
    assert found.one_sign.tolist() == [[pytest.approx((1 + 2 / 3) / 2), 1.0]]


def test_a_saturated_unit_is_not_a_dead_one() -> None:
    data = np.array([[1.0, 0.1, -900.0], [1.0, 0.1, 900.0]])
    init = fixed(np.diag([10.0, 1.0, 1.0]), np.zeros(3))
    for activation in ("sigmoid", "tanh", "1/(1 + exp(-x))"):
        found = measure(activation, init, depth=1, width=3, data=data, trials=1)
        assert found.dead.tolist() == [[0.0]], activation
        assert found.saturated.tolist() == [[pytest.approx(2 / 3)]], activation
    hard = measure("hard_tanh", init, depth=1, width=3, data=data, trials=1)
    assert (hard.dead.tolist(), hard.saturated.tolist()) == ([[pytest.approx(2 / 3)]], [[pytest.approx(2 / 3)]])


def test_gradients_of_the_weights() -> None:
    data = np.array([[3.0, 4.0], [3.0, 4.0]])
    found = measure("identity", fixed(np.eye(2), np.zeros(2)), depth=1, width=2, data=data, trials=1)
    # Both gradients are unit vectors u, v: the norm is |u + v|·5.
    assert 0 < found.log_weight_gradient[0, 0] < math.log(10) + 1e-12
    assert found.log_gradient[0, 0] == pytest.approx(0, abs=1e-15)


def test_zero_centred_activations_mix_signs_and_sigmoids_do_not() -> None:
    assert measure("sigmoid", depth=4).one_sign[:, 1:].min() == 1
    assert measure("tanh", depth=4, width=500).one_sign.max() < 0.55


def test_a_trial_depends_on_its_seed_alone() -> None:
    one, more = measure(trials=2), measure(trials=4)
    np.testing.assert_array_equal(one.log_gradient, more.log_gradient[:2])
    assert not np.array_equal(one.log_gradient[0], one.log_gradient[1])
    assert not np.array_equal(one.log_gradient, measure(trials=2, seed=2).log_gradient)


def test_data_replaces_the_inputs() -> None:
    data = np.random.default_rng(0).standard_normal((7, 12))
    found = measure(data=data, init="lecun", width=400, depth=3)
    assert found.mean.shape == (3, 3)
    # Unit inputs, whatever their dimension: fan_in of layer 1 is 12.
    q = float((data**2).sum(axis=1).mean() / 12)
    assert (found.std[:, 0] ** 2).mean() == pytest.approx(moments("tanh", q)[0], rel=0.15)
    with pytest.raises(UsageError, match="--width 12"):
        measure(data=data, arch="residual")


def test_batch_norm_takes_more_than_one_example() -> None:
    with pytest.raises(UsageError, match="at least 2 examples"):
        measure(norm="batch", batch=1)


@pytest.mark.parametrize("norm", ["none", "batch", "layer", "rms"])
@pytest.mark.parametrize("arch", ["mlp", "residual"])
def test_norms_keep_the_scale(arch: str, norm: str) -> None:
    found = measure("tanh", gaussian_init(3.0, 0.0), arch=arch, norm=norm, depth=12)
    assert np.isfinite(found.log_gradient).all()
    if norm != "none" and arch == "mlp":
        # tanh of N(0, 1).
        assert found.std[:, -1].mean() == pytest.approx(math.sqrt(0.394294490398), rel=0.05)


def test_progress_counts_trials() -> None:
    seen: list[tuple[int, int]] = []
    measure(progress=lambda what, done, total: seen.append((done, total)))
    assert seen == [(0, 3), (1, 3), (2, 3)]


def test_activations_that_overflow_are_said_to() -> None:
    found = measure("gelu", "normal:1000", depth=150)
    layer = found.overflow_layer
    assert layer is not None
    assert 80 < layer < 92
    assert np.isnan(found.log_gradient[:, 0]).all()


def test_rectifiers_hold_out_at_any_depth() -> None:
    found = measure("relu", gaussian_init(0.1, 0.0), depth=500, width=50)
    assert found.ratio().value == pytest.approx(499 * math.log(0.1 / math.sqrt(2)) - 499 * 5 / 50 / 4, rel=0.02)


def test_a_users_code_is_measured(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "import numpy as np\ndef relu(x):\n    return np.maximum(x, 0)\ndef squash(x):\n    return 1 / (1 + np.exp(-x))\n"
    )
    for name, known in (("relu", "relu"), ("squash", "sigmoid")):
        mine, init = load(f"{tmp_path / 'mine.py'}:{name}"), gaussian_init(2.0, 1.0)
        found = run(mine, init, depth=4, width=30, batch=8, trials=2, seed=3)
        expected = measure(known, init, depth=4, width=30, batch=8, trials=2, seed=3)
        for field in ("mean", "dead", "saturated", "log_gradient", "log_weight_gradient"):
            np.testing.assert_allclose(getattr(found, field), getattr(expected, field), rtol=1e-6, err_msg=field)


def test_a_net_that_does_not_fit_is_refused_with_the_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "free", lambda device: 1_500_000_000)
    with pytest.raises(UsageError, match=r"needs 20\.\d GB of memory, and 1\.5 GB are free"):
        measure(depth=10_000, width=2000, batch=64)


def test_weights_that_do_not_fit_are_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = measure(depth=20, batch=2, width=64)
    monkeypatch.setattr(memory, "free", lambda device: 400_000)
    np.testing.assert_array_equal(measure(depth=20, batch=2, width=64).log_gradient, kept.log_gradient)


def test_memory_is_counted_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    assert 0 < memory.free(CPU) < 1 << 60
    monkeypatch.setattr(memory, "memory_available", lambda: 5)
    assert memory.free(CPU) == 5
    monkeypatch.setattr(memory, "memory_available", lambda: None)
    assert memory.free(CPU) == sys.maxsize


def test_only_so_many_nets_live_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    size = {"depth": 30, "width": 100, "batch": 4}
    weights = 30 * 100 * 100 * 8
    monkeypatch.setattr(trials, "usable_cores", lambda: 2)

    def peak(count: int) -> int:
        gc.collect()
        tracemalloc.start()
        measure(trials=count, **size)
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    measure(trials=1, **size)
    assert peak(1) < 1.6 * weights
    assert peak(6) < 2 * 1.6 * weights
    monkeypatch.setattr(memory, "free", lambda device: int(1.9 * weights))
    assert peak(6) < 1.6 * weights


def test_how_many_at_a_time_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trials, "usable_cores", lambda: 3)
    many = measure(trials=4)
    monkeypatch.setattr(trials, "usable_cores", lambda: 1)
    alone = measure(trials=4)
    for field in Measured.__slots__:
        np.testing.assert_allclose(getattr(many, field), getattr(alone, field), rtol=1e-12, err_msg=field)


def test_code_of_users_runs_in_one_thread(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "import threading\nseen = set()\ndef f(x):\n    seen.add(threading.get_ident())\n    return x + len(seen) - 1\n"
    )
    mine = load(f"{tmp_path / 'mine.py'}:f")
    run(mine, gaussian_init(1, 0), depth=2, width=4, batch=2, trials=6, seed=0)
    assert mine(np.zeros(3)).tolist() == [0, 0, 0]


def test_the_gradient_of_a_batch_is_the_geometric_mean_over_its_examples() -> None:
    data = np.random.default_rng(2).standard_normal((6, 8))
    init = fixed(np.random.default_rng(3).standard_normal((8, 8)), np.zeros(8))
    found = measure("tanh", init, depth=3, width=8, data=data, trials=1).log_gradient[0]
    # Each example by itself, with the cotangent that it has in the batch.
    rng = np.random.default_rng(np.random.SeedSequence(1).spawn(1)[0].spawn(2)[1])
    cotangent = rng.standard_normal((6, 8))
    net, logs = Net(function("tanh"), [(init.draw(rng, 8, 8)[0], None)] * 3), []
    for x, back in zip(data, cotangent, strict=True):
        passed, norms = forward(net, x[None]), np.empty(3)
        for layer, delta, exponent in backward(net, passed, back[None] / np.linalg.norm(back)):
            norms[layer] = np.linalg.norm(delta * 2.0**exponent)
        logs.append(np.log(norms))
    np.testing.assert_allclose(found, np.mean(logs, axis=0), rtol=1e-12)


def test_examples_without_a_gradient_count_in_no_layer() -> None:
    none = -math.inf
    logs = np.array([[-3.0, none, -1.0], [0.0, 5.0, 1.0]])
    assert log_gradient(logs, np).tolist() == [-2.0, 0.5]
    logs = np.array([[none, none, none], [none, 5.0, 1.0], [none, none, none]])
    assert log_gradient(logs, np).tolist() == [none, 3.0, none]
    assert np.isnan(log_gradient(np.array([[math.nan, none, 1.0]]), np)).all()


@pytest.mark.parametrize("batch", [1, 16])
@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_a_batch_agrees_with_theory_at_this_width(activation: str, batch: int) -> None:
    width, depth, count = 64, 12, 40
    init = get_init("he" if activation == "relu" else "xavier", function(activation))
    found = measure(activation, init, depth=depth, width=width, batch=batch, trials=count, seed=4)
    theory = propagate(function(activation), init.sigma_w(width, width), 0.0, depth, width)
    logs = found.log_gradient[:, 0] - found.log_gradient[:, -1]
    expected = theory.log_gradient[0] - theory.log_gradient[-1] - theory.log_shortfall
    # What theory leaves out is of order depth/width, too.
    assert abs(logs.mean() - expected) < 4 * logs.std() / math.sqrt(count) + 0.3 * theory.log_shortfall
    assert theory.log_shortfall == theory.log_variance / 4


def test_a_users_code_stays_on_the_cpu(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("def f(x):\n    return x\n")
    gpu = Device("cuda", "cuda:0", CPU.xp)
    with pytest.raises(UsageError, match="--device cpu only"):
        run(
            load(f"{tmp_path / 'mine.py'}:f"),
            gaussian_init(1, 0),
            depth=1,
            width=2,
            batch=1,
            trials=1,
            seed=0,
            device=gpu,
        )


CODE = """
import numpy as np
from actcli.activations.registry import get
from actcli.analyses.gradflow.network.inits import get_init
from actcli.analyses.gradflow.network.net import Net, backward, forward
from actcli.analyses.gradflow.network.run import run
from actcli.analyses.gradflow.network.statistics import log_gradient
from actcli.core.device import CPU, get_device
for name in ("tanh", "relu", "x*sigmoid(1.7*x)"):
    for arch, norm in (("mlp", "none"), ("residual", "none"), ("residual", "batch"), ("mlp", "layer"), ("mlp", "rms")):
        function = get(name)
        init = get_init("pytorch", function)
        here, there = (
            run(function, init, depth=4, width=9, batch=5, trials=2, seed=3, arch=arch, norm=norm, device=device)
            for device in (CPU, get_device("gpu"))
        )
        for field in here.__slots__:
            a, b = getattr(here, field), getattr(there, field)
            assert type(b) is np.ndarray and np.array_equal(a, b), (name, arch, norm, field)
print("same")
"""


def test_on_a_stand_in_for_cupy_everything_stays_on_the_device() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", CODE],
        env=clean_environment(PYTHONPATH=FAKES),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "same\n", done.stderr


@pytest.mark.gpu
@pytest.mark.parametrize("activation", ["tanh", "relu", "gelu"])
def test_a_gpu_measures_the_same_nets(activation: str) -> None:
    from actcli.core.device import get_device

    here, there = measure(activation), measure(activation, device=get_device("gpu"))
    for field in ("mean", "std", "log_gradient", "dead", "log_weight_gradient"):
        np.testing.assert_allclose(getattr(there, field), getattr(here, field), rtol=1e-9, atol=1e-12, err_msg=field)
