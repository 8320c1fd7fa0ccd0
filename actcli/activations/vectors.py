"""Functions of a whole vector: softmax, its logarithm, and the gated linear units.

Kernels work on the last axis and see whatever a row holds. A row whose maximum is NaN or infinite has no softmax: a
+inf, or nothing but -inf, gives NaN, as in every framework.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from actcli.activations.gelus import gelu
from actcli.activations.record import Convention, Interval, Partial, Use, VectorActivation
from actcli.activations.sigmoids import sigmoid
from actcli.activations.silus import silu


def _shifted(x: Any, xp: Any) -> tuple[Any, Any, Any, Any, Any]:
    """Return x - max x, what that lost, the terms exp(x - max x), the sum of all but the largest, and where that is."""
    largest = xp.max(x, axis=-1, keepdims=True)
    distance = x - largest
    # exp would magnify the rounding of x - max; Knuth's two-sum says exactly what it was.
    back = x - distance
    lost = (x - (distance + back)) - (largest - back)
    lost = xp.where(xp.isfinite(distance), lost, 0.0)
    # Shifted by the maximum no term overflows, and the largest one is exactly 1.
    terms = xp.exp(distance)
    terms = terms + terms * lost
    top = _first(x, xp)
    # In place of the largest term: 0, or NaN where the maximum is infinite, which makes the whole row NaN.
    rest = xp.sum(xp.where(top, largest - largest, terms), axis=-1, keepdims=True)
    return distance, lost, terms, rest, top


def _first(x: Any, xp: Any) -> Any:
    """Mark the first maximum of each row."""
    return xp.arange(x.shape[-1]) == xp.argmax(x, axis=-1)[..., None]


def _sum(terms: Any, left_out: Any, xp: Any) -> Any:
    return xp.sum(xp.where(left_out, 0.0, terms), axis=-1, keepdims=True)


def softmax(x: Any, xp: Any) -> Iterator[Any]:
    """Yield s = exp(x) / Σ exp(x), s(1 - s) and s(1 - s)(1 - 2s) for each row."""
    distance, lost, terms, rest, top = _shifted(x, xp)
    total = 1.0 + rest
    s = terms / total
    yield s
    # 1 - s has no digits left where one entry dominates; the sum of the others over the total keeps them.
    slope = s * (_others(terms, rest, top, xp) / total)
    yield slope
    # 1 - 2s, times the total, is the sum of the others minus the term itself. It cancels where two entries share nearly
    # everything: there it's put together from their difference, an expm1, and the sum without either.
    # A row with a single finite entry may have no second one: its slope is 0 anyway.
    second = _first(xp.where(top, -xp.inf, distance), xp) & ~top
    gap = xp.expm1(distance) + terms * lost
    gap = _sum(gap, ~second, xp)
    others = xp.where(top, gap, xp.where(second, -gap, 1.0 + (rest - 2.0 * terms)))
    others = others + xp.where(top | second, _sum(terms, top | second, xp), 0.0)
    yield slope * (others / total)


def _others(terms: Any, rest: Any, top: Any, xp: Any) -> Any:
    """Return the sum of all terms of a row but each itself, given the sum of all but the largest."""
    return xp.where(top, rest, 1.0 + (rest - terms))


def log_softmax(x: Any, xp: Any) -> Iterator[Any]:
    """Yield log s = x - log Σ exp(x) for each row, 1 - s and -s(1 - s), where s is the softmax."""
    distance, lost, terms, rest, top = _shifted(x, xp)
    # The largest term is 1, so the logarithm is log1p of the others: a value next to 0 keeps its digits.
    yield distance + (lost - xp.log1p(rest))
    total = 1.0 + rest
    slope = _others(terms, rest, top, xp) / total
    yield slope
    yield -(terms / total) * slope


def _halves(x: Any) -> tuple[Any, Any]:
    middle = x.shape[-1] // 2
    return x[..., :middle], x[..., middle:]


def glu(x: Any, xp: Any) -> Iterator[Any]:
    """Yield a · σ(b) of the halves a, b of each row, and its derivatives by a."""
    value, gate = _halves(x)
    s = next(sigmoid(gate, xp))
    # σ(b) is subnormal long before a · σ(b) is, for a large a: multiply by the exponential in two steps there.
    root = xp.exp(0.5 * xp.minimum(gate, 0.0))
    yield xp.where(gate < -700.0, value * root * root, value * s)
    yield s
    yield xp.zeros_like(s)


def _gated(kernel: Callable[..., Iterator[Any]], x: Any, xp: Any) -> Iterator[Any]:
    """Yield f(gate) · up of the halves of each row, and its derivatives by the gate.

    For f that end like ReLU: 0 on the left, the identity on the right.
    """
    gate, up = _halves(x)
    finite = xp.isfinite(gate)
    parts = kernel(xp.where(finite, gate, 0.0), xp)
    # Kernels see finite numbers only; NaN stays NaN, and the infinities get the limits.
    for part, right in zip(parts, (xp.inf, 1.0, 0.0), strict=True):
        limit = xp.where(gate > 0.0, right, xp.where(gate < 0.0, 0.0, xp.nan))
        yield xp.where(finite, part, limit) * up


def swiglu(x: Any, xp: Any) -> Iterator[Any]:
    """Yield silu(gate) · up, the gate being the first half of each row, and its derivatives by the gate."""
    return _gated(silu, x, xp)


def geglu(x: Any, xp: Any) -> Iterator[Any]:
    """Yield gelu(gate) · up, the gate being the first half of each row, and its derivatives by the gate."""
    return _gated(gelu, x, xp)


_NO_SOFTMAX = "a row with +inf, or of -inf alone, is NaN: there as here"
_AXES = (
    Convention("torch", "2.13", "", "dim=None means 0 for 0, 1 and 3 axes and 1 otherwise (deprecated); here -1"),
    Convention("onnx", "before opset 13", "", "axis 1, and all axes from there on are flattened into one"),
    Convention("jax", "0.10.2", "", f"where= leaves entries out, and gives 0 for them; {_NO_SOFTMAX}"),
    Convention("keras", "3.15", "", _NO_SOFTMAX),
)


def _named(names: dict[str, str]) -> tuple[Convention, ...]:
    return tuple(Convention(c.framework, c.version, names[c.framework], c.what_differs) for c in _AXES)


_TOTAL = "(exp(x_i) + exp(x_j) + rest)"
_S_I, _S_J = ("s_i", f"exp(x_i)/{_TOTAL}"), ("s_j", f"exp(x_j)/{_TOTAL}")

SOFTMAX = VectorActivation(
    name="softmax",
    symbol="softmax",
    aliases=("normalized_exponential",),
    definition="exp(x_i) / sum_j exp(x_j)",
    kernel=softmax,
    model=f"exp(x_i)/{_TOTAL}",
    entry="s_i",
    names=(_S_I, _S_J),
    partials=(
        Partial(
            "x_i", ("s_i*(1 - s_i)", "s_i*(1 - s_i)*(1 - 2*s_i)"), (f"exp(x_i)/{_TOTAL} * (1 - exp(x_i)/{_TOTAL})",)
        ),
        Partial("x_j", ("-s_i*s_j", "-s_i*s_j*(1 - 2*s_j)"), (f"-(exp(x_i)/{_TOTAL}) * (exp(x_j)/{_TOTAL})",)),
    ),
    range=Interval.open(0, 1),
    frameworks=("torch", "jax", "keras", "tensorflow", "onnx", "flax", "mlx", "tinygrad", "transformers"),
    uses=(
        Use("multi-class classification output", "positive, adds up to 1: one probability for each exclusive class"),
        Use("attention weights", "turns scores into a weighted mean over the positions"),
        Use(
            "multi-label output",
            "its classes compete for one unit of probability",
            "sigmoid for each label",
            advised=False,
        ),
    ),
    conventions=_named(
        {
            "torch": "torch.nn.functional.softmax",
            "onnx": "Softmax",
            "jax": "jax.nn.softmax",
            "keras": "keras.activations.softmax",
        }
    ),
    references=(
        "Bridle, Probabilistic interpretation of feedforward classification network outputs, 1990",
        "Blanchard, Higham & Higham, Accurately computing the log-sum-exp and softmax functions, 2021",
    ),
)


LOG_SOFTMAX = VectorActivation(
    name="log_softmax",
    symbol="log softmax",
    aliases=("logsoftmax",),
    definition="x_i - log(sum_j exp(x_j))",
    kernel=log_softmax,
    model=f"x_i - log{_TOTAL}",
    names=(_S_I, _S_J),
    partials=(Partial("x_i", ("1 - s_i", "-s_i*(1 - s_i)")), Partial("x_j", ("-s_j", "-s_j*(1 - s_j)"))),
    range=Interval("-inf", "0", high_included=True),
    frameworks=("torch", "jax", "keras", "tensorflow", "onnx", "flax", "mlx", "tinygrad"),
    uses=(
        Use("cross-entropy loss", "log-probabilities without taking the logarithm of a softmax that became 0"),
        Use("sequence scoring", "log-probabilities of tokens add up"),
    ),
    conventions=_named(
        {
            "torch": "torch.nn.functional.log_softmax",
            "onnx": "LogSoftmax",
            "jax": "jax.nn.log_softmax",
            "keras": "keras.activations.log_softmax",
        }
    ),
    references=("Blanchard, Higham & Higham, Accurately computing the log-sum-exp and softmax functions, 2021",),
)


GLU = VectorActivation(
    name="glu",
    symbol="GLU",
    aliases=("gated_linear_unit",),
    definition="a_i / (1 + exp(-b_i)), [a, b] = x",
    kernel=glu,
    halves=True,
    model="a*sigmoid(b)",
    partials=(Partial("a", ("sigmoid(b)",)), Partial("b", ("a*sigmoid(b)*(1 - sigmoid(b))",))),
    points=("1", "2", "0", "3"),
    frameworks=("torch", "jax", "keras", "flax", "mlx"),
    uses=(
        Use("gated convolutions", "a linear path for the gradient beside a gate that learns what to let through"),
        Use("feed-forward blocks of transformers", "the model of the gated family", "swiglu, geglu"),
    ),
    conventions=(
        Convention(
            "vllm", "as documented, not run", "silu_and_mul and others", "the gate is the first half; here the second"
        ),
    ),
    references=("Dauphin, Fan, Auli & Grangier, Language modeling with gated convolutional networks, 2017",),
)


SWIGLU = VectorActivation(
    name="swiglu",
    symbol="SwiGLU",
    aliases=("silu_and_mul",),
    definition="a_i * b_i / (1 + exp(-a_i)), [a, b] = x",
    kernel=swiglu,
    halves=True,
    model="b*silu(a)",
    partials=(Partial("a", ("b*sigmoid(a)*(1 + a*(1 - sigmoid(a)))",)), Partial("b", ("silu(a)",))),
    points=("1", "2", "0", "3"),
    frameworks=("onnx", "vllm"),
    uses=(Use("feed-forward blocks of language models", "silu as the gate; the two projections come as one product"),),
    conventions=(
        Convention("onnx", "opset 28", "SwiGLU", "takes gate and value as two inputs"),
        Convention("vllm", "as documented, not run", "mul_and_silu", "the gate is the second half"),
        Convention(
            "gpt-oss",
            "as documented, not run",
            "swiglu",
            "gate and value alternate; both are clamped, the gate is x·σ(1.702x), and 1 is added to the value",
        ),
    ),
    references=("Shazeer, GLU variants improve transformer, 2020",),
)


GEGLU = VectorActivation(
    name="geglu",
    symbol="GEGLU",
    aliases=("gelu_and_mul",),
    definition="a_i * b_i * Phi(a_i), [a, b] = x",
    kernel=geglu,
    halves=True,
    model="b*gelu(a)",
    partials=(Partial("a", ("b*(Phi(a) + a*phi(a))",)), Partial("b", ("gelu(a)",))),
    points=("1", "2", "0", "3"),
    frameworks=("vllm",),
    uses=(Use("feed-forward blocks of language models", "gelu as the gate; the two projections come as one product"),),
    conventions=(
        Convention("gemma", "as documented, not run", "GeGLU", "gates with the tanh approximation of gelu; exact here"),
    ),
    references=("Shazeer, GLU variants improve transformer, 2020",),
)


VECTORS: tuple[VectorActivation, ...] = (SOFTMAX, LOG_SOFTMAX, GLU, SWIGLU, GEGLU)
