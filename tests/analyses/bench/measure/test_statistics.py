"""Intervals that cover what they should, and verdicts that follow from them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from actcli.analyses.bench.measure import statistics
from actcli.analyses.bench.measure.statistics import (
    block_length,
    change_interval,
    half_width,
    median_interval,
    ratio_interval,
    spread,
    verdict,
)

NAN = math.nan


@pytest.mark.parametrize("samples", [10, 25, 60])
@pytest.mark.parametrize("shape", ["lognormal", "exponential", "two modes"])
def test_intervals_of_medians_cover_the_median(samples: int, shape: str) -> None:
    generator = np.random.default_rng(samples)
    draw, median = {
        "lognormal": (lambda: np.exp(0.2 * generator.standard_normal(samples)), 1.0),
        "exponential": (lambda: 1 + generator.exponential(0.1, samples), 1 + 0.1 * math.log(2)),
        "two modes": (
            lambda: 1 + 0.02 * generator.standard_normal(samples) + (generator.random(samples) < 0.2) * 0.5,
            1.0064,
        ),
    }[shape]
    ends = np.array([median_interval(draw())[1:] for _ in range(300)])
    covered = np.mean((ends[:, 0] <= median) & (median <= ends[:, 1]))
    assert 0.90 <= covered <= 0.99


@pytest.mark.parametrize("samples", [10, 40, 200])
def test_the_quick_interval_is_about_as_wide_as_the_bootstrap_s(samples: int) -> None:
    generator = np.random.default_rng(samples)
    ratios = []
    for _ in range(50):
        seconds = generator.lognormal(sigma=0.1, size=samples)
        median, low, high = median_interval(seconds)
        ratios.append(half_width(seconds) / ((high - low) / 2 / median))
    assert 0.95 < np.median(ratios) < 1.5


def test_medians_and_spreads_pass_over_rounds_without_a_sample() -> None:
    seconds = np.array([3.0, NAN, 1.0, 2.0, NAN, 1.0, 2.0, 3.0, 2.0])
    median, low, high = median_interval(seconds)
    assert (median, low, high) == (2.0, 1.0, 3.0)
    assert spread(seconds) == 0.5
    assert half_width(seconds) == 0.5


def test_too_few_samples_have_no_interval() -> None:
    assert np.isnan(median_interval(np.array([]))).all()
    value, low, high = median_interval(np.array([2.0, NAN]))
    assert value == 2.0
    assert math.isnan(low)
    assert math.isnan(high)
    five, six = np.arange(1.0, 6.0), np.arange(1.0, 7.0)
    assert np.isnan([median_interval(five)[1:], ratio_interval(five, five)[1:], change_interval(five, six)[1:]]).all()
    assert np.isfinite([median_interval(six), ratio_interval(six, six), change_interval(six, six)]).all()
    assert half_width(five) == math.inf
    assert math.isnan(spread(np.array([NAN])))


def test_the_same_seed_gives_the_same_interval() -> None:
    before, after = np.random.default_rng(0).lognormal(size=(2, 40))
    assert median_interval(before, 1) == median_interval(before, 1)
    assert change_interval(before, after, 1) == change_interval(before, after, 1) != change_interval(before, after, 2)


def test_ratios_are_taken_pair_by_pair() -> None:
    generator = np.random.default_rng(0)
    load = generator.uniform(1, 5, 50)
    numerator, denominator = 3 * load * generator.normal(1, 0.01, 50), load
    numerator[3] = denominator[7] = NAN
    ratio, low, high = ratio_interval(numerator, denominator)
    assert low <= ratio <= high
    assert ratio == pytest.approx(3, rel=0.01)
    assert high - low < 0.05
    assert ratio_interval(numerator[:20], denominator)[0] == pytest.approx(3, rel=0.02)


def test_ratios_that_drift_have_wider_intervals() -> None:
    generator = np.random.default_rng(0)
    wander = np.cumsum(generator.normal(0, 0.01, 100))
    drifting = np.exp(wander)
    scattered = generator.permutation(drifting)
    ones = np.ones(100)
    assert np.ptp(ratio_interval(drifting, ones)[1:]) > 1.5 * np.ptp(ratio_interval(scattered, ones)[1:])


def test_ratios_without_a_shared_round_are_nan() -> None:
    assert np.isnan(ratio_interval(np.array([NAN, 1.0]), np.array([1.0, NAN]))).all()


@pytest.mark.parametrize(
    ("low", "high", "word"),
    [
        (-0.01, 0.02, "same"),
        (-0.05, 0.05, "same"),
        (0.01, 0.04, "same"),
        (0.01, 0.05, "same"),
        (0.01, 0.06, "slower"),
        (0.08, 0.12, "slower"),
        (-0.001, 0.06, "unclear"),
        (0.0, 0.06, "unclear"),
        (-0.06, -0.01, "faster"),
        (-0.2, -0.1, "faster"),
        (-0.06, 0.0, "unclear"),
        (-0.2, 0.3, "unclear"),
        (NAN, NAN, "unclear"),
        (-math.inf, math.inf, "unclear"),
    ],
)
def test_verdicts(low: float, high: float, word: str) -> None:
    assert verdict(low, high) == word
    mirrored = {"slower": "faster", "faster": "slower"}.get(word, word)
    assert verdict(-high, -low) == mirrored


def test_what_matters_can_be_told() -> None:
    assert verdict(0.01, 0.03) == "same"
    assert verdict(0.01, 0.03, matters=0.02) == "slower"


def test_block_lengths_are_square_roots() -> None:
    assert [block_length(samples) for samples in (1, 3, 16, 100, 120)] == [1, 1, 4, 10, 10]


def drifting_run(generator: np.random.Generator, samples: int = 100) -> np.ndarray:
    """A run of an idle machine: noise of a round, a slow wander, a shift of its own, and now and then other load."""
    wander = np.cumsum(generator.normal(0, 0.001, samples))
    load = (generator.random(samples) < 0.05) * generator.exponential(0.3, samples)
    return np.exp(generator.normal(0, 0.005) + wander + generator.normal(0, 0.01, samples)) + load


@pytest.mark.parametrize(("slowdown", "word"), [(1.0, "same"), (1.1, "slower"), (1 / 1.1, "faster")])
def test_runs_are_told_apart_by_what_changed_and_not_by_noise(slowdown: float, word: str) -> None:
    generator = np.random.default_rng(7)
    verdicts = [
        verdict(*change_interval(drifting_run(generator), slowdown * drifting_run(generator))[1:]) for _ in range(40)
    ]
    assert verdicts.count(word) >= 38


def test_load_that_comes_in_stretches_gives_wider_intervals_than_the_same_load_in_any_order() -> None:
    generator = np.random.default_rng(3)
    calm = generator.normal(1, 0.01, 200)
    stretches = calm + 0.3 * (np.arange(200) % 100 < 85)
    scattered = generator.permutation(stretches)
    widths = [np.ptp(change_interval(each, each)[1:]) for each in (stretches, scattered)]
    assert widths[0] > 2 * widths[1]


def test_a_busy_machine_leaves_the_matter_open() -> None:
    generator = np.random.default_rng(5)
    idle = generator.normal(1, 0.01, 100)
    busy = idle + generator.exponential(0.3, 100)
    change, low, high = change_interval(idle, busy)
    assert low <= change <= high
    assert verdict(low, high) == "unclear"


def test_the_interval_contains_the_change_of_the_medians() -> None:
    generator = np.random.default_rng(6)
    for _ in range(50):
        before, after = generator.lognormal(sigma=0.5, size=(2, 20))
        change, low, high = change_interval(before, after)
        assert change == pytest.approx(np.median(after) / np.median(before) - 1)
        assert low <= change <= high


@pytest.mark.parametrize(("before", "after"), [([], [1.0, 2.0]), ([NAN], [1.0])])
def test_a_run_without_samples_has_no_change(before: list[float], after: list[float]) -> None:
    assert np.isnan(change_interval(np.array(before), np.array(after))).all()


def test_one_sample_shows_a_change_but_no_interval() -> None:
    change, low, high = change_interval(np.array([1.0]), np.array([1.5, 1.5]))
    assert change == 0.5
    assert verdict(low, high) == "unclear"
    assert statistics.MATTERS == 0.05
