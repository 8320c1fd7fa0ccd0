from __future__ import annotations

import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from actcli.errors import MissingError
from actcli.render import Terminal
from actcli.render.plot_terminal import plot_text
from actcli.report import Mark, Plot, Series

from .reports import plots, printed, report, untouchable

KINDS = {"png": b"\x89PNG\r\n", "svg": b"<?xml", "pdf": b"%PDF-"}


@pytest.mark.parametrize("kind", KINDS)
def test_figures(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"x.{kind}"
    printed(report(plots=plots), plots=[str(path)])
    first = path.read_bytes()
    assert first.startswith(KINDS[kind])
    assert len(first) > 5000
    printed(report(plots=plots), plots=[str(path)])
    assert path.read_bytes() == first


def test_no_matplotlib(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib.util

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingError, match=r"pip install 'actcli\[plot\]'"):
        printed(report(untouchable(), plots=plots), plots=[str(tmp_path / "x.png")])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("width", "height"), [(40, 12), (80, 24), (110, 24)])
def test_terminal_plot_fits(width: int, height: int) -> None:
    for colour in (False, True):
        drawn = plot_text(plots()[0], width, height, colour=colour)
        assert len(drawn.splitlines()) <= height
        assert ("\x1b" in drawn) is colour
        if not colour:
            assert max(map(len, drawn.splitlines())) <= width


def test_terminal_plot_in_ascii() -> None:
    drawn = plot_text(plots()[0], 60, 20, colour=False, encoding="ascii")
    assert drawn.isascii()
    assert "sigma(x)" in drawn


def test_terminal_plot_goes_to_stdout_with_a_table_only() -> None:
    out, err = printed(report(plots=plots), format="table", plots=["term"])
    assert "┌──" in out
    assert err == ""
    out, err = printed(report(plots=plots), format="csv", plots=["term"])
    assert "┌──" not in out
    assert "┌──" in err
    _, err = printed(report(plots=plots), plots=["term"], terminal=Terminal(stderr_encoding="ascii"))
    assert err.isascii()


@pytest.mark.parametrize("values", [[], [1.0], [1.0, 1.0], [np.nan, 2.0, np.inf, 3.0, None], [0.0, 1e-300, 1e300]])
@pytest.mark.parametrize("log", [False, True])
def test_odd_series(tmp_path: Path, values: list[Any], log: bool) -> None:
    one = Plot("p", "odd", "n", "y", (Series("s", list(range(1, len(values) + 1)), values),), x_log=log, y_log=log)
    assert "odd" in plot_text(one, 60, 20, colour=False)
    printed(report(plots=lambda: (one, one)), plots=[str(tmp_path / "x.png")])
    assert (tmp_path / "x.png").stat().st_size > 1000


def test_bands_and_marks(tmp_path: Path) -> None:
    x, y = np.arange(1, 21), 0.5 ** np.arange(1, 21)
    band = Series("tanh", x, y, low=y / 100, high=[*(y[:-1] * 100), None])
    one = Plot("p", "by layer", "layer", "gradient", (band,), y_log=True, marks=(Mark(5, "here"), Mark(99, "beyond")))
    plain = plot_text(replace(one, series=(Series("tanh", x, y),), marks=()), 60, 20, colour=False)
    drawn = plot_text(one, 60, 20, colour=False)
    assert drawn.count("·") > 50 > plain.count("·")
    assert "┊ here" in drawn
    assert drawn.count("┊") > 10
    assert "beyond" not in drawn
    assert plot_text(one, 60, 20, colour=False, encoding="ascii").isascii()
    printed(report(plots=lambda: (one,)), plots=[str(tmp_path / "x.svg")])
    assert ">here</text>" in (tmp_path / "x.svg").read_text(encoding="utf-8")


def test_a_series_beside_another_has_its_colour() -> None:
    x = np.arange(5)
    names = ["tanh", "theory of tanh", "relu", "theory of relu"]
    lines = [Series(name, x, x, beside="" if k % 2 == 0 else names[k - 1]) for k, name in enumerate(names)]
    one = Plot("p", "by layer", "layer", "gradient", tuple(lines))
    assert [one.colour(series) for series in lines] == [0, 0, 1, 1]
    drawn = plot_text(one, 80, 20, colour=True)
    assert drawn.count("38;5;33m⠒⠒") == 2
    assert drawn.count("38;5;208m⠒⠒") == 2


def test_a_long_legend_takes_several_lines() -> None:
    lines = tuple(Series(f"a series with a long name {k}", [0, 1], [0, 1]) for k in range(6))
    one = Plot("p", "by layer", "layer", "gradient", lines)
    for colour in (False, True):
        drawn = plot_text(one, 70, 20, colour=colour).splitlines()
        assert len(drawn) <= 20
        assert sum("long name" in line for line in drawn) == 3
        assert max(len(re.sub("\x1b\\[[0-9;]*m", "", line)) for line in drawn) <= 70


def test_plots_are_not_asked_for_without_need() -> None:
    def refuse() -> tuple[Plot, ...]:
        raise AssertionError("drawn")

    printed(report(plots=refuse))
    assert "matplotlib.pyplot" not in sys.modules
