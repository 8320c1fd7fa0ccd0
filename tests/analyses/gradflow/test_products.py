"""Products of slopes: the textbook recipe draw for draw, exact means, depths beyond float64, samples that mislead."""

from __future__ import annotations

import math

import numpy as np
import pytest

from actcli.activations.function import Function
from actcli.activations.registry import DEFAULT, builtin_records
from actcli.analyses.gradflow import products as module
from actcli.analyses.gradflow.products import Product, depths, products, remarks
from actcli.errors import UsageError
from tests.analyses.gradflow.functions import function, own

ELEMENTWISE = [found for record in builtin_records() if isinstance(found := DEFAULT.get(record.name), Function)]
TEXTBOOK = [1, 5, 10, 15, 20]
EXACT = {"sigmoid": math.tanh(1) / 4, "tanh": math.tanh(2) / 2}


def recipe() -> dict[str, dict[int, np.ndarray]]:
    """Draw as textbooks do: one seed, depth after depth, both functions from the same draws."""

    def sigmoid_slope(x: np.ndarray) -> np.ndarray:
        s = 1 / (1 + np.exp(-x))
        return s * (1 - s)

    state = np.random.get_state()
    np.random.seed(42)
    drawn: dict[str, dict[int, np.ndarray]] = {"sigmoid": {}, "tanh": {}}
    for depth in TEXTBOOK:
        found: dict[str, list[float]] = {"sigmoid": [], "tanh": []}
        for _ in range(1000):
            x = np.random.uniform(-2, 2, depth)
            found["sigmoid"].append(np.prod(sigmoid_slope(x)))
            found["tanh"].append(np.prod(1 - np.tanh(x) ** 2))
        for name, values in found.items():
            drawn[name][depth] = np.array(values)
    np.random.set_state(state)
    return drawn


RECIPE = recipe()


def at(text: str, depth: int, **options: float) -> Product:
    found = products(function(text), depths(depth), **options)[-1]  # type: ignore[arg-type]
    assert found.depth == depth
    return found


@pytest.mark.parametrize(
    ("depth", "expected"),
    [
        (1, [1]),
        (7, [1, 5, 7]),
        (20, TEXTBOOK),
        (100, [*TEXTBOOK, 50, 100]),
        (500, [*TEXTBOOK, 50, 100, 200, 500]),
        (10_000, [*TEXTBOOK, 50, 100, 200, 500, 1000, 2000, 5000, 10_000]),
        (30_001, [*TEXTBOOK, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 30_001]),
    ],
)
def test_depths(depth: int, expected: list[int]) -> None:
    assert depths(depth) == expected


@pytest.mark.parametrize("text", ["sigmoid", "tanh"])
def test_the_sample_is_that_of_the_textbook_recipe(text: str) -> None:
    for found in products(function(text), TEXTBOOK):
        drawn = RECIPE[text][found.depth]
        assert found.value("sample_mean") == pytest.approx(drawn.mean(), rel=1e-12)
        assert found.value("sample_stderr") == pytest.approx(drawn.std(ddof=1) / math.sqrt(1000), rel=1e-11)
        assert found.value("median") == pytest.approx(np.median(drawn), rel=1e-12)


@pytest.mark.parametrize("text", ["sigmoid", "tanh"])
@pytest.mark.parametrize("depth", [1, 20, 1000])
def test_the_exact_mean_is_the_closed_form(text: str, depth: int) -> None:
    assert at(text, depth).exact_mean == pytest.approx(depth * math.log(EXACT[text]), rel=1e-14)


def test_a_block_at_a_time_is_the_same_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = at("gelu", 50)
    monkeypatch.setattr(module, "_BLOCK", 170)
    assert at("gelu", 50) == whole


def test_ten_thousand_layers() -> None:
    found = at("sigmoid", 10_000, samples=5)
    assert found.log10("bound") == found.log10("best_case") == pytest.approx(-6020.599913279624, rel=1e-15)
    assert found.value("bound") == 0
    assert found.log10("exact_mean") == pytest.approx(10_000 * math.log10(math.tanh(1) / 4), rel=1e-13)
    assert found.log10("median") == pytest.approx(found.log10("geometric_mean"), rel=0.05)


@pytest.mark.parametrize("each", ELEMENTWISE, ids=lambda each: each.name)
def test_the_figures_fit_together(each: Function) -> None:
    low, high = (0.05, 0.95) if each.name == "logit" else (-2.0, 2.0)
    for found in products(each, [1, 5, 10], low=low, high=high, samples=4000):
        assert found.bound == found.best_case
        for name in ("typical", "geometric_mean", "exact_mean", "sample_mean", "median"):
            if not (each.name == "logit" and name == "typical"):  # 2 lies outside its domain
                assert getattr(found, name) <= found.bound + 1e-9
        if found.depth == 1:
            error = found.value("sample_stderr")
            assert found.value("sample_mean") == pytest.approx(found.value("exact_mean"), abs=5 * error, rel=1e-12)


@pytest.mark.parametrize(
    ("text", "depth", "note"),
    [
        ("sigmoid", 20, ""),
        ("x", 20, ""),
        ("-x/3", 20, ""),
        ("tanh", 20, "the mean of 1000 draws rests on 29 of them; the exact mean is 2.49 times larger"),
        ("tanh", 50, "the mean of 1000 draws rests on 15 of them; the exact mean is 214 times larger"),
        ("relu", 10, "all 1000 draws are 0; the exact mean is 0.00098"),
    ],
)
def test_a_note_where_rare_paths_carry_the_mean(text: str, depth: int, note: str) -> None:
    assert at(text, depth).note == note


def test_a_note_far_beyond_float64() -> None:
    found = at("tanh", 1000)
    times = found.log10("exact_mean") - found.log10("sample_mean")
    assert times > 50
    assert found.note.endswith(f"of them; the exact mean is {10 ** (times % 1):.2f}e+{math.floor(times)} times larger")


def test_few_draws_that_carry_a_mean_are_counted() -> None:
    drawn = RECIPE["tanh"][20]
    rests_on = drawn.sum() ** 2 / np.square(drawn).sum()
    assert f"rests on {math.ceil(rests_on)} of them" in at("tanh", 20).note


def test_signs_are_kept() -> None:
    odd, even = at("exp(-x)", 5), at("exp(-x)", 10)
    assert odd.negative == {"typical", "exact_mean", "sample_mean", "median"}
    assert not even.negative
    assert odd.value("exact_mean") == pytest.approx(-((math.sinh(2) / 2) ** 5), rel=1e-12)
    assert odd.value("typical") == pytest.approx(-math.exp(-10), rel=1e-12)
    assert odd.value("geometric_mean") == pytest.approx(1, rel=1e-12)
    assert at("exp(-x**2)", 5).value("exact_mean") == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("relu", "φ′ is 0 on a part of [-2, 2]: the geometric mean is 0"),
        ("exp(x)", "φ′ grows without bound, so there is no bound on the gradient"),
        ("-tanh(x)", "E φ′ = -0.482 is negative: the exact mean changes its sign from layer to layer"),
    ],
)
def test_remarks(text: str, said: str) -> None:
    assert remarks(function(text), -2.0, 2.0) == [said]
    assert not remarks(function("gelu"), -2.0, 2.0)


def test_own_code_has_no_bound_that_anybody_proved() -> None:
    mine, known = products(own(np.tanh), [10])[0], products(function("tanh"), [10])[0]
    assert math.isnan(mine.bound)
    assert mine.best_case == pytest.approx(0, abs=1e-8)
    for name in ("typical", "geometric_mean", "exact_mean", "sample_mean", "median"):
        assert getattr(mine, name) == pytest.approx(getattr(known, name), rel=1e-7)
    assert "no bound" in remarks(own(np.tanh), -2.0, 2.0)[0]


def test_one_draw_says_nothing_of_its_error() -> None:
    assert math.isnan(at("tanh", 5, samples=1).sample_stderr)


def test_a_range_beyond_float64_is_refused() -> None:
    with pytest.raises(UsageError, match="too wide"):
        products(function("tanh"), [1], low=-1e308, high=1e308)
