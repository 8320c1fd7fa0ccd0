"""Formulas as fractions of polynomials, in SymPy, with as few variables as possible.

exp(u), erf(u), log|p|, roots are taken for independent variables, so a difference that is the zero polynomial is zero
whatever their values. Exponents that differ by a rational factor are powers of one exponential, hyperbolic and circular
functions are exponentials, a logarithm is the sum of those of the irreducible factors, an erf is odd.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from actcli.analyses.derive.identities.branches import TooHardError
from actcli.analyses.derive.identities.budget import Budget
from actcli.expressions.nodes import Constant, Node, Number, Operation, Symbol, rational_value

MAX_POWER = 64
"""The highest power of an exponential, or of anything that is written as a power."""


class UndefinedError(Exception):
    """The expression has no value at all on this piece."""


class Fractions:
    """Expressions as SymPy fractions of polynomials in variables, exponentials and other functions.

    The variable of exp(t) stands for exp(u·t), u from `units`. When a smaller unit turns out to be needed it is put
    there and `stale` tells that everything has to be read again.
    """

    def __init__(self, units: dict[Any, Any]) -> None:
        import sympy

        self.sympy, self.units, self.stale = sympy, units, False
        self.budget = Budget()
        self.exponentials: dict[Any, Any] = {}
        self.functions: list[tuple[str, Any, Any]] = []  # the function, its argument, the variable for it
        self.positive: list[Any] = []  # what has to be positive for the expression to be defined
        self.seen: dict[int, Any] = {}

    def read(self, node: Node) -> Any:
        """Return the fraction of a tree without cases."""
        if id(node) not in self.seen:
            self.seen[id(node)] = self._read(node)
        return self.seen[id(node)]

    def _read(self, node: Node) -> Any:
        match node:
            case Number(value):
                return self.number(value)
            case Constant(name):
                return self.sympy.pi if name == "pi" else self.exp(self.sympy.Integer(1))
            case Symbol(name):
                return self.sympy.Symbol(name, real=True)
            case Operation("power", (base, exponent)):
                return self.power(self.read(base), exponent)
            case Operation(name, children):
                operation = getattr(self, name, None)
                if operation is None:
                    raise TooHardError
                return operation(*(self.read(child) for child in children))
            case _:
                raise TooHardError

    def number(self, value: Fraction) -> Any:
        return self.sympy.Rational(value.numerator, value.denominator)

    def normal(self, u: Any) -> Any:
        self.budget.factor(u)
        return self.sympy.cancel(self.sympy.together(u))

    def is_zero(self, u: Any) -> bool:
        self.budget.expand(u)
        numerator, _ = self.sympy.fraction(self.sympy.together(u))
        numerator = self.sympy.expand(numerator)
        for kind, argument, root in reversed(self.functions):
            if kind.startswith("root") and numerator.has(root):
                above, below = self.sympy.fraction(argument)
                relation = self.sympy.expand(below * root ** int(kind[4:]) - above)
                self.budget.spend(4 * self.sympy.degree(numerator, root) * len(numerator.args) * len(relation.args))
                numerator = self.sympy.expand(self.sympy.prem(numerator, relation, root))
        return bool(numerator == 0)

    def signs(self, node: Node) -> set[int]:
        """Return the signs that an expression can have, as far as its factors tell."""
        u = self.sympy.factor(self.normal(self.read(node)))
        possible = {0: u.is_zero, 1: u.is_extended_positive, -1: u.is_extended_negative}
        if any(possible.values()):
            return {sign for sign, certain in possible.items() if certain}
        return {sign for sign, certain in possible.items() if certain is None} - (
            {-1} if u.is_extended_nonnegative else {1} if u.is_extended_nonpositive else set()
        )

    # arithmetic

    def negative(self, u: Any) -> Any:
        return -u

    def add(self, u: Any, v: Any) -> Any:
        return u + v

    def subtract(self, u: Any, v: Any) -> Any:
        return u - v

    def multiply(self, u: Any, v: Any) -> Any:
        return u * v

    def divide(self, u: Any, v: Any) -> Any:
        # A divisor that is 0 everywhere is left to the comparison of values; this is for breakpoints.
        if not v.free_symbols and self.is_zero(v):
            raise UndefinedError
        return u / v

    def power(self, u: Any, exponent: Node) -> Any:
        value = rational_value(exponent)
        if value is None:
            return self.exp(self.read(exponent) * self.log(u))
        if abs(value) > MAX_POWER or value.denominator > MAX_POWER:
            raise TooHardError
        base = u if value.denominator == 1 else self.root(u, value.denominator)
        if value < 0:
            return self.divide(self.sympy.Integer(1), base**-value.numerator)
        return base**value.numerator

    def sqrt(self, u: Any) -> Any:
        return self.root(u, 2)

    def root(self, u: Any, degree: int) -> Any:
        u = self.normal(u)
        if u.is_number and u.is_rational:
            if u < 0:
                raise UndefinedError
            return self.sympy.root(u, degree)
        if degree > 2:
            self.positive.append(u)
        return self.function(f"root{degree}", u, nonnegative=True)

    # exponentials

    def exp(self, u: Any) -> Any:
        result, odd = self.sympy.Integer(1), self.sympy.Integer(1)
        logarithms = {variable: p for kind, p, variable in self.functions if kind == "log"}
        for term in self.sympy.Add.make_args(self.sympy.expand(self.normal(u))):
            factor, rest = term.as_coeff_Mul(rational=True)
            if rest in logarithms and factor.is_Integer and abs(factor) <= MAX_POWER:
                result *= logarithms[rest] ** factor
                odd *= logarithms[rest] ** (factor % 2)
            else:
                result *= self.exponential(factor, rest)
        return result * self.sign(odd)

    def exponential(self, factor: Any, rest: Any) -> Any:
        """Return exp(factor · rest), a power of the exponential that stands for rest."""
        if rest == 0 or factor == 0:
            return self.sympy.Integer(1)
        unit = self.units.setdefault(rest, abs(factor))
        if not (factor / unit).is_Integer:
            common = self.sympy.igcd(unit.p * factor.q, factor.p * unit.q)
            self.units[rest] = self.sympy.Rational(common, unit.q * factor.q)
            self.stale = True
            return self.sympy.Dummy(positive=True)
        power = int(factor / unit)
        if abs(power) > MAX_POWER:
            raise TooHardError
        if rest not in self.exponentials:
            kind = {"nonzero": True} if rest.has(self.sympy.I) else {"positive": True}
            self.exponentials[rest] = self.sympy.Dummy("E", **kind)
        return self.exponentials[rest] ** power

    def sign(self, product: Any) -> Any:
        """Return the sign of a product of logarithms' arguments, which isn't 0, as far as the domain decides it."""
        for fact in (self.sympy.Integer(1), *self.positive):
            self.budget.factor(product / fact)
            quotient = self.sympy.factor(product / fact)
            if quotient.is_nonnegative:
                return self.sympy.Integer(1)
            if quotient.is_nonpositive:
                return self.sympy.Integer(-1)
        raise TooHardError

    def expm1(self, u: Any) -> Any:
        return self.exp(u) - 1

    def sinh(self, u: Any) -> Any:
        return (self.exp(u) - self.exp(-u)) / 2

    def cosh(self, u: Any) -> Any:
        return (self.exp(u) + self.exp(-u)) / 2

    def tanh(self, u: Any) -> Any:
        square = self.exp(2 * u)
        return (square - 1) / (square + 1)

    def sin(self, u: Any) -> Any:
        i = self.sympy.I
        return (self.exp(i * u) - self.exp(-i * u)) / (2 * i)

    def cos(self, u: Any) -> Any:
        i = self.sympy.I
        return (self.exp(i * u) + self.exp(-i * u)) / 2

    # logarithms

    def log(self, u: Any) -> Any:
        """Return the sum of the logarithms of the factors' magnitudes, which is log u wherever u is positive."""
        u = self.normal(u)
        if self.is_zero(u) or u.is_negative:
            raise UndefinedError
        if u.has(self.sympy.I) or not all(variable.is_real for variable in u.free_symbols):
            raise TooHardError  # of sines, which are complex exponentials here
        self.positive.append(u)
        above, below = self.sympy.fraction(u)
        return self.log_of_polynomial(above) - self.log_of_polynomial(below)

    def log_of_polynomial(self, polynomial: Any) -> Any:
        number, rest = polynomial.as_independent(*polynomial.free_symbols, as_Add=False)
        total = self.log_of_number(abs(number))
        if rest == 1:
            return total
        self.budget.factor(rest)
        content, factors = self.sympy.factor_list(rest)
        total += self.log_of_number(abs(content))
        exponents = {variable: rest for rest, variable in self.exponentials.items()}
        for factor, multiplicity in factors:
            if factor in exponents:
                total += multiplicity * exponents[factor] * self.units[exponents[factor]]
            else:
                total += multiplicity * self.function("log", factor, real=True)
        return total

    def log_of_number(self, content: Any) -> Any:
        if content.is_Mul:
            return self.sympy.Add(*(self.log_of_number(part) for part in content.args))
        if content.is_Pow and content.exp.is_Rational:
            return content.exp * self.log_of_number(content.base)
        if not content.is_Rational or max(content.p, content.q) > 10**12:
            return self.function("log", content, real=True)
        total = self.sympy.Integer(0)
        for prime, power in self.sympy.factorrat(content).items():
            total += power * self.function("log", self.sympy.Integer(prime), real=True)
        return total

    def log1p(self, u: Any) -> Any:
        return self.log(1 + u)

    # the normal distribution

    def erf(self, u: Any) -> Any:
        u = self.normal(u)
        if self.is_zero(u):
            return self.sympy.Integer(0)
        for kind, argument, variable in self.functions:
            if kind == "erf" and self.is_zero(argument + u):
                return -variable
        return self.function("erf", u, real=True)

    def erfc(self, u: Any) -> Any:
        return 1 - self.erf(u)

    def Phi(self, u: Any) -> Any:
        return (1 + self.erf(u / self.sympy.sqrt(2))) / 2

    def phi(self, u: Any) -> Any:
        return self.exp(-(u**2) / 2) / self.sympy.sqrt(2 * self.sympy.pi)

    def function(self, kind: str, argument: Any, **known: bool) -> Any:
        """Return the variable that stands for a function of an argument, the same one for an equal argument."""
        for other, before, variable in self.functions:
            same = before == argument or self.is_zero(before - argument)
            if other == kind and (same or (kind == "log" and self.is_zero(before + argument))):
                return variable
        variable = self.sympy.Dummy(kind, **known)
        self.functions.append((kind, argument, variable))
        return variable
