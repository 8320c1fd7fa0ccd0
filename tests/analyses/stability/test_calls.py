"""Code that raises, hangs, answers wrongly, prints, or changes its input: one sentence each, with the point."""

from __future__ import annotations

import sys
import threading
import time
import warnings
from typing import Any

import numpy as np
import pytest

from actcli.analyses.stability.calls import BrokenError, ask, warned
from actcli.core.formats import FLOAT64
from tests.analyses.stability.helpers import Array, made, sigmoid

X = np.arange(-50, 51, dtype=np.float32) / 4


def raises_at_three(x: Array) -> Array:
    if np.any(x == 3):
        raise ValueError("three is a crowd\nand more")
    return sigmoid(x)


def hangs_at_three(x: Array) -> Array:
    while np.any(x == 3):
        pass
    return sigmoid(x)


def swallows_everything(x: Array) -> Array:
    while True:
        try:
            time.sleep(0.01)
        except Exception:
            time.sleep(0.01)


def slow(x: Array) -> Array:
    time.sleep(x.size * 0.002)
    return sigmoid(x)


def leaves(x: Array) -> Array:
    raise SystemExit(3)


def changes(x: Array) -> Array:
    x *= 2
    return sigmoid(x / 2)


def float64_only(x: Array) -> Array:
    if x.dtype != np.float64:
        raise TypeError("float64, please")
    return sigmoid(x)


def float32_only(x: Array) -> Array:
    if x.dtype != np.float32:
        raise TypeError("float32, please")
    return sigmoid(x)


def wants_tensors(x: Array) -> Array:
    raise TypeError("sigmoid(): argument 'input' (position 1) must be Tensor, not numpy.ndarray")


def wants_arrays(x: Array) -> Array:
    raise AttributeError("'Tensor' object has no attribute 'astype'")


def one_number_at_a_time(x: Array) -> Array:
    if x.size > 1:
        raise TypeError("not an array")
    return sigmoid(x)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (raises_at_three, r"^raised ValueError: three is a crowd, at x = 3.0 \(0x40400000\)$"),
        (hangs_at_three, r"^gave no answer within 0.2 s, at x = 3.0 \(0x40400000\)$"),
        (swallows_everything, r"^gave no answer within 0.2 s, whatever the input$"),
        (slow, r"^took more than 0.2 s for 101 points$"),
        (leaves, r"^raised SystemExit: 3, whatever the input$"),
        (changes, r"^changes its input, whatever the input$"),
        (float64_only, r"^raised TypeError: float64, please, whatever the input; in float64 it works"),
        (wants_tensors, r"whatever the input; if it takes tensors, add --array torch$"),
        (wants_arrays, r"whatever the input; if it takes NumPy arrays, leave --array torch away$"),
        (one_number_at_a_time, r"^raised TypeError: not an array, for arrays of more than one number$"),
        (lambda x: sigmoid(x)[:-1], r"shape \(101,\) with one of shape \(100,\), whatever the input$"),
        (
            lambda x: sigmoid(x).astype(np.float64),
            r"^answers float32 with float64, whatever the input; in float64 it works \(--dtype float64\)$",
        ),
        (lambda x: 0.5, r"^answers an array with float, whatever the input$"),
        (lambda x: None, r"^answers an array with NoneType, whatever the input$"),
    ],
)
def test_what_goes_wrong_is_said_in_one_line_with_the_point(code: Any, message: str) -> None:
    with pytest.raises(BrokenError, match=message) as caught:
        ask(made(code), X, timeout=0.2)
    assert "\n" not in str(caught.value)


def test_a_finite_culprit_is_preferred_to_nan() -> None:
    def picky(x: Array) -> Array:
        if np.any(np.isnan(x)) or np.any(x == 7):
            raise ValueError("no")
        return sigmoid(x)

    with pytest.raises(BrokenError, match=r"at x = 7\.0"):
        ask(made(picky), np.array([np.nan, 1, 7, 8], dtype=np.float32))


def test_what_it_prints_and_warns_is_kept_and_not_printed(capsys: pytest.CaptureFixture[str]) -> None:
    def noisy(x: Array) -> Array:
        sys.stdout.write(f"debug {x.size}\n")
        return 1 / (1 + np.exp(-x))

    answers = ask(made(noisy, FLOAT64), np.array([-1000.0, 1.0]))
    assert answers.printed == "debug 2"
    assert answers.warnings == {"overflow in exp"}
    assert capsys.readouterr() == ("", "")


def test_a_format_that_works_is_named() -> None:
    with pytest.raises(BrokenError, match=r"whatever the input; in float32 it works \(--dtype float32\)$"):
        ask(made(float32_only, FLOAT64), X.astype(np.float64))


def test_warnings_of_all_kinds_about_numbers_count() -> None:
    def worried(x: Array) -> Array:
        warnings.warn("large input\nbeware", UserWarning, stacklevel=1)
        warnings.warn("old", DeprecationWarning, stacklevel=1)
        return sigmoid(x)

    assert ask(made(worried), X).warnings == {"UserWarning: large input"}


def test_a_call_in_another_thread_has_no_alarm_and_works() -> None:
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(ask(made(sigmoid), X).values))
    thread.start()
    thread.join()
    assert found[0].size == X.size


def test_the_points_that_warn_are_found() -> None:
    x = np.linspace(-1000, 1000, 2001)
    naive = made(lambda x: 1 / (1 + np.exp(-x)), FLOAT64)
    assert x[warned(naive, x)].max() == -710
    assert np.count_nonzero(warned(naive, x)) == 291
    both = made(lambda x: np.exp(np.abs(x)), FLOAT64)
    assert np.count_nonzero(warned(both, x)) == 582
    assert not warned(made(np.tanh, FLOAT64), x).any()
