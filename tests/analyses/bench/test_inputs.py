"""Inputs are what their names say, the same for a seed, and files are read as people write them."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from actcli.analyses.bench.inputs import DISTRIBUTIONS, inputs
from actcli.core.formats import FORMATS, Format
from actcli.errors import UsageError

FLOAT32 = FORMATS["float32"]
SIZE = 10_000


@pytest.mark.parametrize("format", FORMATS.values(), ids=str)
@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_the_same_for_a_seed_and_of_the_format(name: str, format: Format) -> None:
    x = inputs(name, SIZE, format, 7)
    assert x.dtype == format.dtype
    assert x.shape == (SIZE,)
    assert x.flags.c_contiguous
    np.testing.assert_array_equal(format.to_bits(x), format.to_bits(inputs(name, SIZE, format, 7)))
    assert not np.array_equal(format.to_bits(x), format.to_bits(inputs(name, SIZE, format, 8)))


@pytest.mark.parametrize("format", FORMATS.values(), ids=str)
def test_inputs_are_what_they_are_called(format: Format) -> None:
    found = {name: inputs(name, SIZE, format, 0).astype(np.float64) for name in DISTRIBUTIONS}
    assert abs(found["normal"].mean()) < 0.05
    assert abs(found["normal"].std() - 1) < 0.05
    assert np.abs(found["uniform"]).max() <= 8
    assert abs(found["uniform"].std() - 16 / np.sqrt(12)) < 0.1
    saturated = found["saturated"]
    assert np.abs(saturated).min() >= 100
    assert np.abs(saturated).max() <= 1000
    subnormal = found["subnormal"]
    smallest, normal = 2.0**format.lowest, 2.0 ** (format.lowest + format.precision - 1)
    assert np.abs(subnormal).min() >= smallest
    assert np.abs(subnormal).max() < normal
    for each in (saturated, subnormal):
        assert 0.45 < (each > 0).mean() < 0.55
    assert 0.005 < np.isnan(found["nan-mixed"]).mean() < 0.02


@pytest.mark.parametrize(
    "text", ["1,2.5,-3\n", "x\n1\n2.5\n-3\n", "1;2.5;−3", "1 2.5\n-3\n", "a,b,c\n1,2.5,-3\n"], ids=repr
)
def test_numbers_of_a_text_are_repeated(text: str, tmp_path: Path) -> None:
    (file := tmp_path / "numbers.csv").write_text(text, encoding="utf-8")
    np.testing.assert_array_equal(inputs(str(file), 5, FLOAT32, 0), np.float32([1, 2.5, -3, 1, 2.5]))


def test_numbers_of_an_array_are_repeated_and_rounded(tmp_path: Path) -> None:
    np.save(file := tmp_path / "x.npy", np.array([[0.1, 1e300], [2, 3]]))
    x = inputs(str(file), 6, FLOAT32, 0)
    np.testing.assert_array_equal(x, np.float32([0.1, np.inf, 2, 3, 0.1, np.inf]))
    np.testing.assert_array_equal(inputs(str(file), 2, FLOAT32, 0), x[:2])


def test_a_file_is_read_once_and_again_when_it_has_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (file := tmp_path / "x.csv").write_text("1,2\n")
    os.utime(file, ns=(1, 1))
    read: list[Path] = []
    read_bytes = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda path: (read.append(path), read_bytes(path))[1])
    for _ in range(3):
        assert list(inputs(str(file), 3, FLOAT32, 0)) == [1, 2, 1]
    assert len(read) == 1
    file.write_text("5\n")
    os.utime(file, ns=(2, 2))
    assert list(inputs(str(file), 2, FLOAT32, 0)) == [5, 5]


def test_what_cannot_be_used_is_named(tmp_path: Path) -> None:
    (empty := tmp_path / "empty.csv").write_text("x\n")
    (words := tmp_path / "words.csv").write_text("x\n1\ntwo\n")
    (fake := tmp_path / "fake.npy").write_text("no array")
    np.save(complex := tmp_path / "complex.npy", np.array([1j]))
    np.save(nothing := tmp_path / "nothing.npy", np.array([]))
    for given, said in (
        ("norml", "unknown --distribution 'norml'; did you mean normal?"),
        ("", "unknown --distribution ''"),
        (str(tmp_path / "missing.csv"), "missing.csv: No such file"),
        (str(tmp_path / "missing.npy"), "missing.npy: No such file"),
        (str(tmp_path), "Is a directory"),
        (str(empty), "empty.csv is empty"),
        (str(words), "words.csv: number 2, 'two', is not a number"),
        (str(fake), "not an .npy file"),
        (str(complex), "complex128, no real numbers"),
        (str(nothing), "there are no numbers"),
    ):
        with pytest.raises(UsageError) as caught:
            inputs(given, 4, FLOAT32, 0)
        assert said in str(caught.value)
        assert "--distribution" in str(caught.value)
