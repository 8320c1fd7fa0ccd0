r"""LaTeX, people's columns and digits: a fragment that compiles with \usepackage{booktabs,amsmath}, or a document."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from actcli.render.pages import headings, pages
from actcli.report import Mathematics

if TYPE_CHECKING:
    from actcli.report import Report, Table

_LETTERS = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "varepsilon", "ϵ": "epsilon", "ζ": "zeta", "η": "eta",
    "θ": "theta", "ι": "iota", "κ": "kappa", "λ": "lambda", "μ": "mu", "µ": "mu", "ν": "nu", "ξ": "xi", "π": "pi",
    "ρ": "rho", "σ": "sigma", "τ": "tau", "υ": "upsilon", "φ": "varphi", "ϕ": "phi", "χ": "chi", "ψ": "psi",
    "ω": "omega", "Γ": "Gamma", "Δ": "Delta", "Θ": "Theta", "Λ": "Lambda", "Ξ": "Xi", "Π": "Pi", "Σ": "Sigma",
    "Φ": "Phi", "Ψ": "Psi", "Ω": "Omega", "→": "to", "←": "leftarrow", "↔": "leftrightarrow", "⇒": "Rightarrow",
    "∞": "infty", "±": "pm", "·": "cdot", "×": "times", "÷": "div", "≤": "le", "≥": "ge", "≠": "ne", "≈": "approx",
    "≡": "equiv", "√": "surd", "∂": "partial", "∑": "sum", "∏": "prod", "∫": "int", "∈": "in", "∇": "nabla",
    "∘": "circ", "°": "circ",
}  # fmt: skip
_MATH = {letter: rf"$\{name}$" for letter, name in _LETTERS.items()}
_MATH |= {"′": "$'$", "″": "$''$", "‴": "$'''$", "−": "$-$", "<": "$<$", ">": "$>$", "|": "$|$", "ℝ": r"$\mathbf{R}$"}
_MATH |= {"½": r"$\tfrac12$", "¼": r"$\tfrac14$", "¾": r"$\tfrac34$"}
_TEXT = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", '"': r"\textquotedbl{}", "`": r"\textasciigrave{}",
    "…": r"\dots{}", "–": "--", "—": "---", "’": "'", "‘": "`", "“": "``", "”": "''", "\u00a0": "~", "\n": " ",
    "\r": " ", "\t": " ", "[": "{[}", "]": "{]}", "*": "{*}", "✓": "yes", "✗": "no", "✗ ": "!! ",
}  # fmt: skip
_RAISED = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺⁽⁾ᵃᵇⁱᵏᵐⁿᵖᵗᵘᵛˣʸᶻᵝ]+")
_LOWERED = re.compile("[₀-₉ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ]+")
_LONG = 60
"""Characters beyond which a cell of a document is set as a paragraph."""
_PREAMBLE = r"""\documentclass{article}
\usepackage[T1]{fontenc}
\usepackage[landscape,margin=15mm]{geometry}
\usepackage{amsmath,booktabs,longtable}
\setlength{\parindent}{0pt}
\begin{document}
"""
_NUMBER = re.compile(r"(→ )?(-?)(∞|\d+(?:\.\d+)?)(?:e([+-]\d+))?")


def latex_bytes(report: Report, tables: Sequence[Table], digits: int) -> Iterator[tuple[int, bytes]]:
    """Yield numbers of rows and their UTF-8 text: title, verdict and notes as comments, each table as a tabular.

    A report that is a document has them as text, and tables that break across pages.
    """
    if report.is_document:
        yield from _document(report, tables, digits)
        return
    yield 0, _comment(report.title, report.verdict)
    for index, table in enumerate(tables):
        yield 0, (b"\n" if index else b"") + _comment(table.title if table.title != report.title else "")
        yield from _tabular(table, digits)
    yield 0, _comment(*report.notes)


def escape(text: str) -> str:
    """Return `text` for LaTeX's text mode: special characters escaped, Greek, primes and arrows in math mode."""
    pieces = [_MATH.get(piece) or _script(piece) or _TEXT.get(piece, piece) for piece in _PIECES.findall(text)]
    # A prime after a letter, and a command after anything, join the formula before; two superscripts must not.
    return re.sub(r"(?<=[a-z])\$\$(?=')|(?<!\\)\$\$(?=\\)", "", "".join(pieces))


_PIECES = re.compile(rf"{_RAISED.pattern}|{_LOWERED.pattern}|✗ (?=\w)|.", re.DOTALL)
"""Raised, lowered, a cross that marks the word or number behind it as wrong (alone it says no), anything else."""


def _script(text: str) -> str:
    """Return raised or lowered characters in math mode, an empty string for others."""
    from unicodedata import normalize

    for pattern, mark in ((_RAISED, "^"), (_LOWERED, "_")):
        if pattern.fullmatch(text):
            plain = normalize("NFKC", text).replace("−", "-")
            return f"${mark}{{{''.join(_MATH.get(each, each).strip('$') for each in plain)}}}$"
    return ""


def number(text: str) -> str:
    r"""Return a number in math mode: `$-5$`, `$1.816 \times 10^{-4}$`, `$\to 0$`; words such as `nan` stay text."""
    match = _NUMBER.fullmatch(text)
    if not match:
        return escape(text)
    limit, sign, digits, exponent = match.groups()
    shown = r"\infty" if digits == "∞" else digits
    power = rf" \times 10^{{{int(exponent)}}}" if exponent else ""
    arrow = r"\to " if limit else ""
    return f"${arrow}{sign}{shown}{power}$"


def _document(report: Report, tables: Sequence[Table], digits: int) -> Iterator[tuple[int, bytes]]:
    yield 0, _bytes(f"{_PREAMBLE}\\section*{{{escape(report.title)}}}\n{escape(report.verdict)}\n")
    for table in tables:
        yield 0, _bytes(f"\n\\subsection*{{{escape(table.title)}}}\n")
        yield from _tabular(table, digits, "longtable")
    yield 0, _bytes("".join(f"\n{escape(note)}\n" for note in report.notes) + "\n\\end{document}\n")


def _cell(cell: str | Mathematics, numeric: bool) -> str:
    if isinstance(cell, Mathematics):
        return f"${cell.latex}$"
    return number(cell) if numeric else escape(cell)


def _tabular(table: Table, digits: int, environment: str = "tabular") -> Iterator[tuple[int, bytes]]:
    for index, page in enumerate(pages(table, digits)):
        if index == 0:
            wraps = environment == "longtable"
            alignment = "".join(map(partial(_alignment, wraps), page.cells, page.numeric))
            header = " & ".join(escape(name) for name in headings(table))
            yield 0, _bytes(f"\\begin{{{environment}}}{{{alignment}}}\n\\toprule\n{header} \\\\\n\\midrule\n")
        columns = [
            [_cell(cell, numeric) for cell in column] for column, numeric in zip(page.cells, page.numeric, strict=True)
        ]
        yield page.rows, _bytes("".join([" & ".join(row) + " \\\\\n" for row in zip(*columns, strict=True)]))
    yield 0, _bytes(f"\\bottomrule\n\\end{{{environment}}}\n")


def _alignment(wraps: bool, column: Sequence[str | Mathematics], numeric: bool) -> str:
    longest = max((len(cell) for cell in column if isinstance(cell, str)), default=0)
    return "r" if numeric else r"p{0.4\linewidth}" if wraps and longest > _LONG else "l"


def _comment(*texts: str) -> bytes:
    return _bytes("".join(f"% {' '.join(text.split())}\n" for text in texts if text))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")
