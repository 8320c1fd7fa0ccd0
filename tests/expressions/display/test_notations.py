"""Text, LaTeX and pictures of the formulas that everybody knows."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from hypothesis import given

from actcli.activations.function import Function
from actcli.activations.registry import DEFAULT
from actcli.expressions.algebras.scalars import scalar
from actcli.expressions.display import latex, text
from actcli.expressions.display.pretty import pretty
from actcli.expressions.display.text import broken
from actcli.expressions.nodes import Node, Number, Operation, Symbol, substitute
from actcli.expressions.parse import parse

from .trees import d, rational_trees, read, trees


@pytest.mark.parametrize(
    ("formula", "line", "tex"),
    [
        ("sigmoid(x)*(1 - sigmoid(x))", "σ(x)·(1 − σ(x))", r"\sigma(x)\left(1 - \sigma(x)\right)"),
        ("1 - tanh(x)**2", "1 − tanh²(x)", r"1 - \tanh^{2}(x)"),
        ("Phi(x) + x*phi(x)", "Φ(x) + x·φ(x)", r"\Phi(x) + x \varphi(x)"),
        ("exp(-x)/(1 + exp(-x))**2", "e⁻ˣ/(1 + e⁻ˣ)²", r"\frac{e^{-x}}{\left(1 + e^{-x}\right)^{2}}"),
        ("exp(-x**2/2)", "exp(−x²/2)", "e^{-x^{2}/2}"),
        ("sqrt(2/pi)*x**3", "√(2/π)·x³", r"\sqrt{\frac{2}{\pi}} x^{3}"),
        ("abs(x)/x", "|x|/x", r"\frac{\left\vert x \right\vert}{x}"),
        ("0.5*x + 1.5*y", "x/2 + 3y/2", r"\frac{x}{2} + \frac{3 y}{2}"),
        ("0.5", "1/2", r"\frac{1}{2}"),
        ("0.044715*x**3", "0.044715x³", "0.044715 x^{3}"),
        ("2*tanh(2*x)", "2·tanh(2x)", r"2 \tanh(2 x)"),
        ("1*x + 2*3", "1·x + 2·3", r"1 \cdot x + 2 \cdot 3"),
        ("x*(y/2)", "x·(y/2)", r"x \frac{y}{2}"),
        ("a - (b - c) + -d", "a − (b − c) − d", r"a - \left(b - c\right) - d"),
        ("-(a + b)/2", "−(a + b)/2", r"-\frac{a + b}{2}"),
        ("x*(-y)", "x·(−y)", r"x\left(-y\right)"),
        ("x**(-1) + 2**x", "x⁻¹ + 2ˣ", "x^{-1} + 2^{x}"),
        ("x**(alpha - 1)", "x^(α − 1)", r"x^{\alpha - 1}"),
        ("sigmoid(x)**(-1)", "σ(x)⁻¹", r"\sigma(x)^{-1}"),
        ("sqrt(x)**2", "(√x)²", r"\left(\sqrt{x}\right)^{2}"),
        ("1e-12*x + 2.5e30", "10⁻¹²·x + 2.5·10³⁰", r"10^{-12} x + 2.5 \cdot 10^{30}"),
        ("max(0, x)", "max(0, x)", r"\max(0, x)"),
        ("log1p(exp(x))", "log1p(eˣ)", r"\operatorname{log1p}(e^{x})"),
        ("gelu(x) + log_sigmoid(x)", "GELU(x) + log σ(x)", r"\operatorname{GELU}(x) + \log\sigma(x)"),
        ("gelu_tanh(x)", "GELU_tanh(x)", r"\operatorname{GELU}_{\mathrm{tanh}}(x)"),
        ("relu2(x)**2", "ReLU²(x)²", r"\operatorname{ReLU}^{2}(x)^{2}"),
        ("swish(x, beta=2)", "Swish(x; β = 2)", r"\operatorname{Swish}(x;\ \beta = 2)"),
        ("leaky_relu(x, 0.01)", "LeakyReLU(x)", r"\operatorname{LeakyReLU}(x)"),
        ("negative_slope*x", "negative_slope·x", r"\mathit{negative\_slope} \, x"),
        ("x_i*sigma_w", "xᵢ·σ_w", r"x_{i} \sigma_{w}"),
        ("where(x > 0, x, 0)", "{x if x > 0; 0 otherwise}", r"\begin{cases} x & x > 0 \\ 0 & \text{otherwise} \end{cases}"),
        (
            "where(x <= -1, 0, where(x != 1, x, 1))*y",
            "{0 if x ≤ −1; x if x ≠ 1; 1 otherwise}·y",
            r"\left(\begin{cases} 0 & x \leq -1 \\ x & x \neq 1 \\ 1 & \text{otherwise} \end{cases}\right) y",
        ),
    ],
)  # fmt: skip
def test_text_and_latex(formula: str, line: str, tex: str) -> None:
    assert text(read(formula)) == line
    assert latex(read(formula)) == tex


def test_pending_derivatives() -> None:
    assert text(d("sigmoid(x)**2")) == "d/dx[σ²(x)]"
    assert latex(d("x**2")) == r"\frac{d}{dx}\left[x^{2}\right]"
    assert text(d("a*x", "a")) == "∂/∂a[a·x]"
    assert latex(d("a*x", "a")) == r"\frac{\partial}{\partial a}\left[a x\right]"


def test_an_equation() -> None:
    equation = Operation("equal", (read("tanh(x)"), read("2*sigmoid(2*x) - 1")))
    assert text(equation) == "tanh(x) = 2·σ(2x) − 1"


@pytest.mark.parametrize(
    ("formula", "picture", "plain"),
    [
        (
            "exp(-x)/(1 + exp(-x))**2",
            ["   e⁻ˣ", "──────────", "(1 + e⁻ˣ)²"],
            ["     -x", "    e", "------------", "          2", " /     -x\\", " \\1 + e  /"],
        ),
        (
            "where(x > 0, x, alpha*x)",
            ["⎧x    if x > 0", "⎨", "⎩α·x  otherwise"],
            ["/x        if x > 0", "<", "\\alpha*x  otherwise"],
        ),
        ("-(a + b)/2", ["  a + b", "− ─────", "    2"], ["  a + b", "- -----", "    2"]),
        ("(x/2)/y", [" x", " ─", " 2", "───", " y"], [" x", " -", " 2", "---", " y"]),
        ("exp(-x**2/2)", [" −x²/2", "e"], ["   2", " -x /2", "e"]),
        ("2*pi*x_i + sqrt(sigmoid(x))", ["2π·xᵢ + √σ(x)"], ["2*pi*x_i + sqrt(sigma(x))"]),
    ],
)
def test_pictures(formula: str, picture: list[str], plain: list[str]) -> None:
    assert [line.rstrip() for line in pretty(read(formula), 80).split("\n")] == picture
    assert [line.rstrip() for line in pretty(read(formula), 80, ascii_only=True).split("\n")] == plain


def test_a_picture_of_a_derivative() -> None:
    assert pretty(d("x/2"), 80).split("\n") == ["d ⎡x⎤", "──⎢─⎥", "dx⎣2⎦"]


@given(rational_trees)
def test_text_has_the_value_of_the_tree(tree: Node) -> None:
    at: dict[str, Node] = {"x": Number(scalar(read("7/3"), {})), "y": Number(scalar(read("-11/5"), {}))}
    value, read_back = (scalar(substitute(each, at), {}) for each in (tree, parse(text(tree), textbook=True)))
    assert read_back == value or isinstance(value, float)  # a float is 1/0 or what follows from it


@given(trees)
def test_every_notation_takes_every_tree(tree: Node) -> None:
    tex = latex(tree)
    assert tex.count("{") == tex.count("}")
    assert tex.count(r"\left") == tex.count(r"\right")
    assert tex.count(r"\begin{cases}") == tex.count(r"\end{cases}")
    assert "|" not in tex
    for width in (20, 1000):
        assert pretty(tree, width, ascii_only=True).isascii()
        lines = pretty(tree, width).split("\n")
        assert max(map(len, lines)) <= width or any(len(word) > width - 6 for word in re.split(r"[ ·/(]", text(tree)))
    assert "".join(broken(text(tree), 20).split()) == "".join(text(tree).split())


records = [name for name in DEFAULT.names() if isinstance(DEFAULT.get(name), Function)]


@pytest.mark.parametrize("name", records)
def test_mathtext_reads_the_latex_of_every_record(name: str) -> None:
    from matplotlib.mathtext import MathTextParser

    function = DEFAULT.get(name)
    assert isinstance(function, Function)
    tex = latex(function.tree)
    # Mathtext has no environments: the branches stand in for the cases.
    rows = re.sub(r"\\(begin|end)\{cases\}|\\text\{otherwise\}", "", tex).replace("&", ",").replace(r"\\", ";")
    MathTextParser("path").parse(f"${rows}$")


def test_deep_formulas() -> None:
    tree: Node = Symbol("x")
    for _ in range(190):
        tree = Operation("exp", (tree,))
    chain = "+".join(["x"] * 180)
    assert text(tree).count("exp") == 189
    assert latex(tree).count("e^") == 190
    assert text(read(chain)) == " + ".join(["x"] * 180)
    assert pretty(read(chain), 40).count("\n") > 10


def test_only_pictures_need_sympy() -> None:
    code = "import sys; from actcli.expressions.display import text, mathematics; sys.exit('sympy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
