"""Tables for people: terminal, Markdown, LaTeX."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actcli.render import Terminal
from actcli.render.latex import escape as latex_escape
from actcli.render.latex import number as latex_number
from actcli.render.markdown import escape as markdown_escape
from actcli.render.numbers import limit_text, number_text

from .reports import INF, printed, report, sigmoid, streamed, table

TABLE = """\
sigmoid
saturates on both sides

activation        x       σ(x)         σ′(x)   Interpretation
─────────────────────────────────────────────────────────────
sigmoid      -∞       → 0        → 0           hardly learns
sigmoid      -5         0.0067     1.816e-04   hardly learns
sigmoid       0         0.5000     0.2500      learns fastest
sigmoid       0.5       0.6225     0.2350      learns
sigmoid       1e-05     0.5000     0.2500      learns
sigmoid       ∞       → 1        → 0           hardly learns

note: x is rounded to float64
"""


def test_table() -> None:
    assert printed(report(), format="table") == (TABLE, "")


def test_ascii_terminal() -> None:
    out, _ = printed(report(), format="table", terminal=Terminal(encoding="ascii"))
    assert "sigma(x)" in out
    assert "sigma'(x)" in out
    assert "-> 0" in out
    assert "-inf" in out
    assert "---" in out


def audit() -> Any:
    cells: dict[str, Any] = {"activation": ["leaky_relu(negative_slope=0.2)", "gelu"]}
    rng = np.random.default_rng(3)
    for index in range(12):
        cells[f"some_measure_{index}"] = rng.normal(size=2) * 10.0 ** rng.integers(-30, 30, 2)
    cells["reason"] = ["correctly rounded nearly everywhere, and monotone where it should be", "overflows"]
    return table("audit", cells, title="Audit")


@pytest.mark.parametrize("width", [40, 80, 120, 200])
def test_no_number_is_cut_or_broken(width: int) -> None:
    one = audit()
    out, _ = printed(report(one, sigmoid()), format="table", terminal=Terminal(width=width))
    assert max(map(len, out.splitlines())) <= width
    batch = next(one.rows([column.name for column in one.columns]))
    for name, numbers in batch.items():
        if name.startswith("some"):
            for number in numbers:
                assert number_text(number) in out.split()
    words = ["correctly", "rounded", "nearly", "everywhere,", "and", "monotone", "where", "it", "should", "be"]
    assert all(word in out for word in words)
    assert "…" not in out


def test_headings_break_before_the_table_falls_apart() -> None:
    one = table("t", {"incorrectly_rounded": np.array([1, 2]), "second value": np.array([3, 4])})
    out, _ = printed(report(one, verdict="", notes=()), format="table", terminal=Terminal(width=24))
    assert out == (
        "sigmoid\n\nincorrectly_   second\n     rounded    value\n─────────────────────\n"
        "           1        3\n           2        4\n"
    )


def test_a_narrow_terminal_gets_a_block_for_each_row() -> None:
    one = table("t", {"incorrectly_rounded": np.array([1, 2]), "reason": ["a word or two that say why", "none"]})
    out, _ = printed(report(one, verdict="", notes=()), format="table", terminal=Terminal(width=24))
    assert out == (
        "sigmoid\n\nincorrectly_rounded  1\nreason\n  a word or two that say\n  why\n\n"
        "incorrectly_rounded  2\nreason\n  none\n"
    )


def test_few_rows_that_are_too_wide_stand_side_by_side() -> None:
    cells = {"name": ["a", "b"]} | {f"measure_{index}": np.array([index / 3, 1e-9]) for index in range(8)}
    out, _ = printed(report(table("t", cells), verdict="", notes=()), format="table", terminal=Terminal(width=50))
    assert out.splitlines()[2:6] == [
        "name        a        b",
        "──────────────────────────────",
        "measure_0   0.0000   1.000e-09",
        "measure_1   0.3333   1.000e-09",
    ]


def test_control_characters_do_not_reach_the_terminal() -> None:
    out, _ = printed(report(table("t", {"a": ["x\x1b[31my\nz", "b"]})), format="table")
    assert "x [31my z" in out


def test_long_tables_come_in_pages_with_one_heading() -> None:
    rows = streamed("t", ["a", "v"], lambda: ({"a": ["row"] * 700, "v": np.full(700, 10.0**page)} for page in range(5)))
    out, _ = printed(report(rows, verdict="", notes=()), format="table")
    lines = out.splitlines()
    assert len(lines) == 2 + 2 + 3500
    assert sum("─" in line for line in lines) == 1
    assert lines[-1].split() == ["row", "10000.0000"]


def test_no_rows() -> None:
    out, _ = printed(report(streamed("t", ["x", "y"], lambda: iter([])), notes=()), format="table")
    assert out.splitlines()[-2].split() == ["x", "y"]


def test_colour_only_when_asked_for() -> None:
    assert "\x1b[" not in printed(report(), format="table")[0]
    coloured, _ = printed(report(), format="table", terminal=Terminal(colour=True))
    assert "\x1b[1m" in coloured
    plain = re.sub(r"\x1b\[[\d;]*m", "", coloured)
    assert [line.rstrip() for line in plain.splitlines()] == printed(report(), format="table")[0].splitlines()


def test_markup_in_cells_is_text() -> None:
    out, _ = printed(report(table("t", {"a": ["[bold]x[/bold]", ":smile:"]})), format="table")
    assert "[bold]x[/bold]" in out
    assert ":smile:" in out


def test_markdown() -> None:
    one = report(table("t", {"formula": ["a|b*c", "leaky_relu"], "v": np.array([0.5, 2e-7]), "ok": [True, None]}))
    assert printed(one, format="markdown")[0] == (
        "## sigmoid\n\nsaturates on both sides\n\n"
        "| formula    |         v | ok  |\n"
        "| ---------- | --------: | --- |\n"
        "| a\\|b\\*c    |    0.5000 | yes |\n"
        "| leaky_relu | 2.000e-07 |     |\n"
        "\n- x is rounded to float64\n"
    )


def test_markdown_cells_stay_in_their_row() -> None:
    assert markdown_escape("a|b\nc") == r"a\|b<br>c"
    assert markdown_escape(r"\|") == r"\\\|"
    assert markdown_escape("_x_ <b> a_b") == r"\_x\_ \<b\> a_b"


def test_latex() -> None:
    assert printed(report(), format="latex")[0] == (
        "% sigmoid\n% saturates on both sides\n"
        "\\begin{tabular}{lrrrl}\n\\toprule\n"
        "activation & x & $\\sigma$(x) & $\\sigma'$(x) & Interpretation \\\\\n\\midrule\n"
        "sigmoid & $-\\infty$ & $\\to 0$ & $\\to 0$ & hardly learns \\\\\n"
        "sigmoid & $-5$ & $0.0067$ & $1.816 \\times 10^{-4}$ & hardly learns \\\\\n"
        "sigmoid & $0$ & $0.5000$ & $0.2500$ & learns fastest \\\\\n"
        "sigmoid & $0.5$ & $0.6225$ & $0.2350$ & learns \\\\\n"
        "sigmoid & $1 \\times 10^{-5}$ & $0.5000$ & $0.2500$ & learns \\\\\n"
        "sigmoid & $\\infty$ & $\\to 1$ & $\\to 0$ & hardly learns \\\\\n"
        "\\bottomrule\n\\end{tabular}\n% x is rounded to float64\n"
    )


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("50% of a_b & c#d", r"50\% of a\_b \& c\#d"),
        (r"\{x}^2~$", r"\textbackslash{}\{x\}\textasciicircum{}2\textasciitilde{}\$"),
        ("σ″(x) ≤ 1/4", r"$\sigma''$(x) $\le$ 1/4"),
        ("x²·y", r"x$^{2}\cdot$y"),
        ("$σ$", r"\$$\sigma$\$"),
        ("✗ wrong", "!! wrong"),
        ("✗ 10.0 ± 2 %", r"!! 10.0 $\pm$ 2 \%"),
        ("✗", "no"),
    ],
)
def test_latex_escapes(text: str, escaped: str) -> None:
    assert latex_escape(text) == escaped


def test_latex_numbers() -> None:
    assert latex_number("→ -1") == r"$\to -1$"
    assert latex_number("nan") == "nan"
    assert latex_number("") == ""


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (0.0066928509, 4, "0.0067"),
        (0.10499358540350652, 4, "0.1050"),
        (1.816e-4, 4, "1.816e-04"),
        (0.25, 4, "0.2500"),
        (0.0, 4, "0.0000"),
        (-0.0, 4, "-0.0000"),
        (1e30, 4, "1.000e+30"),
        (123456.789, 4, "123456.7890"),
        (INF, 4, "∞"),
        (-INF, 4, "-∞"),
        (float("nan"), 4, "nan"),
        (5e-324, 4, "4.941e-324"),
        (0.25, 0, "2.5e-01"),
        (12.0, 0, "12"),
        (0.123456789, 8, "0.12345679"),
    ],
)
def test_number_text(value: float, digits: int, text: str) -> None:
    assert number_text(value, digits) == text


@given(st.floats(-1e308, 1e308), st.integers(0, 17))
def test_numbers_keep_two_digits_and_their_value(value: float, digits: int) -> None:
    text = number_text(value, digits)
    significant = re.sub(r"e.*|[^0-9]", "", text).lstrip("0")
    if value:
        assert len(significant) >= 2
        assert abs(float(text) - value) <= 0.05 * abs(value) * (1 + 1e-9)
    else:
        assert float(text) == 0


def test_limits() -> None:
    assert [limit_text(value) for value in (0.0, -0.0, -1.0, INF, -1.7581, float("nan"))] == [
        "→ 0",
        "→ 0",
        "→ -1",
        "→ ∞",
        "→ -1.7581",
        "nan",
    ]


def test_a_hidden_column_can_mark_limits() -> None:
    one = table(
        "t",
        {"at": np.array([INF, 1.0]), "v": np.array([1.0, 1.0])},
        at={"audience": "machines"},
        v={"limit_at": "at"},
    )
    assert "→ 1" in printed(report(one), format="markdown")[0]
