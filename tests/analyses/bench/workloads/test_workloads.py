"""What workloads compute: against plain code, central differences, PyTorch, and the places where formulas break."""

from __future__ import annotations

import numpy as np
import pytest

from actcli.analyses.bench.workloads import WORKLOADS, error, get_workload
from tests.analyses.bench.workloads.helpers import BOTH, FORWARD, PLAIN, answers, arguments, normals, one_row

CODES = ("actcli", "textbook")
CLOSE = {"float32": 2e-5, "float64": 2e-14}


def test_sizes_are_told_in_words() -> None:
    assert {name: WORKLOADS[name].shape_text(1_000_000) for name in WORKLOADS} == {
        "lstm_cell": "batch 3,906 × hidden 256",
        "gru_cell": "batch 3,906 × hidden 256",
        "attention": "batch 122 × positions 32 × hidden 256",
        "softmax": "batch 3,906 × classes 256",
        "bce": "batch 1,000,000",
    }


@pytest.mark.parametrize("dtype", CLOSE)
@pytest.mark.parametrize("name", WORKLOADS)
@pytest.mark.parametrize("code", CODES)
def test_forward_is_what_the_formulas_say(name: str, code: str, dtype: str) -> None:
    workload = get_workload(name)
    x = normals(workload, 3, dtype)
    truth = PLAIN[name](*arguments(workload, x)[0])
    for out in (False, True):
        got = answers(one_row(name, code, FORWARD, dtype), x, out=out)
        for each, true, output in zip(got, truth, workload.outputs, strict=True):
            assert each.dtype == dtype
            assert each.shape == workload.shape(output.shape, 3)
            np.testing.assert_allclose(each, true, rtol=0, atol=CLOSE[dtype] * max(1, np.abs(true).max()))


@pytest.mark.parametrize("name", WORKLOADS)
@pytest.mark.parametrize("code", CODES)
def test_gradients_are_those_of_central_differences(name: str, code: str) -> None:
    """In a few random directions, and for every argument on its own."""
    workload = get_workload(name)
    x = normals(workload, 2)
    given, cotangents = arguments(workload, x)
    gradients = answers(one_row(name, code, BOTH), x)[len(workload.outputs) :]
    generator, step = np.random.default_rng(3), 1e-5

    def loss(values: list[np.ndarray]) -> float:
        return sum(float(np.sum(g * y)) for g, y in zip(cotangents, PLAIN[name](*values), strict=True))

    differentiated = [k for k, argument in enumerate(workload.arguments) if argument.differentiated]
    for k, gradient in zip(differentiated, gradients, strict=True):
        assert gradient.shape == given[k].shape
        for _ in range(2):
            direction = generator.standard_normal(given[k].shape)
            ahead, behind = list(given), list(given)
            ahead[k], behind[k] = given[k] + step * direction, given[k] - step * direction
            slope = (loss(ahead) - loss(behind)) / (2 * step)
            assert float(np.sum(gradient * direction)) == pytest.approx(
                slope, rel=1e-6, abs=1e-6 * np.linalg.norm(gradient)
            )


@pytest.mark.parametrize("name", WORKLOADS)
@pytest.mark.parametrize("dtype", CLOSE)
def test_pytorch_agrees_forward_and_backward(name: str, dtype: str) -> None:
    pytest.importorskip("torch")
    workload = get_workload(name)
    x = normals(workload, 5, dtype)
    for orders in (FORWARD, BOTH):
        theirs, ours = (answers(one_row(name, code, orders, dtype), x) for code in ("torch", "actcli"))
        for their, our in zip(theirs, ours, strict=True):
            assert their.dtype == our.dtype
            np.testing.assert_allclose(their, our, rtol=0, atol=CLOSE[dtype] * 5 * max(1, np.abs(our).max()))


@pytest.mark.parametrize("name", WORKLOADS)
def test_many_rows_in_blocks_and_threads_are_the_same_as_few(name: str) -> None:
    workload = get_workload(name)
    rows = 2 * max(1, (1 << 17) // workload.row)
    x = normals(workload, rows, "float32")
    row = one_row(name, "actcli", BOTH, "float32")
    ready = row.prepare(x, True, 2)
    with ready.active():
        many = ready.answer()
        again = ready.answer()
    for first, second in zip(many, again, strict=True):  # nothing of the first run is left in the second
        np.testing.assert_array_equal(first, second)
    for got, expected in zip(many, answers(one_row(name, "textbook", BOTH, "float32"), x), strict=True):
        np.testing.assert_allclose(got, expected, rtol=0, atol=1e-4 * max(1, np.abs(expected).max()))


@pytest.mark.parametrize("dtype", CLOSE)
def test_the_naive_loss_breaks_where_ours_does_not(dtype: str) -> None:
    z = np.array([800, -800, 800, -800, 40, -40] * 20, dtype=dtype)
    workload = get_workload("bce")
    (_, y), (cotangent,) = arguments(workload, z)
    right = np.where(y == 1, np.maximum(-z, 0), np.maximum(z, 0)).astype(np.float64)
    loss, gradient = answers(one_row("bce", "actcli", BOTH, dtype), z)
    np.testing.assert_allclose(loss, right, rtol=1e-6, atol=1e-17)
    wrong = (y == 1) != (z > 0)
    assert (loss[~wrong & (np.abs(z) == 40)] > 0).all()  # exp(-40), not 0
    np.testing.assert_array_equal(gradient[wrong], (np.sign(z) * cotangent)[wrong].astype(dtype))
    with np.errstate(all="ignore"):
        naive, _ = answers(one_row("bce", "textbook", BOTH, dtype), z)
    assert not np.isfinite(naive[np.abs(z) == 800]).any()


@pytest.mark.parametrize("dtype", CLOSE)
def test_softmax_of_large_logits(dtype: str) -> None:
    workload = get_workload("softmax")
    x = np.full((4, workload.row), -1e4, dtype=dtype)
    x[0, 3], x[1, 7] = 1e4, 1e30
    x[2] = normals(workload, 1)
    x[3, :2] = 2000, 1999
    y, gradient = answers(one_row("softmax", "actcli", BOTH, dtype), x.reshape(-1))
    assert y[0, 3] == y[1, 7] == 1
    assert y[3, 0] == pytest.approx(1 / (1 + np.exp(-1)), rel=1e-6)
    np.testing.assert_allclose(y.sum(axis=1), 1, rtol=1e-5)
    assert np.isfinite(gradient).all()
    naive, _ = answers(one_row("softmax", "textbook", BOTH, dtype), x.reshape(-1))
    assert np.isnan(naive[[0, 1, 3]]).any(axis=1).all()


def test_a_gradient_through_a_certain_softmax_keeps_its_digits() -> None:
    workload = get_workload("softmax")
    x = np.zeros((1, workload.row))
    x[0, 0] = 60  # the others share 255·exp(-60), far below the last place of 1
    _, (gradient,) = answers(one_row("softmax", "actcli", BOTH), x.reshape(-1))
    _, (cotangents,) = arguments(workload, x.reshape(-1))
    others = np.exp(-60) * np.sum(cotangents[0, 1:] - cotangents[0, 0])
    assert gradient[0] == pytest.approx(-others, rel=1e-12)


@pytest.mark.parametrize("name", ["lstm_cell", "gru_cell", "attention"])
@pytest.mark.parametrize("dtype", CLOSE)
def test_saturated_gates_stay_finite(name: str, dtype: str) -> None:
    workload = get_workload(name)
    for each in answers(one_row(name, "actcli", BOTH, dtype), normals(workload, 3, dtype, scale=1e4)):
        assert np.isfinite(each).all()


@pytest.mark.parametrize("name", WORKLOADS)
def test_nan_goes_through(name: str) -> None:
    workload = get_workload(name)
    x = normals(workload, 2, "float32")
    x[0] = np.nan
    first = answers(one_row(name, "actcli", BOTH, "float32"), x)[0]
    assert np.isnan(first[0]).any()
    assert np.isfinite(first[1]).all()


@pytest.mark.parametrize("dtype", CLOSE)
@pytest.mark.parametrize("name", WORKLOADS)
def test_our_errors_are_few_units(name: str, dtype: str) -> None:
    ulp, where = error(name, one_row(name, "actcli", BOTH, dtype))
    assert 0 < ulp < (300 if get_workload(name).multiplies else 6)
    assert where.startswith("largest in ")


@pytest.mark.parametrize(("name", "output"), [("softmax", "y"), ("bce", "loss")])
def test_the_error_of_a_broken_formula_is_infinite(name: str, output: str) -> None:
    ulp, where = error(name, one_row(name, "textbook", FORWARD, "float32"))
    assert ulp == np.inf
    assert where.startswith(f"{output}: ")
    assert "is due" in where
