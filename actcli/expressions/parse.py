"""Formula text → expression tree: a Pratt parser over a white list. Nothing is ever executed.

Every limit is checked before the work that it bounds, so hostile text is refused in microseconds. Errors point at the
character. The functions that a formula may call are handed in by the caller.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from keyword import iskeyword
from typing import NoReturn

from actcli.errors import FormulaError, UsageError, suggestion
from actcli.expressions.nodes import (
    COMPARISONS,
    MAX_BITS,
    OPERATIONS,
    Constant,
    Node,
    Number,
    Operation,
    Symbol,
    bits,
    rational_value,
    symbols,
)

MAX_LENGTH = 4000
MAX_NESTING = 100
MAX_DEPTH = 200
MAX_DIGITS = 400
MAX_EXPONENT = 1024

LARGEST = Fraction(sys.float_info.max)
SMALLEST = Fraction(math.ulp(0.0))

Builder = Callable[[tuple[Node, ...], dict[str, Node]], Node]
"""Makes the node of a call from its positional and keyword arguments; raises UsageError when they don't fit."""

# Prefixes of code that people paste. A call through any other dotted name is attribute access and refused.
PREFIXES = frozenset(
    "np numpy math cmath torch torch.nn torch.nn.functional torch.special nn nn.functional F jnp jax jax.nn jax.numpy "
    "jax.scipy.special jax.lax lax nnx flax.linen tf tf.nn tf.math tf.keras.activations keras keras.ops "
    "keras.activations ops cp cupy mx mx.nn scipy.special special sp".split()
)

ALIASES = {
    "max": "maximum", "min": "minimum", "absolute": "abs", "fabs": "abs", "ln": "log",
    "σ": "sigmoid", "Φ": "Phi", "φ": "phi", "ϕ": "phi", "π": "pi", "clamp": "clip", "pow": "power", "norm_cdf": "Phi",
    "ndtr": "Phi",
}  # fmt: skip

CALLABLE = frozenset(name for name in OPERATIONS if name not in COMPARISONS.values())

# Characters people paste, one for one so that positions in error messages stay true.
_TRANSLATION = str.maketrans({"−": "-", "–": "-", "·": "*", "×": "*", "⋅": "*", "∗": "*", "÷": "/", "∕": "/"})
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")

_PATTERN = r"""(?P<space>\s+)
      | (?P<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)
      | (?P<name>[A-Za-z_\u0370-\u03ff][A-Za-z0-9_\u0370-\u03ff]*(?:\s*\.\s*[A-Za-z_][A-Za-z0-9_]*)*)
      | (?P<superscript>⁻?[⁰¹²³⁴⁵⁶⁷⁸⁹]+)
      | (?P<operator>\*\*|<=|>=|==|!=|≤|≥|≠|[-+*/<>(),=^√])"""
_TOKEN = re.compile(_PATTERN, re.VERBOSE)
_TEXTBOOK_TOKEN = re.compile(_PATTERN + r"|(?P<prime>['’′″‴]+)|(?P<bracket>[\[\]])", re.VERBOSE)
_PRIMES = {"″": 2, "‴": 3}
_OPERATOR_ALIASES = {"≤": "<=", "≥": ">=", "≠": "!="}


@dataclass(frozen=True, slots=True)
class Token:
    """A lexical unit; `kind` is number, name, superscript, operator, end, and in textbook notation prime or bracket."""

    kind: str
    text: str
    position: int


def parse(text: str, functions: Mapping[str, Builder] | None = None, *, textbook: bool = False) -> Node:
    """Return the tree of a formula.

    `functions` adds functions to the elementary ones, by name. Any name that is neither a function nor a constant
    becomes a Symbol. `textbook` reads more of what people write: derivatives `tanh''(x)` and entries of vectors
    `softmax(a, b)[0]`, which `functions` is asked for under the names `tanh''` and `softmax[0]`, and products without
    a sign, `2x(1 - x)`. Raises FormulaError, which says what is wrong and at which character.
    """
    if len(text) > MAX_LENGTH:
        raise FormulaError(f"the formula is longer than {MAX_LENGTH} characters", text, MAX_LENGTH)
    return _Parser(text, functions or {}, textbook).formula()


def _tokens(text: str, pattern: re.Pattern[str]) -> list[Token]:
    clean = text.translate(_TRANSLATION)
    tokens: list[Token] = []
    position = 0
    while position < len(clean):
        match = pattern.match(clean, position)
        if match is None:
            raise FormulaError(_refusal(clean[position], tokens), text, position)
        kind, found = str(match.lastgroup), match.group()
        if kind != "space":
            tokens.append(Token(kind, _OPERATOR_ALIASES.get(found, found), position))
        position = match.end()
    return [*tokens, Token("end", "", len(text))]


def _refusal(character: str, before: list[Token]) -> str:
    if any(iskeyword(token.text) for token in before):
        return "this is Python, not a formula; write the expression alone, a choice as where(condition, a, b)"
    if character in "[]":
        return "subscripts are not part of a formula"
    if character in "'\"":
        return "text in quotes is not part of a formula"
    if character == ".":
        return "attribute access is not part of a formula"
    return f"{character!r} is not part of a formula"


class _Parser:
    """One pass over the tokens. Binding powers: comparison 1, + − 2, × ÷ 3, unary minus 4, power 5."""

    def __init__(self, text: str, functions: Mapping[str, Builder], textbook: bool) -> None:
        self.text, self.functions, self.textbook = text, functions, textbook
        self.tokens = _tokens(text, _TEXTBOOK_TOKEN if textbook else _TOKEN)
        self.next = 0
        self.nesting = 0
        self.depths: dict[int, int] = {}
        self.made: list[Node] = []  # keeps nodes alive, so that the ids in `depths` stay theirs

    def formula(self) -> Node:
        if self.peek().kind == "end":
            self.fail("the formula is empty")
        node = self.expression(0)
        if self.peek().kind != "end":
            self.fail(self.unexpected())
        return self.as_number(node, self.tokens[0])

    # tokens

    def peek(self) -> Token:
        return self.tokens[self.next]

    def take(self) -> Token:
        token = self.tokens[self.next]
        self.next += 1
        return token

    def accept(self, operator: str) -> bool:
        if self.peek().kind == "operator" and self.peek().text == operator:
            self.next += 1
            return True
        return False

    def expect(self, operator: str) -> None:
        if not self.accept(operator):
            self.fail(self.unexpected() if self.peek().text == "^" else f"expected {operator!r}")

    def fail(self, message: str, token: Token | None = None) -> NoReturn:
        raise FormulaError(message, self.text, (token or self.peek()).position)

    def unexpected(self) -> str:
        token = self.peek()
        if token.kind == "end":
            return "the formula ends too early"
        if token.text == "^":
            return "'^' is not power here; write **"
        if token.text == ")":
            return "')' without '('"
        if token.text == "=":
            return "'=' is not part of a formula; compare with =="
        if token.kind == "name" and iskeyword(token.text):
            return f"{token.text!r} is Python, not part of a formula; for a choice write where(condition, a, b)"
        if token.kind in ("name", "number") or token.text == "(":
            return f"an operator is missing before {token.text!r}; write 2*x, not 2x"
        return f"unexpected {token.text!r}"

    # tree building, with the depth of every node

    def make(self, node: Node, *children: Node, at: Token) -> Node:
        depth = 1 + max((self.depths.get(id(child), 0) for child in children), default=0)
        if depth > MAX_DEPTH:
            self.fail(f"the formula is nested more than {MAX_DEPTH} deep", at)
        self.depths[id(node)] = depth
        self.made.append(node)
        return node

    def operation(self, name: str, *children: Node, at: Token) -> Node:
        if name == "power":
            self.check_power(*children, at=at)
        if name == "where":
            condition, *branches = children
            if not _is_condition(condition):
                condition = self.operation("not_equal", condition, self.make(Number(Fraction(0)), at=at), at=at)
            children = (condition, *(self.as_number(branch, at) for branch in branches))
        else:
            children = tuple(self.as_number(child, at) for child in children)
        return self.make(Operation(name, children), *children, at=at)

    def as_number(self, node: Node, at: Token) -> Node:
        """A comparison used as a number, as in `x * (x > 0)`, is worth 1 or 0."""
        if not _is_condition(node):
            return node
        one, zero = (self.make(Number(Fraction(k)), at=at) for k in (1, 0))
        return self.operation("where", node, one, zero, at=at)

    def check_power(self, base: Node, exponent: Node, *, at: Token) -> None:
        power = rational_value(exponent)
        if power is None:
            if not symbols(exponent) and isinstance(exponent, Operation) and exponent.name == "power":
                self.fail(f"the exponent is too large; the limit is {MAX_EXPONENT}", at)
            return
        if abs(power) > MAX_EXPONENT or bits(power) > MAX_BITS:
            self.fail(f"the exponent is too large; the limit is {MAX_EXPONENT}", at)
        number = rational_value(base)
        if number is not None and power.denominator == 1 and bits(number) * abs(power) > MAX_BITS:
            self.fail("the power is too large a number", at)

    # grammar

    def expression(self, minimum: int) -> Node:
        self.nesting += 1
        if self.nesting > MAX_NESTING:
            self.fail(f"the formula is nested more than {MAX_NESTING} deep")
        left = self.prefix()
        while (found := self.infix(left, minimum)) is not None:
            left = found
        self.nesting -= 1
        return left

    def prefix(self) -> Node:
        token = self.take()
        if token.kind == "number":
            return self.make(Number(self.number(token)), at=token)
        if token.kind == "name":
            return self.name(token)
        if token.kind == "operator" and token.text == "(":
            inner = self.expression(0)
            self.expect(")")
            return inner
        if token.kind == "operator" and token.text in "+-":
            operand = self.expression(4)
            return operand if token.text == "+" else self.operation("negative", operand, at=token)
        if token.kind == "operator" and token.text == "√":
            return self.operation("sqrt", self.expression(6), at=token)
        self.next -= 1
        self.fail(self.unexpected())

    def infix(self, left: Node, minimum: int) -> Node | None:
        token = self.peek()
        if token.kind == "superscript" and minimum <= 5:
            self.take()
            power = self.make(Number(Fraction(token.text.translate(_SUPERSCRIPTS))), at=token)
            return self.operation("power", left, power, at=token)
        if self.textbook and minimum < 3 and self.is_product_without_sign(left):
            return self.operation("multiply", left, self.expression(3), at=token)
        if token.kind != "operator":
            return None
        if token.text in COMPARISONS and minimum < 1:
            self.take()
            right = self.expression(1)
            if self.peek().text in COMPARISONS:
                self.fail("comparisons can't be chained; use where(a < x, where(x < b, …), …)")
            return self.operation(COMPARISONS[token.text], left, right, at=token)
        for operators, binding in (({"+": "add", "-": "subtract"}, 2), ({"*": "multiply", "/": "divide"}, 3)):
            if token.text in operators and minimum < binding:
                self.take()
                return self.operation(operators[token.text], left, self.expression(binding), at=token)
        if token.text == "**" and minimum <= 5:
            self.take()
            return self.operation("power", left, self.expression(4), at=token)  # right to left; -2 may follow
        return None

    def is_product_without_sign(self, left: Node) -> bool:
        """Tell whether a factor follows at once, as in 2x, 4σ(2x)(1 − σ(2x)). After a name, `(` would be a call."""
        before, token = self.tokens[self.next - 1], self.peek()
        if not (token.kind == "name" or token.text == "(") or iskeyword(token.text):
            return False
        if not (before.kind in ("number", "superscript") or before.text in (")", "]")):
            return False
        if before.kind == "number" and isinstance(left, Operation) and left.name == "divide":
            self.fail(f"1/2{token.text}… can be read in two ways; write the product with *, or brackets")
        return True

    def number(self, token: Token) -> Fraction:
        mantissa, _, exponent = token.text.lower().partition("e")
        if len(mantissa) > MAX_DIGITS or len(exponent) > 4 or abs(int(exponent or 0)) > MAX_DIGITS:
            self.fail(f"the number has more than {MAX_DIGITS} digits", token)
        value = Fraction(token.text)
        if value and not SMALLEST <= value <= LARGEST:
            self.fail("the number is outside the range of float64", token)
        return value

    def name(self, token: Token) -> Node:
        prefix, _, bare = re.sub(r"\s", "", token.text).rpartition(".")
        if prefix and prefix not in PREFIXES:
            self.fail(f"{prefix!r} is not a known prefix, and attribute access is not part of a formula", token)
        name = ALIASES.get(bare, bare) + self.primes()
        if self.textbook and self.peek().kind == "superscript" and self.tokens[self.next + 1].text == "(":
            return self.power_of_call(name, token)
        if self.peek().text == "(" and self.peek().kind == "operator":
            return self.call(name, token)
        if name in ("pi", "e"):
            return self.make(Constant(name), at=token)
        if iskeyword(bare):
            self.fail(f"{bare!r} is Python, not part of a formula; for a choice write where(condition, a, b)", token)
        if prefix:
            self.fail(f"{token.text!r} is not part of a formula", token)
        if name in CALLABLE or name in self.functions or name == "clip" or name.endswith("'"):
            shown = bare + name[len(name.rstrip("'")) :]
            self.fail(f"{shown} is a function; write {shown}(x)", token)
        return self.make(Symbol(name), at=token)

    def power_of_call(self, name: str, token: Token) -> Node:
        """Read tanh²(x), the square of tanh(x)."""
        exponent = self.take()
        if exponent.text.startswith("⁻"):
            self.fail(
                f"{name}{exponent.text} can be read in two ways; write 1/{name}(x) or the inverse function", token
            )
        power = self.make(Number(Fraction(exponent.text.translate(_SUPERSCRIPTS))), at=exponent)
        return self.operation("power", self.call(name, token), power, at=token)

    def primes(self) -> str:
        """Take the primes after a name: one ' for each derivative."""
        if self.peek().kind != "prime":
            return ""
        return "'" * sum(_PRIMES.get(mark, 1) for mark in self.take().text)

    def subscript(self) -> str:
        """Take the subscript after a call: [0]."""
        if self.peek().kind != "bracket":
            return ""
        opening, index, closing = self.take(), self.peek(), self.tokens[min(self.next + 1, len(self.tokens) - 1)]
        if opening.text != "[" or not index.text.isdigit() or closing.text != "]":
            self.fail("a subscript is a whole number in brackets: [0]", opening)
        self.next += 2
        return f"[{int(index.text)}]" if len(index.text) < 4 else self.fail("there is no such entry", index)

    def call(self, name: str, token: Token) -> Node:
        if name not in CALLABLE and name != "clip" and name not in self.functions:
            known = [*CALLABLE, "clip", "max", "min", *self.functions]
            hint = f"; a product is written {name}*(…)" if self.textbook and len(name) == 1 else suggestion(name, known)
            self.fail(f"there is no function {name!r}{hint}", token)
        positional, keywords = self.arguments()
        name += self.subscript()
        if name in self.functions:
            try:
                return self.make(self.functions[name](positional, keywords), *positional, at=token)
            except FormulaError:
                raise
            except UsageError as error:
                self.fail(str(error), token)
        if name == "clip":
            return self.clip(positional, keywords, token)
        if keywords:
            self.fail(f"{name} takes no named arguments", token)
        if name in ("maximum", "minimum") and len(positional) > 2:
            node = positional[0]
            for other in positional[1:]:
                node = self.operation(name, node, other, at=token)
            return node
        if len(positional) != OPERATIONS[name]:
            self.fail(
                f"{name} takes {OPERATIONS[name]} argument{'s'[: OPERATIONS[name] > 1]}, not {len(positional)}", token
            )
        return self.operation(name, *positional, at=token)

    def clip(self, positional: tuple[Node, ...], keywords: dict[str, Node], token: Token) -> Node:
        """Make maximum and minimum of what clip or torch.clamp is given; either bound may be missing."""
        bounds = dict(zip(("value", "min", "max"), positional, strict=False))
        for key, bound in keywords.items():
            name = key.removeprefix("a_")
            if name not in ("min", "max") or name in bounds:
                self.fail(f"clip takes value, min and max, not {key!r}", token)
            bounds[name] = bound
        if len(positional) > 3 or "value" not in bounds or len(bounds) < 2:
            self.fail("clip takes a value, a least and a largest one", token)
        node = bounds["value"]
        for key, operation in (("min", "maximum"), ("max", "minimum")):
            if key in bounds:
                node = self.operation(operation, node, bounds[key], at=token)
        return node

    def arguments(self) -> tuple[tuple[Node, ...], dict[str, Node]]:
        self.expect("(")
        positional: list[Node] = []
        keywords: dict[str, Node] = {}
        while not self.accept(")"):
            if (positional or keywords) and not self.accept(","):
                self.fail(self.unexpected() if self.peek().text == "^" else "expected ',' or ')'")
            token = self.peek()
            if token.kind == "name" and self.tokens[self.next + 1].text == "=":
                self.next += 2
                keywords[token.text] = self.expression(0)
            elif keywords:
                self.fail("a named argument must come last")
            else:
                positional.append(self.expression(0))
        return tuple(positional), keywords


def _is_condition(node: Node) -> bool:
    return isinstance(node, Operation) and node.name in COMPARISONS.values()
