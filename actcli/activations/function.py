"""A record with its parameters bound: what every command and the Python API compute with."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

from actcli.activations.formula import EXACT_UP_TO, FormulaEdges, exactly, formula_kernel
from actcli.activations.record import Activation, Kink, Limits, Real
from actcli.expressions.algebras.scalars import Scalar, scalar
from actcli.expressions.evaluate import Program, flatten
from actcli.expressions.nodes import Application, Node, Number, Spelling, Symbol, substitute
from actcli.expressions.parse import Builder, parse

if TYPE_CHECKING:
    from actcli.core.device import Device
    from actcli.core.exact import Reference
    from actcli.core.formats import Format

MAX_ORDER = 2
"""Kernels yield f, f′ and f″."""


class Function:
    """An element-wise activation with definite parameters.

    `name` is what tables call it. Calling it computes f; see `derivatives`, `backward` and `gradient_from_output`.
    """

    def __init__(
        self, record: Activation, parameters: Mapping[str, Fraction], name: str, functions: Mapping[str, Builder]
    ) -> None:
        self.record, self.parameters, self.name = record, dict(parameters), name
        self._functions = functions
        self._settled: dict[tuple[float, str], list[float]] = {}

    def __eq__(self, other: object) -> bool:
        """Tell whether it is the same record with the same parameters, so that equal trees are equal."""
        return isinstance(other, Function) and self.record is other.record and self.parameters == other.parameters

    def __hash__(self) -> int:
        return hash((self.record.name, *sorted(self.parameters.items())))

    def __repr__(self) -> str:
        return f"<actcli function {self.name}: {self.record.definition}>"

    def __getstate__(self) -> dict[str, object]:
        """Return what it was made of, so that another process can have it, whatever has been computed since."""
        return {
            key: value
            for key, value in vars(self).items()
            if not isinstance(getattr(type(self), key, None), cached_property)
        }

    # the mathematics

    @property
    def spelling(self) -> Spelling:
        """How it is written in an expression."""
        record = self.record
        usual = {parameter.name: Fraction(parameter.default) for parameter in record.parameters}
        settings = {name: value for name, value in self.parameters.items() if value != usual[name]}
        unnamed = record.symbol == "f" and record.name != record.definition
        return Spelling(record.name, record.name if unnamed else record.symbol, settings)

    @cached_property
    def symbolic_tree(self) -> Node:
        """The definition in x and the parameters, which stay symbols."""
        return parse(self.record.definition, self._functions)

    @cached_property
    def parameter_values(self) -> dict[str, Node]:
        """The exact values of the parameters, as `substitute` takes them."""
        return {name: Number(value) for name, value in self.parameters.items()}

    @cached_property
    def tree(self) -> Node:
        """The definition in x alone, parameters substituted by their exact values."""
        return substitute(self.symbolic_tree, self.parameter_values)

    @cached_property
    def derivative_forms(self) -> tuple[Node, ...]:
        """f′, f″ … as people know them, as far as they do, in x and the parameters; empty for a typed formula."""

        def itself(positional: tuple[Node, ...], keywords: dict[str, Node]) -> Node:
            return Application(self, *positional, **keywords)

        functions = {**self._functions, self.record.name: itself}
        return tuple(parse(text, functions) for text in self.record.derivatives)

    @cached_property
    def rearranged_forms(self) -> tuple[Node, ...]:
        """The lines between f′ as the rules leave it and the form that people know."""
        return tuple(parse(text, self._functions) for text in self.record.rearranged)

    @cached_property
    def derivative_tree(self) -> Node | None:
        """f′ as people know it, in x alone; None for a typed formula."""
        return substitute(self.derivative_forms[0], self.parameter_values) if self.derivative_forms else None

    @cached_property
    def careful_forms(self) -> tuple[Node | None, ...]:
        """Forms of f, f′, f″ that keep their digits; None, or too short, where the known form needs no other."""
        return tuple(parse(text, self._functions) if text else None for text in self.record.careful)

    @cached_property
    def output_form(self) -> Node | None:
        """f′ in the output y and the parameters, None where f′ is no function of the output."""
        text = self.record.gradient_from_output
        return parse(text, self._functions) if text and self.quantity(self.record.output_decides) else None

    @cached_property
    def program(self) -> Program:
        """The definition, flattened for evaluation."""
        return flatten(self.tree)

    def quantity(self, formula: str) -> Scalar:
        """Return the exact value of a formula in the parameters, such as a kink of the record."""
        return scalar(parse(formula), self.parameters)

    def kinks(self) -> list[tuple[Scalar, Kink]]:
        """Return the kinks with the places where they are."""
        return [(self.quantity(kink.at), kink) for kink in self.record.kinks]

    @cached_property
    def kink_points(self) -> Sequence[float]:
        """The places where the slope is a convention; a typed formula has none, only slopes from either side."""
        return [float(at) for at, _ in self.kinks()]

    @cached_property
    def edges(self) -> Mapping[float, Sequence[Scalar]]:
        """(f, f′, f″) at the points where only a limit exists: the ends of the domain, and ±∞."""
        if self.record.kernel is None:
            return FormulaEdges(self)
        domain = self.record.domain
        ends = ((domain.low, self.record.left), (domain.high, self.record.right))
        return {float(self.quantity(end)): self._limits(limits) for end, limits in ends}

    def _limits(self, limits: Limits) -> list[Scalar]:
        return [self.quantity(text) for text in (limits.value, limits.slope, limits.curvature)]

    @cached_property
    def reference(self) -> Reference:
        """The exact reference, built from the definition alone."""
        from actcli.core.exact import Reference

        conventions = {
            Fraction(at): [Fraction(self.quantity(kink.slope)), Fraction(self.quantity(kink.curvature))]
            for at, kink in self.kinks()
            if math.isfinite(at)
        }
        return Reference(self.tree, conventions, self.edges)

    @property
    def derivatives_note(self) -> str:
        """What people should know of the derivatives, if there is anything."""
        return ""

    def is_flat_at(self, x: float) -> bool:
        """Tell whether f′ is exactly zero at a point, not underflowed."""
        return self.reference.is_flat_at(x)

    @cached_property
    def largest_slope(self) -> float:
        """The largest |f′|, ∞ where it grows without bound, NaN where nobody knows."""
        if self.record.max_derivative:
            return float(self.quantity(self.record.max_derivative))
        from actcli.activations.steepest import search_largest_slope

        return search_largest_slope(self)

    # the arithmetic

    @cached_property
    def kernel(self) -> Callable[[Any, int, Device], Sequence[Any]]:
        """`(x, order, device)` → [f, f′, …] for a flat float64 array of finite numbers."""
        if self.record.kernel is None:
            return formula_kernel(self)
        kernel = self.record.kernel
        parameters = {name: Real(value) for name, value in self.parameters.items()}

        def run(x: Any, order: int, device: Device) -> Sequence[Any]:
            parts = kernel(x, device.xp, **parameters)
            return [next(parts) for _ in range(order + 1)]

        return run

    def derivatives_of(self, x: Any, order: int, device: Device) -> Sequence[Any]:
        """Return [f, f′, …] of a float64 array of any values: what formulas that use this function call."""
        from actcli.core.apply import apply

        return apply(self.kernel, device.array(x, dtype=device.xp.float64), order=order, edges=self.edges, threads=1)

    def _apply(self, x: Any, order: int, out: Sequence[Any] | None = None, threads: int | None = None) -> list[Any]:
        from actcli.core.apply import apply
        from actcli.core.arrays import unwrap

        array, wrap = unwrap(x)
        if self.settles and self.record.kernel is None and array.size <= EXACT_UP_TO and out is None:
            return [wrap(result) for result in exactly(self, array, order)]
        results = apply(
            self.kernel,
            array,
            order=order,
            edges=self.edges,
            settle=self.settle if self.settles else None,
            out=out,
            threads=threads,
        )
        return [wrap(result) for result in results]

    settles = True
    """Whether there is an exact reference to ask."""

    def settle(self, x: Any, order: int, format: Format) -> Any:
        """Return correctly rounded values where a kernel can't tell; each is computed once."""
        import numpy as np

        for each in x.tolist():
            if (each, format.name) not in self._settled:
                self._settled[each, format.name] = [r.number for r in self.reference.at(each, MAX_ORDER, format)]
        return np.array([self._settled[each, format.name][order] for each in x.tolist()])

    def __call__(self, x: Any, *, out: Any = None, threads: int | None = None) -> Any:
        """Return f(x), element by element.

        `x` is a number, a list, a NumPy or CuPy array of any shape and memory order, or a pandas Series; the result has
        its shape and floating dtype (integers give float64) and lives on its device. `out` is an array to fill.
        Raises UsageError for a dtype that isn't real, or an `out` that doesn't fit.
        """
        return self._apply(x, 0, None if out is None else [out], threads)[0]

    def derivatives(
        self, x: Any, order: int = 1, *, out: Sequence[Any] | None = None, threads: int | None = None
    ) -> tuple[Any, ...]:
        """Return (f(x), f′(x), …) up to `order` 0, 1 or 2, computed together; see `__call__` for what x may be.

        `out` are arrays to fill, one for each.
        """
        from actcli.errors import UsageError

        if order not in range(MAX_ORDER + 1):
            raise UsageError(f"order must be 0, 1 or 2, not {order}")
        return tuple(self._apply(x, order, out, threads))

    def backward(self, x: Any, grad_output: Any) -> Any:
        """Return grad_output · f′(x), in the precision of x: what a layer passes on in back-propagation.

        Raises UsageError when the shapes don't fit.
        """
        from actcli.errors import UsageError

        slope = self._apply(x, 1)[1]
        try:
            product = grad_output * slope
        except (TypeError, ValueError) as error:
            raise UsageError(f"grad_output doesn't fit the input: {error}") from None
        return product.astype(slope.dtype, copy=False) if hasattr(product, "astype") else product

    def gradient_from_output(self, y: Any) -> Any:
        """Return f′ from the output y = f(x), for activations whose slope is a function of it.

        Where y has been rounded to the end of its range the slope is 0: use `derivatives` when x is at hand. Raises
        UsageError when f′ is no function of y.
        """
        from actcli.core.apply import apply
        from actcli.core.arrays import unwrap
        from actcli.errors import UsageError

        if self.output_form is None:
            raise UsageError(f"{self.name}: f′ is not a function of the output; use derivatives(x)")
        array, wrap = unwrap(y)
        # A slope of inf is the limit that the definition of the gradient has there; y = ±inf is where x is.
        edges = {float(limits[0]): [limits[1]] for limits in self.edges.values() if math.isinf(limits[0])}
        return wrap(apply(self._output_kernel, array, order=0, edges=edges)[0])

    @cached_property
    def _output_kernel(self) -> Callable[[Any, int, Device], Sequence[Any]]:
        from actcli.expressions.algebras.jets import jets

        assert self.output_form is not None
        program = flatten(substitute(self.output_form, {**self.parameter_values, "y": Symbol("x")}))
        return lambda x, order, device: jets(program, x, order, device)[0]
