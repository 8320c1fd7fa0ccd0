"""PyTorch: autograd Functions whose gradients are the kernel's own derivatives."""

from __future__ import annotations

from actcli.analyses.emit.languages.pythonic import (
    ArraySpelling,
    array_function,
    module,
    polynomial_functions,
)
from actcli.analyses.emit.source import Source
from actcli.tracing.graph import Value
from actcli.tracing.spelling import ATOM, Text, indented

PRECISION = (
    "For tensors of any floating dtype: computed in float64 and rounded to the dtype of x.",
    "Gradients are the derivatives below, not what autograd would make of the arithmetic;",
    "those beyond are what it makes of the last of them.",
)

IN_FLOAT64 = '''
def _in_float64(compute):
    """Have a function compute in float64 and round to the dtype of x; integers give float64."""

    @functools.wraps(compute)
    def function(x):
        return compute(x.double()).to(x.dtype if x.is_floating_point() else torch.float64)

    return function
'''

FUNCTION = '''
class {name}(torch.autograd.Function):
    """{what}"""

    generate_vmap_rule = True

    @staticmethod
    def forward(x):
        return {forward}(x)

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        return grad_output * {backward}(x)
'''


class TorchSpelling(ArraySpelling):
    """Operations on tensors; where torch wants a tensor and there is only a number, one is made in x's dtype."""

    MODULE = "torch"

    def whole(self, output: Value, text: Text) -> Text:
        # A Function must not return its input itself.
        return Text("x.clone()") if output.operation == "x" else super().whole(output, text)

    def spell_where(self, value: Value, condition: Text, a: Text, b: Text) -> Text:
        _, first, second = value.operands
        if first.is_constant and second.is_constant:  # two numbers would give float32
            if (first.number, second.number) == (1.0, 0.0):
                return Text(f"{condition.within(ATOM)}.double()")
            a = self.full(first.number)
        return self.call("torch.where", [condition, a, b])

    def spell_minimum(self, value: Value, a: Text, b: Text) -> Text:
        return self._extreme("minimum", "max", value, a, b)

    def spell_maximum(self, value: Value, a: Text, b: Text) -> Text:
        return self._extreme("maximum", "min", value, a, b)

    def _extreme(self, name: str, bound: str, value: Value, a: Text, b: Text) -> Text:
        if value.operands[1].is_constant:
            return Text(f"torch.clamp({a.text}, {bound}={b.text})")
        return self.call(f"torch.{name}", [a, b])

    def spell_copysign(self, value: Value, a: Text, b: Text) -> Text:
        size = value.operands[0]
        return self.call("torch.copysign", [self.full(size.number) if size.is_constant else a, b])

    def spell_power(self, value: Value, a: Text, b: Text) -> Text:
        return self.call("torch.pow", [a, b])

    def special(self, name: str) -> str:
        return f"torch.{name}"


def emit(source: Source) -> str:
    """Return a module of differentiable functions of a tensor."""
    spelling = TorchSpelling()
    private = ["_value", "_slope", "_curvature"][: source.order + 1]
    public = [f"{source.name}{source.routine(k).suffix}" for k in range(source.order + 1)]
    arithmetic = [
        array_function(source, source.routine(k), spelling, name if k < source.order else public[k], "_in_float64")
        for k, name in enumerate(private)
    ]
    classes, functions = [], []
    stem = "".join(part.capitalize() for part in source.stem.split("_"))
    for k in range(source.order):
        name = f"_{stem}{'Slope' if k else ''}"
        what = "f with f' as its gradient." if k == 0 else "f' with f'' as its gradient."
        text = FUNCTION.format(name=name, what=what, forward=private[k], backward=public[k + 1])
        classes.append(text.strip().split("\n"))
        functions.append(
            [
                f"def {public[k]}(x):",
                *indented([f'"""{source.returns((k,))}"""', f"return {name}.apply(x)"]),
            ]
        )
    parts = [
        IN_FLOAT64.strip().split("\n"),
        *polynomial_functions(source, spelling),
        *arithmetic,
        *classes,
        *functions,
    ]
    return module(source, PRECISION, ["import functools", "", "import torch"], parts)
