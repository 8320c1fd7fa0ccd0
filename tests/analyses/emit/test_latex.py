"""LaTeX: a whole document, in which everything that is opened is closed."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from actcli.analyses.emit import emit
from tests.analyses.emit.cases import CATALOGUE, FORMULAS, NAMES, function


@pytest.mark.parametrize("text", [*CATALOGUE, *FORMULAS[:12]])
def test_the_document_is_balanced(text: str) -> None:
    document = emit(function(text), "latex", 2)
    plain = re.sub(r"\\[{}$%&#_\\]", "", document)
    assert plain.count("{") == plain.count("}")
    assert plain.count("$") % 2 == 0
    assert len(re.findall(r"\\left\b", plain)) == len(re.findall(r"\\right\b", plain))
    opened: list[str] = []
    for kind, name in re.findall(r"\\(begin|end)\{([\w*]+)\}", document):
        if kind == "begin":
            opened.append(name)
        else:
            assert opened.pop() == name
    assert not opened


def test_the_derivatives_are_those_people_know() -> None:
    document = emit(function("sigmoid"), "latex", 1)
    assert r"\sigma'(x) &= \sigma(x)\left(1 - \sigma(x)\right)" in document
    assert "Verhulst" in document
    document = emit(function("leaky_relu(0.2)"), "latex", 1)
    assert r"Here $\mathit{negative\_slope} = 0.2$ (slope below 0)." in document


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="there is no pdflatex")
def test_the_documents_compile(tmp_path: Path) -> None:
    for name in NAMES:
        (tmp_path / f"{name}.tex").write_text(emit(function(name), "latex", 2), encoding="utf-8")
        subprocess.run(
            ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", f"{name}.tex"], cwd=tmp_path, check=True
        )
