"""Formulas in cells: pictures for terminals, LaTeX for documents, one line for programs."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from pyarrow import parquet

from actcli.expressions.display import mathematics
from actcli.expressions.parse import parse
from actcli.render import Terminal
from actcli.report import Mathematics, Report, Table

from .reports import printed, report, table

FORMULAS = ("exp(-x)/(1 + exp(-x))**2", "where(x > 0, x, negative_slope*x)", "1 - abs(x)")


def steps() -> Report:
    cells = [*(mathematics(parse(formula)) for formula in FORMULAS), "none", None]
    one = table("steps", {"step": np.arange(1, 6), "expression": cells, "verified": [True] * 5})
    return report(one, verdict="", notes=())


PICTURES = """\
sigmoid

step   expression                     verified
──────────────────────────────────────────────
          e⁻ˣ
   1   ──────────                     yes
       (1 + e⁻ˣ)²

       ⎧x                 if x > 0
   2   ⎨                              yes
       ⎩negative_slope·x  otherwise

   3   1 − │x│                        yes

   4   none                           yes

   5                                  yes
"""


def test_a_terminal_shows_pictures_with_rows_apart() -> None:
    assert printed(steps(), format="table") == (PICTURES, "")


def test_formulas_of_one_line_need_no_space_between_rows() -> None:
    one = report(table("t", {"f": [mathematics(parse(text)) for text in ("x", "2*x", "x**2")]}), verdict="", notes=())
    assert printed(one, format="table")[0] == "sigmoid\n\nf\n──\nx\n2x\nx²\n"


def test_a_terminal_without_unicode_shows_pictures_in_ascii() -> None:
    out, _ = printed(steps(), format="table", terminal=Terminal(encoding="ascii"))
    assert "1 - |x|" in out
    assert out.splitlines()[-9:-6] == [
        "       /x                 if x > 0",
        "   2   <                              yes",
        "       \\negative_slope*x  otherwise",
    ]


@pytest.mark.parametrize("width", [20, 30, 44, 60, 80])
def test_no_line_is_too_long_and_none_is_wrapped_by_the_terminal(width: int) -> None:
    cells = {"rule": ["a sentence that says at some length what is done here"], "f": [mathematics(parse(LONG))]}
    out, _ = printed(report(table("t", cells), verdict="", notes=()), format="table", terminal=Terminal(width=width))
    assert max(map(len, out.splitlines())) <= width
    for word in re.split(r"[ ·]", "(a + b·x)·(c + d·x)·(1 + x + x² + x³ + x⁴ + x⁵)"):
        assert word in out


LONG = "(a + b*x)*(c + d*x)*(1 + x + x**2 + x**3 + x**4 + x**5)"


def test_a_narrow_terminal_gets_blocks_whose_pictures_stay_whole() -> None:
    out, _ = printed(steps(), format="table", terminal=Terminal(width=38))
    assert out.splitlines()[2:7] == [
        "step        1",
        "expression     e⁻ˣ",
        "            ──────────",
        "            (1 + e⁻ˣ)²",
        "verified    yes",
    ]
    assert "  ⎧x                 if x > 0\n  ⎨\n  ⎩negative_slope·x  otherwise\n" in out


def test_markdown() -> None:
    rows = printed(steps(), format="markdown")[0].splitlines()[4:]
    cells = [row.split(" | ")[1].strip() for row in rows]
    assert cells == [
        r"$\frac{e^{-x}}{\left(1 + e^{-x}\right)^{2}}$",
        r"$\begin{cases} x & x > 0 \cr \mathit{negative\_slope} \, x & \text{otherwise} \end{cases}$",
        r"$1 - \left\vert x \right\vert$",
        "none",
        "",
    ]


def test_a_bar_in_a_formula_does_not_end_the_cell() -> None:
    one = report(table("t", {"f": [Mathematics("|x|", "|x|", lambda width, ascii_only: "|x|")]}))
    assert r"| $\vert x\vert $ |" in printed(one, format="markdown")[0]


def test_latex() -> None:
    rows = printed(steps(), format="latex")[0].splitlines()
    assert rows[5] == r"$1$ & $\frac{e^{-x}}{\left(1 + e^{-x}\right)^{2}}$ & yes \\"
    assert rows[8] == r"$4$ & none & yes \\"


LINES = ["e⁻ˣ/(1 + e⁻ˣ)²", "{x if x > 0; negative_slope·x otherwise}", "1 − |x|", "none"]


def test_programs_get_one_line_of_text() -> None:
    assert printed(steps(), format="csv")[0].splitlines()[1:] == [
        *(f"{number},{line},true" for number, line in enumerate(LINES, 1)),
        "5,,true",
    ]
    rows = json.loads(printed(steps(), format="json", table="steps")[0])
    assert [row["expression"] for row in rows] == [*LINES, None]


def test_files_and_frames_get_one_line_of_text(tmp_path: Path) -> None:
    outputs = [str(tmp_path / name) for name in ("a.parquet", "a.npz", "a.txt", "a.csv")]
    printed(steps(), format="auto", outputs=outputs)
    assert parquet.read_table(outputs[0])["expression"].to_pylist() == [*LINES, None]
    with np.load(outputs[1]) as archive:
        assert archive["expression"].tolist() == [*LINES, ""]
    # Several outputs share what was computed once, pictures included.
    assert Path(outputs[2]).read_text("utf-8") == PICTURES
    assert steps().tables["steps"].to_pandas()["expression"].tolist()[:4] == LINES


def test_many_rows() -> None:
    formulas = [mathematics(parse(formula)) for formula in FORMULAS]
    one: Table = table("t", {"n": np.arange(3000), "f": formulas * 1000})
    out = printed(report(one), format="csv")[0].splitlines()
    assert out[-1] == "2999,1 − |x|"
    assert printed(report(one), format="table")[0].count("⎨") == 1000
