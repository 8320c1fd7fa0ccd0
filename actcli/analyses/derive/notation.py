"""How derivations name things: the left side of a line, and the sentence that says which rule was used with what."""

from __future__ import annotations

from actcli.activations.derived import Derived
from actcli.analyses.derive.steps import Derivation, Line, Subject
from actcli.expressions.differentiate import pending
from actcli.expressions.display import text
from actcli.expressions.nodes import Application, Node, Operation, Symbol, substitute

_WORDS = {
    "given": "the function",
    "factored": "collected and factored",
    "written_out": "every function by its definition",
    "known_form": "the form people know",
    "constant": "a constant",
    "variable": "the variable itself",
    "constant_multiple": "constant factor",
    "sum": "sum rule",
    "difference": "sum rule",
    "product": "product rule",
    "quotient": "quotient rule",
    "reciprocal": "reciprocal rule",
    "power": "power rule",
    "exponential_base": "exponential of another base",
    "general_power": "power with a variable exponent",
    "chain": "chain rule",
    "cases": "written as cases",
    "piecewise": "branch by branch",
    "definition": "by its definition",
    "normal_distribution": "Φ′ = φ",
    "normal_density": "φ′ = −xφ",
    "tanh": "tanh′ = 1 − tanh²",
    "logarithm": "log′ = 1/x",
    "exponential": "exp′ = exp",
}
_SELF_EVIDENT = (
    "written_out",
    "constant",
    "variable",
    "cases",
    "piecewise",
    "exponential",
    "sign",
    "given",
    "factored",
    "rearranged",
    "known_form",
)
"""Rules whose letters tell nobody anything."""


def why(line: Line) -> str:
    """Return the rule of a line in words, with what its letters stand for: `product rule, u = x, v = σ(x)`."""
    words = _WORDS.get(line.rule, line.rule.replace("_", " "))
    shown = {} if line.rule in _SELF_EVIDENT else dict(line.matched)
    if line.rule == "known_function":
        return _known(shown["g"], shown["u"])
    return ", ".join([words, *(f"{letter} = {text(node)}" for letter, node in shown.items())])


def _known(g: Node, u: Node) -> str:
    """Say which derivative was known: `σ′(x) = σ(x)·(1 − σ(x))`, or the chain rule with it for another argument."""
    assert isinstance(g, Application)
    known = g.function.derivative_tree
    assert known is not None
    is_plain = isinstance(u, Symbol)
    left: Node = Application(Derived(g.function, 1), u if is_plain else Symbol("u"))
    equation = text(Operation("equal", (left, substitute(known, {"x": u if is_plain else Symbol("u")}))))
    return f"known: {equation}" if is_plain else f"chain rule, {equation}, u = {text(u)}"


def name_of(subject: Subject, order: int) -> Node:
    """Return what the derivative of that order is called: σ″(x), or d/dβ[Swish(x)] by another variable than x."""
    name = subject.name
    if isinstance(name, Application) and subject.variable == "x" and order:
        return Application(Derived(name.function, order), Symbol("x"))
    for _ in range(order):
        name = pending(name, subject.variable)
    return name


def left_side(derivation: Derivation, line: Line) -> Node | None:
    """Return what stands before the equals sign: the name on the first line of each order, nothing on the others."""
    if line.rule == "given":
        return derivation.subject.name
    lines = derivation.lines
    before = lines[line.number - lines[0].number - 1]
    return name_of(derivation.subject, line.order) if before.rule == "given" or before.order != line.order else None
