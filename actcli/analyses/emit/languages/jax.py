"""JAX: functions with a custom_jvp, in float64 whatever the switch jax_enable_x64 says."""

from __future__ import annotations

from actcli.analyses.emit.languages.pythonic import ArraySpelling, array_function, module, polynomial_functions
from actcli.analyses.emit.source import Source
from actcli.tracing.graph import Value, reachable
from actcli.tracing.spelling import Text

PRECISION = (
    "For arrays of any floating dtype: computed in float64, whether or not jax_enable_x64 is on,",
    "and rounded to the dtype of x.",
    "Differentiates forwards and backwards by the derivatives below; those beyond are what JAX makes of the last of",
    "them. Needs a JAX that has jax.enable_x64.",
)

IN_FLOAT64 = '''
def _in_float64(compute):
    """Have a function compute in float64 and round to the dtype of x."""

    @functools.wraps(compute)
    def function(x):
        dtype = jnp.result_type(x, float)
        with jax.enable_x64(True):
            return compute(jnp.asarray(x, jnp.float64)).astype(dtype)

    return function
'''

SUMS = ("add", "subtract")

HELD = '''
def _held(x):
    """Return x, rounded as it is: keep XLA from adding up the constants of (x + a) + b."""
    return jax.lax.optimization_barrier(x)
'''

JVP = """
@{name}.defjvp
def _{name}_jvp(primals, tangents):
    (x,), (dx,) = primals, tangents
    return {name}(x), {slope}(x) * dx
"""


class JaxSpelling(ArraySpelling):
    """Operations on JAX arrays."""

    MODULE = "jnp"

    def __init__(self) -> None:
        self.holds = False

    def operation(self, value: Value, operands: list[Text]) -> Text:
        inner = value.operands[0]
        if value.operation in SUMS and inner.operation in SUMS and _has_constant(value) and _has_constant(inner):
            self.holds = True
            operands = [self.call("_held", operands[:1]), *operands[1:]]
        return super().operation(value, operands)

    def spell_where(self, value: Value, condition: Text, a: Text, b: Text) -> Text:
        return self.call("jnp.where", [condition, a, b])


def _has_constant(value: Value) -> bool:
    return any(operand.is_constant for operand in value.operands)


def emit(source: Source) -> str:
    """Return a module of functions of an array that JAX can transform."""
    spelling = JaxSpelling()
    names = [f"{source.name}{source.routine(k).suffix}" for k in range(source.order + 1)]
    functions = []
    for k, name in enumerate(names):
        lines = array_function(source, source.routine(k), spelling, name, "_in_float64")
        if k == source.order:
            functions.append(lines)
        else:
            functions.append(["@jax.custom_jvp", *lines])
            functions.append(JVP.format(name=name, slope=names[k + 1]).strip().split("\n"))
    imports = ["import functools", "", "import jax", "import jax.numpy as jnp"]
    special = sorted({each.operation for each in reachable(source.outputs)} & {"erf", "erfc"})
    if special:
        imports.append(f"from jax.scipy.special import {', '.join(special)}")
    helpers = [IN_FLOAT64, HELD] if spelling.holds else [IN_FLOAT64]
    parts = [text.strip().split("\n") for text in helpers] + polynomial_functions(source, spelling) + functions
    return module(source, PRECISION, imports, parts)
