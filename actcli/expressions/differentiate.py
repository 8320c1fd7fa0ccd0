"""Tree → derivative, one rule at a time, as a careful hand would write it down.

A derivative that is still to be taken is a node of its own, `Operation("derivative", (u, x))`, printed d/dx[u]. Each
rewrite replaces one of them by what a rule says, and the whole expression after it is a line of the derivation, equal
to the line before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from actcli.errors import UsageError
from actcli.expressions.nodes import (
    Application,
    Known,
    Node,
    Number,
    Operation,
    Symbol,
    replaced,
    substitute,
    symbols,
    walk,
    with_operands,
)
from actcli.expressions.parse import parse
from actcli.expressions.tidy import ONE, ZERO, number, size, tidy

MAX_REWRITES = 300
MAX_SIZE = 1_000
MAX_TEXT = 20_000
"""A derivation of more lines, with a longer line, or longer in all, is not one that anybody reads."""


@dataclass(frozen=True, slots=True)
class Rewrite:
    """One rule applied at one place.

    `before` is the pending derivative that was replaced, `after` what the rule makes of it, `matched` what its letters
    stand for (u, v, c, n, a), `whole` the whole expression afterwards. `parent` is the number of the rewrite that left
    this derivative to be taken, None for the first.
    """

    rule: str
    before: Node
    after: Node
    matched: Mapping[str, Node]
    whole: Node
    parent: int | None


@dataclass(frozen=True, slots=True)
class Found:
    """What one rule says about one pending derivative."""

    rule: str
    after: Node
    matched: Mapping[str, Node]


RULES: dict[str, str] = {
    "constant": "c′ = 0",
    "variable": "x′ = 1",
    "constant_multiple": "(c·u)′ = c·u′",
    "sum": "(u + v)′ = u′ + v′",
    "difference": "(u − v)′ = u′ − v′",
    "product": "(u·v)′ = u′·v + u·v′",
    "quotient": "(u/v)′ = (u′·v − u·v′)/v²",
    "reciprocal": "(c/v)′ = −c·v′/v²",
    "power": "(uⁿ)′ = n·uⁿ⁻¹·u′",
    "exponential_base": "(aᵘ)′ = aᵘ·log(a)·u′",
    "general_power": "(uᵛ)′ = uᵛ·(v′·log(u) + v·u′/u)",
    "exponential": "(eˣ)′ = eˣ",
    "logarithm": "log(x)′ = 1/x",
    "square_root": "(√x)′ = 1/(2·√x)",
    "sine": "sin(x)′ = cos(x)",
    "cosine": "cos(x)′ = −sin(x)",
    "hyperbolic_sine": "sinh(x)′ = cosh(x)",
    "hyperbolic_cosine": "cosh(x)′ = sinh(x)",
    "tanh": "tanh(x)′ = 1 − tanh²(x)",
    "erf": "erf(x)′ = 2/√π·exp(−x²)",
    "normal_distribution": "Φ(x)′ = φ(x)",
    "normal_density": "φ(x)′ = −x·φ(x)",
    "absolute_value": "|u|′ = sign(u)·u′ where u ≠ 0",
    "sign": "sign(u)′ = 0 where u ≠ 0",
    "chain": "g(u)′ = g′(u)·u′",
    "cases": "a maximum, minimum or bound is written as cases",
    "piecewise": "each branch by itself",
    "known_function": "the derivative is known",
    "definition": "the function is replaced by its definition",
}
"""Every rule of `rewrites`, with what it says."""

ELEMENTARY: dict[str, tuple[str, str]] = {
    "exp": ("exponential", "exp(x)"),
    "expm1": ("exponential", "exp(x)"),
    "log": ("logarithm", "1/x"),
    "log1p": ("logarithm", "1/(1 + x)"),
    "sqrt": ("square_root", "1/(2*sqrt(x))"),
    "sin": ("sine", "cos(x)"),
    "cos": ("cosine", "-sin(x)"),
    "sinh": ("hyperbolic_sine", "cosh(x)"),
    "cosh": ("hyperbolic_cosine", "sinh(x)"),
    "tanh": ("tanh", "1 - tanh(x)**2"),
    "erf": ("erf", "2/sqrt(pi) * exp(-x**2)"),
    "erfc": ("erf", "-2/sqrt(pi) * exp(-x**2)"),
    "Phi": ("normal_distribution", "phi(x)"),
    "phi": ("normal_density", "-x * phi(x)"),
}
"""The elementary functions: the rule's name, and the derivative as a formula."""


WRITTEN_OUT = {"Phi": "(1 + erf(x/sqrt(2)))/2", "phi": "exp(-x**2/2)/sqrt(2*pi)"}
"""What `expand` puts in place of elementary functions that have a definition."""


def rewrites(tree: Node, variable: str = "x") -> Iterator[Rewrite]:
    """Yield the rewrites that take the derivative of a tree, outermost first, left to right.

    Known functions keep their names and their known derivatives. Raises UsageError for an expression that grows beyond
    what anybody would read.
    """
    whole = pending(tree, variable)
    origins: dict[Node, int | None] = {whole: None}
    written = 0
    for count in range(MAX_REWRITES):
        target = _first_pending(whole)
        if target is None:
            return
        found = apply_rule(target)
        whole = tidy(replaced(whole, target, found.after))  # equal derivatives are taken at once
        written += size(whole)
        if size(whole) > MAX_SIZE or written > MAX_TEXT:
            break
        yield Rewrite(found.rule, target, found.after, found.matched, whole, origins.get(target))
        for node in walk(tidy(found.after)):
            if _is_pending(node):
                origins.setdefault(node, count)
    raise UsageError("the derivative has become too long to write down; try a lower order, or a simpler formula")


def opened(tree: Node) -> Node:
    """Return a tree with every known function replaced by its definition."""
    match tree:
        case Application(function, operand):
            return opened(substitute(function.tree, {"x": operand}))
        case Operation(name, (operand,)) if name in WRITTEN_OUT:
            return substitute(parse(WRITTEN_OUT[name]), {"x": opened(operand)})
        case _:
            return with_operands(tree, opened)


def pending(tree: Node, variable: str) -> Node:
    """Return the node d/dx[tree]."""
    return Operation("derivative", (tree, Symbol(variable)))


def _is_pending(node: Node) -> bool:
    return isinstance(node, Operation) and node.name == "derivative"


def _first_pending(tree: Node) -> Node | None:
    return next((node for node in walk(tree) if _is_pending(node)), None)


def _depends(tree: Node, variable: str) -> bool:
    return any(isinstance(node, Symbol) and node.name == variable for node in walk(tree))


def apply_rule(target: Node, *, expand: bool = False) -> Found:
    """Return what the rule for a pending derivative says. Its result may hold pending derivatives of smaller parts."""
    assert isinstance(target, Operation)
    operand, symbol = target.operands
    assert isinstance(symbol, Symbol)
    variable = symbol.name

    def d(part: Node) -> Node:
        return pending(part, variable)

    if not _depends(operand, variable):
        return Found("constant", ZERO, {"c": operand})
    match operand:
        case Symbol():
            return Found("variable", ONE, {})
        case Application(function, u):
            return _known(function, u, d, expand=expand)
        case Operation("where", (condition, a, b)):
            return Found("piecewise", Operation("where", (condition, d(a), d(b))), {"u": a, "v": b})
        case Operation("maximum" | "minimum" as name, (u, v)):
            return Found("cases", d(_cases(name, u, v)), {"u": u, "v": v})
        case Operation(name, (u,)) if name in ELEMENTARY:
            return _elementary(name, u, d)
        case Operation(name, parts):
            return _ARITHMETIC[name](parts, d, variable)
        case _:
            raise AssertionError(operand)


Derive = Callable[[Node], Node]


def _known(function: Known, u: Node, d: Derive, *, expand: bool) -> Found:
    slope = None if expand else function.derivative_tree
    if slope is None:
        named = {"g": Application(function, Symbol("u")), "u": u}
        return Found("definition", d(substitute(function.tree, {"x": u})), named)
    outer = substitute(slope, {"x": u})
    return Found("known_function", _times(outer, d(u)), {"g": Application(function, Symbol("u")), "u": u})


def _elementary(name: str, u: Node, d: Derive) -> Found:
    rule, _ = ELEMENTARY[name]
    outer = substitute(elementary_derivative(name), {"x": u})
    if isinstance(u, Symbol):
        return Found(rule, outer, {"u": u})
    return Found("chain", _times(outer, d(u)), {"g": Operation(name, (Symbol("u"),)), "u": u})


@cache
def elementary_derivative(name: str) -> Node:
    """Return the derivative of an elementary function, as a tree in x."""
    return parse(ELEMENTARY[name][1])


def _times(outer: Node, inner: Node) -> Node:
    """Multiply by the inner derivative, unless that is x′ = 1."""
    assert isinstance(inner, Operation)
    if inner.operands[0] == inner.operands[1]:
        return outer
    return Operation("multiply", (outer, inner))


def _cases(name: str, u: Node, v: Node) -> Node:
    """Write max(u, v) as v if v > u, else u; the part that varies is compared with the one that doesn't."""
    if not symbols(v):
        u, v = v, u
    return Operation("where", (Operation("greater" if name == "maximum" else "less", (v, u)), v, u))


def _negative(parts: tuple[Node, ...], d: Derive, variable: str) -> Found:
    return Found("constant_multiple", _times(number(-1), d(parts[0])), {"c": number(-1), "u": parts[0]})


def _add(parts: tuple[Node, ...], d: Derive, variable: str) -> Found:
    u, v = parts
    return Found("sum", Operation("add", (d(u), d(v))), {"u": u, "v": v})


def _subtract(parts: tuple[Node, ...], d: Derive, variable: str) -> Found:
    u, v = parts
    return Found("difference", Operation("subtract", (d(u), d(v))), {"u": u, "v": v})


def _multiply(parts: tuple[Node, ...], d: Derive, variable: str) -> Found:
    u, v = parts
    if not _depends(u, variable):
        return Found("constant_multiple", _times(u, d(v)), {"c": u, "u": v})
    if not _depends(v, variable):
        return Found("constant_multiple", _times(v, d(u)), {"c": v, "u": u})
    first, second = Operation("multiply", (d(u), v)), Operation("multiply", (u, d(v)))
    return Found("product", Operation("add", (first, second)), {"u": u, "v": v})


def _divide(parts: tuple[Node, ...], d: Derive, variable: str) -> Found:
    u, v = parts
    square = Operation("power", (v, number(2)))
    if not _depends(v, variable):
        factor = Operation("divide", (ONE, v))
        return Found("constant_multiple", _times(factor, d(u)), {"c": factor, "u": u})
    if not _depends(u, variable):
        above = Operation("negative", (Operation("multiply", (u, d(v))),))
        return Found("reciprocal", Operation("divide", (above, square)), {"c": u, "v": v})
    first, second = Operation("multiply", (d(u), v)), Operation("multiply", (u, d(v)))
    above = Operation("subtract", (first, second))
    return Found("quotient", Operation("divide", (above, square)), {"u": u, "v": v})


def _power(parts: tuple[Node, ...], d: Derive, variable: str) -> Found:
    u, v = parts
    if not _depends(v, variable):
        lowered = Number(v.value - 1) if isinstance(v, Number) else Operation("subtract", (v, ONE))
        outer = Operation("multiply", (v, Operation("power", (u, lowered))))
        return Found("power", _times(outer, d(u)), {"u": u, "n": v})
    if not _depends(u, variable):
        outer = Operation("multiply", (Operation("power", (u, v)), Operation("log", (u,))))
        return Found("exponential_base", _times(outer, d(v)), {"a": u, "u": v})
    first = Operation("multiply", (d(v), Operation("log", (u,))))
    second = Operation("multiply", (v, Operation("divide", (d(u), u))))
    whole = Operation("multiply", (Operation("power", (u, v)), Operation("add", (first, second))))
    return Found("general_power", whole, {"u": u, "v": v})


def _abs(parts: tuple[Node, ...], d: Derive, variable: str) -> Found:
    return Found("absolute_value", _times(Operation("sign", parts), d(parts[0])), {"u": parts[0]})


def _sign(parts: tuple[Node, ...], d: Derive, variable: str) -> Found:
    return Found("sign", ZERO, {"u": parts[0]})


_ARITHMETIC: dict[str, Callable[[tuple[Node, ...], Derive, str], Found]] = {
    "negative": _negative,
    "add": _add,
    "subtract": _subtract,
    "multiply": _multiply,
    "divide": _divide,
    "power": _power,
    "abs": _abs,
    "sign": _sign,
}
