"""Derivations as documents: LaTeX that pdflatex reads, Markdown and JSON that hold everything."""

from __future__ import annotations

import json
import re
from fractions import Fraction

import pytest

from actcli.activations.registry import DEFAULT
from actcli.activations.vector_function import VectorFunction
from actcli.analyses.derive.report import derive
from tests.render.reports import printed


@pytest.mark.parametrize("name", [record.name for record in DEFAULT.records])
def test_a_derivation_is_a_latex_document_of_plain_characters(name: str) -> None:
    at = [Fraction(1, 2)] * (4 if isinstance(DEFAULT.get(name), VectorFunction) else 1)
    text = printed(derive(DEFAULT.get(name), at=at), format="latex")[0]
    assert text.startswith("\\documentclass{article}\n")
    assert text.endswith("\\end{document}\n")
    assert text.isascii()  # a character that pdflatex doesn't know stops it
    opened = re.findall(r"\\begin\{(\w+)\}", text)
    assert sorted(opened) == sorted(re.findall(r"\\end\{(\w+)\}", text))
    assert all(line.count("$") % 2 == 0 for line in text.replace(r"\$", "").splitlines())
    assert text.replace(r"\{", "").count("{") == text.replace(r"\}", "").count("}")


def test_json_holds_the_tree_of_steps() -> None:
    document = json.loads(printed(derive(DEFAULT.get("silu")), format="json")[0])
    steps = document["tables"]["steps"]
    assert steps[1]["latex"] == r"\frac{d}{dx}\left[x\right] \sigma(x) + x \frac{d}{dx}\left[\sigma(x)\right]"
    assert [step["parent"] for step in steps] == [None, None, 1, 1, None]
    assert document["verdict"].startswith("SiLU′(x) = σ(x)·(1 + x·(1 − σ(x)))")
    assert set(document["tables"]) == {"steps", "forms", "landmarks", "losses"}


def test_markdown_holds_formulas() -> None:
    text = printed(derive(DEFAULT.get("relu")), format="markdown")[0]
    assert r"$\operatorname{ReLU}(x) = \max(0, x)$" in text
    assert "### Kinks" in text
