r"""LaTeX: a fragment that compiles with \usepackage{booktabs,amsmath}; people's columns and digits."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
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
_MATH |= {raised: f"$^{{{plain}}}$" for raised, plain in zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+", strict=True)}
_MATH |= {chr(0x2080 + digit): f"$_{digit}$" for digit in range(10)}
_MATH |= {"½": r"$\tfrac12$", "¼": r"$\tfrac14$", "¾": r"$\tfrac34$"}
_TEXT = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", '"': r"\textquotedbl{}", "`": r"\textasciigrave{}",
    "…": r"\dots{}", "–": "--", "—": "---", "’": "'", "‘": "`", "“": "``", "”": "''", "\u00a0": "~", "\n": " ",
    "\r": " ", "\t": " ", "[": "{[}", "]": "{]}", "*": "{*}", "✓": "yes", "✗": "no",
}  # fmt: skip
_NUMBER = re.compile(r"(→ )?(-?)(∞|\d+(?:\.\d+)?)(?:e([+-]\d+))?")


def latex_bytes(report: Report, tables: Sequence[Table], digits: int) -> Iterator[tuple[int, bytes]]:
    """Yield numbers of rows and their UTF-8 text: title, verdict and notes as comments, each table as a tabular."""
    yield 0, _comment(report.title, report.verdict)
    for index, table in enumerate(tables):
        yield 0, (b"\n" if index else b"") + _comment(table.title if table.title != report.title else "")
        yield from _tabular(table, digits)
    yield 0, _comment(*report.notes)


def escape(text: str) -> str:
    """Return `text` for LaTeX's text mode: special characters escaped, Greek, primes and arrows in math mode."""
    pieces = [_MATH.get(letter) or _TEXT.get(letter, letter) for letter in text]
    # A prime after a letter, and a command after anything, join the formula before; two superscripts must not.
    return re.sub(r"(?<=[a-z])\$\$(?=')|(?<!\\)\$\$(?=\\)", "", "".join(pieces))


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


def _cell(cell: str | Mathematics, numeric: bool) -> str:
    if isinstance(cell, Mathematics):
        return f"${cell.latex}$"
    return number(cell) if numeric else escape(cell)


def _tabular(table: Table, digits: int) -> Iterator[tuple[int, bytes]]:
    for index, page in enumerate(pages(table, digits)):
        if index == 0:
            alignment = "".join("r" if numeric else "l" for numeric in page.numeric)
            header = " & ".join(escape(name) for name in headings(table))
            yield 0, _bytes(f"\\begin{{tabular}}{{{alignment}}}\n\\toprule\n{header} \\\\\n\\midrule\n")
        columns = [
            [_cell(cell, numeric) for cell in column] for column, numeric in zip(page.cells, page.numeric, strict=True)
        ]
        yield page.rows, _bytes("".join([" & ".join(row) + " \\\\\n" for row in zip(*columns, strict=True)]))
    yield 0, b"\\bottomrule\n\\end{tabular}\n"


def _comment(*texts: str) -> bytes:
    return _bytes("".join(f"% {' '.join(text.split())}\n" for text in texts if text))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")
