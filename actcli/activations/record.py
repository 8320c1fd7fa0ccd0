"""What the project knows about one activation, as frozen data.

A record holds the mathematics (`definition`), the careful arithmetic (`kernel`) and the facts people ask for. Values,
references, tables, help and tests are derived from it. Quantities that depend on parameters (limits, kinks) are
formulas in the parameters, kept as text: `"-offset/slope"`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

    Kernel = Callable[..., Iterator[Array]]
    """`kernel(x, xp, **parameters)` yields f, f′, f″ of a float64 array of finite numbers, lazily."""


class Saturation(StrEnum):
    """The side on which a function flattens out: its slope tends to 0 there."""

    NONE = "none"
    LEFT = "left"
    RIGHT = "right"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Interval:
    """A range of real numbers whose ends are formulas in the parameters; `inf` is allowed at either end."""

    low: str
    high: str
    low_included: bool = False
    high_included: bool = False

    @classmethod
    def open(cls, low: str | int, high: str | int) -> Interval:
        """Exclude both ends."""
        return cls(str(low), str(high))

    @classmethod
    def closed(cls, low: str | int, high: str | int) -> Interval:
        """Include both ends."""
        return cls(str(low), str(high), True, True)

    @classmethod
    def from_low(cls, low: str | int, high: str | int = "inf") -> Interval:
        """Include the low end only."""
        return cls(str(low), str(high), True, False)

    def contains(self, number: Fraction, value: Callable[[str], Fraction | float]) -> bool:
        """Tell whether a number lies in the interval; `value` evaluates its ends."""
        low, high = value(self.low), value(self.high)
        above = number > low or (self.low_included and number == low)
        below = number < high or (self.high_included and number == high)
        return above and below

    def __str__(self) -> str:
        """Return the usual notation, `(0, 1]`."""
        left, right = "[" if self.low_included else "(", "]" if self.high_included else ")"
        return f"{left}{self.low}, {self.high}{right}"


REALS = Interval.open("-inf", "inf")
POSITIVE = Interval.open(0, "inf")
INVERTIBLE = Interval.closed("1e-300", "1e300")
"""Positive, and so is the reciprocal in float64."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter: its default as an exact number in text (`"1/6"`, `"0.01"`), the values it may take, its meaning."""

    name: str
    default: str
    domain: Interval
    meaning: str


@dataclass(frozen=True, slots=True)
class Kink:
    """A point where f′ (or f″) jumps, and the values this project uses there, all as formulas in the parameters."""

    at: str
    slope: str
    curvature: str = "0"
    why: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of f, f′, f″ at one end of the domain, as formulas in the parameters; `inf`, `-inf`, `nan` allowed."""

    value: str
    slope: str = "0"
    curvature: str = "0"


@dataclass(frozen=True, slots=True)
class Convention:
    """A framework that computes something else under this name: which version was read, and what differs.

    Where the difference is the slope at kinks, `at` holds their places and `slope` what the framework takes there, as
    formulas in the parameters.
    """

    framework: str
    version: str
    name: str
    what_differs: str
    at: tuple[str, ...] = ()
    slope: str = ""


@dataclass(frozen=True, slots=True)
class Use:
    """Where people put this function (or better not, unless `advised`), why, and what they use instead."""

    use: str
    why: str
    instead: str = ""
    advised: bool = True


@dataclass(frozen=True, slots=True)
class Partial:
    """The partial derivatives by one variable as people know them, first, second …, in the symbols of the model.

    `rearranged` are the lines that lead to the first one from the derivative as the rules leave it.
    """

    variable: str
    forms: tuple[str, ...]
    rearranged: tuple[str, ...] = ()


INFINITE = -1
"""`smoothness` of a function with continuous derivatives of every order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Activation:
    """One element-wise activation. See the module for what the texts may hold.

    `smoothness` is the number of continuous derivatives (INFINITE for all, None for a jump in f itself).
    `derivatives` are f′, f″ as people know them, formulas in x and the parameters that may call the function itself;
    at a kink they have the value of the convention. `careful` are f, f′, f″ in forms that keep their digits in
    floating point, "" where the definition or the known form does already; there, as in the definition, the record's
    own name is the elementary operation. `rearranged` are the lines that lead from the derivative, as the rules leave
    it, to the first of `derivatives`.
    `gradient_from_output` is f′ as a formula in y = f(x), where one exists and `output_decides` (a comparison of
    parameters, or 1) holds. `max_derivative` is the largest |f′| (its
    supremum where it is not attained), or `inf`. `points` are the x of the value table people know; ±inf included.
    `left`, `right` are the limits at the ends of `domain`.
    """

    name: str
    definition: str
    symbol: str = "f"
    kernel: Kernel | None = None
    aliases: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    domain: Interval = REALS
    range: Interval = REALS
    left: Limits = field(default_factory=lambda: Limits("nan", "nan", "nan"))
    right: Limits = field(default_factory=lambda: Limits("nan", "nan", "nan"))
    kinks: tuple[Kink, ...] = ()
    derivatives: tuple[str, ...] = ()
    rearranged: tuple[str, ...] = ()
    careful: tuple[str, ...] = ()
    gradient_from_output: str = ""
    output_decides: str = "1"
    max_derivative: str = ""
    zero_centred: bool | None = None
    monotone: bool | None = None
    odd: bool = False
    smoothness: int | None = INFINITE
    saturates: Saturation = Saturation.NONE
    points: tuple[str, ...] = ("-inf", "-5", "-2", "-1", "0", "1", "2", "5", "inf")
    frameworks: tuple[str, ...] = ()
    uses: tuple[Use, ...] = ()
    conventions: tuple[Convention, ...] = ()
    references: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorActivation:
    """One function of a whole vector, taken along `axis`.

    `kernel(x, xp)` works on the last axis of a float64 array and yields the value, then the diagonal of its Jacobian
    ∂yᵢ/∂xᵢ, then ∂²yᵢ/∂xᵢ². `halves` says that the output is half as long as the input (the GLU family).

    For derivations, `model` is one entry of the output, called `entry`, as a formula in scalars: the entries x_i and
    x_j of the input and `rest`, the positive sum of the other exponentials; or the entries a and b of the two halves.
    `partials` are its derivatives as people know them, in these symbols and in `names`, pairs of a symbol and the
    formula it stands for. Whatever isn't in the model has no influence on the entry.
    """

    name: str
    definition: str
    kernel: Kernel
    symbol: str = "f"
    aliases: tuple[str, ...] = ()
    halves: bool = False
    model: str = ""
    entry: str = "y_i"
    names: tuple[tuple[str, str], ...] = ()
    partials: tuple[Partial, ...] = ()
    range: Interval = REALS
    points: tuple[str, ...] = ("1", "2", "3")
    frameworks: tuple[str, ...] = ()
    uses: tuple[Use, ...] = ()
    conventions: tuple[Convention, ...] = ()
    references: tuple[str, ...] = ()


class Real(float):
    """A parameter as kernels see it: the nearest float64, and what that leaves out.

    A parameter typed as 1.702 means the decimal, which float64 only approximates. Kernels that amplify the difference
    take the correction from `tail`, so that `float(p) + p.tail` holds the number to 106 bits.
    """

    __slots__ = ("exact",)
    exact: Fraction

    def __new__(cls, exact: Fraction) -> Real:
        """Round `exact` to the nearest float64 and remember it."""
        self = super().__new__(cls, exact)
        self.exact = exact
        return self

    @property
    def tail(self) -> float:
        """The number minus its float64 neighbour, itself rounded to float64."""
        return float(self.exact - Fraction(float(self)))
