"""The formulas of the books: right where it's easy, and wrong where and how they are known to be."""

from __future__ import annotations

import pickle
import warnings

import numpy as np
import pytest

from actcli.core.formats import FORMATS, Format
from actcli.errors import UsageError
from actcli.implementations.provider import Implementation
from actcli.implementations.textbook import PROVIDER, VARIANTS, variant, variant_names
from actcli.implementations.textbook.variant import Variant
from tests.implementations.functions import ALL_FORMATS, CLOSE, assert_close, easy_points, function_of


def made(activation: str, order: int, name: str, dtype: str, **parameters: str) -> Implementation:
    (found,) = variant(f"textbook:{name}").implementations(function_of(activation, **parameters), order, FORMATS[dtype])
    return found


@pytest.mark.parametrize("format", ALL_FORMATS, ids=lambda format: format.name)
@pytest.mark.parametrize("each", VARIANTS, ids=lambda each: f"{each.activation}-{each.order}-{each.name}")
def test_every_variant_is_right_where_it_is_easy(each: Variant, format: Format) -> None:
    function = function_of(each.activation)
    x = easy_points(function, format)
    found = made(each.activation, each.order, each.name, format.name)
    tolerance = 0.04 if each.source.startswith("approximation") else 0
    assert_close(found(x), function, each.order, x, CLOSE[format.name] + tolerance)


def test_names_are_unique() -> None:
    keys = [(each.activation, each.order, each.name) for each in VARIANTS]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize(
    ("activation", "order", "name", "dtype", "x", "wrong", "raised"),
    [
        ("sigmoid", 0, "naive", "float32", -1000, 0.0, "overflow"),
        ("sigmoid", 0, "naive", "float16", -12, 0.0, "overflow"),
        ("sigmoid", 0, "clipped500", "float32", -1000, 0.0, "overflow"),
        ("sigmoid", 0, "clipped500", "float64", -600, 1 / (1 + np.exp(500.0)), ""),
        ("sigmoid", 0, "clipped250", "float64", -600, 1 / (1 + np.exp(250.0)), ""),
        ("sigmoid", 0, "where", "float64", -1000, 0.0, "overflow"),
        ("sigmoid", 0, "masked", "float64", -1000, 0.0, ""),
        ("sigmoid", 0, "tanh", "float32", -20, 0.0, ""),
        ("sigmoid", 1, "naive", "float64", 40, 0.0, ""),
        ("sigmoid", 1, "masked", "float32", 20, 0.0, ""),
        ("sigmoid", 1, "quotient", "float32", -100, np.nan, "overflow"),
        ("sigmoid", 2, "naive", "float64", 40, -0.0, ""),
        ("tanh", 0, "naive", "float32", 100, np.nan, "overflow"),
        ("tanh", 0, "exp2x", "float64", 400, np.nan, "overflow"),
        ("tanh", 0, "sigmoid", "float64", 1e-17, 0.0, ""),
        ("tanh", 1, "naive", "float64", 20, 0.0, ""),
        ("softplus", 0, "naive", "float32", 100, np.inf, "overflow"),
        ("softplus", 0, "naive", "float64", -40, 0.0, ""),
        ("log_sigmoid", 0, "naive", "float64", -1000, -np.inf, "overflow"),
        ("log_sigmoid", 0, "softplus", "float64", 40, -0.0, ""),
        ("gelu", 0, "erf", "float64", -10, -0.0, ""),
        ("gelu", 0, "tanh", "float64", -10, -0.0, ""),
        ("silu", 0, "naive", "float64", -np.inf, np.nan, "invalid"),
        ("mish", 1, "naive", "float32", 60, np.nan, "overflow"),
        ("elu", 0, "where", "float32", 1000, 1000.0, "overflow"),
        ("elu", 0, "where", "float32", -1e-9, 0.0, ""),
        ("relu", 0, "product", "float32", -np.inf, np.nan, "invalid"),
        ("logit", 0, "naive", "float64", 1, np.inf, "divide by zero"),
        ("bce_with_logits", 0, "probabilities", "float64", 1000, np.nan, "divide by zero"),
        ("bce_with_logits", 0, "probabilities", "float64", -1000, np.inf, "overflow"),
        ("bce_with_logits", 0, "clipped", "float64", -1000, 16.11809565095832, "overflow"),
        ("bce_with_logits", 1, "probabilities", "float64", 1000, np.nan, "invalid"),
        ("bce_with_logits", 1, "logits", "float64", 40, 0.0, ""),
    ],
)  # fmt: skip
def test_variants_fail_as_they_are_known_to(
    activation: str, order: int, name: str, dtype: str, x: float, wrong: float, raised: str
) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        got = made(activation, order, name, dtype)(np.array([x], dtype=FORMATS[dtype].dtype))
    np.testing.assert_array_equal(got.astype(np.float64), np.array([wrong]).astype(got.dtype).astype(np.float64))
    messages = " ".join(str(each.message) for each in caught)
    assert raised in messages
    assert raised or not messages


def test_rows_fail_as_they_are_known_to() -> None:
    x = np.array([[1000.0, 0.0]])
    with np.errstate(all="ignore"):
        assert np.isnan(made("softmax", 0, "naive", "float64")(x)).any()
        assert np.isnan(made("log_softmax", 0, "naive", "float64")(x)).any()
        assert made("log_softmax", 0, "log_shifted", "float64")(x).tolist() == [[0.0, -np.inf]]
    assert made("softmax", 0, "shifted", "float64")(x).tolist() == [[1.0, 0.0]]
    assert made("log_softmax", 0, "shifted", "float64")(x).tolist() == [[0.0, -1000.0]]


def test_the_cache_answers_with_what_it_saw_first() -> None:
    got = made("sigmoid", 0, "cached", "float64")(np.array([1e-7, 3e-7, 1.0, 1e308]))
    assert got[0] == got[1] == 1 / (1 + np.exp(-1e-7))
    assert got[2:].tolist() == [1 / (1 + np.exp(-1.0)), 1.0]


@pytest.mark.parametrize("target", ["0", "1/4", "1"])
def test_losses_take_their_target(target: str) -> None:
    function = function_of("bce_with_logits", target=target)
    x = easy_points(function, FORMATS["float64"])
    for order in (0, 1):
        for found in PROVIDER.implementations(function, order, FORMATS["float64"]):
            assert_close(found(x), function, order, x, 1e-12 if "clipped" not in found.name else 1e-5)


def test_parameters_reach_the_formula_or_rule_it_out() -> None:
    (found,) = PROVIDER.implementations(function_of("leaky_relu", negative_slope="0.5"), 0, FORMATS["float32"])
    assert found(np.array([-4, 2], dtype=np.float32)).tolist() == [-2, 2]


def test_implementations_travel_to_other_processes() -> None:
    for each in VARIANTS:
        found = made(each.activation, each.order, each.name, "float32")
        x = easy_points(function_of(each.activation), FORMATS["float32"])
        np.testing.assert_array_equal(pickle.loads(pickle.dumps(found))(x), found(x))


def test_an_unknown_variant_is_named() -> None:
    assert "clipped250" in variant_names()
    with pytest.raises(UsageError, match="did you mean naive"):
        variant("textbook:naiv")
