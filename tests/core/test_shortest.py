from __future__ import annotations

import subprocess
import sys

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actcli.core.shortest import MANY, arrow_texts, texts

FLOATS = ["float16", "bfloat16", "float32", "float64"]
LANDMARKS = [0.0, 0.1, 5.0, 1 / 3, 1e-4, 1e-5, 1.5e-5, 1e-6, 1e-7, 9.9e-10, 1e15, 1e16, 12345678.0, 1.25e10, 5e-324]


def dtype_of(name: str) -> np.dtype:
    return np.dtype(ml_dtypes.bfloat16) if name == "bfloat16" else np.dtype(name)


def from_bits(bits: np.ndarray, dtype: np.dtype) -> np.ndarray:
    return bits.astype(f"u{dtype.itemsize}").view(dtype)


def assert_reads_back(array: np.ndarray, written: list[str]) -> None:
    with np.errstate(over="ignore", invalid="ignore"):
        back = np.array([float(text) for text in written]).astype(array.dtype)
        same = back.view(f"u{array.itemsize}") == array.view(f"u{array.itemsize}")
        assert (same | (np.isnan(array) & np.isnan(back))).all()


def assert_both_paths(array: np.ndarray) -> None:
    written = texts(array)
    assert arrow_texts(array).to_pylist() == written
    assert_reads_back(array, written)


def test_style() -> None:
    numbers = np.array([0.9933071490757153, 1e-7, np.inf, -np.inf, np.nan, -0.0, 5, 0.0001, 1e-5, 1e15, 1e16, 1.5e300])
    expected = ["0.9933071490757153", "1e-07", "inf", "-inf", "nan", "-0.0", "5.0", "0.0001"]
    expected += ["1e-05", "1000000000000000.0", "1e+16", "1.5e+300"]
    assert texts(numbers) == expected == [repr(number) for number in numbers.tolist()]
    assert arrow_texts(numbers).to_pylist() == expected


@pytest.mark.parametrize("name", FLOATS)
def test_tenth_is_short_in_every_dtype(name: str) -> None:
    assert texts(np.array([0.1, 1e-4, 3e-5]).astype(dtype_of(name))) == ["0.1", "0.0001", "3e-05"]


def test_integers_and_booleans() -> None:
    assert texts(np.array([-3, 0, 2**62])) == ["-3", "0", str(2**62)]
    assert arrow_texts(np.array([2**64 - 1], np.uint64)).to_pylist() == [str(2**64 - 1)]
    flags = np.array([True, False])
    assert texts(flags) == arrow_texts(flags).to_pylist() == ["true", "false"]


@pytest.mark.parametrize("name", ["float16", "bfloat16"])
def test_every_16_bit_number(name: str) -> None:
    dtype = dtype_of(name)
    everything = from_bits(np.arange(1 << 16), dtype)
    halves = texts(everything[: 1 << 15]) + texts(everything[1 << 15 :])
    assert arrow_texts(everything).to_pylist() == halves
    assert_reads_back(everything, halves)


@pytest.mark.parametrize("name", ["float32", "float64"])
def test_both_paths_agree_at_powers_of_two_and_their_neighbours(name: str) -> None:
    dtype = dtype_of(name)
    mantissa = np.finfo(dtype).nmant
    powers = np.arange(1 << (dtype.itemsize * 8 - 1 - mantissa), dtype=np.uint64) << np.uint64(mantissa)
    for offset in (0, 1, 2, -1):
        bits = powers[1:] + np.uint64(offset % 2**64) if offset >= 0 else powers[1:] - np.uint64(-offset)
        assert_both_paths(from_bits(bits, dtype))


@pytest.mark.parametrize("name", ["float32", "float64"])
def test_both_paths_agree_on_random_bits_and_decimals(name: str) -> None:
    dtype = dtype_of(name)
    rng = np.random.default_rng(1)
    assert_both_paths(from_bits(rng.integers(0, 2**63, 20_000, dtype=np.uint64), dtype))
    exponents = rng.uniform(-12, 18, 20_000)
    assert_both_paths((10**exponents).astype(dtype))
    assert_both_paths(np.round(10**exponents).astype(dtype))
    assert_both_paths(np.array(LANDMARKS).astype(dtype))


@given(st.lists(st.floats(width=32), min_size=1, max_size=50))
def test_float32_property(numbers: list[float]) -> None:
    assert_both_paths(np.array(numbers, np.float32))


@given(st.lists(st.floats(), min_size=1, max_size=50))
def test_float64_property(numbers: list[float]) -> None:
    array = np.array(numbers, np.float64)
    assert_both_paths(array)
    assert texts(array) == [repr(number) for number in numbers]


@given(st.integers(1, 2**31 - 1))
def test_float32_text_is_shortest(bits: int) -> None:
    number = np.array([bits], np.uint32).view(np.float32)
    [text] = texts(number)
    if np.isfinite(number[0]):
        digits = len(text.split("e")[0].replace(".", "").strip("0"))
        for fewer in range(1, digits):
            assert np.float32(float(f"{number[0]:.{fewer - 1}e}")) != number[0]


def test_large_strided_and_byte_swapped() -> None:
    array = np.random.default_rng(0).normal(size=2 * MANY)[::2]
    expected = [repr(number) for number in array.tolist()]
    assert texts(array) == expected
    assert texts(array[:10].astype(">f8")) == expected[:10]
    assert arrow_texts(array[:10].astype(">f8")).to_pylist() == expected[:10]


def test_unknown_dtype() -> None:
    with pytest.raises(TypeError, match="complex128"):
        texts(np.array([1j]))


def test_few_values_need_neither_pyarrow_nor_pandas() -> None:
    code = (
        "import sys, numpy as np; from actcli.core.shortest import texts; texts(np.ones(5)); texts(np.ones(5, 'f4'));"
        "sys.exit(bool({'pyarrow', 'pandas'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
