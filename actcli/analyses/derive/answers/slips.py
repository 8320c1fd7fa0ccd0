"""What goes wrong when people take derivatives: the rules once more, each with a mistake in it.

A slip replaces one rule at one place, or wherever it applies; everything else is done right. If that gives the answer
somebody wrote down, the slip is found.
"""

from __future__ import annotations

import sys
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from actcli.activations.builders import Builders
from actcli.activations.registry import DEFAULT
from actcli.expressions.differentiate import Found
from actcli.expressions.direct import Rule, taken_as_is
from actcli.expressions.display.text import text
from actcli.expressions.nodes import Application, Node, Operation, substitute
from actcli.expressions.parse import parse
from actcli.expressions.tidy import tidy

MAX_PLACES = 12
"""Places of one rule that are tried one by one."""


@dataclass(frozen=True, slots=True)
class Slip:
    """A mistake in some of the rules, or in the derivative of one function.

    `wrong` is what is written in place of a rule's right-hand side, in its letters, d before those that are derived;
    `outer` is the derivative of the outer function. For a function it is the wrong derivative, in x, to which the inner
    one is multiplied, unless `inner` is False. `sentence` may name the letters.
    """

    name: str
    rules: tuple[str, ...]
    wrong: str
    sentence: str
    function: str = ""
    inner: bool = True


_CHAIN = ("chain", "known_function")

SLIPS = (
    Slip("inner_derivative", _CHAIN, "outer", "the inner derivative is missing: multiply {outer} by ({u})′"),
    Slip("inner_derivative", ("power",), "n*u**(n - 1)", "the inner derivative is missing: multiply by ({u})′"),
    Slip("inner_derivative", ("exponential_base",), "a**u*log(a)", "the inner derivative ({u})′ is missing"),
    Slip("inner_derivative", ("reciprocal",), "-c/v**2", "the inner derivative is missing: multiply by ({v})′"),
    Slip("inner_derivative", ("reciprocal",), "c/v**2", "the minus and the inner derivative are missing: "
         "(c/v)′ = −c·v′/v²"),
    Slip("inner_function", _CHAIN, "outer*u", "multiplied by the inner function {u} where its derivative belongs"),
    Slip("product_rule", ("product",), "du*dv", "the derivative of a product isn't the product of the derivatives: "
         "it is u′·v + u·v′ with u = {u}, v = {v}"),
    Slip("product_term", ("product",), "du*v", "the term u·v′ of the product rule is missing, with u = {u}, v = {v}"),
    Slip("product_term", ("product",), "u*dv", "the term u′·v of the product rule is missing, with u = {u}, v = {v}"),
    Slip("product_factor", ("product",), "du*v + dv", "the factor {u} got lost in the product rule: "
         "u′·v + u·v′ with u = {u}"),
    Slip("product_factor", ("product",), "du + u*dv", "the factor {v} got lost in the product rule: "
         "u′·v + u·v′ with v = {v}"),
    Slip("product_sign", ("product",), "du*v - u*dv", "the product rule has a plus: u′·v + u·v′"),
    Slip("product_sign", ("product",), "u*dv - du*v", "the product rule has a plus: u′·v + u·v′"),
    Slip("quotient_order", ("quotient",), "(u*dv - du*v)/v**2", "the terms of the quotient rule are exchanged: it is "
         "(u′·v − u·v′)/v²"),
    Slip("quotient_sign", ("quotient",), "(du*v + u*dv)/v**2", "the quotient rule has a minus: (u′·v − u·v′)/v²"),
    Slip("quotient_square", ("quotient",), "(du*v - u*dv)/v", "the denominator of the quotient rule is squared: it is "
         "(u′·v − u·v′)/v² with v = {v}"),
    Slip("quotient_rule", ("quotient",), "du/dv", "the derivative of a quotient isn't the quotient of the derivatives: "
         "it is (u′·v − u·v′)/v²"),
    Slip("quotient_term", ("quotient",), "du/v", "the denominator {v} depends on the variable too: it is "
         "(u′·v − u·v′)/v²"),
    Slip("reciprocal_sign", ("reciprocal",), "c*dv/v**2", "the minus is missing: (c/v)′ = −c·v′/v²"),
    Slip("reciprocal_square", ("reciprocal",), "-c*dv/v", "the square is missing: (c/v)′ = −c·v′/v² with v = {v}"),
    Slip("reciprocal_logarithm", ("reciprocal",), "c*log(v)", "that is an integral of c/v; its derivative is −c·v′/v²"),
    Slip("reciprocal_rule", ("reciprocal",), "c/dv", "the derivative of c/v isn't c/v′ but −c·v′/v²"),
    Slip("power_not_lowered", ("power",), "n*u**n*du", "the power is to be lowered by one: (uⁿ)′ = n·uⁿ⁻¹·u′"),
    Slip("power_factor", ("power",), "u**(n - 1)*du", "the factor {n} is missing: (uⁿ)′ = n·uⁿ⁻¹·u′"),
    Slip("power_raised", ("power",), "u**(n + 1)/(n + 1)*du", "that is how powers are integrated: (uⁿ)′ = n·uⁿ⁻¹·u′"),
    Slip("exponential_as_power", ("exponential_base",), "u*a**(u - 1)*du", "the variable is in the exponent: "
         "(aᵘ)′ = aᵘ·log(a)·u′"),
    Slip("logarithm_factor", ("exponential_base",), "a**u*du", "the factor log({a}) is missing: (aᵘ)′ = aᵘ·log(a)·u′"),
    Slip("constant_kept", ("constant",), "c", "the derivative of the constant {c} is 0"),
    Slip("factor", ("constant_multiple",), "du", "the factor {c} got lost: (c·u)′ = c·u′"),
    Slip("sum_sign", ("sum",), "du - dv", "a sign is wrong: (u + v)′ = u′ + v′ with v = {v}"),
    Slip("sum_sign", ("sum",), "dv - du", "a sign is wrong: (u + v)′ = u′ + v′ with u = {u}"),
    Slip("sum_sign", ("difference",), "du + dv", "a sign is wrong: (u − v)′ = u′ − v′ with v = {v}"),
    Slip("sum_sign", ("difference",), "dv - du", "a sign is wrong: (u − v)′ = u′ − v′"),
    Slip("branches", ("piecewise",), "", "the branches are exchanged"),
    Slip("term", ("sum", "difference"), "du", "the derivative of the term {v} is missing"),
    Slip("term", ("sum", "difference"), "dv", "the derivative of the term {u} is missing"),
)  # fmt: skip

FUNCTIONS: Mapping[str, Sequence[tuple[str, str, str]]] = {
    "exp": [("exponential_as_power", "x*exp(x - 1)", "the power rule is for a variable below: (eˣ)′ = eˣ")],
    "log": [("logarithm", "log(x)/x", "log(x)′ is 1/x alone"), ("logarithm", "-1/x**2", "log(x)′ is 1/x")],
    "sqrt": [
        ("square_root", "1/sqrt(x)", "the factor 1/2 is missing: (√x)′ = 1/(2·√x)"),
        ("square_root", "sqrt(x)/2", "the power is to be lowered by one: (√x)′ = 1/(2·√x)"),
    ],
    "sin": [("sign", "-cos(x)", "sin(x)′ = cos(x) has no minus")],
    "cos": [("sign", "sin(x)", "the minus is missing: cos(x)′ = −sin(x)")],
    "cosh": [("sign", "-sinh(x)", "unlike that of cos, cosh(x)′ = sinh(x) has no minus")],
    "tanh": [
        ("square", "1 - tanh(x)", "the square is missing: tanh(x)′ = 1 − tanh²(x)"),
        ("sign", "1 + tanh(x)**2", "the sign is wrong: tanh(x)′ = 1 − tanh²(x)"),
        ("known_derivative", "tanh(x)*(1 - tanh(x))", "that is the pattern of σ(x)′; tanh(x)′ = 1 − tanh²(x)"),
    ],
    "sigmoid": [
        ("sign", "sigmoid(x)*(1 + sigmoid(x))", "the sign is wrong: σ(x)′ = σ(x)·(1 − σ(x))"),
        ("term", "1 - sigmoid(x)", "the factor σ(x) is missing: σ(x)′ = σ(x)·(1 − σ(x))"),
        ("known_derivative", "1 - sigmoid(x)**2", "that is the pattern of tanh(x)′; σ(x)′ = σ(x)·(1 − σ(x))"),
        ("known_derivative", "x*(1 - x)", "in σ·(1 − σ) stands the output σ(x), not x"),
    ],
    "erf": [
        ("factor", "exp(-x**2)", "the factor 2/√π is missing: erf(x)′ = 2/√π·exp(−x²)"),
        ("sign", "2/sqrt(pi)*exp(x**2)", "the exponent is negative: erf(x)′ = 2/√π·exp(−x²)"),
    ],
    "Phi": [("known_derivative", "Phi(x)*(1 - Phi(x))", "that is the pattern of σ(x)′; Φ(x)′ = φ(x)")],
    "phi": [
        ("sign", "x*phi(x)", "the minus is missing: φ(x)′ = −x·φ(x)"),
        ("inner_derivative", "phi(x)", "the inner derivative of −x²/2 is missing: φ(x)′ = −x·φ(x)"),
        ("inner_derivative", "-phi(x)", "the factor x is missing: φ(x)′ = −x·φ(x)"),
    ],
    "softplus": [("known_derivative", "1/(1 + exp(x))", "that is σ(−x); softplus(x)′ = σ(x)")],
    "abs": [("absolute_value", "1", "the slope of |x| is −1 for negative x")],
}
"""Wrong derivatives of functions, by name: the slip, what is written for g′(x), the sentence."""

Letters = Mapping[str, Node]
"""What the letters of a rule stand for."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A wrong derivative and how one gets it."""

    slip: str
    tree: Node
    template: str
    letters: Letters = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        """Say what went wrong."""
        return self.template.format(**{name: text(tidy(letter)) for name, letter in self.letters.items()})


def candidates(expressions: Sequence[Node], variable: str, rules: Sequence[Rule]) -> Iterator[Candidate]:
    """Yield the derivatives that each slip makes of expressions that mean the same, written in different ways.

    `rules` are the right ones to fall back on: `by_name`, `by_definition`.
    """
    slips = _all_slips()
    for right in rules:
        for expression in expressions:
            met = _met(expression, variable, right)
            for slip in slips:
                if any(_mistake(slip, target, found) for target, found in met):
                    yield from _slipped(expression, variable, right, slip)


def _all_slips() -> list[Slip]:
    of_functions = [
        Slip(name, (), formula, sentence, function)
        for function, slips in FUNCTIONS.items()
        for name, formula, sentence in slips
    ]
    without_inner = [
        replace(slip, inner=False, sentence=f"{slip.sentence}; the inner derivative is missing too")
        for slip in of_functions
    ]
    return [*of_functions, *SLIPS, *without_inner]


def _met(tree: Node, variable: str, right: Rule) -> list[tuple[Node, Found]]:
    """Return the pending derivatives that one meets, with what the rule says."""
    met: list[tuple[Node, Found]] = []

    def rule(target: Node) -> Found:
        met.append((target, right(target)))
        return met[-1][1]

    taken_as_is(tree, variable, rule)
    return met


def _slipped(tree: Node, variable: str, right: Rule, slip: Slip) -> Iterator[Candidate]:
    """Yield the derivative with the slip at each place where it can occur, one at a time, then with all of them."""

    def slipped(places: Container[int]) -> tuple[list[Letters], Node]:
        met: list[Letters] = []

        def rule(target: Node) -> Found:
            found = right(target)
            mistake = _mistake(slip, target, found)
            if mistake is None:
                return found
            after, letters = mistake
            met.append(letters)
            return replace(found, after=after) if len(met) - 1 in places else found

        result = taken_as_is(tree, variable, rule)
        return met, result

    place, places = 0, 1
    while place < places:
        met, result = slipped([place])
        places = min(len(met), MAX_PLACES)
        yield Candidate(slip.name, result, slip.sentence, met[place])
        place += 1
    if places > 1:
        met, result = slipped(range(sys.maxsize))
        yield Candidate(slip.name, result, slip.sentence, met[0])


def _mistake(slip: Slip, target: Node, found: Found) -> tuple[Node, Letters] | None:
    """Return what a slip makes of a pending derivative, and the letters in it; None where it can't occur."""
    assert isinstance(target, Operation)
    operand, variable = target.operands
    letters = dict(found.matched)
    if slip.function:
        u = _argument(operand, slip.function)
        if u is None or (u == variable and not slip.inner):
            return None
        outer = substitute(_formula(slip.wrong), {"x": u})
        return (Operation("multiply", (outer, _d(u, variable))) if slip.inner else outer), {"u": u}
    if found.rule not in slip.rules:
        return None
    if slip.name.startswith("inner") and letters["v" if found.rule == "reciprocal" else "u"] == variable:
        return None
    if "outer" in slip.wrong:
        assert isinstance(found.after, Operation)
        letters["outer"] = found.after.operands[0]
    derived = {f"d{name}": _d(letter, variable) for name, letter in letters.items()}
    if found.rule == "piecewise":  # the condition has no letter
        assert isinstance(operand, Operation)
        return Operation("where", (operand.operands[0], derived["dv"], derived["du"])), letters
    return substitute(_formula(slip.wrong), {**letters, **derived}), letters


def _argument(node: Node, function: str) -> Node | None:
    """Return u of a node f(u)."""
    match node:
        case Application(known, u) if known.name == function:
            return u
        case Operation(name, (u,)) if name == function:
            return u
        case _:
            return None


def _d(node: Node, variable: Node) -> Node:
    return Operation("derivative", (node, variable))


@cache
def _formula(text: str) -> Node:
    return parse(text, Builders(DEFAULT, {}))
