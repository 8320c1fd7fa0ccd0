"""Expression trees as people read them: one line of text, formula text, LaTeX, and pictures for a terminal.

All keep the order of the tree. `pretty` is imported from its own module, since that imports SymPy.
"""

from __future__ import annotations

from functools import partial

from actcli.expressions.display.formula import ascii
from actcli.expressions.display.latex import latex
from actcli.expressions.display.text import text
from actcli.expressions.nodes import Node
from actcli.report import Mathematics

__all__ = ["ascii", "latex", "mathematics", "text"]


def mathematics(node: Node) -> Mathematics:
    """Return a tree as a cell of a table, drawn when a terminal shows it."""
    return Mathematics(text(node), latex(node), partial(_picture, node))


def _picture(node: Node, width: int, ascii_only: bool) -> str:
    from actcli.expressions.display.pretty import pretty

    return pretty(node, width, ascii_only)
